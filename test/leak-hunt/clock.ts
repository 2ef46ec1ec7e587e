// The machine's time, put forward now and then: for what happens once in so many seconds.
import { type Clock, systemClock } from '../../src/clock.ts';

export class HuntClock implements Clock {
  #aheadMs = 0;

  now(): number {
    return systemClock.now() + this.#aheadMs;
  }

  advance(byMs: number): void {
    this.#aheadMs += byMs;
  }
}
