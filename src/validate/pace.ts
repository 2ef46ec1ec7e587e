// How many requests a second may begin, all together.
import { setTimeout as delay } from 'node:timers/promises';

export class Pace {
  readonly #intervalMs: number;
  readonly #now: () => number;
  #nextAt = 0;

  constructor(ratePerSecond: number, now: () => number) {
    this.#intervalMs = 1000 / ratePerSecond;
    this.#now = now;
  }

  /** Resolves when it is this request's turn. */
  async turn(): Promise<void> {
    const now = this.#now();
    const at = Math.max(now, this.#nextAt);
    this.#nextAt = at + this.#intervalMs;
    if (at - now >= 1) await delay(at - now);
  }
}
