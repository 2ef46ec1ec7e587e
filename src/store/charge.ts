// What does one entry cost in memory? An estimate from above, so that RSS stays near `store.memory` (DESIGN P5).
// The constants were measured with bench/store.ts: RSS an entry at a steady state, garbage not yet collected included (limitHeapGrowth).
import type { StoredResponse } from '../rules/stored-response.ts';

/** A response object, its place in a slot, the slot, and its share of the LRU's map and lists. */
const ENTRY_BYTES = 1_500;
/** Header, padding and reference of a string; its characters count one byte each. */
const STRING_BYTES = 48;
/** An ArrayBuffer outside the heap with its handle and the allocator's rounding. */
const BUFFER_BYTES = 600;
/** V8 keeps typed arrays up to this size inside the heap. */
const ON_HEAP_BYTES = 64;

const EMPTY = Buffer.allocUnsafeSlow(0);

/** The bytes charged for `response` under `key`: a positive integer. */
export function chargedBytes(key: string, response: StoredResponse): number {
  const body = response.body.length === 0 ? 0 : BUFFER_BYTES + response.body.buffer.byteLength;
  const ids = response.tagIds.byteLength;
  const strings =
    stringBytes(response.fields) +
    stringBytes(response.tags) +
    stringBytes(response.axes) +
    stringBytes(response.axisValues) +
    response.scopeId.length +
    key.length;
  return ENTRY_BYTES + strings + body + ids + (ids > ON_HEAP_BYTES ? BUFFER_BYTES : 0);
}

/** `body`, copied where it is a small part of a larger allocation (a pool, a socket's read buffer) that it would keep alive. */
export function unpinned(body: Buffer): Buffer {
  if (body.length === 0) return EMPTY;
  if (body.buffer.byteLength <= body.length + body.length / 4 + ON_HEAP_BYTES) return body;
  const copy = Buffer.allocUnsafeSlow(body.length);
  body.copy(copy);
  return copy;
}

function stringBytes(texts: readonly string[]): number {
  let bytes = 0;
  for (const text of texts) bytes += STRING_BYTES + text.length;
  return bytes;
}
