// What moves between parties that are all in this process, so that turns of its event loop are the measure of silence.
import { setImmediate as loopTurn } from 'node:timers/promises';

/** What takes longer does not come. */
const SILENCE_MS = 10_000;

export class Motion {
  #moves = 0;
  #wake: () => void = () => undefined;

  /** To be called whenever anything came anywhere. */
  readonly moved = (): void => {
    this.#moves++;
    this.#wake();
  };

  /** Resolves when it is so; false where nothing moves for too long. */
  async until(isSo: () => boolean): Promise<boolean> {
    while (!isSo()) {
      const before = this.#moves;
      await this.#next();
      if (this.#moves === before) return false;
    }
    return true;
  }

  /** Resolves when nothing has moved for so many turns of the loop. */
  async stillness(turns: number): Promise<void> {
    let last = this.#moves;
    for (let still = 0; still < turns; still++) {
      await loopTurn();
      if (this.#moves === last) continue;
      last = this.#moves;
      still = 0;
    }
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, SILENCE_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
