// Purges that wait for the same thing, in the order in which it comes to them: only the first has to be looked at.
import type { PendingPurge } from './pending-purge.ts';

export class PurgeQueue {
  /** Those before `#head` have left. */
  readonly #purges: PendingPurge[] = [];
  #head = 0;
  readonly #hasLeft: (pending: PendingPurge) => boolean;

  /** Nobody is taken out: whoever `hasLeft` is passed over when it comes first. */
  constructor(hasLeft: (pending: PendingPurge) => boolean) {
    this.#hasLeft = hasLeft;
  }

  get first(): PendingPurge | undefined {
    let first = this.#purges[this.#head];
    while (first !== undefined && this.#hasLeft(first)) first = this.#purges[++this.#head];
    if (this.#head > 0 && this.#head * 2 >= this.#purges.length) {
      this.#purges.splice(0, this.#head);
      this.#head = 0;
    }
    return first;
  }

  addLast(pending: PendingPurge): void {
    this.#purges.push(pending);
  }

  /** Into the order of the log, which is almost always the one in which COMMITs end. */
  addBySeq(pending: PendingPurge): void {
    let place = this.#purges.length;
    while (place > this.#head && (this.#purges[place - 1]?.id.seq ?? 0) > pending.id.seq) place--;
    if (place === this.#purges.length) this.#purges.push(pending);
    else this.#purges.splice(place, 0, pending);
  }
}
