// What somebody wants purged, before anything is hashed: the value that every purge is given as, and what it is answered with.
import type { AuthorityName } from './authority.ts';
import type { UrlSelector } from './tag-hash.ts';

export interface PurgeOrder {
  /** Who asks: an operator, or a write (RFC 9111 §4.4, `invalidates`, and the fields of its response). */
  readonly kind: 'operator' | 'write';
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
  readonly reason?: string;
  /** Who, for the log; never a credential. */
  readonly actor: string;
}

/** What a confirmed purge was: endpoint.ts puts it into the words of PURGE-PROTOCOL §4.8. */
export interface Receipt {
  /** Four hexadecimal digits of the process, a dot, the epoch. */
  readonly id: string;
  readonly epoch: number;
  readonly authority: AuthorityName;
  readonly mode: 'hard' | 'soft';
  /** How many were named, cache groups among them, never how many entries were concerned. */
  readonly tags: number;
  readonly urls: number;
  readonly waitedMs: number;
}

export type PurgeOutcome =
  | { readonly kind: 'confirmed'; readonly receipt: Receipt }
  /** No room for its settle window or its versions: nothing was purged. */
  | { readonly kind: 'out-of-holds' };

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
