// Whether a purge costs the same for one entry and for half a million, and what steady purging of other tags does to hits.
import { Agent, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { FreshetChild } from '../test/support/child-process.ts';
import { progress, type Scale, startCache, startOrigin, startProgram } from './bed.ts';
import { type Load, load, percentiles } from './load.ts';
import { askForMany } from './pipelined.ts';
import { LOAD_HEAD, loadRow, milliseconds, type Table } from './report.ts';

const PURGES_PER_SECOND = 1000;

/** Round trips of one purge after another over one connection, as the purger sees them. */
export async function measurePurgeLatency(scale: Scale): Promise<Table> {
  await using origin = await startOrigin();
  await using cache = await startCache(origin.url, '4GiB');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    await fetch(`${cache.url}/one`).then((response) => response.arrayBuffer());
    progress(`storing ${scale.wideEntries} entries of ten tags each`);
    await askForMany({ url: cache.url, count: scale.wideEntries, path: (n) => `/wide/${n}`, progress: (done) => progress(`${done} stored`) });
    await mustHit(`${cache.url}/wide/0`);
    progress('purging');
    await timeMany(scale.purges, () => roundTrip(agent, cache, 'GET', '/v1/health', ''));
    const health = await timeMany(scale.purges, () => roundTrip(agent, cache, 'GET', '/v1/health', ''));
    const none = await timeMany(scale.purges, () => purge(agent, cache, 'nothing-has-this'));
    const one = await timeMany(scale.purges, () => purge(agent, cache, 'one'));
    const firstWide = await timeMany(1, () => purge(agent, cache, 'wide-0'));
    const wide = await timeMany(scale.purges, (n) => purge(agent, cache, `wide-${n % 10}`));
    const rows = [
      latencyRow('GET /v1/health, for comparison', health),
      latencyRow('tag on no entry', none),
      latencyRow('tag on 1 entry', one),
      latencyRow(`tag on ${scale.wideEntries} entries, the first`, firstWide),
      latencyRow(`tag on ${scale.wideEntries} entries, repeated`, wide),
    ];
    return { title: 'Purge: time to the confirmed answer', head: ['', 'p50 ms', 'p97.5 ms', 'p99 ms', 'max ms'], rows };
  } finally {
    agent.destroy();
  }
}

/** Hits with and without purges of other tags, in turns so that both see the same machine. */
export async function measureHitsUnderPurges(scale: Scale): Promise<Table> {
  await using origin = await startOrigin();
  await using cache = await startCache(origin.url, '256MiB');
  const spec = { url: `${cache.url}/page`, pid: cache.pid, seconds: scale.seconds };
  await load({ ...spec, seconds: 1 });
  const rows: string[][] = [];
  const rates: number[] = [];
  for (const round of [1, 2]) {
    progress(`hits, round ${round}: without purges, then with ${PURGES_PER_SECOND} a second`);
    rows.push(loadRow(`hits alone, round ${round}`, await load(spec)));
    const { result, perSecond } = await whilePurging(cache, () => load(spec));
    rows.push(loadRow(`hits under purges, round ${round}`, result));
    rates.push(perSecond);
  }
  return {
    title: `Hits while ${PURGES_PER_SECOND} purges a second of other tags arrive`,
    head: LOAD_HEAD,
    rows,
    notes: [`Purges sent and confirmed a second: ${rates.join(', ')}. Server CPU a request includes the cost of the purges.`],
  };
}

async function whilePurging(cache: FreshetChild, measure: () => Promise<Load>): Promise<{ result: Load; perSecond: number }> {
  const purger = startProgram('purger.ts', [cache.adminUrl, String(PURGES_PER_SECOND)]);
  const result = await measure();
  if (purger.hasExited()) throw new Error(`the purger ended early:\n${purger.output()}`);
  await purger.stop();
  const summary = JSON.parse(purger.output()) as { sent: number; refused: number; perSecond: number };
  if (summary.refused > 0) throw new Error(`${summary.refused} of ${summary.sent} purges were refused`);
  return { result, perSecond: summary.perSecond };
}

async function mustHit(url: string): Promise<void> {
  const response = await fetch(url);
  await response.arrayBuffer();
  const status = response.headers.get('cache-status') ?? '';
  if (!/;\s*hit\b/.test(status)) throw new Error(`${url} should be stored: ${status}`);
}

async function purge(agent: Agent, cache: FreshetChild, tag: string): Promise<void> {
  const body = await roundTrip(agent, cache, 'PURGE', '/', tag);
  if (!body.includes('"state":"confirmed"')) throw new Error(`the purge was not confirmed: ${body}`);
}

function roundTrip(agent: Agent, cache: FreshetChild, method: string, path: string, tag: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = tag === '' ? {} : { 'Surrogate-Key': tag };
    request(cache.adminUrl + path, { method, agent, headers }, (response) => {
      buffer(response).then((bytes) => resolve(bytes.toString('utf8')), reject);
    })
      .on('error', reject)
      .end();
  });
}

async function timeMany(count: number, act: (n: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const startedAt = performance.now();
    await act(n);
    times.push(performance.now() - startedAt);
  }
  return times;
}

function latencyRow(name: string, times: readonly number[]): string[] {
  const { p50, p975, p99, max } = percentiles(times);
  return [name, ...[p50, p975, p99, max].map(milliseconds)];
}
