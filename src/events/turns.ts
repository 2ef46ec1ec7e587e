// Whose turn is it? What is of one kind goes one after the other, what is not at once, so many in all.

export class Turns {
  readonly #tails = new Map<string, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Resolves as `work` does, once everything of `kind` that came before has ended; undefined: it waits for nothing but room. */
  async run<T>(kind: string | undefined, work: () => Promise<T>): Promise<T> {
    const ended = Promise.withResolvers<void>();
    const before = kind === undefined ? undefined : this.#tails.get(kind);
    if (kind !== undefined) this.#tails.set(kind, ended.promise);
    try {
      await before;
      await this.#room();
      try {
        return await work();
      } finally {
        this.#leave();
      }
    } finally {
      ended.resolve();
      if (kind !== undefined && this.#tails.get(kind) === ended.promise) this.#tails.delete(kind);
    }
  }

  #room(): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free--;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The room goes on to who waits longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
