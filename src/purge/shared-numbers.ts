// Numbers in shared memory that are read and written whole: their 64 bits in one atomic step, which plain doubles do not promise.

export class SharedNumbers {
  readonly #words: BigInt64Array;
  readonly #number = new Float64Array(1);
  readonly #bits = new BigInt64Array(this.#number.buffer);

  /** Zeros where the memory is new. */
  constructor(words: BigInt64Array) {
    this.#words = words;
  }

  load(at: number): number {
    this.#bits[0] = Atomics.load(this.#words, at);
    return this.#number[0] as number;
  }

  store(at: number, value: number): void {
    this.#number[0] = value;
    Atomics.store(this.#words, at, this.#bits[0] as bigint);
  }
}
