// The nodes that share purges, as `GET /v1/nodes` shows them.
import type { AuthorityName } from '../purge/authority.ts';
import { LEASE_MS } from './lease-terms.ts';
import type { NodeMode, NodeStanding } from './coordination-log.ts';

export interface NodeList {
  readonly authority: AuthorityName;
  /** Which of them was asked. */
  readonly self?: string;
  /** Whether it may answer from its cache now; in barrier mode each request asks for itself. */
  readonly lease?: boolean;
  /** The last purge of the log that it has applied. */
  readonly applied?: number;
  /** Absent where Redis did not say. A node that is gone stays until its lease is over and a purge has waited for it. */
  readonly nodes?: readonly ListedNode[];
}

interface ListedNode {
  readonly node: string;
  readonly mode: NodeMode;
  /** The last purge that it said to have applied. */
  readonly applied: number;
  /** How many of those that anybody listed has applied it lacks. */
  readonly lag: number;
  /** Since it renewed its lease, or asked what was purged. */
  readonly renewed_ms_ago: number;
  /** Whether it may hold a lease; not of barrier mode. */
  readonly lease?: boolean;
}

export interface Self {
  readonly name: AuthorityName;
  readonly nodeId: string;
  readonly applied: number;
  readonly marks: { readonly isCoordinated: boolean };
}

export function listNodes({ name, nodeId, applied, marks }: Self, standings: ReadonlyMap<string, NodeStanding> | undefined): NodeList {
  const self = { authority: name, self: nodeId, ...(name === 'lease' ? { lease: marks.isCoordinated } : {}), applied };
  if (standings === undefined) return self;
  const newest = Math.max(applied, ...Array.from(standings.values(), ({ acked }) => acked));
  const nodes = Array.from(standings, ([node, { mode, acked, renewedMsAgo = 0 }]) => ({
    node,
    mode,
    applied: acked,
    lag: newest - acked,
    renewed_ms_ago: renewedMsAgo,
    ...(mode === 'lease' ? { lease: renewedMsAgo < LEASE_MS } : {}),
  }));
  return { ...self, nodes: nodes.toSorted((a, b) => (a.node < b.node ? -1 : 1)) };
}
