// How far behind is a source? As last measured, and growing older while nobody can measure.

export interface Backlog {
  /** Messages that wait, those under way among them. */
  readonly waiting: number;
  /** Age of the oldest of them; 0: there is none. */
  readonly oldestMs: number;
}

export class BacklogGauge {
  #measured: (Backlog & { readonly at: number }) | undefined;

  measured(backlog: Backlog, at: number): void {
    this.#measured = { ...backlog, at };
  }

  /** Undefined before the first measure. What waited then is taken to wait still. */
  at(now: number): Backlog | undefined {
    if (this.#measured === undefined) return undefined;
    const { waiting, oldestMs, at } = this.#measured;
    return { waiting, oldestMs: waiting === 0 ? 0 : oldestMs + Math.max(0, now - at) };
  }

  /** Another node reads, and measures. */
  forget(): void {
    this.#measured = undefined;
  }
}
