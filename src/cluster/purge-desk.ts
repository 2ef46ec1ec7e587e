// Who asked for which purge, how far is it, and what was answered? Keeps what pending-purge.ts judges.
import type { Committed, LoggedPurge } from './coordination-log.ts';
import type { PurgeAnswer, PurgeAsked, PurgeId } from './node-messages.ts';
import { committedAnswer, confirmedAnswer, nextInstantOf, type PendingPurge, progressOf, silentOthers } from './pending-purge.ts';

/** Outcomes of purges that were answered `committed`, kept for whoever asks again; the oldest leave. */
const KEPT_OUTCOMES = 1_000;

/** Takes answers for callers, by their tokens. */
export type AnswerTo = (token: number, answer: PurgeAnswer) => void;

export class PurgeDesk {
  readonly #self: string;
  readonly #answer: AnswerTo;
  readonly #pending = new Set<PendingPurge>();
  readonly #outcomes = new Map<string, PurgeAnswer>();

  constructor(self: string, answer: AnswerTo) {
    this.#self = self;
    this.#answer = answer;
  }

  /** Those in the log, in its order. */
  get logged(): PendingPurge[] {
    if (this.#pending.size === 0) return [];
    return [...this.#pending].filter(({ logged }) => logged !== undefined).toSorted((a, b) => (a.logged?.id.seq ?? 0) - (b.logged?.id.seq ?? 0));
  }

  /** Whether somebody who wrote was told `committed` about a purge that this node lacks. */
  get owesApplying(): boolean {
    for (const { onFailure, released, appliedAt } of this.#pending) if (onFailure === 'retry' && released && appliedAt === undefined) return true;
    return false;
  }

  get hasSilent(): boolean {
    for (const { logged } of this.#pending) if (logged !== undefined && logged.silent.size > 0) return true;
    return false;
  }

  open({ purge, onFailure, token, waitMs }: PurgeAsked, now: number): PendingPurge {
    return this.#add({ purge, onFailure, callers: [{ token, until: now + waitMs }] });
  }

  /** One that nobody waits for any longer. */
  reopen(purge: LoggedPurge): PendingPurge {
    return this.#add({ purge, onFailure: 'retry', callers: [] });
  }

  /** Its COMMIT has ended well, under `incarnation`. */
  log(
    pending: PendingPurge,
    { seq, nonce, nodes }: Extract<Committed, { kind: 'committed' }>,
    { incarnation, now }: { incarnation: string; now: number },
  ): void {
    const silent = silentOthers(nodes, this.#self, seq);
    const listed = silentOthers(nodes, '', Infinity).size;
    pending.logged = { id: { incarnation, seq, nonce }, at: now, listed, silent };
  }

  /** Asks again for what was answered `committed`. */
  resume(token: number, id: PurgeId, until: number): void {
    const outcome = this.#outcomes.get(nameOf(id));
    if (outcome !== undefined) return this.#answer(token, outcome);
    const pending = [...this.#pending].find(({ logged }) => logged !== undefined && nameOf(logged.id) === nameOf(id));
    if (pending === undefined) return this.#answer(token, { kind: 'forgotten' });
    pending.callers = [...pending.callers, { token, until }];
  }

  /** Answers those whose purge is confirmed or whose wait is over; the names and counters of nodes whose leases have run out are the result. */
  settle(now: number, seenSince: number): ReadonlyMap<string, number> {
    const expired = new Map<string, number>();
    for (const pending of this.#pending) {
      const { logged } = pending;
      if (logged === undefined) continue;
      const progress = progressOf(pending, now, seenSince);
      if (progress === 'waiting') this.#release(pending, committedAnswer(logged, now), now);
      else this.end(pending, confirmedAnswer(logged));
      if (progress === 'slow') for (const [name, { counter }] of logged.silent) expired.set(name, counter);
    }
    return expired;
  }

  /** Answers all who wait for it, for good. */
  end(pending: PendingPurge, answer: PurgeAnswer): void {
    this.#pending.delete(pending);
    for (const { token } of pending.callers) this.#answer(token, answer);
    if (pending.released && pending.logged !== undefined) this.#keep(pending.logged.id, answer);
  }

  nextInstant(seenSince: number): number {
    let next = Infinity;
    for (const pending of this.#pending) next = Math.min(next, nextInstantOf(pending, seenSince));
    return next;
  }

  #add(asked: Pick<PendingPurge, 'purge' | 'onFailure' | 'callers'>): PendingPurge {
    const pending: PendingPurge = { ...asked, released: false, logged: undefined, appliedAt: undefined };
    this.#pending.add(pending);
    return pending;
  }

  #release(pending: PendingPurge, answer: PurgeAnswer, now: number): void {
    const over = pending.callers.filter(({ until }) => until <= now);
    if (over.length === 0) return;
    pending.callers = pending.callers.filter(({ until }) => until > now);
    pending.released = true;
    for (const { token } of over) this.#answer(token, answer);
  }

  #keep(id: PurgeId, answer: PurgeAnswer): void {
    this.#outcomes.set(nameOf(id), answer);
    const oldest = this.#outcomes.keys().next();
    if (this.#outcomes.size > KEPT_OUTCOMES && oldest.done !== true) this.#outcomes.delete(oldest.value);
  }
}

function nameOf({ incarnation, seq, nonce }: PurgeId): string {
  return `${incarnation}.${seq}.${nonce}`;
}
