// Whether memory stays at its setting when a million distinct URLs are asked for.
import type { FreshetChild } from '../test/support/child-process.ts';
import { progress, type Scale, startCache, startOrigin } from './bed.ts';
import { askForMany } from './pipelined.ts';
import { memoryBytes } from './process-cost.ts';
import { mebibytes, type Table } from './report.ts';

const SETTING_MIB = 64;
const PASSES = 20_000;

export async function measureMemory(scale: Scale): Promise<Table> {
  await using origin = await startOrigin();
  await using cache = await startCache(origin.url, `${SETTING_MIB}MiB`);
  const start = memoryBytes(cache.pid)?.now ?? Number.NaN;
  const rows = [await row('at start', cache, start)];
  await askForMany({ url: cache.url, count: PASSES, path: () => '/pass', progress: () => {} });
  rows.push(await row(`after ${PASSES} passes, nothing stored`, cache, start));
  const quarter = Math.floor(scale.distinctUrls / 4);
  for (const part of [0, 1, 2, 3]) {
    const path = (n: number): string => `/url/${part * quarter + n}`;
    await askForMany({ url: cache.url, count: quarter, path, progress: (done) => progress(`${part * quarter + done} distinct URLs`) });
    rows.push(await row(`after ${(part + 1) * quarter} distinct URLs`, cache, start));
  }
  return {
    title: `Memory with store.memory at ${SETTING_MIB} MiB`,
    head: ['', 'entries', 'charged MiB', 'resident MiB', 'highest MiB', 'resident above start MiB'],
    rows,
    notes: ['Resident memory holds Node itself, compiled code and garbage not yet collected besides what is stored.'],
  };
}

async function row(name: string, cache: FreshetChild, startBytes: number): Promise<string[]> {
  const metrics = await (await fetch(`${cache.adminUrl}/metrics`)).text();
  const cells = [name, gauge(metrics, 'freshet_store_entries').toString(), mebibytes(gauge(metrics, 'freshet_store_bytes'))];
  const memory = memoryBytes(cache.pid);
  if (memory === undefined) return [...cells, 'n/a', 'n/a', 'n/a'];
  return [...cells, mebibytes(memory.now), mebibytes(memory.peak), mebibytes(memory.now - startBytes)];
}

function gauge(metrics: string, name: string): number {
  return Number(metrics.match(new RegExp(`^${name} (\\S+)$`, 'm'))?.[1] ?? Number.NaN);
}
