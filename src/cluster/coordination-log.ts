// The shared log of purges as a node sees it: what is asked of Redis and what comes back. PURGE-PROTOCOL §4.2, §4.3. No sockets here.
// Every call ends within its own timeout, is sent once, and says `failed` where nobody knows whether it was carried out.

/** A purge as it stands in the log: durations instead of instants, since no two nodes' clocks agree. */
export interface LoggedPurge {
  /** Pairs of (bucket, fingerprint): tag-hash.ts, under the secret of the cluster. */
  readonly tagIds: Int32Array;
  readonly all: boolean;
  readonly mode: 'hard' | 'soft';
  /** 0: no hold. Counted from where a node applies it. */
  readonly settleMs: number;
  readonly versions: readonly { readonly tagIds: Int32Array; readonly lowest: number }[];
}

export interface LogEntry {
  readonly seq: number;
  /** Random, made by who committed it: two purges of one number are told apart by it. */
  readonly nonce: string;
  readonly incarnation: string;
  readonly purge: LoggedPurge;
}

/** How far a node has applied which log. Where any of it is not what Redis has, the log is another one: a new incarnation. */
export interface Position {
  readonly incarnation: string;
  /** `run_id` and `master_replid` of the Redis process. */
  readonly server: string;
  readonly applied: number;
  /** Of the entry `applied`; empty at 0. */
  readonly nonce: string;
}

export type NodeMode = 'lease' | 'barrier';

export interface NodeStanding {
  readonly mode: NodeMode;
  /** Raised by each renewal: an eviction names it, so that a node that came back meanwhile stays. */
  readonly counter: number;
  /** The last purge that it has said to have applied. */
  readonly acked: number;
  /** How long ago it renewed, ms; only where standings were asked for. */
  readonly renewedMsAgo?: number;
}

/** `changed`: the position is of another incarnation. `failed`: refused, timed out, or not on enough replicas. */
export type Lost = { readonly kind: 'changed' } | { readonly kind: 'failed'; readonly error: string };

export type Joined =
  | { readonly kind: 'joined'; readonly position: Position; readonly holds: readonly LoggedPurge[] }
  /** Another `redis.secret` than the cluster's: it must not serve. */
  | { readonly kind: 'secret-differs' }
  | { readonly kind: 'failed'; readonly error: string };

export type Renewed =
  /** `entries` are all those after `position.applied`, up to `seq`, in order. */
  | { readonly kind: 'renewed'; readonly seq: number; readonly entries: readonly LogEntry[] }
  /** The log has lost entries that this node lacks. */
  | { readonly kind: 'gap' }
  | Lost;

export type Committed =
  | { readonly kind: 'committed'; readonly seq: number; readonly nonce: string; readonly nodes: ReadonlyMap<string, NodeStanding> }
  /** No room for its hold or its versions: nothing was purged. */
  | { readonly kind: 'out-of-holds' }
  | Lost;

export interface CoordinationLog {
  /** Registers nobody yet: the position to start from, empty. */
  join(): Promise<Joined>;
  renew(nodeId: string, mode: NodeMode, position: Position): Promise<Renewed>;
  commit(position: Position, purge: LoggedPurge): Promise<Committed>;
  /** Says that the position is applied; hints those who wait. */
  acknowledge(nodeId: string, position: Position): Promise<{ readonly kind: 'done' } | Lost>;
  /** Who is registered now and how far each has said to be. */
  standings(position: Position): Promise<{ readonly kind: 'standings'; readonly nodes: ReadonlyMap<string, NodeStanding> } | Lost>;
  /** Takes nodes off the list whose counter is still the named one. */
  evict(nodes: ReadonlyMap<string, number>): Promise<void>;
  leave(nodeId: string): Promise<void>;
  /** Pushes new entries after `position` until it is called again or the log is closed: only a hint for speed, renewals deliver all. */
  follow(position: Position, pushed: (entries: readonly LogEntry[]) => void): void;
  /** Called when some node has acknowledged: a hint. */
  onHint(hinted: () => void): void;
  close(): Promise<void>;
}
