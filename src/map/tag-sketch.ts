// Was anything with this tag, URL or prefix stored lately? A Bloom filter in two generations, in shared memory: threads that store write it, the one that
// publishes purges asks it. It may say yes of what was never stored (about 1 in 3,000 when both are full), never no of what was, while that is among the last
// 100,000 that were stored. It knows nothing of what has expired or left since: what a purge really ended is only known to the sweep (DESIGN section 4).

const BITS = 2 ** 21;
const WORDS = BITS / 32;
const HASHES = 7;
/** Then the older generation makes room. */
export const SKETCH_CAPACITY = 100_000;

/** The generation in use, and how many it has. */
const HEAD = { generation: 0, count: 1, words: 2 } as const;

export function allocateSketch(): SharedArrayBuffer {
  return new SharedArrayBuffer((HEAD.words + 2 * WORDS) * Int32Array.BYTES_PER_ELEMENT);
}

export class TagSketch {
  readonly #memory: Int32Array;

  constructor(memory: SharedArrayBuffer = allocateSketch()) {
    this.#memory = new Int32Array(memory);
  }

  /** Pairs of (bucket, fingerprint), as TagHash makes them. */
  add(tagIds: Int32Array): void {
    for (let i = 0; i < tagIds.length; i += 2) this.#addOne(tagIds[i] as number, tagIds[i + 1] as number);
  }

  /** Whether one of them is there. */
  has(tagIds: Int32Array): boolean {
    for (let i = 0; i < tagIds.length; i += 2) {
      if (this.#hasOne(0, tagIds[i] as number, tagIds[i + 1] as number) || this.#hasOne(1, tagIds[i] as number, tagIds[i + 1] as number)) return true;
    }
    return false;
  }

  #addOne(bucket: number, fingerprint: number): void {
    const memory = this.#memory;
    const generation = Atomics.load(memory, HEAD.generation);
    let isNew = false;
    for (let nth = 0; nth < HASHES; nth++) {
      const bit = bitOf(bucket, fingerprint, nth);
      const mask = 1 << (bit & 31);
      if ((Atomics.or(memory, wordOf(generation, bit), mask) & mask) === 0) isNew = true;
    }
    if (isNew && Atomics.add(memory, HEAD.count, 1) + 1 === SKETCH_CAPACITY) this.#turnOver(1 - generation);
  }

  /** Exactly one thread is the one that fills it. What others write meanwhile may be lost: a purge of that is then said to have met nothing. */
  #turnOver(next: number): void {
    const from = HEAD.words + next * WORDS;
    this.#memory.fill(0, from, from + WORDS);
    Atomics.store(this.#memory, HEAD.count, 0);
    Atomics.store(this.#memory, HEAD.generation, next);
  }

  #hasOne(generation: number, bucket: number, fingerprint: number): boolean {
    for (let nth = 0; nth < HASHES; nth++) {
      const bit = bitOf(bucket, fingerprint, nth);
      if ((Atomics.load(this.#memory, wordOf(generation, bit)) & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }
}

/** Double hashing: the two halves of the tag's own 64 bits. */
function bitOf(bucket: number, fingerprint: number, nth: number): number {
  return (bucket + Math.imul(nth, fingerprint | 1)) & (BITS - 1);
}

function wordOf(generation: number, bit: number): number {
  return HEAD.words + generation * WORDS + (bit >>> 5);
}
