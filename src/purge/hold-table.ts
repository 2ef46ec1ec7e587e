// What a tag demands beyond its mark: a number by hashed tag, in shared memory of fixed size. Open addressing; PURGE-PROTOCOL §3.1, §3.4.
//
// The races: one thread writes, others may read meanwhile. The writer stores the number, then the bucket, then the fingerprint; a reader takes them in
// the opposite order, and a number is 64 bits that are loaded at once: it sees each number that was stored before it began, or a later one, never half of one.
// To forget some, the writer lays the table out anew, and `moves` is odd meanwhile. A reader caught in that is told so, and must refuse: it does not wait.
// What must stay true: but for that, slots never become empty again, so an empty one ends the search; and at most half of them are taken.

import { SharedNumbers } from './shared-numbers.ts';

/** Twice what is ever kept, so that a search is short. */
const SLOTS = 8192;

const MOVES = 0;
const SIZE = 1;
/** 32-bit words in front of the numbers, which need a place that 8 divides. */
const HEADER = 2;
const KEYS_AT = Int32Array.BYTES_PER_ELEMENT * HEADER;
const VALUES_AT = KEYS_AT + Int32Array.BYTES_PER_ELEMENT * 2 * SLOTS;
const NOTED_AT = VALUES_AT + BigInt64Array.BYTES_PER_ELEMENT * SLOTS;
const BYTES = NOTED_AT + Float64Array.BYTES_PER_ELEMENT * SLOTS;

/** What a reader gets while the table is laid out anew. */
export const MOVING = Symbol('moving');

interface Kept {
  readonly bucket: number;
  readonly fingerprint: number;
  readonly value: number;
  readonly notedAt: number;
}

export function allocateHoldTable(): SharedArrayBuffer {
  return new SharedArrayBuffer(BYTES);
}

export class HoldTable {
  readonly #header: Int32Array;
  /** Pairs of fingerprint and bucket; fingerprint 0: empty. */
  readonly #keys: Int32Array;
  readonly #values: SharedNumbers;
  /** The writer's own: when each was set last. */
  readonly #notedAt: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#header = new Int32Array(memory, 0, HEADER);
    this.#keys = new Int32Array(memory, KEYS_AT, 2 * SLOTS);
    this.#values = new SharedNumbers(new BigInt64Array(memory, VALUES_AT, SLOTS));
    this.#notedAt = new Float64Array(memory, NOTED_AT, SLOTS);
  }

  get size(): number {
    return Atomics.load(this.#header, SIZE);
  }

  /** The number of the pair, undefined where it has none. */
  get(bucket: number, fingerprint: number): number | undefined | typeof MOVING {
    const moves = Atomics.load(this.#header, MOVES);
    if (moves % 2 !== 0) return MOVING;
    const slot = this.size === 0 ? undefined : this.#find(bucket, fingerprint);
    const value = slot === undefined ? undefined : this.#values.load(slot);
    return Atomics.load(this.#header, MOVES) === moves ? value : MOVING;
  }

  /** For the writer only, as all below. The caller sees to it that no more than half of the slots are taken. */
  set({ bucket, fingerprint, value, notedAt }: Kept): void {
    const found = this.#find(bucket, fingerprint);
    const slot = found ?? this.#emptyFor(bucket);
    this.#notedAt[slot] = notedAt;
    this.#values.store(slot, value);
    if (found !== undefined) return;
    Atomics.store(this.#keys, 2 * slot + 1, bucket);
    Atomics.store(this.#keys, 2 * slot, fingerprint);
    Atomics.add(this.#header, SIZE, 1);
  }

  /** Forgets what `keeps` says no to. */
  keepOnly(keeps: (kept: Kept) => boolean): void {
    const kept = this.#all().filter(keeps);
    if (kept.length === this.size) return;
    Atomics.add(this.#header, MOVES, 1);
    for (let word = 0; word < this.#keys.length; word++) Atomics.store(this.#keys, word, 0);
    Atomics.store(this.#header, SIZE, 0);
    for (const one of kept) this.set(one);
    Atomics.add(this.#header, MOVES, 1);
  }

  #find(bucket: number, fingerprint: number): number | undefined {
    let slot = bucket & (SLOTS - 1);
    for (;;) {
      const found = Atomics.load(this.#keys, 2 * slot);
      if (found === 0) return undefined;
      if (found === fingerprint && Atomics.load(this.#keys, 2 * slot + 1) === bucket) return slot;
      slot = (slot + 1) & (SLOTS - 1);
    }
  }

  #emptyFor(bucket: number): number {
    let slot = bucket & (SLOTS - 1);
    while (this.#keys[2 * slot] !== 0) slot = (slot + 1) & (SLOTS - 1);
    return slot;
  }

  #all(): Kept[] {
    const all: Kept[] = [];
    for (let slot = 0; slot < SLOTS; slot++) {
      const fingerprint = this.#keys[2 * slot] as number;
      if (fingerprint === 0) continue;
      const bucket = this.#keys[2 * slot + 1] as number;
      all.push({ bucket, fingerprint, value: this.#values.load(slot), notedAt: this.#notedAt[slot] as number });
    }
    return all;
  }
}
