// How far may garbage make the heap outgrow what the store holds? V8 lets it grow to a multiple before it collects; entries live long,
// so that multiple would be most of the process (measured: RSS three times `store.memory` without this).
import { setFlagsFromString } from 'node:v8';

/** V8 starts a collection of the old generation when it has grown by this part since the last; young garbage is not affected. */
const GROWTH_PERCENT = 20;

/** The same of buffers, which lie outside the heap. */
const BUFFER_GROWTH_FACTOR = 1.1;

/**
 * Makes V8 collect sooner, for the whole process. Call it once, before a store is filled; charge.ts was measured with it.
 * Left to itself V8 would look at buffers apart from the heap, and collect all of it after each 64 MiB of them: some sixty bodies of 1 MiB passed on.
 */
export function limitHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString(`--external-memory-max-growing-factor=${BUFFER_GROWTH_FACTOR}`);
}
