// What somebody wants purged, before anything is hashed: the value that every purge is given as, and what it is answered with.
import type { AuthorityName, NodeCount } from './authority.ts';
import type { UrlSelector } from './tag-hash.ts';

export interface PurgeOrder {
  /** Who asks: an operator, an event (`events`), or a write (RFC 9111 §4.4, `invalidates`, and the fields of its response). */
  readonly kind: 'operator' | 'event' | 'write';
  readonly tags: readonly string[];
  readonly groups: readonly { readonly origin: string; readonly group: string }[];
  readonly urls: readonly UrlSelector[];
  readonly prefixes: readonly Omit<UrlSelector, 'query'>[];
  /** Claim and value. */
  readonly scopes: readonly (readonly [string, string])[];
  readonly all: boolean;
  readonly mode: 'hard' | 'soft';
  /** Absent: what the configuration says. */
  readonly settleMs?: number;
  /** Lowest acceptable version by tag; each of these tags is purged too. */
  readonly versions: ReadonlyMap<string, number>;
  /** For how long whoever asks waits for the confirmation. Absent: until it is there. */
  readonly waitMs?: number;
  readonly reason?: string;
  /** Who, for the log; never a credential. */
  readonly actor: string;
}

/** What a published purge was: endpoint.ts puts it into the words of PURGE-PROTOCOL §4.8. */
export interface Receipt {
  /** Of this process: four hexadecimal digits, a dot, the epoch. Of Redis: incarnation, number and nonce. */
  readonly id: string;
  readonly authority: AuthorityName;
  readonly mode: 'hard' | 'soft';
  /** How many were named, cache groups among them, never how many entries were concerned. */
  readonly tags: number;
  readonly urls: number;
  readonly waitedMs: number;
}

export type PurgeOutcome =
  /** `epoch`: of this process when it was confirmed. */
  | { readonly kind: 'confirmed'; readonly receipt: Receipt & { readonly nodes?: NodeCount }; readonly epoch: number }
  /** Whoever asked waits no longer. After `boundMs` it holds everywhere. */
  | { readonly kind: 'committed'; readonly receipt: Receipt; readonly boundMs: number }
  /** No room for its settle window or its versions: nothing was purged. */
  | { readonly kind: 'out-of-holds' }
  /** Nobody knows whether it was purged everywhere. */
  | { readonly kind: 'unknown' }
  /** Nothing was purged. */
  | { readonly kind: 'rejected' };

/** Who takes orders: the Purger, or in a thread that only serves the way to it. */
export interface Purges {
  purge(order: PurgeOrder): Promise<PurgeOutcome>;
}

/** An order that names nothing: `{ ...NOTHING, tags: ['a'], kind: 'write', actor }` names what it is about. */
export const NOTHING = {
  tags: [],
  groups: [],
  urls: [],
  prefixes: [],
  scopes: [],
  all: false,
  mode: 'hard',
  versions: new Map<string, number>(),
} as const satisfies Partial<PurgeOrder>;
