// Whom and what a request asks for: authority and request-target, in the one form that keys, purges and forwarding share.
// Canonical form: scheme and host in lower case, default port and one trailing dot dropped, percent-hex in upper case; nothing is decoded,
// no dot segment resolved, no slash merged: what is keyed is what the origin sees (SECURITY §3).

export interface Target {
  readonly scheme: 'http' | 'https';
  /** Host in lower case, with its port unless it is the scheme's default; IPv6 in brackets. */
  readonly authority: string;
  /** Starts with `/`, or is `*` (OPTIONS). */
  readonly path: string;
  /** With its `?`, or empty. `?` alone is kept: the origin can tell it from none. */
  readonly query: string;
}

/** Path and query as forwarded. */
export function pathAndQuery(target: Target): string {
  return target.path + target.query;
}
