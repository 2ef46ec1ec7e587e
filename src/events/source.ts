// What every source of events is to the rest: opened, closed, and asked for what it could not hand on.
import type { Backlog } from './backlog.ts';
import type { Event } from './event.ts';
import type { Taken } from './intake.ts';

/** An event that no rule could take: kept until it is replayed, or until there is no room for it. */
export interface DeadLetter {
  /** Of the letter: by it and the name of its source it is replayed. */
  readonly id: string;
  /** Undefined where what came could not be read as an event. */
  readonly event: { readonly id: string; readonly source: string; readonly type: string; readonly subject?: string } | undefined;
  readonly why: readonly string[];
  /** Epoch ms. */
  readonly at: number;
}

/** Without its data, which may be a user's own. */
export function describedEvent({ id, source, type, subject }: Event): NonNullable<DeadLetter['event']> {
  return { id, source, type, ...(subject === undefined ? {} : { subject }) };
}

/** Which of many letters, and the first of them. */
export type Ends = 'newest' | 'oldest';

export interface EventSource {
  /** `webhook`, `redis`, `postgres`: the label of metrics. */
  readonly name: string;
  /** Resolves when events are taken; a source whose server is away goes on trying, and rejects with a RunError only where that could never help. */
  open(): Promise<void>;
  /** Takes no more; what is under way ends first. */
  close(): Promise<void>;
  /** Of one that fetches its events: whether it does now, since one of several nodes may do it for all, and how far behind it is, once that is known. */
  readonly isReading?: boolean;
  readonly backlog?: Backlog | undefined;
  /** How many there are, as last known. */
  readonly deadCount: number;
  /** In that order. */
  deadLetters(most: number, from: Ends): Promise<readonly DeadLetter[]>;
  /** Takes it again: gone where that ends well, kept where it does not. Undefined: there is no such letter. */
  replay(id: string): Promise<Taken | undefined>;
}
