// What every store must do; test/store/contract.ts is the suite that each one passes. A store keeps; it never judges.
import type { StoredResponse } from '../rules/stored-response.ts';

/** Why an entry left. `evicted` for room, `expired` after its last window, `purged` by the sweep or at lookup, `replaced` by a newer fill. */
export type RemovalReason = 'evicted' | 'expired' | 'purged' | 'replaced' | 'cleared';

export type PutResult =
  | { readonly kind: 'stored' }
  /** `too-large`: it alone exceeds what the store holds; `newer-stored`: the entry it would replace has a later (asOf, order). Nothing changed. */
  | { readonly kind: 'refused'; readonly reason: 'too-large' | 'newer-stored' };

export interface Store {
  /** The key's stored responses, newest first; counts as a use of the key. Never copied: do not change it, do not keep it across an await. */
  lookup(key: string): readonly StoredResponse[];
  /** The same without counting as a use. */
  peek(key: string): readonly StoredResponse[];
  /** The union of selecting field names over the key's stored responses, sorted. */
  axes(key: string): readonly string[];
  /** Stores `response`, in place of the one with the same axis values if there is one; evicts what is needed first. `maxVariants` caps the key (the variant not used for longest leaves). */
  put(key: string, response: StoredResponse, limits: { readonly maxVariants: number }): PutResult;
  /** This very entry, if it is still there, was chosen for a request: its siblings leave before it. */
  used(key: string, response: StoredResponse): void;
  /** Whether this very entry is still what the store holds (identity, not equality). */
  holds(key: string, response: StoredResponse): boolean;
  /** Removes this very entry, if it is still there. */
  remove(key: string, response: StoredResponse, reason: RemovalReason): void;
  clear(): void;
  /** Up to `limit` entries from `cursor` on; `next` is undefined at the end of a pass. Tolerates changes between calls (an entry may then be seen twice or not). */
  slice(cursor: number, limit: number): { readonly entries: readonly StoreEntry[]; readonly next: number | undefined };
  readonly stats: StoreStats;
}

export interface StoreEntry {
  readonly key: string;
  readonly response: StoredResponse;
}

export interface StoreStats {
  readonly entries: number;
  /** Charged bytes: keys, fields, bodies, tags and a fixed overhead. */
  readonly bytes: number;
  readonly maxBytes: number;
  readonly removals: Readonly<Record<RemovalReason, number>>;
}
