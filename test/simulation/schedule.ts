// What happens when, in virtual milliseconds: a binary heap of steps. Those of one instant come in the order in which they were planned.
interface Step {
  readonly at: number;
  readonly number: number;
  readonly run: () => void;
}

export class Schedule {
  now = 0;
  readonly #heap: Step[] = [];
  #planned = 0;

  after(ms: number, run: () => void): void {
    this.#push({ at: this.now + Math.max(0, ms), number: this.#planned++, run });
  }

  /** Runs everything until `end`. */
  runUntil(end: number): void {
    for (let first = this.#heap[0]; first !== undefined && first.at <= end; first = this.#heap[0]) {
      this.#pop();
      this.now = first.at;
      first.run();
    }
    this.now = end;
  }

  #push(step: Step): void {
    const heap = this.#heap;
    let i = heap.push(step) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isEarlier(step, heap[parent] as Step)) break;
      heap[i] = heap[parent] as Step;
      i = parent;
    }
    heap[i] = step;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isEarlier(heap[child + 1] as Step, heap[child] as Step)) child++;
      if (!isEarlier(heap[child] as Step, last)) break;
      heap[i] = heap[child] as Step;
      i = child;
    }
    heap[i] = last;
  }
}

function isEarlier(a: Step, b: Step): boolean {
  return a.at === b.at ? a.number < b.number : a.at < b.at;
}
