// What Redis holds of a cluster, and its scripts as functions of it: PURGE-PROTOCOL §4.2, §4.3. Replication and the network are elsewhere.
import type { Committed, Joined, LogEntry, LoggedPurge, NodeMode, NodeStanding, Position, Renewed } from '../../src/cluster/coordination-log.ts';

export interface LogState {
  /** Empty until somebody joins. */
  incarnation: string;
  seq: number;
  /** The newest `maxLength` entries. */
  log: LogEntry[];
  readonly maxLength: number;
  nodes: Map<string, NodeStanding>;
  /** Of the list of nodes: where it is not that of the log, the list was lost by itself. */
  listIncarnation: string;
  /** Never the same twice, whatever leaves the list and comes back: an eviction names one. */
  counter: number;
  /** Purges with a settle window or versions, and when they were committed. */
  holds: readonly { readonly purge: LoggedPurge; readonly at: number }[];
}

export function emptyState(maxLength: number): LogState {
  return { incarnation: '', seq: 0, log: [], maxLength, nodes: new Map(), listIncarnation: '', counter: 0, holds: [] };
}

export function copyOf(state: LogState): LogState {
  return { ...state, log: [...state.log], nodes: new Map(state.nodes) };
}

/** `nonce` becomes the incarnation where there is none. */
export function join(state: LogState, { server, nonce, now }: { readonly server: string; readonly nonce: string; readonly now: number }): Joined {
  if (state.incarnation === '' || state.listIncarnation !== state.incarnation) {
    const { counter, holds } = state;
    Object.assign(state, { ...emptyState(state.maxLength), counter, holds, incarnation: nonce, listIncarnation: nonce });
  }
  const position = { incarnation: state.incarnation, server, applied: state.seq, nonce: state.log.at(-1)?.nonce ?? '' };
  return { kind: 'joined', position, holds: heldOf(state, now) };
}

/** What is left of them. */
function heldOf({ holds }: LogState, now: number): LoggedPurge[] {
  const left = holds.map(({ purge, at }): LoggedPurge => ({ ...purge, mode: 'hard', settleMs: Math.max(0, at + purge.settleMs - now) }));
  return left.filter(({ settleMs, versions }) => settleMs > 0 || versions.length > 0);
}

type Standing = 'there' | 'gap' | 'changed';

function find(state: LogState, server: string, position: Position): Standing {
  const { incarnation, seq, log } = state;
  if (position.incarnation !== incarnation || position.server !== server || state.listIncarnation !== incarnation) return 'changed';
  if (position.applied > seq) return 'changed';
  const oldest = log[0]?.seq ?? seq + 1;
  if (position.applied + 1 < oldest) return 'gap';
  if (position.applied < oldest) return 'there';
  return log[position.applied - oldest]?.nonce === position.nonce ? 'there' : 'changed';
}

export function renew(
  state: LogState,
  server: string,
  { nodeId, mode, position }: { readonly nodeId: string; readonly mode: NodeMode; readonly position: Position },
): Renewed {
  const standing = find(state, server, position);
  if (standing !== 'there') return { kind: standing };
  const acked = Math.max(position.applied, state.nodes.get(nodeId)?.acked ?? 0);
  state.nodes.set(nodeId, { mode, counter: ++state.counter, acked });
  return { kind: 'renewed', seq: state.seq, entries: state.log.filter(({ seq }) => seq > position.applied) };
}

export function commit(
  state: LogState,
  server: string,
  { position, purge, nonce, now }: { readonly position: Position; readonly purge: LoggedPurge; readonly nonce: string; readonly now: number },
): Committed {
  if (find(state, server, position) !== 'there') return { kind: 'changed' };
  const seq = ++state.seq;
  state.log.push({ seq, nonce, incarnation: state.incarnation, purge });
  if (purge.settleMs > 0 || purge.versions.length > 0) state.holds = [...state.holds, { purge, at: now }];
  if (state.log.length > state.maxLength) state.log.shift();
  return { kind: 'committed', seq, nonce, nodes: new Map(state.nodes) };
}

export function acknowledge(state: LogState, server: string, { nodeId, position }: { readonly nodeId: string; readonly position: Position }) {
  if (find(state, server, position) === 'changed') return { kind: 'changed' } as const;
  const standing = state.nodes.get(nodeId);
  if (standing !== undefined) state.nodes.set(nodeId, { ...standing, acked: Math.max(standing.acked, position.applied) });
  return { kind: 'done' } as const;
}

export function standings(state: LogState, server: string, position: Position) {
  if (find(state, server, position) === 'changed') return { kind: 'changed' } as const;
  return { kind: 'standings', nodes: new Map(state.nodes) } as const;
}

export function evict(state: LogState, nodes: ReadonlyMap<string, number>): void {
  for (const [name, counter] of nodes) if (state.nodes.get(name)?.counter === counter) state.nodes.delete(name);
}
