// Until when may this node answer from what it has? PURGE-PROTOCOL §4.4: a lease is got only together with every purge committed before it, so while it
// runs no purge can have been confirmed that is not applied here. In shared memory, for one writer and any number of readers.
//
// The races: `isHeld` reads both clocks afresh at every commit, so a process that was frozen finds it over. It is asked before the marks: what was
// confirmed while it ran is then seen in them. The two ends are written one after the other; a mixture of two grants ends no later than the newer one
// by the monotonic clock, and the wall clock only ever ends it sooner (a suspended machine, whose monotonic clock may have stood still).

/** Milliseconds, each from a beginning of its own. */
export interface LeaseClocks {
  /** Of the machine, the same in all its threads. */
  mono(): number;
  wall(): number;
}

/** The instants of one moment, or of one end. */
export interface Instants {
  readonly mono: number;
  readonly wall: number;
}

export const systemClocks: LeaseClocks = {
  mono: () => {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },
  wall: () => Date.now(),
};

const NOT_HELD = 0n;

export class Lease {
  /** For other threads. */
  readonly words: BigInt64Array;
  readonly #clocks: LeaseClocks;

  /** Not held. `words` are another thread's. */
  constructor(clocks: LeaseClocks, words?: BigInt64Array) {
    this.#clocks = clocks;
    this.words = words ?? new BigInt64Array(new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT));
  }

  get isHeld(): boolean {
    return this.#clocks.mono() < Number(Atomics.load(this.words, 0)) && this.#clocks.wall() < Number(Atomics.load(this.words, 1));
  }

  /** Only the one writer may call it. */
  holdUntil({ mono, wall }: Instants): void {
    Atomics.store(this.words, 1, BigInt(Math.floor(wall)));
    Atomics.store(this.words, 0, BigInt(Math.floor(mono)));
  }

  /** Only the one writer may call it. */
  drop(): void {
    Atomics.store(this.words, 0, NOT_HELD);
  }
}
