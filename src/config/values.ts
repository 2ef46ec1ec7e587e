// The values of particular settings: addresses, names, patterns, scopes, queries, templates, and how each is written.
import { isIP } from 'node:net';
import { mayBeListed } from '../http/forwarding.ts';
import type { QueryRule } from '../rules/policy.ts';
import { compilePattern, type CredentialSource, type PathPattern, type ScopeRule } from '../rules/routes.ts';
import { isHostName, LISTEN_ALLOWED, parseListen } from './address.ts';
import type { ListenAddress } from './config.ts';
import { formatPath, notAllowed, show } from './problems.ts';
import { type About, given, type Read, refused, type Setting, setting, text } from './setting.ts';

const NAMES = { type: 'array', items: { type: 'string' } };
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const ORIGIN_NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** `off` (written false) where `mayBeOff`; a bare port is completed with `defaultHost`. */
export function listenAddress(about: About, defaultHost: string): Setting<ListenAddress> {
  return setting({ allowed: LISTEN_ALLOWED, schema: { type: ['string', 'integer'] }, read: (found) => readListen(found, defaultHost) }, about);
}

export function listenAddressOrFalse(about: About, defaultHost: string): Setting<ListenAddress | false> {
  const read = (found: unknown): Read<ListenAddress | false> =>
    found === false || found === 'false' ? given<ListenAddress | false>(false) : readListen(found, defaultHost);
  return setting({ allowed: `${LISTEN_ALLOWED}, or false`, schema: { type: ['string', 'integer', 'boolean'] }, read }, about);
}

function readListen(found: unknown, defaultHost: string): Read<ListenAddress> {
  return given(typeof found === 'string' || typeof found === 'number' ? parseListen(String(found), defaultHost) : undefined);
}

/** Empty means none, so that `${NAME:-}` can leave it out. */
export function token(about: About): Setting<string> {
  const allowed = 'visible ASCII characters without spaces, or nothing for none';
  return text({ allowed, read: (value) => given(/^[\x21-\x7e]*$/.test(value) ? value : undefined), secret: true }, about);
}

/** Scheme, host and port, in canonical form. */
export function originUrl(about: About): Setting<string> {
  const allowed = 'http:// or https://, a host and perhaps a port, nothing after it (http://127.0.0.1:5000)';
  return text({ allowed, read: (value) => given(readOrigin(value)) }, about);
}

function readOrigin(value: string): string | undefined {
  if (!/^https?:\/\/[^/?#\\@\s]+\/?$/i.test(value)) return undefined;
  return URL.canParse(value) ? new URL(value).origin : undefined;
}

export function originName(about: About): Setting<string> {
  return text({ allowed: 'a letter, then letters, digits, - and _', read: (value) => given(ORIGIN_NAME.test(value) ? value : undefined) }, about);
}

export function fieldName(about: About): Setting<string> {
  return text({ allowed: 'the name of a field', read: (value) => given(FIELD_NAME.test(value) ? value.toLowerCase() : undefined) }, about);
}

/** Of a request, end to end, and for the origin. */
export function forwardedField(about: About): Setting<string> {
  return text({ allowed: 'the name of a field that clients may send to the origin', read: readForwarded }, about);
}

function readForwarded(value: string): Read<string> {
  const name = value.toLowerCase();
  if (!FIELD_NAME.test(name)) return { kind: 'refuse' };
  return mayBeListed(name) ? given(name) : refused(`found ${show(value)}, which ends here or is written by Freshet itself; allowed: any other field`);
}

/** Upper case, as methods are compared. */
export function method(about: About): Setting<string> {
  return text(
    { allowed: 'the name of a method', read: (value) => given(/^[A-Za-z][A-Za-z-]*$/.test(value) ? value.toUpperCase() : undefined) },
    about,
  );
}

/** With its port where it is not the default one. */
export function host(about: About): Setting<string> {
  return text({ allowed: 'a host name, with a port unless it is 80', read: readHost }, about);
}

function readHost(value: string): Read<string> {
  const [, name = '', port] = /^([^:]+)(:\d{1,5})?$/.exec(value) ?? [];
  return given(isHostName(name) ? `${name.toLowerCase()}${port === ':80' ? '' : (port ?? '')}` : undefined);
}

export function pathPattern(about: About): Setting<PathPattern> {
  return text({ allowed: 'a path pattern (/products/:id, /me/**)', read: readPattern }, about);
}

function readPattern(value: string): Read<PathPattern> {
  const compiled = compilePattern(value);
  return compiled.kind === 'pattern' ? given(compiled.pattern) : refused(compiled.message);
}

/** `10.0.0.0/8`, `fd00::/8`; a lone address is the network of itself. */
export function cidr(about: About): Setting<string> {
  return text({ allowed: 'a network in CIDR form (10.0.0.0/8, fd00::/8)', read: readCidr }, about);
}

function readCidr(value: string): Read<string> {
  const [, address = '', digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(value) ?? [];
  const most = isIP(address) === 6 ? 128 : 32;
  const prefix = digits === undefined ? most : Number(digits);
  return given(isIP(address) !== 0 && prefix <= most ? `${address}/${prefix}` : undefined);
}

/** What may be sent as a field value. */
export function fieldValue(about: About): Setting<string> {
  return text(
    {
      allowed: 'origin, or a value for Cache-Control',
      read: (value) => given(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) ? value : undefined),
    },
    about,
  );
}

/** As the map writes them: `product:*`, `product:{id}`, or a tag. */
export function tagFamily(about: About): Setting<string> {
  const allowed = 'a tag or a family (catalog, product:*): visible characters without spaces or commas';
  return text({ allowed, read: (value) => given(/^[\x21-\x2b\x2d-\x7e]{1,1024}$/.test(value) ? value : undefined) }, about);
}

export function nonEmpty(allowed: string, about: About): Setting<string> {
  return text({ allowed, read: (value) => given(value === '' ? undefined : value) }, about);
}

const SCOPE_ALLOWED =
  'public, credential, { credential: [authorization, cookie.NAME] }, a list of claims ([sub], [tenant, tier]), or { lookup: /path }, with credential beside it or not';

/** `required` is a setting of its own (routes.ts). */
export function scope(about: About): Setting<ScopeRule> {
  const sources = { type: 'array', minItems: 1, items: { type: 'string', pattern: '^(authorization|cookie\\..+)$|\\$\\{' } };
  const properties = { credential: sources, lookup: { type: 'string', pattern: '^/' } };
  const asMap = { type: 'object', properties, minProperties: 1, additionalProperties: false };
  return setting(
    { allowed: SCOPE_ALLOWED, schema: { anyOf: [{ type: 'string' }, asMap, { ...NAMES, minItems: 1, maxItems: MAX_CLAIMS }] }, read: readScope },
    about,
  );
}

function readScope(found: unknown): Read<ScopeRule> {
  if (found === 'public') return given({ kind: 'public' });
  if (found === 'credential') return given({ kind: 'credential', sources: [{ kind: 'authorization' }] });
  if (Array.isArray(found)) return readClaimNames(found);
  if (!isMap(found)) return { kind: 'refuse' };
  const { credential, lookup, ...rest } = found;
  const unknown = Object.keys(rest);
  if (unknown.length > 0) return refused(`${show(unknown[0])} means nothing in a scope; allowed: ${SCOPE_ALLOWED}`);
  if (lookup === undefined) return readSources(credential, (sources) => ({ kind: 'credential', sources }));
  if (typeof lookup !== 'string' || !LOOKUP_PATH.test(lookup)) return refused(`lookup: ${notAllowed(lookup, LOOKUP_ALLOWED)}`);
  if (credential === undefined) return given({ kind: 'lookup', path: lookup });
  return readSources(credential, (sources) => ({ kind: 'lookup', path: lookup, sources }));
}

const LOOKUP_ALLOWED = 'a path of the origin, as it is sent (/_scope), without a query';
/** RFC 3986 §3.3. */
const LOOKUP_PATH = /^\/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*$/;

function readSources(credential: unknown, make: (sources: readonly CredentialSource[]) => ScopeRule): Read<ScopeRule> {
  if (!Array.isArray(credential) || credential.length === 0) return { kind: 'refuse' };
  const sources = new Map<unknown, CredentialSource>();
  for (const [index, name] of credential.entries()) {
    const source = credentialSource(name);
    if (source === undefined) return refused(`${formatPath(['credential', index])}: ${notAllowed(name, 'authorization or cookie.NAME')}`);
    sources.set(name, source);
  }
  return given(make([...sources.values()]));
}

const MAX_CLAIMS = 8;
const CLAIM_ALLOWED = 'the name of a claim, or its path with dots (sub, realm_access.roles, https://example.com/tenant)';

function readClaimNames(found: readonly unknown[]): Read<ScopeRule> {
  if (found.length === 0 || found.length > MAX_CLAIMS) return refused(`found ${found.length} claims; allowed: 1 to ${MAX_CLAIMS}`);
  const names = new Set<string>();
  for (const [index, name] of found.entries()) {
    if (credentialSource(name) !== undefined)
      return refused(`${formatPath([index])}: ${show(name)} is no claim; write { credential: [${String(name)}] }`);
    if (typeof name !== 'string' || !CLAIM_NAME.test(name)) return refused(`${formatPath([index])}: ${notAllowed(name, CLAIM_ALLOWED)}`);
    names.add(name);
  }
  return given({ kind: 'claims', names: [...names], required: false });
}

/** Visible, without what ends a name in a template or a list; steps of a path are not empty. */
const CLAIM_NAME = /^(?!\.)(?!.*\.\.)[\x21-\x2b\x2d-\x7a\x7c\x7e]{1,128}(?<!\.)$/;

function credentialSource(found: unknown): CredentialSource | undefined {
  if (found === 'authorization') return { kind: 'authorization' };
  const name = typeof found === 'string' && found.startsWith('cookie.') ? found.slice('cookie.'.length) : '';
  return FIELD_NAME.test(name) ? { kind: 'cookie', name } : undefined;
}

const QUERY_ALLOWED = 'one of { include: [names] }, { exclude: [names] } or { ignore: true }; a name may end in *';

export function query(about: About): Setting<QueryRule> {
  const names = NAMES;
  const schema = { anyOf: [one('include', names), one('exclude', names), one('ignore', { const: true })] };
  return setting({ allowed: QUERY_ALLOWED, schema, read: readQuery }, about);
}

function one(key: string, schema: object): object {
  return { type: 'object', properties: { [key]: schema }, required: [key], additionalProperties: false };
}

function readQuery(found: unknown): Read<QueryRule> {
  const [entry, ...others] = isMap(found) ? Object.entries(found) : [];
  if (entry === undefined || others.length > 0) return { kind: 'refuse' };
  const [kind, value] = entry;
  if (kind === 'ignore') return value === true || value === 'true' ? given({ kind: 'ignore' }) : { kind: 'refuse' };
  if ((kind !== 'include' && kind !== 'exclude') || !Array.isArray(value)) return { kind: 'refuse' };
  const patterns = value.filter((name): name is string => typeof name === 'string' && /^[^*&=#\s]+\*?$|^\*$/.test(name));
  return patterns.length === value.length ? given({ kind, patterns }) : { kind: 'refuse' };
}

function isMap(found: unknown): found is Record<string, unknown> {
  return typeof found === 'object' && found !== null && !Array.isArray(found);
}
