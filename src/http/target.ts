// Whom and what a request asks for: authority and request-target, in the one form that keys, purges and forwarding share.
// Canonical form: scheme and host in lower case, default port and one trailing dot dropped, percent-hex in upper case; nothing is decoded,
// no dot segment resolved, no slash merged: what is keyed is what the origin sees (SECURITY §3).
import { canonicalAuthority } from './authority.ts';
import { resolveParts, splitReference, type UriParts } from './reference.ts';

export interface Target {
  readonly scheme: 'http' | 'https';
  /** Host in lower case, with its port unless it is the scheme's default; IPv6 in brackets. Empty for an HTTP/1.0 request without Host. */
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

export type TargetResult =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'refuse'; readonly status: 400; readonly message: string };

export interface TargetInput {
  /** As on the request line. */
  readonly requestTarget: string;
  /** The values of every Host field. */
  readonly hosts: readonly string[];
  readonly method: string;
  /** Of the connection. */
  readonly scheme: 'http' | 'https';
  readonly version: '1.0' | '1.1';
}

/** RFC 9112 §3.2: origin-form, absolute-form, and asterisk-form for OPTIONS. Anything ambiguous is refused. */
export function parseTarget(input: TargetInput): TargetResult {
  const { requestTarget, hosts, scheme } = input;
  if (hosts.length > 1) return refuse('more than one Host field');
  if (hosts.length === 0 && input.version === '1.1') return refuse('no Host field');
  const authority = hosts.length === 0 ? '' : canonicalAuthority(hosts[0] as string, scheme);
  if (authority === undefined) return refuse('malformed Host field');
  if (requestTarget === '*') {
    return input.method === 'OPTIONS' ? { kind: 'target', target: { scheme, authority, path: '*', query: '' } } : refuse('* is for OPTIONS');
  }
  if (requestTarget.startsWith('/')) return originForm({ scheme, authority }, requestTarget);
  const absolute = ABSOLUTE.exec(requestTarget);
  if (absolute === null) return refuse('malformed request target');
  if (absolute[1]?.toLowerCase() !== scheme) return refuse('the scheme of the request target is not that of the connection');
  const named = canonicalAuthority(absolute[2] as string, scheme);
  if (named === undefined) return refuse('malformed authority in the request target');
  if (hosts.length > 0 && named !== authority) return refuse('Host differs from the request target');
  // RFC 9112 §3.2.4: OPTIONS on an absolute form without path and query means `*`.
  return finish({ scheme, authority: named }, absolute[3] as string, input.method === 'OPTIONS' ? '*' : '/');
}

const ABSOLUTE = /^(https?):\/\/([^/?#]*)(.*)$/is;

/** The target of a `requestTarget` that is in origin-form (RFC 9112 §3.2.1), asked of a server by the name of `authority`. */
export function originForm(start: Pick<Target, 'scheme' | 'authority'>, requestTarget: string): TargetResult {
  return finish(start, requestTarget, '');
}

function finish(start: Pick<Target, 'scheme' | 'authority'>, text: string, whenEmpty: string): TargetResult {
  if (text === '') return { kind: 'target', target: { ...start, path: whenEmpty, query: '' } };
  const fault = pathFault(text);
  if (fault !== undefined) return refuse(fault);
  return { kind: 'target', target: { ...start, ...splitQuery(text) } };
}

function refuse(message: string): TargetResult {
  return { kind: 'refuse', status: 400, message };
}

/** Path and query of a text that `pathFault` accepts; an empty path before a query becomes `/` (RFC 9110 §4.2.3). */
function splitQuery(text: string): { path: string; query: string } {
  const canonical = upperCaseHex(text);
  const mark = canonical.indexOf('?');
  if (mark === -1) return { path: canonical, query: '' };
  return { path: mark === 0 ? '/' : canonical.slice(0, mark), query: canonical.slice(mark) };
}

/**
 * Stricter than RFC 3986: characters and path segments that servers read in several ways (SECURITY §3).
 * Encoded controls are refused in the path only: in a query they are data (a GraphQL document has line breaks).
 */
function pathFault(text: string): string | undefined {
  if (!VISIBLE.test(text)) return 'a character that a request target may not have';
  const mark = text.indexOf('?');
  const path = mark === -1 ? text : text.slice(0, mark);
  if (path.includes('%') && ENCODED_CONTROL.test(path)) return 'an encoded NUL, CR or LF in the path';
  if ((path.includes('/.') || path.includes('%')) && DOT_SEGMENT.test(path)) return 'a dot segment in the path';
  return undefined;
}

/** Visible ASCII without `#` and `\`. */
const VISIBLE = /^[!"$-[\]-~]+$/;
const ENCODED_CONTROL = /%0[0ad]/i;
/** Also where a server finds one that decodes before it looks, or that takes what follows a `;` for a parameter. */
const DOT_SEGMENT = /(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?:\/|%2f|%5c|;|%3b|$)/i;

function upperCaseHex(text: string): string {
  return text.includes('%') ? text.replace(/%[0-9A-Fa-f]{2}/g, (hex) => hex.toUpperCase()) : text;
}

/** What a Location or Content-Location names (RFC 9110 §10.2.2, RFC 3986 §5); undefined where it is not http(s) or no target we would accept. */
export function resolveReference(base: Target, reference: string): Target | undefined {
  const from: UriParts = { ...base, fragment: '' };
  const to = splitReference(reference);
  // `//` names no host, as an HTTP/1.0 request without Host may be asked of none.
  if (to.authority === '') return undefined;
  return fromParts(resolveParts(from, to));
}

function fromParts(parts: UriParts): Target | undefined {
  const scheme = parts.scheme?.toLowerCase();
  if ((scheme !== 'http' && scheme !== 'https') || parts.authority === undefined) return undefined;
  // An HTTP/1.0 request without Host has no authority of its own, and references are resolved against it all the same.
  const authority = parts.authority === '' ? '' : canonicalAuthority(parts.authority, scheme);
  if (authority === undefined) return undefined;
  const text = `${parts.path === '' ? '/' : parts.path}${parts.query}`;
  if (!text.startsWith('/') || pathFault(text) !== undefined) return undefined;
  return { scheme, authority, ...splitQuery(text) };
}

/** What a purge may name: `http://host/path?query`, `//host/path`, `/path` (any host). Undefined where it is none of these. */
export function parseUrlSelector(text: string): { authority: string | undefined; path: string; query: string } | undefined {
  const parts = splitReference(text);
  if (parts.fragment !== '' || parts.authority === '') return undefined;
  if (parts.authority === undefined && (parts.scheme !== undefined || parts.path === '')) return undefined;
  const target = fromParts({ ...parts, scheme: parts.scheme ?? 'http', authority: parts.authority ?? '' });
  if (target === undefined) return undefined;
  return { authority: parts.authority === undefined ? undefined : target.authority, path: target.path, query: target.query };
}
