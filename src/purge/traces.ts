// When was each of the last purges, and what became of it? A date and a byte for each, in memory that all threads share: for figures only.
//
// The idea: whoever finds an entry with the mark of a purge says so here at once. A bit cannot be lost on a way that is too narrow, so however many purges
// come, none that met something is taken for one that met nothing. Of a purge that so many others have followed that its place was taken, nothing is known.
//
// The races: the writer clears the place before it publishes the purge; from then on bits are only ever added.

/** So many of the last purges have a place. */
export const TRACED = 2 ** 18;

export interface TraceMemory {
  readonly dates: Float64Array;
  readonly fates: Uint8Array;
}

export function allocateTraces(): TraceMemory {
  return {
    dates: new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT * TRACED)),
    fates: new Uint8Array(new SharedArrayBuffer(TRACED)),
  };
}

/** Asked only of epochs in reach. */
export class Traces {
  readonly #dates: Float64Array;
  readonly #fates: Uint8Array;

  constructor({ dates, fates }: TraceMemory) {
    this.#dates = dates;
    this.#fates = fates;
  }

  /** For the one writer: `epoch` is about to be published. */
  begin(epoch: number, at: number): void {
    Atomics.store(this.#fates, epoch % TRACED, 0);
    this.#dates[epoch % TRACED] = at;
  }

  /** For the one writer: epochs start again. */
  clear(): void {
    this.#fates.fill(0);
  }

  dateOf(epoch: number): number {
    return this.#dates[epoch % TRACED] as number;
  }

  fateOf(epoch: number): number {
    return Atomics.load(this.#fates, epoch % TRACED);
  }

  add(epoch: number, bits: number): void {
    Atomics.or(this.#fates, epoch % TRACED, bits);
  }
}
