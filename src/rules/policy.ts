// What a route permits, as the rules read it. The configuration produces it; every default that is stricter than the standard is named here.

/** The settings of one route that decide about storing and reusing. Durations are milliseconds. */
export interface Policy {
  /** Never look up, collapse or store. */
  readonly pass: boolean;
  /** Freshness where the origin gives none; with `override` it beats what the origin says (but not `no-store` or `private`). */
  readonly ttlMs?: number;
  readonly override: boolean;
  /** RFC 5861 windows where the origin gives none. */
  readonly staleWhileRevalidateMs?: number;
  readonly staleIfErrorMs?: number;
  /** How long a stale entry with a validator is kept to be revalidated, counted from `freshUntil`. */
  readonly keepMs: number;
  /** RFC 9111 §4.2.2: fraction of the time since Last-Modified; 0 = off (Deviation, stricter). */
  readonly heuristicFraction: number;
  /** Deviation, stricter: a response with Set-Cookie is not stored unless this is on (RFC 9111 §7.3). */
  readonly storeSetCookie: boolean;
  /** Deviation, stricter: 206 is passed on, not stored, unless this is on (RFC 9111 §3.3, §3.4). */
  readonly storePartial: boolean;
  /** RFC 9110 §9.3.3: a POST answer with explicit freshness and its own Content-Location may answer a later GET. */
  readonly storePost: boolean;
  /** Deviation, stricter: false refuses 4xx and 5xx even with explicit freshness. */
  readonly storeErrors: boolean;
  /** Deviation, stricter: a body that ends with the connection can be cut unnoticed, so it is not stored unless this is on (RFC 9112 §8). */
  readonly storeCloseDelimited: boolean;
  /** `explicit` wants `public` or `s-maxage`; `rfc` takes `must-revalidate` too (RFC 9111 §3.5). */
  readonly storeAuthorized: 'explicit' | 'rfc';
  /** false refuses what states no Surrogate-Version, and what leaves out a tag whose version a purge demanded. */
  readonly storeUnversioned: boolean;
  /** `private` responses under a scope of one user (DESIGN section 6). */
  readonly storePrivate: boolean;
  /** The only request fields that go on, with those of the scope; absent: all do. Lower case. */
  readonly forward?: ReadonlySet<string>;
  /** What a request's Cookie means under scope `public`: `explicit` stores only with `public`, `s-maxage` or a targeted field; `ignore`: nothing; `strip`: it is not forwarded. */
  readonly cookies: 'explicit' | 'ignore' | 'strip';
  /** Deviation: an explicit stale-while-revalidate beside s-maxage is honoured; false restores RFC 9111 §5.2.2.10. */
  readonly sMaxageAllowsSwr: boolean;
  /** Request fields whose values are normalised before they select a variant (accept-encoding, accept-language). */
  readonly normalise: ReadonlySet<string>;
  /** Field names a response may vary on; absent: any, but never cookie or authorization. Lower case. */
  readonly vary?: ReadonlySet<string>;
  readonly maxVariants: number;
  /** A body larger than this is passed on and not stored. */
  readonly maxObjectBytes: number;
  /** Whether an unsettled purge gives concurrent requests a second fetch (`retry`) or nobody the older answer (`strict`): PURGE-PROTOCOL §3.2 rule 5. */
  readonly inflight: 'retry' | 'strict';
  readonly collapse: boolean;
  /** How long a fetch without a head may be joined, and how long a follower waits for that head before it goes by itself. */
  readonly leaderTimeoutMs: number;
  readonly followerTimeoutMs: number;
  /** How long a key that proved uncacheable is remembered so that its requests are not collapsed. */
  readonly hitForMissMs: number;
  /** What clients get as Cache-Control: `origin` leaves it, else this value replaces it on stored responses. */
  readonly clientCacheControl: string;
}

/** The names of `query:` on a route; the rest of the query is sorted by name (stable) where any rule is given. */
export type QueryRule =
  | { readonly kind: 'as-received' }
  | { readonly kind: 'ignore' }
  | { readonly kind: 'include' | 'exclude'; readonly patterns: readonly string[] };
