// What became of a purge, for whoever asks again by its id: PURGE-PROTOCOL §4.8.
import type { PurgeOutcome } from './order.ts';

/** The oldest leave. */
const KEPT = 1_000;

interface Kept {
  readonly first: PurgeOutcome;
  readonly last: Promise<PurgeOutcome>;
}

export class Receipts {
  readonly #kept = new Map<string, Kept>();

  /** `last`: what a purge that was answered before its confirmation ends as. */
  keep(id: string, first: PurgeOutcome, last: Promise<PurgeOutcome> = Promise.resolve(first)): void {
    this.#kept.set(id, { first, last });
    const oldest = this.#kept.keys().next();
    if (this.#kept.size > KEPT && oldest.done !== true) this.#kept.delete(oldest.value);
  }

  /** Its last outcome, or after `waitMs` the first; undefined where there was no such purge here lately. */
  async find(id: string, waitMs: number): Promise<PurgeOutcome | undefined> {
    const kept = this.#kept.get(id);
    if (kept === undefined) return undefined;
    const late = Promise.withResolvers<PurgeOutcome>();
    const timer = setTimeout(() => late.resolve(kept.first), waitMs);
    try {
      return await Promise.race([kept.last, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
