// When is a purge confirmed? PURGE-PROTOCOL §4.4, steps 3 to 5.
import type { LoggedPurge, NodeStanding } from './coordination-log.ts';
import { EXPIRY_MS } from './lease-terms.ts';
import type { PurgeAnswer, PurgeAsked, PurgeId } from './node-messages.ts';

/** All instants are of the monotonic clock of the node that was asked. */
export interface PendingPurge {
  readonly purge: LoggedPurge;
  readonly onFailure: PurgeAsked['onFailure'];
  /** Who still waits, and until when. */
  callers: readonly { readonly token: number; readonly until: number }[];
  /** Whether somebody was answered `committed`. */
  released: boolean;
  logged: Logged | undefined;
  /** t1: when this node had applied it. */
  appliedAt: number | undefined;
}

export interface Logged {
  readonly id: PurgeId;
  readonly at: number;
  /** How many nodes could have answered from their caches when it was committed. */
  readonly listed: number;
  /** Those of them that have not said to have applied it, as they stood then. */
  silent: ReadonlyMap<string, NodeStanding>;
}

/** The others that hold leases: nodes in barrier mode ask the log before they use what they have. */
export function silentOthers(nodes: ReadonlyMap<string, NodeStanding>, self: string, seq: number): Map<string, NodeStanding> {
  return new Map([...nodes].filter(([name, { mode, acked }]) => name !== self && mode === 'lease' && acked < seq));
}

/** Nobody who is missing in `nodes` has confirmed anything. */
export function hear(logged: Logged, nodes: ReadonlyMap<string, NodeStanding>): void {
  logged.silent = new Map([...logged.silent].filter(([name]) => (nodes.get(name)?.acked ?? 0) < logged.id.seq));
}

/**
 * `fast`: all have confirmed, which counts only where their list is complete: a Redis that lost its data may have forgotten some, whose leases are over
 * once this node has seen the log for D. `slow`: D after t1 the silent ones hold no lease from before the purge, and every later one came with it.
 */
export function progressOf({ logged, appliedAt }: PendingPurge, now: number, seenSince: number): 'waiting' | 'fast' | 'slow' {
  if (logged === undefined || appliedAt === undefined) return 'waiting';
  if (logged.silent.size === 0 && now >= seenSince + EXPIRY_MS) return 'fast';
  return now >= appliedAt + EXPIRY_MS ? 'slow' : 'waiting';
}

/** When time alone would change something about it. */
export function nextInstantOf({ logged, appliedAt, callers }: PendingPurge, seenSince: number): number {
  if (logged === undefined) return Infinity;
  const slow = appliedAt === undefined ? Infinity : appliedAt + EXPIRY_MS;
  const fast = appliedAt !== undefined && logged.silent.size === 0 ? seenSince + EXPIRY_MS : Infinity;
  return Math.min(slow, fast, ...callers.map(({ until }) => until));
}

export function confirmedAnswer({ id, listed, silent }: Logged): PurgeAnswer {
  return { kind: 'confirmed', id, nodes: { confirmed: listed - silent.size, expired: silent.size } };
}

/** Counted from when it was in the log: whoever had a lease then has it no longer. */
export function committedAnswer({ id, at }: Logged, now: number): PurgeAnswer {
  return { kind: 'committed', id, boundMs: Math.max(0, Math.ceil(at + EXPIRY_MS - now)) };
}
