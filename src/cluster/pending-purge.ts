// When is a purge confirmed? PURGE-PROTOCOL §4.4, steps 3 to 5. All instants are of the monotonic clock of the node that was asked.
import type { LoggedPurge, NodeStanding } from './coordination-log.ts';
import type { Deadline } from './deadlines.ts';
import { EXPIRY_MS } from './lease-terms.ts';
import type { PurgeAnswer, PurgeAsked, PurgeId } from './node-messages.ts';

/** One that is not in the log yet. */
export interface AskedPurge {
  readonly purge: LoggedPurge;
  readonly onFailure: PurgeAsked['onFailure'];
  /** Nobody where it is made once more for whoever has had an answer. */
  readonly caller: Caller | undefined;
}

export interface Caller {
  readonly token: number;
  /** Infinity: for as long as it takes. */
  readonly until: number;
}

export interface Wait extends Caller, Deadline {
  readonly pending: PendingPurge;
}

/** One that is in the log. */
export interface PendingPurge extends Omit<AskedPurge, 'caller'> {
  readonly id: PurgeId;
  readonly loggedAt: number;
  /** How many nodes could have answered from their caches when it was committed. */
  readonly listed: number;
  /** Those of them that have not said to have applied it, as they stood then. */
  readonly silent: Map<string, NodeStanding>;
  /** t1: when this node had applied it. */
  appliedAt: number | undefined;
  /** For those who have had no answer yet. */
  waits: Wait[];
  /** Whether somebody was answered `committed`. */
  released: boolean;
  /** Whether it was answered for good. */
  hasEnded: boolean;
}

/** The others that hold leases: nodes in barrier mode ask the log before they use what they have. */
export function silentOthers(nodes: ReadonlyMap<string, NodeStanding>, self: string, seq: number): Map<string, NodeStanding> {
  const silent = new Map<string, NodeStanding>();
  for (const [name, standing] of nodes) if (name !== self && standing.mode === 'lease' && standing.acked < seq) silent.set(name, standing);
  return silent;
}

/**
 * `fast`: all have confirmed, which counts only where their list is complete: a Redis that lost its data may have forgotten some, whose leases are over
 * once this node has seen the log for D. `slow`: D after t1 the silent ones hold no lease from before the purge, and every later one came with it.
 */
export function progressOf({ silent, appliedAt }: PendingPurge, now: number, seenSince: number): 'waiting' | 'fast' | 'slow' {
  if (appliedAt === undefined) return 'waiting';
  if (silent.size === 0 && now >= seenSince + EXPIRY_MS) return 'fast';
  return now >= appliedAt + EXPIRY_MS ? 'slow' : 'waiting';
}

/** When time alone would confirm it. */
export function confirmedAtOf(pending: PendingPurge | undefined, seenSince: number): number {
  if (pending?.appliedAt === undefined) return Infinity;
  return Math.min(pending.appliedAt + EXPIRY_MS, pending.silent.size === 0 ? seenSince + EXPIRY_MS : Infinity);
}

export function confirmedAnswer({ id, listed, silent }: PendingPurge): PurgeAnswer {
  return { kind: 'confirmed', id, nodes: { confirmed: listed - silent.size, expired: silent.size } };
}

/** Counted from when it was in the log: whoever had a lease then has it no longer. */
export function committedAnswer({ id, loggedAt }: PendingPurge, now: number): PurgeAnswer {
  return { kind: 'committed', id, boundMs: Math.max(0, Math.ceil(loggedAt + EXPIRY_MS - now)) };
}
