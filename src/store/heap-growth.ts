// How far may garbage make the heap outgrow what the store holds? V8 lets it grow to a multiple before it collects; entries live long,
// so that multiple would be most of the process (measured: RSS three times `store.memory` without this).
import { setFlagsFromString } from 'node:v8';

/** V8 starts a collection of the old generation when it has grown by this part since the last; young garbage is not affected. */
const GROWTH_PERCENT = 20;

/** Makes V8 collect sooner, for the whole process. Call it once, before a store is filled; charge.ts was measured with it. */
export function limitHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
