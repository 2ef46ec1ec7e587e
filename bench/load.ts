// One run of autocannon against one URL, with the latency of every request and the CPU time it cost the server.
import autocannon from 'autocannon';
import { cpuMs } from './process-cost.ts';

export interface Load {
  readonly perSecond: number;
  readonly latencyMs: Percentiles;
  /** Of the server process, a request; undefined where /proc is not there. */
  readonly cpuMicros: number | undefined;
  readonly failures: number;
}

export interface Percentiles {
  readonly p50: number;
  readonly p975: number;
  readonly p99: number;
  readonly max: number;
}

export interface LoadSpec {
  readonly url: string;
  readonly pid: number;
  readonly seconds: number;
  readonly connections?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A new path for each request; absent: the URL's own. */
  readonly nextPath?: () => string;
}

export async function load(spec: LoadSpec): Promise<Load> {
  const { nextPath } = spec;
  const latencies: number[] = [];
  const cpuBefore = cpuMs(spec.pid);
  const startedAt = performance.now();
  const run = autocannon({
    url: spec.url,
    connections: spec.connections ?? 32,
    duration: spec.seconds,
    headers: spec.headers ?? {},
    ...(nextPath === undefined ? {} : { requests: [{ setupRequest: (request) => ({ ...request, path: nextPath() }) }] }),
  });
  void run.on('response', (_client, _status, _bytes, latencyMs) => latencies.push(latencyMs));
  const result = await run;
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuAfter = cpuMs(spec.pid);
  return {
    perSecond: latencies.length / seconds,
    latencyMs: percentiles(latencies),
    cpuMicros: cpuBefore === undefined || cpuAfter === undefined ? undefined : ((cpuAfter - cpuBefore) * 1000) / Math.max(1, latencies.length),
    failures: result.errors + result.timeouts + result.non2xx,
  };
}

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = Float64Array.from(values).toSorted();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p975: at(0.975), p99: at(0.99), max: at(1) };
}
