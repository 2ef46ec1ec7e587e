// Waits until somebody rings, or for so long. A ring that nobody waited for is heard by the next who does.

export class Bell {
  #hasRung = false;
  #heard: (() => void) | undefined;

  ring(): void {
    this.#hasRung = true;
    this.#heard?.();
  }

  /** For one waiting at a time. */
  async wait(longestMs: number): Promise<void> {
    if (!this.#hasRung) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#heard = resolve;
      const timer = setTimeout(resolve, longestMs);
      await promise;
      clearTimeout(timer);
      this.#heard = undefined;
    }
    this.#hasRung = false;
  }
}
