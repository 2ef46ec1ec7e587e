// The one way of every event to its purge, whatever source it came from: once for each event, in order for each subject, until the purge is confirmed.
// What must stay true: an event counts as done only when its purge was confirmed, so that a source may forget it exactly then; the same event that
// comes again while it is under way waits for the same end; and nothing here grows with the number of events.
import { hash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { PurgeOrder, PurgeOutcome, Receipt } from '../purge/order.ts';
import type { Event } from './event.ts';
import { type EventFault, type Plan, PURGE_TYPE } from './rules.ts';
import { Turns } from './turns.ts';

/** How the intake of one event ended. */
export type Taken =
  /** Confirmed. `by`: the rules. */
  | { readonly kind: 'purged'; readonly receipt: Receipt; readonly by: readonly string[] }
  /** No rule is for it: there was nothing to do. */
  | { readonly kind: 'unmatched' }
  /** It was purged before. */
  | { readonly kind: 'duplicate' }
  /** It is faulty itself and will be whenever it comes: a dead letter. */
  | { readonly kind: 'rejected'; readonly faults: readonly EventFault[] }
  /** Not confirmed: its source must not acknowledge it, and bring it again. */
  | { readonly kind: 'failed'; readonly why: Unconfirmed | 'closing' | 'busy' };

type Unconfirmed = Exclude<PurgeOutcome['kind'], 'confirmed'>;

/** What counts as the end of an event: `malformed` is what never became one. */
export type TakenKind = Taken['kind'] | 'malformed';

/** Who wants to know: `Observe` does. */
export interface EventObserver {
  /** `lagMs`: from the time that the event states to the confirmation of its purge. */
  eventTaken(end: { readonly source: string; readonly result: TakenKind; readonly lagMs?: number }): void;
  /** Its purge was not confirmed and is asked for once more. */
  eventRetried(source: string): void;
  warn(message: string, detail: Readonly<Record<string, unknown>>): void;
  error(message: string, detail: Readonly<Record<string, unknown>>): void;
}

export interface IntakeParts {
  /** By the rules in force. */
  readonly plan: (event: Event) => Plan;
  /** Through the one door. */
  readonly purge: (order: PurgeOrder) => Promise<PurgeOutcome>;
  readonly observer: EventObserver;
  /** No rule is for it. */
  readonly unmatched?: (event: Event) => void;
  /** By which events are dated. */
  readonly clock: Clock;
  /** Resolves after so long, or at once where the signal is given. */
  readonly pause: (durationMs: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Purges under way. */
const AT_ONCE = 32;
/** Events under way, those that wait for their turn among them. */
const MOST_UNDER_WAY = 10_000;
/** Done ones that are known again. */
const REMEMBERED = 65_536;

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** No further try is begun when so long is over. */
const GIVE_UP_MS = 10_000;
const WARN_EVERY_MS = 60_000;

export class Intake {
  readonly #parts: IntakeParts;
  readonly #turns = new Turns(AT_ONCE);
  readonly #underWay = new Map<string, Promise<Taken>>();
  readonly #done = new Set<string>();
  #warnedAt = -Infinity;
  readonly #closing = new AbortController();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** Those that wait for their turn among them. */
  get inFlight(): number {
    return this.#underWay.size;
  }

  /** `source`: the name of the EventSource, for metrics and the log. Never rejects. */
  async take(event: Event, source: string): Promise<Taken> {
    const taken = await this.#once(event, source);
    const { clock, observer } = this.#parts;
    const lagMs = taken.kind === 'purged' && event.time !== undefined ? Math.max(0, clock.now() - event.time) : undefined;
    if (taken.kind === 'unmatched') this.#parts.unmatched?.(event);
    observer.eventTaken({ source, result: taken.kind, ...(lagMs === undefined ? {} : { lagMs }) });
    return taken;
  }

  /** For a source that could make no event of what came. */
  malformed(source: string, why: string): void {
    this.#parts.observer.eventTaken({ source, result: 'malformed' });
    this.#parts.observer.warn('what came is no event', { source, why });
  }

  /** Takes no more, lets purges that are asked for end, and tries none again. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#underWay.values());
  }

  async #once(event: Event, source: string): Promise<Taken> {
    if (this.#closing.signal.aborted) return { kind: 'failed', why: 'closing' };
    const key = keyOf(event, source);
    if (this.#done.has(key)) return { kind: 'duplicate' };
    const first = this.#underWay.get(key);
    if (first !== undefined) return afterFirst(await first);
    if (this.#underWay.size >= MOST_UNDER_WAY) return { kind: 'failed', why: 'busy' };
    const taking = this.#carry(event, source);
    this.#underWay.set(key, taking);
    try {
      const taken = await taking;
      if (taken.kind === 'purged') this.#remember(key);
      return taken;
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #carry(event: Event, source: string): Promise<Taken> {
    const { observer } = this.#parts;
    const planned = this.#plan(event, source);
    switch (planned.kind) {
      case 'unmatched':
        return planned;
      case 'rejected':
        observer.warn('an event was rejected', { ...named(event, source), why: planned.faults.map(({ detail }) => detail) });
        return planned;
      case 'purge':
        return this.#turns.run(subjectOf(event), () => this.#begin(planned, event, source));
    }
  }

  /** What cannot be planned now cannot be later: the event is set aside, and those behind it go on. */
  #plan(event: Event, source: string): Plan {
    try {
      return this.#parts.plan(event);
    } catch (error) {
      this.#parts.observer.error('the rules could not be applied to an event', { ...named(event, source), error });
      return { kind: 'rejected', faults: [{ rule: '', detail: 'the rules could not be applied to it; the log says why' }] };
    }
  }

  /** With Redis away each try takes its time: what waits for its turn when this closes does not begin. */
  async #begin(planned: Extract<Plan, { kind: 'purge' }>, event: Event, source: string): Promise<Taken> {
    return this.#closing.signal.aborted ? { kind: 'failed', why: 'closing' } : this.#purge(planned, event, source);
  }

  /** Again and again, with pauses that grow and are drawn, until it is confirmed or time is over. */
  async #purge({ order, by }: Extract<Plan, { kind: 'purge' }>, event: Event, source: string): Promise<Taken> {
    const { observer, clock, pause, random } = this.#parts;
    const actor = `${source} event ${event.id} of ${event.source}`;
    let asked: PurgeOrder = { ...order, kind: 'event', actor, reason: order.reason ?? reasonOf(event, by) };
    const startedAt = clock.now();
    for (let tries = 0; ; tries++) {
      const outcome = await this.#ask(asked);
      if (outcome.kind === 'confirmed') return { kind: 'purged', receipt: outcome.receipt, by };
      if (outcome.kind === 'out-of-holds' && isFenced(asked)) {
        asked = unfenced(asked);
        this.#warnUnfenced();
        continue;
      }
      const isOver = clock.now() - startedAt >= GIVE_UP_MS || this.#closing.signal.aborted;
      if (!isOver) await pause(random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries), this.#closing.signal);
      if (isOver || this.#closing.signal.aborted) {
        observer.warn('the purge of an event is not confirmed: its source brings it again', { ...named(event, source), state: outcome.kind });
        return { kind: 'failed', why: outcome.kind };
      }
      observer.eventRetried(source);
    }
  }

  #warnUnfenced(): void {
    const { observer, clock } = this.#parts;
    if (clock.now() - this.#warnedAt < WARN_EVERY_MS) return;
    this.#warnedAt = clock.now();
    observer.warn('events are purged without their settle windows and versions: out of holds', {});
  }

  async #ask(order: PurgeOrder): Promise<PurgeOutcome> {
    try {
      return await this.#parts.purge(order);
    } catch (error) {
      this.#parts.observer.error('the purge of an event failed', { error, actor: order.actor });
      return { kind: 'unknown' };
    }
  }

  /** The oldest is forgotten: purging it once more does no harm. */
  #remember(key: string): void {
    this.#done.add(key);
    const oldest = this.#done.values().next();
    if (this.#done.size > REMEMBERED && oldest.done !== true) this.#done.delete(oldest.value);
  }
}

/** What the one that came while the first was under way ends as. */
function afterFirst(first: Taken): Taken {
  return first.kind === 'purged' ? { kind: 'duplicate' } : first;
}

/** CloudEvents 1.0: source and id together name an event; here those that came one way, so that who may send some can keep none of the others away. Hashed, so that all take the same room. */
function keyOf({ source, id }: Event, way: string): string {
  return hash('sha256', JSON.stringify([way, source, id]), 'base64');
}

/** A subject is one of its source. */
function subjectOf({ source, subject }: Event): string | undefined {
  return subject === undefined ? undefined : JSON.stringify([source, subject]);
}

function isFenced({ settleMs, versions }: PurgeOrder): boolean {
  return settleMs !== 0 || versions.size > 0;
}

/** There may be no room for an hour: what an event names is purged at once, only not fenced against replicas that lag, as after a write. */
function unfenced(order: PurgeOrder): PurgeOrder {
  return { ...order, tags: [...new Set([...order.tags, ...order.versions.keys()])], versions: new Map(), settleMs: 0 };
}

/** An event that carries its purge is named by itself. */
function reasonOf({ type }: Event, by: readonly string[]): string {
  return type === PURGE_TYPE ? type : `${type}: ${by.join(', ')}`;
}

function named({ id, source: from, type }: Event, source: string): Readonly<Record<string, unknown>> {
  return { source, id, from, type };
}
