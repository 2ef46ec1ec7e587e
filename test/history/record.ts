// What is written down of a history. Readers, writers and the origin's registers live in one process and read one clock, which never shows an instant twice.
import type { Stated } from './page.ts';

export interface Instants {
  next(): number;
}

/** A counter. */
export class Ticks implements Instants {
  #last = 0;

  next(): number {
    return ++this.#last;
  }
}

const SHORTEST_MS = 1e-4;

/** The monotonic clock, in ms. */
export class Milliseconds implements Instants {
  #last = 0;

  next(): number {
    this.#last = Math.max(performance.now(), this.#last + SHORTEST_MS);
    return this.#last;
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
  /** Which of several nodes was asked. */
  readonly node?: string;
  /** Which of several workers answered; each has a store of its own. */
  readonly worker?: number;
  /** The epoch when its head was written. */
  readonly committedAtEpoch: number;
  /** One of those at the end, when nothing is broken any more: all of them are answered. */
  readonly isLast: boolean;
}

export interface Write {
  readonly register: string;
  readonly version: number;
  readonly committedAt: number;
}

/** A hard purge that was answered: `version` was committed before it was sent. */
export interface Ack {
  readonly register: string;
  readonly version: number;
  readonly sentAt: number;
  readonly ackedAt: number;
  /** It was answered 202: it holds so long after its answer. Absent where it was confirmed. */
  readonly boundMs?: number;
  /** Whom its receipt names. */
  readonly nodes?: { readonly confirmed: number; readonly expired: number };
  /** Absent where a write through the proxy purged, whose answer names none, and among several nodes. */
  readonly epoch?: number;
}

/** A time during which a node that confirms purges ran: from its start, or after a pause, to the next pause or its end. */
export interface Span {
  /** Another one after each start. */
  readonly life: string;
  readonly from: number;
  readonly until: number;
}

export interface History {
  readonly reads: readonly Read[];
  readonly writes: readonly Write[];
  readonly acks: readonly Ack[];
  /** Absent where there is one process only. */
  readonly spans?: readonly Span[];
  /** By nonce: which node asked the origin for it. Absent where there is one process only. */
  readonly fetchedBy?: ReadonlyMap<number, string>;
}
