// Stored responses for the stores' tests: builders that supply what a case is not about, and a walk over a whole store.
import type { StoredResponse } from '../../src/rules/stored-response.ts';
import type { Store, StoreEntry } from '../../src/store/store.ts';
import { entry as anyEntry } from '../rules/builders.ts';

export function entry(given: Partial<StoredResponse> = {}): StoredResponse {
  const fields = ['content-type', 'text/plain'];
  return anyEntry({ fields, body: Buffer.from('body'), receivedAt: 1_000_000, freshUntil: 1_060_000, scopeId: 'public', ...given });
}

/** An entry of the variant that `accept-language: value` selects. */
export function variant(value: string, given: Partial<StoredResponse> = {}): StoredResponse {
  return entry({ axes: ['accept-language'], axisValues: [value], ...given });
}

/** A whole pass in slices of `limit`. */
export function everything(store: Store, limit: number): StoreEntry[] {
  const entries: StoreEntry[] = [];
  let cursor: number | undefined = 0;
  while (cursor !== undefined) {
    const slice: ReturnType<Store['slice']> = store.slice(cursor, limit);
    entries.push(...slice.entries);
    cursor = slice.next;
  }
  return entries;
}
