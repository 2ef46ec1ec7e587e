// Where to listen, as it is written (`8080`, `:8080`, `host:port`, `[::1]:8080`); whether an address is loopback; why it could not be had.
import { BlockList, isIP } from 'node:net';
import { RunError } from '../errors.ts';
import type { ListenAddress } from './config.ts';

export const LISTEN_ALLOWED = 'PORT, :PORT, HOST:PORT or [IPV6]:PORT, with a port from 0 to 65535';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** `defaultHost` stands where only a port is given. */
export function parseListen(text: string, defaultHost: string): ListenAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? { host: bracketed, port } : undefined;
  const host = plain === undefined || plain === '' ? defaultHost : plain;
  return isHostName(host) ? { host, port } : undefined;
}

/** As it may be written again, and after `http://`. */
export function formatListen(address: ListenAddress): string {
  return `${isIP(address.host) === 6 ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Only what can never be reached from another machine. */
export function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  return LOOPBACK.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

/** Labels of letters, digits and inner hyphens; an IPv4 address is one too. All-numeric names must be a true IPv4 address. */
export function isHostName(host: string): boolean {
  if (host.length > 253 || !/^(?!-)[A-Za-z0-9_-]{1,63}(?:\.(?!-)[A-Za-z0-9_-]{1,63})*$/.test(host)) return false;
  return !/^[\d.]+$/.test(host) || isIP(host) === 4;
}

/** What ends the start where `setting` (`listen`, `admin.listen`) names an address that could not be had. */
export function listenError(setting: string, address: ListenAddress, cause: NodeJS.ErrnoException): RunError {
  const why = LISTEN_FAULTS.get(cause.code ?? '') ?? cause.message;
  return new RunError(`${setting}: cannot listen on ${formatListen(address)}: ${why}`, { cause });
}

const LISTEN_FAULTS: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'the port is in use'],
  ['EACCES', 'the port needs a privilege that this process does not have'],
  ['EADDRNOTAVAIL', 'the address is not one of this machine'],
  ['ENOTFOUND', 'the name has no address'],
  ['EAI_AGAIN', 'the name cannot be looked up now'],
]);
