// What a node's part of the protocol is told and what it wants done: everything that goes into node-core.ts and comes out of it.
import type { CoordinationLog, LogEntry, LoggedPurge, NodeMode, Position } from './coordination-log.ts';
import type { Moment } from './lease-terms.ts';

/** A call of CoordinationLog; its result comes back under the number of the call. */
export type Ask =
  | { readonly kind: 'join' }
  | { readonly kind: 'renew'; readonly mode: NodeMode; readonly position: Position }
  | { readonly kind: 'commit'; readonly position: Position; readonly purge: LoggedPurge }
  | { readonly kind: 'acknowledge'; readonly position: Position }
  | { readonly kind: 'standings'; readonly position: Position };

type ResultOf<K extends Ask['kind']> = Awaited<ReturnType<CoordinationLog[K]>>;

export type CallResult =
  | { readonly kind: 'join'; readonly result: ResultOf<'join'> }
  | { readonly kind: 'renew'; readonly result: ResultOf<'renew'> }
  | { readonly kind: 'commit'; readonly result: ResultOf<'commit'> }
  | { readonly kind: 'acknowledge'; readonly result: ResultOf<'acknowledge'> }
  | { readonly kind: 'standings'; readonly result: ResultOf<'standings'> };

/** Which purge of which log: what a receipt names. The nonce is part of it, since a Redis that lost its last entries gives their numbers to others. */
export interface PurgeId {
  readonly incarnation: string;
  readonly seq: number;
  readonly nonce: string;
}

export interface PurgeAsked {
  readonly kind: 'purge-asked';
  /** The caller's own number: its answer carries it. */
  readonly token: number;
  readonly purge: LoggedPurge;
  /** `retry`: it follows a write that has happened. Where it fails the node serves nothing from its cache until it is in the log after all. */
  readonly onFailure: 'answer' | 'retry';
  /** How long the caller waits for the confirmation; 0 for `respond-async`, Infinity. */
  readonly waitMs: number;
}

export type NodeEvent =
  | { readonly kind: 'started' }
  /** The instant that was asked for with `wake`, or a later one. */
  | { readonly kind: 'timer' }
  /** A call has ended. */
  | { readonly kind: 'ended'; readonly call: number; readonly result: CallResult }
  | { readonly kind: 'pushed'; readonly entries: readonly LogEntry[] }
  /** Some node has acknowledged. */
  | { readonly kind: 'hinted' }
  | PurgeAsked
  /** Somebody asks again for a purge that was answered `committed`. */
  | { readonly kind: 'purge-resumed'; readonly token: number; readonly id: PurgeId; readonly waitMs: number }
  /** A request arrived that must not be answered from what was known before it. */
  | { readonly kind: 'barrier-asked'; readonly token: number }
  | { readonly kind: 'connection-lost' }
  | { readonly kind: 'drain' };

export type PurgeAnswer =
  /** Every node that may answer from its cache has applied it: `confirmed` of those listed said so, the leases of `expired` have run out. */
  | { readonly kind: 'confirmed'; readonly id: PurgeId; readonly nodes: { readonly confirmed: number; readonly expired: number } }
  /** In the log; everywhere after `boundMs` at the latest. */
  | { readonly kind: 'committed'; readonly id: PurgeId; readonly boundMs: number }
  /** Nothing was purged: no room for its hold or its versions. */
  | { readonly kind: 'out-of-holds' }
  /** Nobody knows whether it is in the log, or whether everybody has applied it. */
  | { readonly kind: 'unknown' }
  /** Nothing was purged. */
  | { readonly kind: 'rejected' }
  /** Asked again for what was never asked here, or too long ago. */
  | { readonly kind: 'forgotten' };

/** To be carried out in the order in which they come, each before the next event is told. */
export type Effect =
  | { readonly kind: 'call'; readonly call: number; readonly ask: Ask }
  | { readonly kind: 'evict'; readonly nodes: ReadonlyMap<string, number> }
  | { readonly kind: 'leave' }
  /** Ask to be pushed what comes after `position`. */
  | { readonly kind: 'follow'; readonly position: Position }
  /** Mark what it names and publish it. */
  | { readonly kind: 'apply'; readonly entry: LogEntry }
  /** Everything that was stored, and everything that is being fetched, is dead. `holds` are those that were made before `position`. */
  | { readonly kind: 'empty'; readonly position: Position; readonly holds: readonly LoggedPurge[] }
  /** Answer from the cache before `until` and not later. */
  | { readonly kind: 'lease'; readonly until: Moment | undefined }
  /** From now on there are purges of writes that could not be put into the log, or there are none any more. */
  | { readonly kind: 'owed'; readonly owes: boolean }
  | { readonly kind: 'answer'; readonly token: number; readonly answer: PurgeAnswer }
  /** `passed`: all that was in the log when the request arrived has been applied. `failed`: answer it from the origin. */
  | { readonly kind: 'barrier'; readonly token: number; readonly outcome: 'passed' | 'failed' }
  /** A timer event at this instant of the monotonic clock; it takes the place of the one before. */
  | { readonly kind: 'wake'; readonly mono: number }
  /** The cluster has another `redis.secret`: this node may not serve from its cache. */
  | { readonly kind: 'secret-differs' };
