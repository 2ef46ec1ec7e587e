// Gives back the memory of entries that may never be used again. PURGE-PROTOCOL §3.1 "Memory reclaim is separate": losing a sweep costs memory, not freshness.
import type { StoredResponse } from '../rules/stored-response.ts';
import type { Store } from '../store/store.ts';
import type { Marks } from './authority.ts';

/** Who wants to know what was found: observe/purge-effects.ts. */
interface Found {
  ended(key: string, entry: StoredResponse, found: { readonly by: 'sweep'; readonly now: number }): void;
  softened(key: string, entry: StoredResponse, found: { readonly by: 'sweep'; readonly now: number }): void;
  /** It has been round everything that was stored when `epoch` was the last published. */
  sweptSince(epoch: number): void;
}

/** Entries in a slice: short enough not to be felt by requests. */
const SLICE_ENTRIES = 256;

/** How long an entry outstays its last window: it may answer a request with max-stale, and tells a stale miss from a first one. */
export const OUTSTAY_MS = 60_000;

export interface Slice {
  readonly removed: number;
  /** The slice was the last of a pass over the store. */
  readonly passEnded: boolean;
}

export class Sweeper {
  readonly #store: Store;
  readonly #marks: Marks;
  readonly #found: Found;
  #cursor = 0;
  /** When the pass began. */
  #epoch = 0;
  /** Of every entry of the pass it could be said whether it was purged. */
  #isSure = true;

  constructor(parts: { readonly store: Store; readonly marks: Marks; readonly found: Found }) {
    this.#store = parts.store;
    this.#marks = parts.marks;
    this.#found = parts.found;
  }

  /** Removes what is purged or past its last window from the next slice. The caller owns the timer. */
  sweepSlice(now: number): Slice {
    if (this.#cursor === 0) {
      this.#epoch = this.#marks.epoch;
      this.#isSure = true;
    }
    const { entries, next } = this.#store.slice(this.#cursor, SLICE_ENTRIES);
    let removed = 0;
    for (const { key, response } of entries) {
      const reason = this.#removalReason(key, response, now);
      if (reason === undefined) continue;
      this.#store.remove(key, response, reason);
      removed++;
    }
    this.#cursor = next ?? 0;
    if (next === undefined && this.#isSure) this.#found.sweptSince(this.#epoch);
    return { removed, passEnded: next === undefined };
  }

  #removalReason(key: string, response: StoredResponse, now: number): 'purged' | 'expired' | undefined {
    const verdict = this.#marks.gateEntry(response);
    if (verdict.kind === 'purged') {
      this.#found.ended(key, response, { by: 'sweep', now });
      return 'purged';
    }
    if (verdict.kind === 'uncoordinated') this.#isSure = false;
    if (verdict.kind === 'softened') this.#found.softened(key, response, { by: 'sweep', now });
    const staleAt = verdict.kind === 'softened' ? Math.min(response.freshUntil, verdict.since) : response.freshUntil;
    const lastWindowMs = Math.max(response.staleWhileRevalidateMs, response.staleIfErrorMs, response.keepMs);
    return now > staleAt + lastWindowMs + OUTSTAY_MS ? 'expired' : undefined;
  }
}
