// What is written down of a simulated history. PURGE-PROTOCOL §6 "Record". All instants are virtual ms.
import type { Answer } from './cache.ts';
import type { Stated } from './origin.ts';

export interface Read {
  readonly node: string;
  readonly page: string;
  readonly scope: string;
  readonly sentAt: number;
  /** When its head was given away by the node. */
  readonly committedAt: number;
  /** Whether the node held a lease then. */
  readonly underLease: boolean;
  readonly endedAt: number;
  /** Undefined for a failure, or where the node went away. */
  readonly stated: Stated | undefined;
  readonly from: Answer['from'];
  readonly whole: boolean;
  /** When the origin was asked for it, or to confirm it, and when its answer began. */
  readonly fetchedAt: number;
  readonly receivedAt: number;
}

export interface Ack {
  readonly register: number;
  /** Committed before the purge was sent. */
  readonly version: number;
  /** When it was answered `confirmed`; for one that was answered `committed`, when its bound was over. */
  readonly at: number;
}

/** A soft purge that was applied at a node. */
export interface Softening {
  readonly node: string;
  readonly register: number;
  readonly version: number;
  readonly at: number;
}

export interface Write {
  readonly register: number;
  readonly version: number;
  readonly at: number;
}

export class History {
  /** How far reads of the origin may have been behind. */
  readonly lagMs: number;
  readonly reads: Read[] = [];
  readonly acks: Ack[] = [];
  readonly softenings: Softening[] = [];
  readonly writes: Write[] = [];
  /** What the world itself saw broken. */
  readonly faults: string[] = [];
  readonly waitsMs: number[] = [];
  unconfirmed = 0;

  constructor(lagMs: number) {
    this.lagMs = lagMs;
  }
}
