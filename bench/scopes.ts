// What a scope costs on a hit: the same page for everybody, for a credential, for verified claims, and for what the API said of a session.
import { tokenOf } from '../test/identity/secret-token.ts';
import { progress, type Scale, startCache, startOrigin } from './bed.ts';
import { type Load, load } from './load.ts';
import type { Table } from './report.ts';

const ROUNDS = 3;

/** As long as those of common issuers: 800 bytes and more. */
export const TOKEN = tokenOf({
  sub: '7d1f5b7e-3c64-4a06-9f0f-2f6f1a5d8c11',
  tenant: 'tenant-42',
  tier: 'gold',
  email: 'somebody.with.a.long.name@customer.example',
  scope: 'openid profile email offline_access catalog:read prices:read orders:read orders:write',
  roles: Array.from({ length: 12 }, (_, i) => `role-number-${i}`),
  jti: '0b9a5c1e-5d0a-4f5e-8a55-3c1f5b0f6d2e',
});

interface Kind {
  readonly name: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const KINDS: readonly Kind[] = [
  { name: 'public', path: '/page' },
  { name: 'public, with the token sent along', path: '/public/page', headers: { authorization: `Bearer ${TOKEN}` } },
  { name: 'credential', path: '/credential/page', headers: { authorization: `Bearer ${TOKEN}` } },
  { name: 'claims, warm token', path: '/claims/page', headers: { authorization: `Bearer ${TOKEN}` } },
  { name: 'looked up, remembered session', path: '/lookup/page', headers: { cookie: 'session=0b9a5c1e5d0a4f5e8a553c1f5b0f6d2e' } },
];

/** Each kind in turn, several times over, so that what else the machine does falls on all of them alike. */
export async function measureScopes(scale: Scale): Promise<Table> {
  await using origin = await startOrigin();
  await using cache = await startCache(origin.url, '256MiB');
  const loads = new Map<string, Load[]>(KINDS.map(({ name }) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const kind of KINDS) {
      progress(round === 0 ? `${kind.name}, warming` : `${kind.name}, round ${round} of ${ROUNDS}`);
      const seconds = round === 0 ? 1 : Math.max(1, Math.round(scale.seconds / 2));
      const measured = await load({ url: cache.url + kind.path, pid: cache.pid, seconds, headers: kind.headers ?? {} });
      if (round > 0) loads.get(kind.name)?.push(measured);
    }
  }
  const everybody = loads.get('public') ?? [];
  return {
    title: `Hits by scope (32 connections, keep-alive; bodies 1 KiB; a token of ${TOKEN.length} bytes; medians of ${ROUNDS} rounds)`,
    head: ['', 'requests/s', 'of public', 'server CPU µs/request', 'of public', 'failed'],
    rows: KINDS.map(({ name }) => row(name, loads.get(name) ?? [], everybody)),
    notes: ['The second column compares rates of the same run; the fourth, public CPU by its own, is the steadier of the two.'],
  };
}

function row(name: string, loads: readonly Load[], everybody: readonly Load[]): string[] {
  const perSecond = median(loads.map((run) => run.perSecond));
  const cpu = median(loads.map((run) => run.cpuMicros ?? Number.NaN));
  const failures = loads.reduce((sum, run) => sum + run.failures, 0);
  return [
    name,
    perSecond.toFixed(0),
    (perSecond / median(everybody.map((run) => run.perSecond))).toFixed(2),
    cpu.toFixed(1),
    (median(everybody.map((run) => run.cpuMicros ?? Number.NaN)) / cpu).toFixed(2),
    failures.toString(),
  ];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
