// A clock that stands still until a test moves it.
import type { Clock } from '../../src/clock.ts';
import type { Instants, LeaseClocks } from '../../src/purge/lease.ts';

export class SettableClock implements Clock {
  /** Workers read it there. */
  readonly instant = new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT));

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.set(now);
  }

  now(): number {
    return this.instant[0] as number;
  }

  advance(byMs: number): void {
    this.set(this.now() + byMs);
  }

  set(to: number): void {
    this.instant[0] = to;
  }
}

/** The clocks of a lease, which stand still likewise. */
export class SettableClocks implements LeaseClocks {
  #mono = 5_000;
  #wall = Date.UTC(2026, 0, 1);

  mono(): number {
    return this.#mono;
  }

  wall(): number {
    return this.#wall;
  }

  get now(): Instants {
    return { mono: this.#mono, wall: this.#wall };
  }

  advance(byMs: number, which: 'both' | 'mono' | 'wall' = 'both'): void {
    if (which !== 'wall') this.#mono += byMs;
    if (which !== 'mono') this.#wall += byMs;
  }
}
