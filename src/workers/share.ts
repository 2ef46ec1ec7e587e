// Which part of the configuration is one thread's own? What bounds the process, or spares an origin, is shared out; what bounds one client is not.
import type { Config } from '../config/config.ts';

/** For each of `threads`. Parts are rounded so that none is without: memory down, connections and places in a queue up. */
export function shareOf(config: Config, threads: number): Config {
  const down = (whole: number): number => Math.floor(whole / threads);
  const up = (whole: number): number => Math.ceil(whole / threads);
  return {
    ...config,
    store: { ...config.store, memoryBytes: down(config.store.memoryBytes), fillBytes: down(config.store.fillBytes) },
    limits: { ...config.limits, connections: up(config.limits.connections) },
    ...(config.audit === undefined
      ? {}
      : { audit: { ...config.audit, ratePerSecond: config.audit.ratePerSecond / threads, concurrency: up(config.audit.concurrency) } }),
    origins: new Map(
      Array.from(config.origins, ([name, origin]) => [name, { ...origin, connections: up(origin.connections), queue: up(origin.queue) }]),
    ),
  };
}
