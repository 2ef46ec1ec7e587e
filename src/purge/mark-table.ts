// When was a tag last purged? A set-associative table of fixed size over shared memory. PURGE-PROTOCOL §3.1.
//
// The idea: a tag hashes to a bucket of four slots. Its mark stands beside its fingerprint; a fifth tag takes the slot with the oldest mark, after
// the bucket's `evictedMax` was raised to that mark. A tag without a slot is answered with `evictedMax`: exact while the bucket has room, and past
// that only ever too new (an extra miss, never a stale answer). Nothing grows.
//
// The races: one thread writes, others may read meanwhile. The writer raises `evictedMax`, then writes the mark, then the fingerprint; a reader takes
// fingerprint before mark, and the slots before `evictedMax`. So a reader sees each mark that was published before it began, or a newer one in its place.
// What must stay true: slots fill from the first on and never become empty again, so an empty one ends the search.
import { countOf, idAt, type TagIds } from '../rules/packed-ids.ts';

const SLOTS = 4;

/**
 * Two columns: fingerprint and mark. Five: also the instant of that purge, the mark before it, and the instant of the first, in the owner's units:
 * what was fetched before the mark before has been stale since the first, the rest since the last (PURGE-PROTOCOL §3.2 rule 8).
 */
export type Columns = 2 | 5;

interface Mark {
  readonly epoch: number;
  readonly instant: number;
}

interface SoftMark extends Mark {
  readonly before: number;
  readonly first: number;
}

/** Position of a mark; `NONE` where the tag was never marked. */
const NONE = -1;

/** Shared memory for a table of at most `bytes`: as many buckets as fit, a power of two, at least one. */
export function allocateTable(bytes: number, columns: Columns): Int32Array {
  const bucketBytes = Int32Array.BYTES_PER_ELEMENT * strideOf(columns);
  const fitting = Math.floor(bytes / bucketBytes);
  const buckets = fitting < 1 ? 1 : 2 ** Math.min(30, Math.floor(Math.log2(fitting)));
  return new Int32Array(new SharedArrayBuffer(buckets * bucketBytes));
}

export class MarkTable {
  readonly buckets: number;
  readonly #words: Int32Array;
  readonly #columns: Columns;
  readonly #stride: number;
  /** Kept by the writer: buckets that have lost a mark. */
  #overflowed = 0;

  constructor(words: Int32Array, columns: Columns) {
    this.#words = words;
    this.#columns = columns;
    this.#stride = strideOf(columns);
    this.buckets = words.length / this.#stride;
  }

  /** How likely a tag that was never purged is answered with somebody else's mark: an upper bound, as marks age. */
  get falseShare(): number {
    return this.#overflowed / this.buckets;
  }

  /** Whether one of `ids` was marked after `mark`. */
  anyAfter(ids: TagIds, mark: number): boolean {
    const count = countOf(ids);
    for (let i = 0; i < count; i += 2) {
      const at = this.#find(idAt(ids, i), idAt(ids, i + 1));
      if (at !== NONE && Atomics.load(this.#words, at) > mark) return true;
    }
    return false;
  }

  /** Those marks of `ids` that are after `mark`, of each pair the last. */
  marksAfter(ids: TagIds, mark: number): number[] {
    const marks: number[] = [];
    const count = countOf(ids);
    for (let i = 0; i < count; i += 2) {
      const at = this.#find(idAt(ids, i), idAt(ids, i + 1));
      const found = at === NONE ? 0 : Atomics.load(this.#words, at);
      if (found > mark && !marks.includes(found)) marks.push(found);
    }
    return marks;
  }

  /** The earliest instant beside those marks of `ids` that are after `mark`. Where the instant is lost: 0, the earliest there is. */
  earliestAfter(ids: TagIds, mark: number): number | undefined {
    const count = countOf(ids);
    let earliest: number | undefined;
    for (let i = 0; i < count; i += 2) {
      const at = this.#find(idAt(ids, i), idAt(ids, i + 1));
      if (at === NONE || Atomics.load(this.#words, at) <= mark) continue;
      const instant = this.#isEvictedMax(at) ? 0 : this.#instantFor(at, mark);
      if (earliest === undefined || instant < earliest) earliest = instant;
    }
    return earliest;
  }

  /** Marks the pair. Only the one writer may call it, with marks that never fall. The mark that it had before; 0 where there was none, or it was lost. */
  write(bucket: number, fingerprint: number, mark: Mark): number {
    const start = this.#startOf(bucket);
    let oldest = start;
    for (let slot = 0, at = start; slot < SLOTS; slot++, at += this.#columns) {
      const found = this.#words[at];
      if (found === fingerprint) return this.#putAgain(at, mark);
      if (found === 0) return this.#put(at, fingerprint, { ...mark, before: 0, first: mark.instant });
      if ((this.#words[at + 1] as number) < (this.#words[oldest + 1] as number)) oldest = at;
    }
    this.#raiseEvictedMax(start + SLOTS * this.#columns, this.#words[oldest + 1] as number);
    // What it was marked with before may have been in a slot that was lost: then it has been stale since nobody knows when.
    return this.#put(oldest, fingerprint, { ...mark, before: this.#words[start + SLOTS * this.#columns] as number, first: 0 });
  }

  /** Forgets every mark. Readers must be kept away meanwhile: see marks.ts on generations. */
  clear(): void {
    this.#words.fill(0);
    this.#overflowed = 0;
  }

  #find(bucket: number, fingerprint: number): number {
    const words = this.#words;
    let at = this.#startOf(bucket);
    for (let slot = 0; slot < SLOTS; slot++, at += this.#columns) {
      const found = Atomics.load(words, at);
      if (found === fingerprint) return at + 1;
      if (found === 0) return NONE;
    }
    return at;
  }

  #put(at: number, fingerprint: number, mark: SoftMark): 0 {
    Atomics.store(this.#words, at + 1, mark.epoch);
    if (this.#columns === 5) {
      Atomics.store(this.#words, at + 2, mark.instant);
      Atomics.store(this.#words, at + 3, mark.before);
      Atomics.store(this.#words, at + 4, mark.first);
    }
    Atomics.store(this.#words, at, fingerprint);
    return 0;
  }

  /** The epoch, the mark before, then the instant: a reader in between takes an instant that is too early. */
  #putAgain(at: number, mark: Mark): number {
    const before = this.#words[at + 1] as number;
    Atomics.store(this.#words, at + 1, mark.epoch);
    if (this.#columns === 2) return before;
    Atomics.store(this.#words, at + 3, before);
    Atomics.store(this.#words, at + 2, mark.instant);
    return before;
  }

  #instantFor(at: number, mark: number): number {
    const first = mark < Atomics.load(this.#words, at + 2);
    return Atomics.load(this.#words, first ? at + 3 : at + 1);
  }

  #raiseEvictedMax(at: number, epoch: number): void {
    const before = this.#words[at] as number;
    if (before === 0) this.#overflowed++;
    if (epoch > before) Atomics.store(this.#words, at, epoch);
  }

  #startOf(bucket: number): number {
    return (bucket & (this.buckets - 1)) * this.#stride;
  }

  #isEvictedMax(at: number): boolean {
    return at % this.#stride === this.#stride - 1;
  }
}

function strideOf(columns: Columns): number {
  return SLOTS * columns + 1;
}
