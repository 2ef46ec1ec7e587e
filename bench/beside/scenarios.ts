// What is asked of every server, as a table.
import { TOKEN } from '../scopes.ts';

/** Which URLs: one; `HOT_KEYS` of them, warmed; each request its own; every tenth its own, and one for the rest. wrk.lua knows them too. */
export type Spread = 'one' | 'hot' | 'fresh' | 'tenth-fresh';

export const HOT_KEYS = 100_000;
export const PURGES_PER_SECOND = 1000;

export interface Traffic {
  /** As the origin knows it; with several URLs, a number follows. */
  readonly path: string;
  readonly spread: Spread;
  readonly headers: Readonly<Record<string, string>>;
  /** What every answer must be. */
  readonly status: 200 | 304;
  readonly bodyBytes: number;
  /** The share of the requests that must reach the origin. */
  readonly forwarded: number;
  /** Purges of other tags land meanwhile. */
  readonly isPurged: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly traffic: Traffic;
  /** Of Freshet. */
  readonly workers: number;
  /** Measured beside the other servers, or only beside Freshet's own hit of 1 KiB. */
  readonly beside: 'others' | 'itself';
}

const KIB = 1024;
const HIT: Traffic = { path: '/store/1k', spread: 'one', headers: {}, status: 200, bodyBytes: KIB, forwarded: 0, isPurged: false };
const PASS: Traffic = { ...HIT, path: '/pass/1k', forwarded: 1 };
/** The origin's ETag is always this. */
const CONDITIONAL = { 'Accept-Encoding': 'gzip', 'If-None-Match': '"v1"' };

export const PUBLIC_HIT = besideOthers('hit-1k', 'hit, 1 KiB', HIT);

export const SCENARIOS: readonly Scenario[] = [
  PUBLIC_HIT,
  besideOthers('hit-16k', 'hit, 16 KiB', { ...HIT, path: '/store/16k', bodyBytes: 16 * KIB }),
  besideOthers('hit-256k', 'hit, 256 KiB', { ...HIT, path: '/store/256k', bodyBytes: 256 * KIB }),
  besideOthers('hit-304', 'hit with Vary, answered 304', { ...HIT, path: '/vary/1k', headers: CONDITIONAL, status: 304, bodyBytes: 0 }),
  besideOthers('hit-keys', 'hit, 100,000 keys of 1 KiB', { ...HIT, path: '/store/1k/', spread: 'hot' }),
  besideOthers('miss', 'miss, stored, 1 KiB', { ...HIT, path: '/store/1k/', spread: 'fresh', forwarded: 1 }),
  besideOthers('mixed', 'hit, and a miss every tenth, 1 KiB', { ...HIT, path: '/store/1k/', spread: 'tenth-fresh', forwarded: 0.1 }),
  besideOthers('pass-1k', 'pass, 1 KiB', PASS),
  besideOthers('pass-1m', 'pass, 1 MiB', { ...PASS, path: '/pass/1m', bodyBytes: KIB * KIB }),
  besideItself('claims', 'hit under the scope of verified claims, 1 KiB', {
    ...HIT,
    path: '/claims/1k',
    headers: { Authorization: `Bearer ${TOKEN}` },
  }),
  besideItself('workers', 'the plain hit, two workers on the one core', HIT, 2),
  besideItself('purges', `hit while ${PURGES_PER_SECOND} purges a second land, 1 KiB`, { ...HIT, isPurged: true }),
];

function besideOthers(name: string, title: string, traffic: Traffic): Scenario {
  return { name, title, traffic, workers: 1, beside: 'others' };
}

function besideItself(name: string, title: string, traffic: Traffic, workers = 1): Scenario {
  return { name, title, traffic, workers, beside: 'itself' };
}

/** The paths of one run, one after another; `run` makes those that are asked for once its own. */
export function pathsOf({ path, spread }: Pick<Traffic, 'path' | 'spread'>, run: string): () => string {
  let asked = 0;
  return () => {
    asked++;
    if (spread === 'hot') return `${path}${Math.floor(Math.random() * HOT_KEYS)}`;
    if (spread === 'fresh' || (spread === 'tenth-fresh' && asked % 10 === 0)) return `${path}${run}-${asked}`;
    return path;
  };
}
