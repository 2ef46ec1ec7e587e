// Who waits for a connection, in which order, and how long at most?
import type { PoolCall } from './call.ts';

export class WaitingLine {
  readonly #mostMs: number;
  readonly #tooLong: (call: PoolCall) => void;
  /** In the order of their arrival. */
  readonly #deadlines = new Map<PoolCall, NodeJS.Timeout>();

  /** `tooLong` is called with one that has waited for `mostMs` and waits no more. */
  constructor(mostMs: number, tooLong: (call: PoolCall) => void) {
    this.#mostMs = mostMs;
    this.#tooLong = tooLong;
  }

  get length(): number {
    return this.#deadlines.size;
  }

  join(call: PoolCall): void {
    const expire = (): void => {
      this.#deadlines.delete(call);
      this.#tooLong(call);
    };
    this.#deadlines.set(call, setTimeout(expire, this.#mostMs));
  }

  /** Harmless for one that does not wait. */
  leave(call: PoolCall): void {
    clearTimeout(this.#deadlines.get(call));
    this.#deadlines.delete(call);
  }

  /** The one whose turn it is. */
  next(): PoolCall | undefined {
    const [first] = this.#deadlines.keys();
    if (first !== undefined) this.leave(first);
    return first;
  }

  /** Everyone, in order; then it is empty. */
  dismiss(): readonly PoolCall[] {
    const all = [...this.#deadlines.keys()];
    for (const call of all) this.leave(call);
    return all;
  }
}
