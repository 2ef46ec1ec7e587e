// How far may garbage make the heap outgrow what the store holds? V8 lets it grow to a multiple before it collects; entries live long,
// so that multiple would be most of the process (measured: RSS three times `store.memory` without this).
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

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

const MIB = 1_048_576;

/** Small responses lie in the heap, and V8 ends a process that is at its limit: it needs this many times what they may take, for what is not collected yet. */
const HEAP_FACTOR = 2;

/** Whether a heap with this process's limit can hold a store of `memoryBytes` whose responses are all small. The limit cannot be raised once V8 runs. */
export function holdsInHeap(memoryBytes: number): boolean {
  return memoryBytes * HEAP_FACTOR <= getHeapStatistics().heap_size_limit;
}

/** The limit for a thread of its own with a store of `memoryBytes`, in MiB: V8's, or more where that is needed. */
export function heapMiBFor(memoryBytes: number): number {
  return Math.ceil(Math.max(getHeapStatistics().heap_size_limit, memoryBytes * HEAP_FACTOR) / MIB);
}
