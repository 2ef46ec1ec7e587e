// What the auditor costs a hit: the processor time of one server whose audit is switched on and off in turns, so that both are the same program, equally warm.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FreshetChild, startFreshet } from '../test/support/child-process.ts';
import { progress, type Scale, startOrigin } from './bed.ts';
import { load } from './load.ts';
import type { Table } from './report.ts';

const BASE = 'origins: { bench: { url: "${BENCH_ORIGIN}" } }\nstore: { memory: 256MiB }\nlog: { level: warn, access: off }\n';

/** As `audit` is configured; the second is the first once more: how far two that do the same are apart. The last is many times the third, and nothing hides it. */
const KINDS = [
  { name: 'no audit', audit: '' },
  { name: 'no audit, once more', audit: '' },
  { name: '0.1%', audit: 'audit: { sample: 0.1% }\n' },
  { name: '2%, without a budget', audit: 'audit: { sample: 2%, budget: 100000/s, concurrency: 64 }\n' },
] as const;

interface Measured {
  readonly name: string;
  readonly audit: string;
  /** Of the server's processor time, a request, by round. */
  readonly micros: number[];
  requests: number;
  audits: number;
  failures: number;
}

export async function* measureAudits(scale: Scale): AsyncGenerator<Table> {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-audits-'));
  try {
    yield await measure(scale, join(folder, 'freshet.yaml'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(scale: Scale, file: string): Promise<Table> {
  // So many that a hundredth part can be told.
  const rounds = scale.rounds * scale.seconds * 3;
  const seconds = Math.max(1, Math.round(scale.seconds / 10));
  const kinds: Measured[] = KINDS.map((kind) => ({ ...kind, micros: [], requests: 0, audits: 0, failures: 0 }));
  writeFileSync(file, BASE);
  await using origin = await startOrigin();
  await using cache = await startFreshet({ args: ['--config', file], env: { ...process.env, BENCH_ORIGIN: origin.url } });
  for (let round = 0; round <= rounds; round++) {
    progress(round === 0 ? 'warming' : `round ${round} of ${rounds}`);
    for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
      await configure(cache, file, BASE + kind.audit);
      const before = await fetchesOf(cache);
      const { cpuMicros = Number.NaN, failures, perSecond } = await load({ url: `${cache.url}/page`, pid: cache.pid, seconds });
      if (round === 0) continue;
      kind.micros.push(cpuMicros);
      kind.requests += perSecond * seconds;
      kind.audits += (await fetchesOf(cache)) - before;
      kind.failures += failures;
    }
  }
  return tableOf(kinds, `Hits under audit (32 connections, keep-alive; bodies 1 KiB; ${rounds} rounds of ${seconds} s, in turns, of one server)`);
}

function tableOf(kinds: readonly Measured[], title: string): Table {
  const base = kinds[0]?.micros ?? [];
  const many = kinds.at(-1);
  const hit = quantile(base, 0.5);
  const extra = quantile(many?.micros.map((micros, round) => micros - (base[round] ?? Number.NaN)) ?? [], 0.5);
  const audit = many === undefined ? Number.NaN : (extra * many.requests) / many.audits;
  return {
    title,
    head: ['', 'µs of processor time, median', 'requests per CPU-second, of none', 'audits in all', 'failed'],
    rows: kinds.map(({ name, micros, audits, failures }) => [
      name,
      quantile(micros, 0.5).toFixed(2),
      quantile(
        base.map((none, round) => none / (micros[round] ?? Number.NaN)),
        0.5,
      ).toFixed(3),
      audits.toFixed(0),
      failures.toString(),
    ]),
    notes: [
      'The third column is the median of the shares of each round.',
      `By the last row an audit costs ${audit.toFixed(0)} µs beside a hit of ${hit.toFixed(1)} µs: were each of 0.1 % to cost it, ${((audit / hit) * 0.1).toFixed(2)} % of the hits per CPU-second.`,
    ],
  };
}

async function configure(cache: FreshetChild, file: string, yaml: string): Promise<void> {
  writeFileSync(file, yaml);
  process.kill(cache.pid, 'SIGHUP');
  const sample = /sample: ([^,]+),? /.exec(yaml)?.[1] ?? 'off';
  while (((await (await fetch(`${cache.adminUrl}/v1/audit`)).json()) as { sample: string }).sample !== sample);
}

async function fetchesOf(cache: FreshetChild): Promise<number> {
  const text = await (await fetch(`${cache.adminUrl}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith('freshet_origin_requests_total{'));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}
