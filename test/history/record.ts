// What is written down of a history. Instants are ticks: one counter for readers, writers and the origin's registers, which all live in one process.
import type { Stated } from './page.ts';

export class Ticks {
  #last = 0;

  next(): number {
    return ++this.#last;
  }
}

export type ReadKind = 'get' | 'conditional' | 'head' | 'range';

export interface Read {
  readonly kind: ReadKind;
  readonly path: string;
  readonly scope: string;
  readonly variant: string;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly status: number;
  /** False where the answer was cut. */
  readonly complete: boolean;
  /** What the answer states; undefined for a failure. */
  readonly stated: Stated | undefined;
  /** Whether its body is, byte for byte, that of what it states. */
  readonly intact: boolean;
  readonly hit: boolean;
  /** Which of several workers answered; each has a store of its own. */
  readonly worker?: number;
  /** The epoch when its head was written. */
  readonly committedAtEpoch: number;
}

export interface Write {
  readonly register: string;
  readonly version: number;
  readonly committedAt: number;
}

/** A hard purge that was confirmed: `version` was committed before it was sent. */
export interface Ack {
  readonly register: string;
  readonly version: number;
  readonly ackedAt: number;
  /** Absent where a write through the proxy purged: its answer names none. */
  readonly epoch?: number;
}

export interface History {
  readonly reads: readonly Read[];
  readonly writes: readonly Write[];
  readonly acks: readonly Ack[];
}
