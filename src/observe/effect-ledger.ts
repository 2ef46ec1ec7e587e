// What did each of the last purges do, in all threads together? For /v1/purges, and for the count of those that met nothing.
//
// A purge has met nothing when the sweep of every thread has been round its whole store since and nobody has found an entry with its mark. That is a matter of
// one byte a purge (purge/traces.ts), so it is known of many more than those that are told of. Three things keep it from being said: a later purge that marked
// one of its tags again before the sweeps were round, which what it met is told of then; a thread that ended meanwhile; and more purges since than have a place.
import { FATE } from '../rules/purge-fate.ts';
import type { EffectReport } from './purge-effects.ts';

/** Told of; the oldest leave. */
const KEPT = 1_000;

/** What is told of a purge. */
export interface PurgeEffect {
  /** Found with its mark as their newest one, so far. */
  readonly entries: number;
  /** That came for what it had ended while nothing fresh was stored. */
  readonly requests: number;
  /** From the purge to the first fresh response; absent where there is none yet. */
  readonly firstFreshMs?: number;
  /** `done`: the sweeps have been round everything since. */
  readonly sweep: 'under way' | 'done';
  /** `partly`: something may be missing here. */
  readonly counted: 'all' | 'partly';
}

export type PurgeKind = 'operator' | 'event' | 'write';

export interface EndedPurge {
  readonly id: string;
  readonly epoch: number;
  readonly kind: PurgeKind;
  /** When it began. */
  readonly at: number;
}

/** What became of purges, by their epochs: the marks know. */
export interface Fates {
  /** Of the last purge. */
  readonly epoch: number;
  /** Of the first that is not too long ago. */
  readonly oldest: number;
  /** Bits of FATE; undefined where it is too long ago. */
  fateOf(epoch: number): number | undefined;
  addFate(epoch: number, bits: number): void;
}

interface Found {
  entries: number;
  requests: number;
  freshAt: number | undefined;
}

export interface EffectLedgerParts {
  readonly threads: number;
  readonly fates: Fates;
  readonly metNothing: (kind: PurgeKind) => void;
}

export class EffectLedger {
  readonly #fates: Fates;
  readonly #metNothing: (kind: PurgeKind) => void;
  /** By thread: since which epoch its sweep has been round. */
  readonly #sweptSince: number[];
  readonly #purges = new Map<string, EndedPurge>();
  /** By epoch, of those. */
  readonly #found = new Map<number, Found>();
  /** By epoch, of purges that were not confirmed here: not yet, or by another node. */
  readonly #unclaimed = new Map<number, Found>();
  /** All sweeps have been round since. */
  #round = 0;

  constructor({ threads, fates, metNothing }: EffectLedgerParts) {
    this.#sweptSince = Array.from({ length: threads }, () => 0);
    this.#fates = fates;
    this.#metNothing = metNothing;
  }

  /** It was confirmed here. */
  purged(purge: EndedPurge): void {
    const { id, epoch, kind } = purge;
    this.#purges.set(id, purge);
    this.#found.set(epoch, this.#unclaimed.get(epoch) ?? nothingYet());
    this.#unclaimed.delete(epoch);
    const [oldest] = this.#purges.size > KEPT ? this.#purges.values() : [];
    if (oldest !== undefined) {
      this.#purges.delete(oldest.id);
      this.#found.delete(oldest.epoch);
    }
    this.#fates.addFate(epoch, FATE[kind]);
    if (epoch <= this.#round) this.#settle(epoch);
  }

  /** `thread`: counted from 0. */
  told(thread: number, { sweptSince, deltas }: EffectReport): void {
    for (const { epoch, entries, requests, freshAt = Infinity } of deltas) {
      const found = this.#found.get(epoch) ?? this.#unclaimedOf(epoch);
      found.entries += entries;
      found.requests += requests;
      const first = Math.min(freshAt, found.freshAt ?? Infinity);
      found.freshAt = first === Infinity ? undefined : first;
    }
    this.#sweptSince[thread] = sweptSince;
    const from = this.#firstOpen;
    this.#round = Math.max(this.#round, Math.min(...this.#sweptSince));
    for (let epoch = from; epoch <= this.#round; epoch++) this.#settle(epoch);
  }

  /** The thread was replaced by another, with nothing stored: what it had found last it did not say. */
  threadEnded(): void {
    for (let epoch = this.#firstOpen; epoch <= this.#fates.epoch; epoch++) this.#fates.addFate(epoch, FATE.partly);
  }

  /** Of a purge that was confirmed here lately. */
  of(id: string): PurgeEffect | undefined {
    const purge = this.#purges.get(id);
    const found = purge && this.#found.get(purge.epoch);
    if (purge === undefined || found === undefined) return undefined;
    const { entries, requests, freshAt } = found;
    return {
      entries,
      requests,
      ...(freshAt === undefined ? {} : { firstFreshMs: Math.max(0, freshAt - purge.at) }),
      sweep: purge.epoch <= this.#round ? 'done' : 'under way',
      counted: this.#has(purge.epoch, FATE.partly) ? 'partly' : 'all',
    };
  }

  /** The first purge that is not settled; those without a place never will be. */
  get #firstOpen(): number {
    return Math.max(this.#round + 1, this.#fates.oldest);
  }

  /** The sweeps have been round since. One that nobody was confirmed yet is settled when somebody is. */
  #settle(epoch: number): void {
    this.#fates.addFate(epoch, FATE.swept);
    if (this.#has(epoch, FATE.met) || this.#has(epoch, FATE.partly)) return;
    for (const kind of ['operator', 'event', 'write'] as const) if (this.#has(epoch, FATE[kind])) this.#metNothing(kind);
  }

  /** Where nothing is known, that is what is known. */
  #has(epoch: number, bit: number): boolean {
    return ((this.#fates.fateOf(epoch) ?? FATE.partly) & bit) !== 0;
  }

  #unclaimedOf(epoch: number): Found {
    let found = this.#unclaimed.get(epoch);
    if (found === undefined) this.#unclaimed.set(epoch, (found = nothingYet()));
    const [oldest] = this.#unclaimed.size > KEPT ? this.#unclaimed.keys() : [];
    if (oldest !== undefined) {
      this.#unclaimed.delete(oldest);
      this.#fates.addFate(oldest, FATE.partly);
    }
    return found;
  }
}

function nothingYet(): Found {
  return { entries: 0, requests: 0, freshAt: undefined };
}
