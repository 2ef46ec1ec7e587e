// What the auditor costs a hit, in turns with and without it: of the server's processor time over sockets, and of the way through `handle` alone.
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Auditor } from '../src/audit/auditor.ts';
import type { Origins } from '../src/origin/exchange.ts';
import type { Client } from '../src/proxy/client.ts';
import { handle } from '../src/proxy/handle.ts';
import type { Parts } from '../src/proxy/parts.ts';
import { makeParts, requestOf } from '../test/proxy/parts.ts';
import { type FreshetChild, startFreshet } from '../test/support/child-process.ts';
import { progress, type Scale, startCache, startOrigin } from './bed.ts';
import { load } from './load.ts';
import type { Table } from './report.ts';

const AUDITED = fileURLToPath(new URL('./audited.yaml', import.meta.url));

const ROUNDS = 11;

/** The second is the first once more: how far two that do the same are apart. */
const KINDS = ['no audit', 'no audit, once more', '0.1%'] as const;

export async function* measureAudits(scale: Scale): AsyncGenerator<Table> {
  yield await measureServer(scale);
  yield await measureWay();
}

interface Measured {
  readonly name: string;
  readonly cache: FreshetChild;
  /** Requests a second of the server's processor time, by round. */
  readonly rates: number[];
  failures: number;
}

async function measureServer(scale: Scale): Promise<Table> {
  await using origin = await startOrigin();
  await using caches = new AsyncDisposableStack();
  const kinds: Measured[] = [];
  for (const name of KINDS) kinds.push({ name, cache: caches.use(await startKind(name, origin.url)), rates: [], failures: 0 });
  const seconds = Math.max(1, Math.round(scale.seconds / 10));
  for (let round = 0; round <= ROUNDS; round++) {
    progress(round === 0 ? 'warming' : `round ${round} of ${ROUNDS}`);
    for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
      const { cpuMicros = Number.NaN, failures } = await load({ url: `${kind.cache.url}/page`, pid: kind.cache.pid, seconds });
      if (round > 0) kind.rates.push(1e6 / cpuMicros);
      kind.failures += failures;
    }
  }
  const base = kinds[0]?.rates ?? [];
  return {
    title: `Hits under audit (32 connections, keep-alive; bodies 1 KiB; ${ROUNDS} rounds of ${seconds} s, in turns)`,
    head: ['', 'requests per CPU-second', 'of none', 'failed'],
    rows: kinds.map(({ name, rates, failures }) => [
      name,
      quantile(rates, 0.5).toFixed(0),
      quantile(sharesOf(rates, base), 0.5).toFixed(3),
      failures.toString(),
    ]),
    notes: ['Medians; the third column is that of the shares of each round.'],
  };
}

function startKind(name: (typeof KINDS)[number], originUrl: string): Promise<FreshetChild> {
  if (name !== '0.1%') return startCache(originUrl, '256MiB');
  return startFreshet({ args: ['--config', AUDITED], env: { ...process.env, BENCH_ORIGIN: originUrl, BENCH_SAMPLE: name } });
}

const TURNS = 150;
const WARM_TURNS = 20;
const HITS = 20_000;

/** In this process, to an origin that answers at once: what is left of the noise of a machine is small, and there is no socket to hide the cost behind. */
async function measureWay(): Promise<Table> {
  const made = makeParts();
  const parts: Parts = { ...made.parts, origins: INSTANT };
  handle(requestOf('GET /page'), new NoClient(), parts);
  await turn();
  const auditor = auditorOf(parts);
  const costs = new Map<string, number[]>(KINDS.map((name) => [name, []]));
  for (let nth = 0; nth < TURNS; nth++) {
    for (const name of nth % 2 === 0 ? KINDS : KINDS.toReversed()) {
      parts.auditor = name === '0.1%' ? auditor : undefined;
      const before = process.cpuUsage();
      for (let hit = 0; hit < HITS; hit++) handle(requestOf('GET /page'), new NoClient(), parts);
      const { user, system } = process.cpuUsage(before);
      if (nth >= WARM_TURNS) costs.get(name)?.push(((user + system) * 1_000) / HITS);
      made.clock.advance(1_000);
      await turn();
    }
  }
  auditor.close();
  const base = costs.get('no audit') ?? [];
  return {
    title: `The way of a hit through handle, without sockets (${TURNS - WARM_TURNS} turns of ${HITS} hits)`,
    head: ['', 'ns, lower quartile', 'ns, median', 'hits per CPU-second, of none'],
    rows: Array.from(costs, ([name, taken]) => [
      name,
      quantile(taken, 0.25).toFixed(0),
      quantile(taken, 0.5).toFixed(0),
      quantile(sharesOf(base, taken), 0.5).toFixed(3),
    ]),
  };
}

function auditorOf({ clock, store, marks, origins, observer }: Parts): Auditor {
  const settings = { sample: 0.001, ignore: [], windowMs: 10_000, ratePerSecond: 10, concurrency: 2, maxBodyBytes: 262_144 };
  return new Auditor({ settings, clock, store, marks, origins, hasRoom: () => true, told: () => {}, observer, random: Math.random });
}

const HEAD = ['content-type', 'text/plain', 'cache-control', 'max-age=86400', 'surrogate-key', 'page product:1 catalog', 'content-length', '1024'];

const INSTANT: Origins = {
  fetch: (_origin, _request, handler) => {
    queueMicrotask(() => {
      handler.head({ status: 200, statusText: 'OK', fields: HEAD }, 1_000_000);
      handler.data(Buffer.alloc(1_024, 'x'));
      handler.end('verified');
    });
    return { resume: () => {}, abort: () => {} };
  },
};

/** Takes everything and looks at nothing. */
class NoClient implements Client {
  readonly gone = false;
  headSent = false;
  onGone(): void {}
  onDrain(): void {}
  informational(): void {}
  head(): void {
    this.headSent = true;
  }
  write(): boolean {
    return true;
  }
  end(): void {}
  answer(): void {}
  answerLines(): void {}
  destroy(): void {}
}

/** Of two that were measured in the same rounds. */
function sharesOf(values: readonly number[], base: readonly number[]): number[] {
  return values.map((value, round) => value / (base[round] ?? Number.NaN));
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}
