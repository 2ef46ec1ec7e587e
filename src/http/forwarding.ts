// Which fields go on: to the origin, with what Freshet says about the hop; to the client, without what was meant for Freshet (RFC 9110 §7.6; SECURITY §3).
import { fieldLines, fieldValue, listMembers, readByCgi, type Fields } from './fields.ts';
import type { Request } from './message.ts';
import { isHopByHop } from './hop-by-hop.ts';
import { plainAddress } from './trusted.ts';

export { hopByHop } from './hop-by-hop.ts';
export { trustedPeers } from './trusted.ts';

/** Our name in Via, Cdn-Loop, Cache-Status and Surrogate-Capability. */
const TOKEN = 'freshet';

export interface ForwardingContext {
  readonly request: Request;
  /** The peer is one of `trusted_proxies`. */
  readonly trusted: boolean;
  /** The Host for the origin; undefined sends the client's. */
  readonly originHost: string | undefined;
  readonly cookiesStripped: boolean;
}

/**
 * The request's fields for the origin, `host` first. `fields` are hop-by-hop free; framing is written by origin/.
 * No Host where an HTTP/1.0 client sent none: the connection's is then used.
 */
export function fieldsForOrigin(fields: Fields, context: ForwardingContext): string[] {
  const { request, trusted } = context;
  const host = context.originHost ?? request.target.authority;
  const out: string[] = host === '' ? [] : ['host', host];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (isDropped(name, context)) continue;
    out.push(name, name === 'max-forwards' ? oneHopLess(fields[i + 1] as string, request.method) : (fields[i + 1] as string));
  }
  const came = trusted ? fields : [];
  const address = plainAddress(request.peerAddress);
  out.push('via', appended(fieldLines(fields, 'via'), `${request.version} ${TOKEN}`));
  out.push('forwarded', appended(fieldLines(came, 'forwarded'), forwardedElement(address, request)));
  out.push('x-forwarded-for', appended(fieldLines(came, 'x-forwarded-for'), address));
  // Frameworks compare these two with one value, so a trusted proxy's are kept as they came; For is the list.
  out.push('x-forwarded-proto', fieldValue(came, 'x-forwarded-proto') ?? request.target.scheme);
  const forwardedHost = fieldValue(came, 'x-forwarded-host') ?? request.target.authority;
  if (forwardedHost !== '') out.push('x-forwarded-host', forwardedHost);
  out.push('cdn-loop', appended(fieldLines(fields, 'cdn-loop'), TOKEN));
  out.push('surrogate-capability', `${TOKEN}="Surrogate/1.0"`);
  return out;
}

function isDropped(name: string, context: ForwardingContext): boolean {
  if (isNeverForwarded(name)) return true;
  if (isDisguised(name)) return true;
  if (name === 'cookie') return context.cookiesStripped;
  return !context.trusted && isClaimed(name);
}

/** An origin of the CGI family (WSGI, Rack, PHP) would take it for a field that Freshet writes, removes or goes by. */
function isDisguised(name: string): boolean {
  const read = readByCgi(name);
  return read !== name && (isNeverForwarded(read) || isClaimed(read) || isHopByHop(read) || SELECTIVE.has(read));
}

function isNeverForwarded(name: string): boolean {
  return NEVER_FORWARDED.has(name) || name.startsWith('x-middleware-');
}

/** Whether a route may list the field (setting `forward`): not what ends at this hop, and not what Freshet writes, keeps to itself or asks only proxies about. */
export function mayBeListed(name: string): boolean {
  return !isHopByHop(name) && !isNeverForwarded(name) && !isNotedByProxies(name);
}

/**
 * Whether a request field goes on from a route that lists those that do. `listed` holds the credentials of its scope too; beside those go on what
 * asks for a part, a condition or a fresh answer, and what Freshet itself writes or takes from trusted proxies. What describes a body goes with it.
 */
export function isListed(name: string, listed: ReadonlySet<string>): boolean {
  return listed.has(name) || SELECTIVE.has(name) || isNotedByProxies(name);
}

const SELECTIVE: ReadonlySet<string> = new Set([
  'cache-control',
  'pragma',
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'max-forwards',
]);

/** Written anew, meant for Freshet alone, or an order to the origin to answer another request than the one that is keyed. */
const NEVER_FORWARDED: ReadonlySet<string> = new Set([
  'host',
  'via',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'cdn-loop',
  'surrogate-capability',
  'content-length',
  'expect',
  'freshet-debug',
  'freshet-cache-control',
  'auth-scope',
  'cache-tag',
  'cache-groups',
  'cache-group-invalidation',
  'surrogate-key',
  'surrogate-key-purge',
  'surrogate-version',
  'surrogate-control',
  'xkey',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-original-uri',
  'x-original-host',
  'x-original-method',
  'x-rewrite-url',
  'x-override-url',
  'x-host',
  'x-http-host-override',
  'x-http-destinationurl',
]);

/** What only a proxy in front may say about the client; a trusted one's go on as they came. */
const PROXY_CLAIMS: ReadonlySet<string> = new Set([
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'x-scheme',
  'x-url-scheme',
  'front-end-https',
  'x-original-forwarded-for',
]);

/** Whether a proxy on the way writes a field of that name about it: who asked whom, for whom, and by how many hops. */
export function isNotedByProxies(name: string): boolean {
  return name === 'via' || name === 'cdn-loop' || isClaimed(name);
}

function isClaimed(name: string): boolean {
  return name === 'forwarded' || PROXY_CLAIMS.has(name) || name.startsWith('x-forwarded-');
}

/**
 * What a trusted proxy says of the client's side, but for addresses: an origin may answer by it, so it belongs in the key (SECURITY S3).
 * Injective: every value has its length in front.
 */
export function proxyClaims(fields: Fields): string {
  let claims = '';
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (ADDRESSES.has(name) || !isClaimed(name)) continue;
    const value = name === 'forwarded' ? withoutNodes(fields[i + 1] as string) : (fields[i + 1] as string);
    if (value !== '') claims += ` ${name}=${value.length}:${value}`;
  }
  return claims;
}

/** RFC 7239 §5.1, §5.2: `by` and `for` name nodes. Empty where it says nothing else. */
function withoutNodes(forwarded: string): string {
  const rest = forwarded.replace(/(?:for|by)\s*=\s*(?:"[^"]*"|[^;,\s]*)/gi, '');
  return /^[;,\s]*$/.test(rest) ? '' : rest;
}

/** Whether the origin sees under this name what no key holds: addresses and hops, which proxies write, Freshet among them. */
export function isUnkeyed(name: string): boolean {
  return name === 'via' || name === 'cdn-loop' || name === 'forwarded' || ADDRESSES.has(name);
}

const ADDRESSES: ReadonlySet<string> = new Set([
  'x-forwarded-for',
  'x-original-forwarded-for',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
]);

function appended(lines: readonly string[], member: string): string {
  return [...lines, member].filter((line) => line !== '').join(', ');
}

/** RFC 7239 §4. */
function forwardedElement(address: string, request: Request): string {
  const node = address.includes(':') ? `"[${address}]"` : address;
  const { authority, scheme } = request.target;
  return `for=${node === '' ? 'unknown' : node}${authority === '' ? '' : `;host="${authority}"`};proto=${scheme}`;
}

/** RFC 9110 §7.6.2: counts for OPTIONS and TRACE alone; whoever forwards has seen to it that it is not 0. */
function oneHopLess(value: string, method: string): string {
  const counts = method === 'OPTIONS' || method === 'TRACE';
  return counts && /^[1-9]\d{0,8}$/.test(value) ? String(Number(value) - 1) : value;
}

/** RFC 8586 §2: our own name in Cdn-Loop, whatever parameters follow it. */
export function loops(fields: Fields): boolean {
  const value = fieldValue(fields, 'cdn-loop');
  return value !== undefined && listMembers(value).some((member) => member.split(';', 1)[0]?.trim().toLowerCase() === TOKEN);
}

export interface ClientFieldOptions {
  /** Leave tag headers where they are. */
  readonly expose: boolean;
  /** Lower case. */
  readonly tagHeaders: ReadonlySet<string>;
  /** Replaces Age; undefined leaves it. */
  readonly ageSeconds: number | undefined;
  /** Our member of the list. */
  readonly cacheStatus: string;
  /** Replaces Cache-Control, Expires and Pragma; undefined leaves them. */
  readonly cacheControl: string | undefined;
  /** Replaces Content-Length; undefined leaves it. */
  readonly contentLength: number | undefined;
}

/** A response's fields for the client. `fields` are hop-by-hop free. */
export function fieldsForClient(fields: Fields, options: ClientFieldOptions): string[] {
  const out: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (!isKeptFromClient(name, options)) out.push(name, fields[i + 1] as string);
  }
  const { ageSeconds, cacheStatus, cacheControl, contentLength } = options;
  if (cacheControl !== undefined) out.push('cache-control', cacheControl);
  if (contentLength !== undefined) out.push('content-length', String(contentLength));
  if (ageSeconds !== undefined) out.push('age', String(ageSeconds));
  out.push('via', VIA, 'cache-status', cacheStatus);
  return out;
}

const VIA = `1.1 ${TOKEN}`;

/** The same that `fieldsForClient` adds, as field lines. */
export function ownLines({ ageSeconds, cacheStatus, cacheControl, contentLength }: Omit<ClientFieldOptions, 'expose' | 'tagHeaders'>): string {
  const control = cacheControl === undefined ? '' : `cache-control: ${cacheControl}\r\n`;
  const length = contentLength === undefined ? '' : `content-length: ${contentLength}\r\n`;
  const age = ageSeconds === undefined ? '' : `age: ${ageSeconds}\r\n`;
  // A line of its own continues the origin's list (RFC 9110 §5.3), at its end as RFC 9211 §2 and RFC 9110 §7.6.3 want it.
  return `${control}${length}${age}via: ${VIA}\r\ncache-status: ${cacheStatus}\r\n`;
}

/** Whether the client does not get a field of that name as it came. */
export function isKeptFromClient(name: string, options: ClientFieldOptions): boolean {
  switch (name) {
    case 'age':
      return options.ageSeconds !== undefined;
    case 'content-length':
      return options.contentLength !== undefined;
    case 'cache-control':
    case 'expires':
    case 'pragma':
      return options.cacheControl !== undefined;
    default:
      return isOurs(name, options);
  }
}

/** The fields of a 1xx for the client. */
export function withoutOurs(fields: Fields, options: Pick<ClientFieldOptions, 'expose' | 'tagHeaders'>): string[] {
  return fields.filter((_, i) => !isOurs(fields[i - (i % 2)] as string, options));
}

function isOurs(name: string, { expose, tagHeaders }: Pick<ClientFieldOptions, 'expose' | 'tagHeaders'>): boolean {
  return FOR_FRESHET.has(name) || (!expose && tagHeaders.has(name));
}

/** Cache-Group-Invalidation is not among them: it speaks to every cache on the way (RFC 9875 §3). */
const FOR_FRESHET: ReadonlySet<string> = new Set([
  'freshet-cache-control',
  'surrogate-control',
  'surrogate-version',
  'surrogate-key-purge',
  'auth-scope',
]);
