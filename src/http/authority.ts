// Which host and port does a Host field or a URL name? One spelling each, or none (RFC 9110 §4.2, §7.2; SECURITY §1 row 14, §3).
import { isIPv6 } from 'node:net';

/**
 * The authority in canonical form: lower case, an IPv6 address in its shortest form, without one trailing dot, without the scheme's default port.
 * Stricter than RFC 3986 §3.2: no userinfo, no percent-encoding, no sub-delims, no IPv6 zone. Undefined where it is anything else.
 */
export function canonicalAuthority(text: string, scheme: 'http' | 'https'): string | undefined {
  const parts = AUTHORITY.exec(text);
  if (parts === null) return undefined;
  const host = canonicalHost(parts[1] as string);
  const port = canonicalPort(parts[2]);
  if (host === undefined || port === undefined) return undefined;
  const isDefault = port === '' || port === (scheme === 'http' ? '80' : '443');
  return isDefault ? host : `${host}:${port}`;
}

/** Whether `authority` is one of `hosts` (setting `hosts`; all are where there are none); a host without a port takes any. */
export function isServed(authority: string, hosts: ReadonlySet<string> | undefined): boolean {
  return hosts === undefined || hosts.has(authority) || hosts.has(authority.replace(/:\d+$/, ''));
}

const AUTHORITY = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::([0-9]*))?$/;

function canonicalHost(text: string): string | undefined {
  const host = text.toLowerCase();
  // Of an IPv6 address there are many spellings, and one of them is canonical (RFC 5952): `[0::1]` is `[::1]`.
  if (host.startsWith('[')) return isIPv6(host.slice(1, -1)) ? URL.parse(`http://${host}`)?.hostname : undefined;
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  const hasEmptyLabel = name === '' || name.startsWith('.') || name.endsWith('.') || name.includes('..');
  return name.length > 253 || hasEmptyLabel ? undefined : name;
}

/** Without leading zeros; empty where none is given (RFC 3986 §6.2.3); undefined out of range. */
function canonicalPort(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return '';
  const digits = text.startsWith('0') ? text.replace(/^0+/, '') : text;
  if (digits === '' || digits.length > 5 || Number(digits) > 65_535) return undefined;
  return digits;
}
