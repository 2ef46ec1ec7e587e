// Hits, misses and passes a second, beside a bare node:http server that gives the same answer.
import { progress, type Scale, startCache, startOrigin } from './bed.ts';
import { type Load, load, type LoadSpec } from './load.ts';
import { LOAD_HEAD, loadRow, type Table } from './report.ts';

export async function measureThroughput(scale: Scale): Promise<Table> {
  await using origin = await startOrigin();
  await using cache = await startCache(origin.url, '256MiB');
  const { seconds } = scale;
  let unique = 0;
  const nextPath = (): string => `/url/${unique++}`;
  const rows = [
    loadRow('bare node:http', await warmed('bare node:http', { url: `${origin.url}/page`, pid: origin.pid, seconds })),
    loadRow('hit', await warmed('hits', { url: `${cache.url}/page`, pid: cache.pid, seconds })),
    loadRow('miss, stored', await warmed('misses', { url: cache.url, pid: cache.pid, seconds, nextPath })),
    loadRow('pass', await warmed('passes', { url: `${cache.url}/pass`, pid: cache.pid, seconds })),
  ];
  return {
    title: 'Throughput (32 connections, keep-alive; bodies 1 KiB, misses 11 bytes)',
    head: LOAD_HEAD,
    rows,
    notes: ['The load generator and the origin share the cores with Freshet: CPU a request is the steadier figure.'],
  };
}

/** A short run first, so that the compiler has seen the code. */
async function warmed(name: string, spec: LoadSpec): Promise<Load> {
  progress(`${name}, ${spec.seconds} s`);
  await load({ ...spec, seconds: 1 });
  return load(spec);
}
