// Do the addresses of a configuration get in each other's way? Two listeners on one address, or an origin that is Freshet itself.
import { isIP } from 'node:net';
import { formatListen, isLoopback } from './address.ts';
import type { ListenAddress } from './config.ts';
import type { Problem } from './problems.ts';

export interface Addresses {
  readonly listen: ListenAddress | undefined;
  readonly admin: ListenAddress | undefined;
  /** Name and URL. */
  readonly origins: readonly (readonly [string, string])[];
}

export function overlapProblems({ listen, admin, origins }: Addresses): readonly Problem[] {
  const ours = [['listen', listen] as const, ['admin.listen', admin] as const].flatMap(([setting, at]) =>
    at === undefined ? [] : [{ setting, at }],
  );
  const twice: readonly Problem[] =
    listen === undefined || admin === undefined || !overlap(listen, admin)
      ? []
      : [
          {
            path: ['admin', 'listen'],
            message: `found ${formatListen(admin)}, which is listen (${formatListen(listen)}) too; allowed: another port`,
          },
        ];
  const loops = origins.flatMap(([name, url]): readonly Problem[] => {
    const own = ours.find(({ at }) => isReachedBy(at, addressOf(url)));
    if (own === undefined) return [];
    const message = `found ${url}, which is Freshet itself (${own.setting} is ${formatListen(own.at)}); allowed: another server`;
    return [{ path: ['origins', name, 'url'], message }];
  });
  return [...twice, ...loops];
}

function overlap(a: ListenAddress, b: ListenAddress): boolean {
  return a.port === b.port && a.port !== 0 && (covers(a.host, b.host) || covers(b.host, a.host));
}

/** Only what is certain: behind a wildcard a name or another address may be another machine's. */
function isReachedBy(at: ListenAddress, { host, port }: ListenAddress): boolean {
  if (at.port !== port) return false;
  return covers(host, at.host) || (covers(at.host, host) && isLoopback(host));
}

/** Whether listening on `wide` takes what `host` names; `::` takes IPv4 too. */
function covers(wide: string, host: string): boolean {
  const [a, b] = [canonical(wide), canonical(host)];
  if (a === b || a === '::') return true;
  if (a === '0.0.0.0') return isIP(b) !== 6;
  return a === 'localhost' && (b === '127.0.0.1' || b === '::1');
}

function addressOf(url: string): ListenAddress {
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || (protocol === 'https:' ? 443 : 80)) };
}

/** One way of writing each address. */
function canonical(host: string): string {
  if (isIP(host) !== 6) return host.toLowerCase().replace(/\.$/, '');
  return new URL(`http://[${host}]`).hostname.slice(1, -1);
}
