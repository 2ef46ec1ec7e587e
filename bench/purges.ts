// Whether a purge costs the same for one entry and for half a million, and what steady purging of other tags does to hits.
import { Agent } from 'node:http';
import { progress, type Scale, startCache, startOrigin } from './bed.ts';
import { load } from './load.ts';
import { askForMany } from './pipelined.ts';
import { LATENCY_HEAD, latencyRow, purge, roundTrip, timeMany, whilePurging } from './purging.ts';
import { LOAD_HEAD, loadRow, type Table } from './report.ts';

const PURGES_PER_SECOND = 1000;

/** Round trips of one purge after another over one connection, as the purger sees them. */
export async function measurePurgeLatency(scale: Scale): Promise<Table> {
  await using origin = await startOrigin();
  await using cache = await startCache(origin.url, '4GiB');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const door = { url: cache.adminUrl };
  try {
    await fetch(`${cache.url}/one`).then((response) => response.arrayBuffer());
    progress(`storing ${scale.wideEntries} entries of ten tags each`);
    await askForMany({ url: cache.url, count: scale.wideEntries, path: (n) => `/wide/${n}`, progress: (done) => progress(`${done} stored`) });
    await mustHit(`${cache.url}/wide/0`);
    progress('purging');
    await timeMany(scale.purges, () => roundTrip(agent, door, { method: 'GET', path: '/v1/health' }));
    const health = await timeMany(scale.purges, () => roundTrip(agent, door, { method: 'GET', path: '/v1/health' }));
    const none = await timeMany(scale.purges, () => purge(agent, door, 'nothing-has-this'));
    const one = await timeMany(scale.purges, () => purge(agent, door, 'one'));
    const firstWide = await timeMany(1, () => purge(agent, door, 'wide-0'));
    const wide = await timeMany(scale.purges, (n) => purge(agent, door, `wide-${n % 10}`));
    const rows = [
      latencyRow('GET /v1/health, for comparison', health),
      latencyRow('tag on no entry', none),
      latencyRow('tag on 1 entry', one),
      latencyRow(`tag on ${scale.wideEntries} entries, the first`, firstWide),
      latencyRow(`tag on ${scale.wideEntries} entries, repeated`, wide),
    ];
    return { title: 'Purge: time to the confirmed answer', head: LATENCY_HEAD, rows };
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
    const { result, perSecond } = await whilePurging({ url: cache.adminUrl, perSecond: PURGES_PER_SECOND }, () => load(spec));
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

async function mustHit(url: string): Promise<void> {
  const response = await fetch(url);
  await response.arrayBuffer();
  const status = response.headers.get('cache-status') ?? '';
  if (!/;\s*hit\b/.test(status)) throw new Error(`${url} should be stored: ${status}`);
}
