// The two clocks of one node: they go a little wrong, and somebody sets the wall clock. PURGE-PROTOCOL §2, assumption 4.
import type { Moment } from '../../src/cluster/lease-terms.ts';

export class NodeClock {
  /** Virtual ms to ms of this node. */
  readonly rate: number;
  readonly #monoStart: number;
  #wallStart: number;

  constructor({ rate, monoStart, wallStart }: { readonly rate: number; readonly monoStart: number; readonly wallStart: number }) {
    this.rate = rate;
    this.#monoStart = monoStart;
    this.#wallStart = wallStart;
  }

  at(virtualMs: number): Moment {
    return { mono: this.#monoStart + virtualMs * this.rate, wall: this.#wallStart + virtualMs * this.rate };
  }

  /** Virtual instant at which the monotonic clock says `mono`. */
  virtualOf(mono: number): number {
    return (mono - this.#monoStart) / this.rate;
  }

  jump(ms: number): void {
    this.#wallStart += ms;
  }
}
