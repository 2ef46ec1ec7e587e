// A clock that stands still until a test moves it.
import type { Clock } from '../../src/clock.ts';

export class SettableClock implements Clock {
  #now: number;

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  advance(byMs: number): void {
    this.#now += byMs;
  }

  set(to: number): void {
    this.#now = to;
  }
}
