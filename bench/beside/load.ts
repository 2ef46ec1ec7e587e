// One run of load: by wrk where it is installed, else by autocannon.
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { z } from 'zod';
import { startChild } from '../../test/support/child-process.ts';
import { percentiles } from '../load.ts';
import { HOT_KEYS, pathsOf, type Traffic } from './scenarios.ts';

export const CONNECTIONS = 64;
const LUA = fileURLToPath(new URL('./wrk.lua', import.meta.url));

const Load = z.object({
  requests: z.number(),
  seconds: z.number(),
  /** Of heads and bodies, as far as they were read. */
  bytes: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  /** How many of each kind; a status counts from 400 on. */
  failures: z.record(z.string(), z.number()),
});
export type Load = Readonly<z.infer<typeof Load>>;

export interface LoadSpec {
  /** Of the server. */
  readonly url: string;
  readonly traffic: Traffic;
  readonly seconds: number;
  /** Called when the first request is about to be sent. */
  readonly begun: () => void;
}

let runs = 0;

/** No other run of any bench has had it. */
function nameRun(): string {
  return `${Date.now()}-${runs++}`;
}

export async function wrk({ url, traffic, seconds, begun }: LoadSpec): Promise<Load> {
  const headers = Object.entries(traffic.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  await using child = startChild({
    name: 'wrk',
    command: ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--timeout', '10s', '-s', LUA],
    args: [...headers, url + traffic.path],
    env: { ...process.env, BENCH_SPREAD: traffic.spread, BENCH_RUN: nameRun(), BENCH_HOT_KEYS: String(HOT_KEYS) },
  });
  await child.says(/^begun$/m);
  begun();
  const [line] = await child.says(/^\{.*\}$/m, (seconds + 20) * 1000);
  return Load.parse(JSON.parse(line));
}

export async function cannon({ url, traffic, seconds, begun }: LoadSpec): Promise<Load> {
  const nextPath = pathsOf(traffic, nameRun());
  const latencies: number[] = [];
  let bytes = 0;
  begun();
  const startedAt = performance.now();
  const run = autocannon({
    url,
    connections: CONNECTIONS,
    duration: seconds,
    headers: traffic.headers,
    requests: [{ setupRequest: (request) => ({ ...request, path: nextPath() }) }],
  });
  void run.on('response', (_client, _status, responseBytes, latencyMs) => {
    bytes += responseBytes;
    latencies.push(latencyMs);
  });
  const result = await run;
  const { p50, p99 } = percentiles(latencies);
  return {
    requests: latencies.length,
    seconds: (performance.now() - startedAt) / 1000,
    bytes,
    p50Ms: p50,
    p99Ms: p99,
    failures: { connect: result.errors, timeout: result.timeouts, status: result['4xx'] + result['5xx'] },
  };
}
