// Who asked for which purge, how far is it, and what was answered? Keeps what pending-purge.ts judges.
// While a node is silent, thousands of purges may wait for it, and all that happens asks what is due now. So whatever can come due stands in the order in which
// it does, and only the first is looked at.
import type { Committed, NodeStanding } from './coordination-log.ts';
import { Deadlines } from './deadlines.ts';
import type { PurgeAnswer, PurgeId } from './node-messages.ts';
import { OwedPurges } from './owed-purges.ts';
import {
  type AskedPurge,
  type Caller,
  committedAnswer,
  confirmedAnswer,
  confirmedAtOf,
  type PendingPurge,
  progressOf,
  silentOthers,
  type Wait,
} from './pending-purge.ts';
import { PurgeQueue } from './purge-queue.ts';
import { SilentNodes } from './silent-nodes.ts';

/** Outcomes of purges that were answered `committed`, kept for whoever asks again; the oldest leave. */
const KEPT_OUTCOMES = 1_000;

const NOBODY: ReadonlyMap<string, number> = new Map();

/** Why one is not in the log, or may not be. */
export type Failure = 'rejected' | 'out-of-holds' | 'unknown';

/** Takes answers for callers, by their tokens. */
export type AnswerTo = (token: number, answer: PurgeAnswer) => void;

export class PurgeDesk {
  readonly #self: string;
  readonly #answer: AnswerTo;
  readonly owed = new OwedPurges();
  /** Those in the log that have not ended. */
  readonly #pending = new Set<PendingPurge>();
  /** Those of them that were answered `committed`, by the names that were told. */
  readonly #released = new Map<string, PendingPurge>();
  /** In the order of the log. */
  readonly #unapplied = new PurgeQueue(isAppliedOrEnded);
  /** Somebody who wrote was told `committed` about them, and this node lacks them. */
  readonly #owing = new PurgeQueue(isAppliedOrEnded);
  /** Somebody was silent when this node applied them, in this order: time confirms them in it. */
  readonly #awaited = new PurgeQueue(hasEnded);
  /** Applied, and nobody is silent: confirmed together once the log has been seen for D, and that is over before D after any of them was applied. */
  readonly #heard = new PurgeQueue(hasEnded);
  readonly #silentNodes = new SilentNodes();
  /** Of waits that end by themselves. */
  readonly #waits = new Deadlines<Wait>();
  readonly #outcomes = new Map<string, PurgeAnswer>();

  constructor(self: string, answer: AnswerTo) {
    this.#self = self;
    this.#answer = answer;
  }

  /** The first in the log that this node has not applied. */
  get nextToApply(): PendingPurge | undefined {
    return this.#unapplied.first;
  }

  /** Whether somebody who wrote was told `committed` about a purge that this node lacks. */
  get owesApplying(): boolean {
    return this.#owing.first !== undefined;
  }

  get hasSilent(): boolean {
    return this.#silentNodes.areThere;
  }

  /** It could not be put into the log, or nobody knows whether it is there. */
  fail(asked: AskedPurge, kind: Failure, now: number): void {
    if (kind === 'out-of-holds') this.owed.refused(asked, now);
    else this.owed.failed(asked, now);
    if (asked.caller !== undefined) this.#answer(asked.caller.token, { kind });
  }

  /** Its COMMIT has ended well, under `incarnation`. */
  log(
    { purge, onFailure, caller }: AskedPurge,
    { seq, nonce, nodes }: Extract<Committed, { kind: 'committed' }>,
    { incarnation, now }: { incarnation: string; now: number },
  ): void {
    const pending: PendingPurge = {
      purge,
      onFailure,
      id: { incarnation, seq, nonce },
      loggedAt: now,
      listed: silentOthers(nodes, '', Infinity).size,
      silent: silentOthers(nodes, this.#self, seq),
      appliedAt: undefined,
      waits: [],
      released: false,
      hasEnded: false,
    };
    this.#pending.add(pending);
    this.#unapplied.addBySeq(pending);
    this.#silentNodes.add(pending);
    if (caller !== undefined) this.#addWait(pending, caller);
  }

  applied(pending: PendingPurge, now: number): void {
    pending.appliedAt = now;
    const queue = pending.silent.size === 0 ? this.#heard : this.#awaited;
    queue.addLast(pending);
    this.owed.applied(pending, now);
  }

  /** What the nodes have said to have applied. */
  hear(nodes: ReadonlyMap<string, NodeStanding>): void {
    for (const pending of this.#silentNodes.hear(nodes)) if (pending.appliedAt !== undefined) this.#heard.addLast(pending);
  }

  /** Asks again for what was answered `committed`. */
  resume(caller: Caller, id: PurgeId): void {
    const outcome = this.#outcomes.get(nameOf(id));
    if (outcome !== undefined) return this.#answer(caller.token, outcome);
    const pending = this.#released.get(nameOf(id));
    if (pending === undefined) return this.#answer(caller.token, { kind: 'forgotten' });
    this.#addWait(pending, caller);
  }

  /** Answers those whose purge is confirmed or whose wait is over; the names and counters of nodes whose leases have run out are the result. */
  settle(now: number, seenSince: number): ReadonlyMap<string, number> {
    if (this.#pending.size === 0) return NOBODY;
    const expired = new Map<string, number>();
    for (const queue of [this.#heard, this.#awaited]) {
      for (let next = queue.first; next !== undefined; next = queue.first) {
        const progress = progressOf(next, now, seenSince);
        if (progress === 'waiting') break;
        if (progress === 'slow') for (const [name, { counter }] of next.silent) expired.set(name, counter);
        this.#end(next, confirmedAnswer(next));
      }
    }
    for (let next = this.#waits.first; next !== undefined && next.until <= now; next = this.#waits.first) this.#release(next, now);
    return expired;
  }

  /** What is not confirmed yet stays in doubt. */
  loseLog(now: number): void {
    for (const pending of [...this.#pending].toSorted((a, b) => a.id.seq - b.id.seq)) {
      if (pending.appliedAt === undefined) this.owed.failed(pending, now);
      this.#end(pending, { kind: 'unknown' });
    }
  }

  /** When time alone would change something. */
  nextInstant(seenSince: number): number {
    if (this.#pending.size === 0) return Infinity;
    return Math.min(confirmedAtOf(this.#heard.first, seenSince), confirmedAtOf(this.#awaited.first, seenSince), this.#waits.first?.until ?? Infinity);
  }

  /** Answers all who wait for it, for good. */
  #end(pending: PendingPurge, answer: PurgeAnswer): void {
    pending.hasEnded = true;
    this.#pending.delete(pending);
    for (const wait of pending.waits) {
      if (wait.until < Infinity) this.#waits.remove(wait);
      this.#answer(wait.token, answer);
    }
    if (!pending.released) return;
    this.#released.delete(nameOf(pending.id));
    this.#keep(pending.id, answer);
  }

  #addWait(pending: PendingPurge, { token, until }: Caller): void {
    const wait = { token, until, pending, place: 0 };
    pending.waits.push(wait);
    if (until < Infinity) this.#waits.add(wait);
  }

  #release(over: Wait, now: number): void {
    const { pending, token } = over;
    this.#waits.remove(over);
    pending.waits = pending.waits.filter((wait) => wait !== over);
    pending.released = true;
    this.#released.set(nameOf(pending.id), pending);
    if (pending.onFailure === 'retry') this.#owing.addLast(pending);
    this.#answer(token, committedAnswer(pending, now));
  }

  #keep(id: PurgeId, answer: PurgeAnswer): void {
    this.#outcomes.set(nameOf(id), answer);
    const oldest = this.#outcomes.keys().next();
    if (this.#outcomes.size > KEPT_OUTCOMES && oldest.done !== true) this.#outcomes.delete(oldest.value);
  }
}

function hasEnded(pending: PendingPurge): boolean {
  return pending.hasEnded;
}

function isAppliedOrEnded(pending: PendingPurge): boolean {
  return pending.appliedAt !== undefined || pending.hasEnded;
}

function nameOf({ incarnation, seq, nonce }: PurgeId): string {
  return `${incarnation}.${seq}.${nonce}`;
}
