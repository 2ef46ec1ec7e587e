// What the cache holds for one key and variant. Made once, at the verified end of a fill; never changed but for `checkedAt`.
import type { Fields } from '../http/fields.ts';

export interface StoredResponse {
  readonly status: number;
  readonly statusText: string;
  /** End-to-end fields as the origin sent them, without hop-by-hop fields and Age; tag and targeted fields are still here (they are removed on the way out). */
  readonly fields: Fields;
  /** The whole body, or the bytes of `part`. */
  readonly body: Buffer;
  /** Present on a stored 206: inclusive positions, and the complete length where it is known (RFC 9110 §14.4). */
  readonly part?: { readonly first: number; readonly last: number; readonly completeBytes: number | undefined } | undefined;

  /** Age, in ms, at `receivedAt`: RFC 9111 §4.2.3 corrected_initial_age. */
  readonly initialAgeMs: number;
  readonly receivedAt: number;
  /** The instant freshness ends; the three windows below are counted from it, in ms. */
  readonly freshUntil: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly keepMs: number;
  /** `no-cache`: never reused without successful validation. */
  readonly alwaysValidate: boolean;
  /** must-revalidate, proxy-revalidate or s-maxage: never reused stale (RFC 9111 §4.2.4). */
  readonly neverStale: boolean;

  /** Selecting fields (all names the key's responses varied on when this was stored) and their normalised values; same length. */
  readonly axes: readonly string[];
  readonly axisValues: readonly string[];
  /** Content-Language, for language negotiation under `normalise`; lower case. */
  readonly language?: string | undefined;

  /** The scope it was made for; compared again at commit. */
  readonly scopeId: string;
  /** Surrogate keys as the origin wrote them and as the route's templates made them. */
  readonly tags: readonly string[];
  /** Hashes of `tags` and of the implicit tags, in pairs of (bucket, fingerprint): purge/tag-hash.ts. */
  readonly tagIds: Int32Array;
  /** The same as text, where they are kept so: rules/packed-ids.ts. */
  readonly packedIds?: string;
  /** The epoch noted just before its origin request was handed over, and the process's fetch counter then: PURGE-PROTOCOL §3.2. */
  readonly asOf: number;
  readonly order: number;
  /** The epoch at which its tags were last found unmarked. Loaded before that check, never after. The one field that changes. */
  checkedAt: number;
}

/** What the marks say about something fetched as of an epoch: PURGE-PROTOCOL §3.2 `gate`. */
export type Verdict =
  | { readonly kind: 'ok' }
  | { readonly kind: 'softened'; readonly since: number }
  | { readonly kind: 'held' }
  | { readonly kind: 'purged' }
  /** Purges may have been confirmed that are not known here (PURGE-PROTOCOL §4.6): nobody can say. */
  | { readonly kind: 'uncoordinated' };
