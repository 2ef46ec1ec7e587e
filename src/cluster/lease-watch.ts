// When does a node lose its lease, and when does it have one again? For its operator: readers ask the lease itself (purge/lease.ts).
import type { Instants, LeaseClocks } from '../purge/lease.ts';

export class LeaseWatch {
  readonly #clocks: LeaseClocks;
  readonly #changed: (isHeld: boolean) => void;
  #isHeld = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(clocks: LeaseClocks, changed: (isHeld: boolean) => void) {
    this.#clocks = clocks;
    this.#changed = changed;
  }

  /** The lease now ends at `end`; undefined: it has. */
  until(end: Instants | undefined): void {
    clearTimeout(this.#timer);
    this.#say(end !== undefined);
    if (end !== undefined) this.#timer = setTimeout(() => this.until(undefined), Math.max(0, end.mono - this.#clocks.mono())).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #say(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    this.#changed(isHeld);
  }
}
