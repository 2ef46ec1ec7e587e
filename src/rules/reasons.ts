// The one table of reasons: what Cache-Status `detail`, logs, metrics, explain, tests and the README all print.

interface ReasonText {
  /** Where the rule comes from: an RFC section, or a setting of ours. */
  readonly source: string;
  readonly sentence: string;
}

export const REASONS = {
  // reuse
  fresh: { source: 'RFC 9111 §4.2', sentence: 'The stored response is fresh.' },
  'stale-while-revalidate': { source: 'RFC 5861 §3', sentence: 'Stale, within its stale-while-revalidate window; refreshed in the background.' },
  'stale-if-error': { source: 'RFC 5861 §4', sentence: 'Stale, served because the origin failed, within its stale-if-error window.' },
  'max-stale': { source: 'RFC 9111 §5.2.1.2', sentence: 'Stale, and the request accepts that with max-stale.' },
  validated: { source: 'RFC 9111 §4.3.4', sentence: 'The origin confirmed the stored response with 304.' },
  'only-if-cached': { source: 'RFC 9111 §5.2.1.7', sentence: 'The request takes only a stored response and there is none it may have.' },

  // why a request went forward
  absent: { source: 'RFC 9111 §4', sentence: 'Nothing is stored for this scope and URL.' },
  'vary-mismatch': { source: 'RFC 9111 §4.1', sentence: 'What is stored for this URL was selected by other request fields.' },
  stale: { source: 'RFC 9111 §4.2', sentence: 'The stored response is stale.' },
  'must-revalidate': { source: 'RFC 9111 §5.2.2.2', sentence: 'The stored response is stale and must not be used without validation.' },
  'no-cache': { source: 'RFC 9111 §5.2.2.4', sentence: 'The stored response is to be validated at every use.' },
  incomplete: { source: 'RFC 9111 §3.3', sentence: 'Only a part of the response is stored, and the request asks for more than that.' },
  purged: { source: 'PURGE-PROTOCOL §3.2', sentence: 'The stored response was purged.' },
  'soft-purged': { source: 'PURGE-PROTOCOL §3.2 rule 8', sentence: 'The stored response was made stale by a soft purge.' },
  'request-no-cache': { source: 'RFC 9111 §5.2.1.4', sentence: 'The request asks for validation (no-cache).' },
  'request-max-age': { source: 'RFC 9111 §5.2.1.1', sentence: 'The stored response is older than the request accepts.' },
  'request-min-fresh': { source: 'RFC 9111 §5.2.1.3', sentence: 'The stored response is not fresh for as long as the request wants.' },
  'request-no-store': { source: 'RFC 9111 §5.2.1.5', sentence: 'The request forbids storing.' },
  method: { source: 'RFC 9111 §3', sentence: 'Only GET and HEAD are answered from the cache.' },
  'request-body': { source: 'RFC 9110 §9.3.1', sentence: 'A GET or HEAD with a body is passed on, never cached.' },
  'route-pass': { source: 'setting pass', sentence: 'The route is not cached.' },
  'scope-unverified': { source: 'DESIGN section 6', sentence: 'The request carries an identity that the route cannot verify.' },
  'token-malformed': { source: 'RFC 7519 §7.2', sentence: 'The bearer token is no signed JWT that can be read in one way only.' },
  'token-invalid': { source: 'RFC 7519 §7.2', sentence: 'The signature, algorithm, issuer or audience of the token is not one that is accepted.' },
  'token-expired': { source: 'RFC 7519 §4.1.4', sentence: 'The token has expired.' },
  'token-not-yet-valid': { source: 'RFC 7519 §4.1.5', sentence: 'The token is not valid yet, or says that it was issued in the future.' },
  'token-key-unknown': { source: 'RFC 7515 §4.1.4', sentence: 'The issuer has no one key that the token could be signed with.' },
  'keys-unavailable': {
    source: 'setting auth.jwt.jwks_max_age',
    sentence: 'The keys of the issuer cannot be fetched, and the last ones are too old.',
  },
  'verification-busy': { source: 'SECURITY S6', sentence: 'Too many tokens are being verified.' },
  'verification-busy-client': {
    source: 'setting limits.verifications_per_address',
    sentence: 'Too many tokens are being verified for the address of this client.',
  },
  'claim-unusable': { source: 'setting scope', sentence: 'A claim of the scope has a value that can select nobody, such as an object.' },
  'token-required': { source: 'setting required', sentence: 'The route answers nobody without a token.' },
  'credentials-ambiguous': { source: 'RFC 9110 §11.6.2', sentence: 'The request carries more than one credential in Authorization.' },
  'auth-scope-presented': { source: 'DESIGN section 6', sentence: 'The request carries Auth-Scope, which is for the origin alone to say.' },
  'lookup-failed': { source: 'setting scope', sentence: 'The origin could not be asked whose request this is, or did not answer with 200 or 204.' },
  'lookup-unusable': {
    source: 'setting scope',
    sentence: 'The origin told whose request this is in a way that cannot be used: no one valid Auth-Scope, a cookie set, tags that cannot be kept.',
  },
  'lookup-busy': { source: 'SECURITY S6', sentence: 'Too many scopes are being looked up.' },
  'lookup-busy-client': {
    source: 'setting limits.lookups_per_address',
    sentence: 'Too many scopes are being looked up for the address of this client.',
  },
  'hit-for-miss': { source: 'setting hit_for_miss', sentence: 'The URL proved uncacheable a moment ago, so its requests are not collapsed.' },
  'follower-timeout': {
    source: 'setting follower_timeout',
    sentence: 'The shared fetch took too long; this request went by itself and is not stored.',
  },
  'not-shareable': {
    source: 'PURGE-PROTOCOL §3.2 rule 4',
    sentence: 'The shared fetch gave an answer that may not be shared; this request went by itself.',
  },
  'purged-in-flight': {
    source: 'PURGE-PROTOCOL §3.2 rule 5',
    sentence: 'A purge, or a reload that emptied the cache, came while the request was under way; the answer is not stored.',
  },
  'purged-repeatedly': { source: 'setting inflight', sentence: 'Purges kept arriving while the origin was answering and the route is strict.' },
  uncoordinated: {
    source: 'PURGE-PROTOCOL §4.6',
    sentence: 'Other nodes may have purged what this one has not heard of: nothing stored answers, and nothing is stored.',
  },
  held: { source: 'PURGE-PROTOCOL §3.6', sentence: 'A tag of the response is held after a purge (settle); it is not stored.' },

  // why a response was not stored
  'response-no-store': { source: 'RFC 9111 §5.2.2.5', sentence: 'The response forbids storing.' },
  private: {
    source: 'RFC 9111 §5.2.2.7',
    sentence: 'The response is private and the scope is wider than one user, or the route does not store private ones.',
  },
  'no-freshness': { source: 'RFC 9111 §3', sentence: 'The response has no explicit freshness and no heuristic applies.' },
  'already-stale': { source: 'RFC 9111 §4.2', sentence: 'The response arrived stale, without a validator or a window in which it could be used.' },
  'no-validator': { source: 'RFC 9111 §5.2.2.4', sentence: 'The response is to be validated at every use and has nothing to validate it with.' },
  'malformed-control': { source: 'RFC 9111 §4.2.1', sentence: 'A cache directive of the response is malformed or contradicts another.' },
  'status-not-stored': { source: 'RFC 9111 §3', sentence: 'The status is not final, not understood under must-understand, or never stored.' },
  'error-not-stored': { source: 'setting store_errors', sentence: 'Errors are not stored on this route.' },
  authorization: { source: 'RFC 9111 §3.5', sentence: 'The request was authorized and the response does not say that it may be shared.' },
  'request-cookie': { source: 'setting cookies', sentence: 'The request has cookies and the response does not say that it may be shared.' },
  'set-cookie': { source: 'setting store_set_cookie', sentence: 'The response sets a cookie.' },
  'vary-star': { source: 'RFC 9111 §4.1', sentence: 'The response varies on more than the request.' },
  'vary-not-allowed': {
    source: 'setting vary',
    sentence: 'The response varies on a field that the route does not allow, or that the request spells with `_` too.',
  },
  'vary-too-wide': { source: 'SECURITY §4', sentence: 'The response varies on more than 8 fields or on a value over 256 bytes.' },
  partial: { source: 'setting store_partial', sentence: 'Partial responses are not stored on this route.' },
  'partial-invalid': { source: 'RFC 9110 §14.4', sentence: 'The partial response has several parts, or a range that its length contradicts.' },
  'scope-differs': { source: 'DESIGN section 6', sentence: 'The response states another Auth-Scope than the one its request was looked up in.' },
  'scope-mismatch': {
    source: 'SECURITY S1',
    sentence: 'The response is of another scope than its key: a bug, which the log has too; it is not stored.',
  },
  'close-delimited': { source: 'RFC 9112 §8', sentence: 'The body ended with the connection, so that a cut would not be seen.' },
  overrun: { source: 'SECURITY S2', sentence: 'More came from the origin than its response, so that its end is in doubt.' },
  truncated: { source: 'RFC 9112 §8', sentence: 'The body ended before its declared end.' },
  'too-large': { source: 'setting store.max_object', sentence: 'The body is larger than what is stored.' },
  'fills-over-limit': { source: 'setting store.fills', sentence: 'Bodies under way hold as much as they may; this one is passed on and not stored.' },
  'tags-over-limit': { source: 'setting tags', sentence: 'The response has more tags than the limits allow; it could not be purged by all of them.' },
  'tag-malformed': {
    source: 'SECURITY §6',
    sentence: 'A tag has a character that tags may not have, a Surrogate-Version is not tag=number, or a template had no value.',
  },
  'version-behind': {
    source: 'PURGE-PROTOCOL §3.6',
    sentence: 'The response states a lower version than a purge demanded, or none where its route wants one.',
  },
  'version-missing': { source: 'setting store_unversioned', sentence: 'The response states no Surrogate-Version, which its route wants.' },
  'newer-stored': { source: 'PURGE-PROTOCOL §3.2 rule 2', sentence: 'A response fetched later is stored already.' },
  'post-not-stored': { source: 'setting store_post', sentence: 'The response to a POST does not answer a later GET.' },
  'connection-nominates': { source: 'RFC 9110 §7.6.1', sentence: 'The Connection field nominates a field that must reach us or the client.' },
  'not-modified': { source: 'RFC 9110 §15.4.5', sentence: 'A 304 is not stored by itself.' },
  'base-gone': { source: 'PURGE-PROTOCOL §3.2 rule 7', sentence: 'The entry being validated was purged or replaced meanwhile; it is fetched whole.' },
  'purge-unconfirmed': { source: 'PURGE-PROTOCOL §3.2 rule 11', sentence: 'The write went through but its purge could not be confirmed in time.' },

  // failures
  'origin-unreachable': { source: 'RFC 9110 §15.6.3', sentence: 'The origin refused the connection or could not be found.' },
  'origin-connect-timeout': { source: 'setting connect_timeout', sentence: 'The origin did not accept the connection in time.' },
  'origin-headers-timeout': { source: 'setting headers_timeout', sentence: 'The origin did not answer in time.' },
  'origin-body-timeout': { source: 'setting body_timeout', sentence: 'The origin stopped in the middle of a body.' },
  'origin-reset': { source: 'RFC 9112 §9', sentence: 'The origin closed the connection before its answer was whole.' },
  'origin-malformed': { source: 'RFC 9112 §2', sentence: 'The origin sent something that is not an HTTP response we accept.' },
  'origin-error': { source: 'RFC 5861 §4', sentence: 'The origin answered 500, 502, 503 or 504.' },
  'origin-busy': {
    source: 'setting connections',
    sentence: 'The origin has more requests waiting than its limit allows, or this one waited for a connection too long.',
  },
  'origin-breaker-open': { source: 'setting breaker', sentence: 'The origin failed so often that nothing is sent to it for a while.' },
  'bad-request': { source: 'RFC 9110 §15.5.1', sentence: 'The request is malformed or ambiguous.' },
  'head-too-large': { source: 'RFC 6585 §5', sentence: 'The request has more header fields, or longer ones, than are taken.' },
  'url-too-long': { source: 'RFC 9110 §15.5.15', sentence: 'The request target is longer than is taken.' },
  'body-too-large': { source: 'RFC 9110 §15.5.14', sentence: 'The body of the request, or what frames it, is larger than is taken.' },
  'too-many-pipelined': { source: 'RFC 6585 §4', sentence: 'More requests of its connection wait for their answers than may.' },
  'request-timeout': { source: 'RFC 9110 §15.5.9', sentence: 'The head of the request did not arrive in time.' },
  'host-unknown': { source: 'setting hosts', sentence: 'The host is none of those that are served here.' },
  loop: { source: 'RFC 8586', sentence: 'The request has passed through here before.' },
  'client-gone': { source: 'RFC 9112 §9', sentence: 'The client left before its answer was whole.' },
  'purge-disabled': { source: 'setting purge.token', sentence: 'PURGE is not enabled on this listener.' },
  draining: { source: 'RFC 9110 §15.6.4', sentence: 'Freshet is shutting down.' },
  internal: { source: 'RFC 9110 §15.6.1', sentence: 'An impossible state ended this one request.' },
} as const satisfies Record<string, ReasonText>;

/** A code out of the table; identical wherever it is printed. */
export type Reason = keyof typeof REASONS;

/** Its sentence and source. */
export function reasonText(reason: Reason): ReasonText {
  return REASONS[reason];
}
