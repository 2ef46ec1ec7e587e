// Whether memory stays at its setting when a million distinct URLs are asked for.
import { progress, type Scale, startCache, startOrigin } from './bed.ts';
import { askForMany } from './pipelined.ts';
import { memoryBytes } from './process-cost.ts';
import { mebibytes, type Table } from './report.ts';

const SETTING_MIB = 64;

export async function measureMemory(scale: Scale): Promise<Table> {
  await using origin = await startOrigin();
  await using cache = await startCache(origin.url, `${SETTING_MIB}MiB`);
  const rows = [row('at start', cache.pid)];
  const quarter = Math.floor(scale.distinctUrls / 4);
  for (const part of [0, 1, 2, 3]) {
    const path = (n: number): string => `/url/${part * quarter + n}`;
    await askForMany({ url: cache.url, count: quarter, path, progress: (done) => progress(`${part * quarter + done} distinct URLs`) });
    rows.push(row(`after ${(part + 1) * quarter} distinct URLs`, cache.pid));
  }
  return {
    title: `Memory with store.memory at ${SETTING_MIB} MiB`,
    head: ['', 'resident MiB', 'highest MiB', 'resident above start MiB'],
    rows: rows.map(({ cells, now }) => [...cells, mebibytes(now - (rows[0]?.now ?? 0))]),
    notes: ['Resident memory holds Node itself, compiled code and garbage not yet collected besides what is stored.'],
  };
}

function row(name: string, pid: number): { readonly cells: readonly string[]; readonly now: number } {
  const memory = memoryBytes(pid);
  if (memory === undefined) return { cells: [name, 'n/a', 'n/a'], now: Number.NaN };
  return { cells: [name, mebibytes(memory.now), mebibytes(memory.peak)], now: memory.now };
}
