// Whose time is over next? A binary heap; each knows its place in it, since most are taken out before their time.

export interface Deadline {
  readonly until: number;
  place: number;
}

export class Deadlines<D extends Deadline> {
  readonly #heap: D[] = [];

  get first(): D | undefined {
    return this.#heap[0];
  }

  add(deadline: D): void {
    this.#put(deadline, this.#heap.length);
    this.#rise(deadline);
  }

  /** One that is in it. */
  remove(deadline: D): void {
    const last = this.#heap.pop();
    if (last === undefined || last === deadline) return;
    this.#put(last, deadline.place);
    this.#rise(last);
    this.#sink(last);
  }

  #put(deadline: D, place: number): void {
    this.#heap[place] = deadline;
    deadline.place = place;
  }

  #rise(deadline: D): void {
    for (;;) {
      const above = this.#heap[(deadline.place - 1) >> 1];
      if (above === undefined || above.until <= deadline.until) return;
      this.#swap(above, deadline);
    }
  }

  #sink(deadline: D): void {
    for (;;) {
      const [left, right] = [this.#heap[2 * deadline.place + 1], this.#heap[2 * deadline.place + 2]];
      const below = right !== undefined && left !== undefined && right.until < left.until ? right : left;
      if (below === undefined || below.until >= deadline.until) return;
      this.#swap(deadline, below);
    }
  }

  #swap(above: D, below: D): void {
    const { place } = above;
    this.#put(above, below.place);
    this.#put(below, place);
  }
}
