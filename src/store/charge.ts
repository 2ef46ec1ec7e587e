// What does one entry cost in memory? An estimate from above, so that RSS stays near `store.memory` (DESIGN P5).
// The constants were measured with bench/entries.ts and bench/store.ts: RSS an entry where there are a million, garbage not yet collected included (limitHeapGrowth).
import { PackedResponse } from '../rules/packed-response.ts';
import type { StoredResponse } from '../rules/stored-response.ts';

/** The objects of a response and of its place in the store, and the headers of its texts. */
const ENTRY_BYTES = 600;
/** An ArrayBuffer outside the heap with its handle and the allocator's rounding. */
const BUFFER_BYTES = 600;

/** The bytes charged for `response` under `key`: a positive integer. */
export function chargedBytes(key: string, response: StoredResponse): number {
  const packed = response instanceof PackedResponse ? response : new PackedResponse(response);
  return ENTRY_BYTES + key.length + packed.heldBytes + (typeof packed.content === 'string' ? 0 : BUFFER_BYTES);
}
