// What did each of the last purges do, in all threads together? For /v1/purges, and for the count of those that met nothing.
//
// A purge has met nothing when the sweep of every thread has been round its whole store since and nobody has found an entry with its mark. Two things keep
// that from being said: a later purge that marked one of its tags again before the sweeps were round, which what it met is told of then, and a thread that
// ended meanwhile. What was evicted before the sweep came to it is not known either; it is taken for nothing.
import type { EffectReport } from './purge-effects.ts';

/** The oldest leave. */
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
  /** `partly`: a later purge marked one of its tags again before the sweeps were round, or a thread ended; what is missing here is told there, or nowhere. */
  readonly counted: 'all' | 'partly';
}

export type PurgeKind = 'operator' | 'write';

export interface EndedPurge {
  readonly id: string;
  readonly epoch: number;
  readonly kind: PurgeKind;
  /** When it began. */
  readonly at: number;
}

interface Entry {
  entries: number;
  requests: number;
  freshAt: number | undefined;
  hasMet: boolean;
  isPartial: boolean;
  isSwept: boolean;
}

export class EffectLedger {
  readonly #metNothing: (kind: PurgeKind) => void;
  /** By thread: since which epoch its sweep has been round. */
  readonly #sweptSince: number[];
  readonly #byEpoch = new Map<number, Entry>();
  readonly #purges = new Map<string, EndedPurge>();
  /** Not settled yet. */
  readonly #open = new Set<EndedPurge>();
  /** All sweeps have been round since. */
  #round = 0;
  #newest = 0;

  constructor({ threads, metNothing }: { readonly threads: number; readonly metNothing: (kind: PurgeKind) => void }) {
    this.#sweptSince = Array.from({ length: threads }, () => 0);
    this.#metNothing = metNothing;
  }

  /** It was confirmed here. */
  purged(purge: EndedPurge): void {
    this.#purges.set(purge.id, purge);
    dropOldest(this.#purges);
    this.#entryOf(purge.epoch);
    this.#open.add(purge);
    const oldest = this.#open.values().next();
    if (this.#open.size > KEPT && oldest.done !== true) this.#open.delete(oldest.value);
    if (purge.epoch <= this.#round) this.#settle(purge);
  }

  /** A later purge marks one of its tags again. */
  overtaken(epoch: number): void {
    const entry = this.#entryOf(epoch);
    if (!entry.isSwept) entry.isPartial = true;
  }

  /** `thread`: counted from 0. */
  told(thread: number, { sweptSince, deltas }: EffectReport): void {
    for (const { epoch, entries, requests, freshAt = Infinity } of deltas) {
      // Of what came long before the last ones nothing is kept.
      if (epoch <= this.#newest - KEPT) continue;
      const entry = this.#entryOf(epoch);
      entry.hasMet = true;
      entry.entries += entries;
      entry.requests += requests;
      const first = Math.min(freshAt, entry.freshAt ?? Infinity);
      entry.freshAt = first === Infinity ? undefined : first;
    }
    this.#sweptSince[thread] = sweptSince;
    const round = Math.min(...this.#sweptSince);
    if (round <= this.#round) return;
    this.#round = round;
    for (const purge of this.#open) if (purge.epoch <= round) this.#settle(purge);
  }

  /** The thread was replaced by another, with nothing stored: what it had found last it did not say. */
  threadEnded(): void {
    for (const { epoch } of this.#open) this.#entryOf(epoch).isPartial = true;
  }

  /** Of a purge that was confirmed here lately. */
  of(id: string): PurgeEffect | undefined {
    const purge = this.#purges.get(id);
    const entry = purge && this.#byEpoch.get(purge.epoch);
    if (purge === undefined || entry === undefined) return undefined;
    const { entries, requests, freshAt, isSwept, isPartial } = entry;
    return {
      entries,
      requests,
      ...(freshAt === undefined ? {} : { firstFreshMs: Math.max(0, freshAt - purge.at) }),
      sweep: isSwept ? 'done' : 'under way',
      counted: isPartial ? 'partly' : 'all',
    };
  }

  #settle(purge: EndedPurge): void {
    this.#open.delete(purge);
    const entry = this.#entryOf(purge.epoch);
    entry.isSwept = true;
    if (!entry.hasMet && !entry.isPartial) this.#metNothing(purge.kind);
  }

  #entryOf(epoch: number): Entry {
    let entry = this.#byEpoch.get(epoch);
    if (entry === undefined) {
      entry = { entries: 0, requests: 0, freshAt: undefined, hasMet: false, isPartial: false, isSwept: false };
      this.#newest = Math.max(this.#newest, epoch);
      this.#byEpoch.set(epoch, entry);
      dropOldest(this.#byEpoch);
    }
    return entry;
  }
}

function dropOldest(kept: Map<unknown, unknown>): void {
  const oldest = kept.keys().next();
  if (kept.size > KEPT && oldest.done !== true) kept.delete(oldest.value);
}
