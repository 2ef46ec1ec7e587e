// Which paths of which answers are one thing and then the other? Remembered for an hour, of the URLs that were seen so last.
import type { Differences } from './content.ts';

const REMEMBERED_MS = 3_600_000;
const MOST_KEYS = 1_000;

interface Flipping {
  readonly paths: Differences;
  readonly until: number;
}

export class Flips {
  /** By primary key; the newest last. */
  readonly #flipping = new Map<string, Flipping>();

  of(key: string, now: number): Differences {
    const known = this.#flipping.get(key);
    return known === undefined || now >= known.until ? [] : known.paths;
  }

  saw(key: string, paths: Differences, now: number): void {
    if (paths.length === 0) return;
    const all = [...new Set([...this.of(key, now), ...paths])];
    this.#flipping.delete(key);
    this.#flipping.set(key, { paths: all, until: now + REMEMBERED_MS });
    const [oldest] = this.#flipping.keys();
    if (this.#flipping.size > MOST_KEYS && oldest !== undefined) this.#flipping.delete(oldest);
  }
}
