// Several redis-servers together: a Sentinel that watches a primary, and a Redis Cluster of two.
import { RedisServer } from './redis.ts';

/** It knows the primary as `main`, and thinks it dead after half a second. */
export function sentinelOf({ port }: Pick<RedisServer, 'port'>): Promise<RedisServer> {
  const config = `sentinel monitor main 127.0.0.1 ${port} 1\nsentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n`;
  return RedisServer.start(['--sentinel'], { config: 'sentinel.conf', files: { 'sentinel.conf': config } });
}

export interface TwoNodes extends AsyncDisposable {
  /** Has all other slots. */
  readonly first: RedisServer;
  /** Has the slot of the key, and no other. */
  readonly second: RedisServer;
}

export async function clusterFor(key: string): Promise<TwoNodes> {
  const [first, second] = await Promise.all([1, 2].map(() => RedisServer.start(['--cluster-enabled', 'yes'])));
  if (first === undefined || second === undefined) throw new Error('there are two');
  const slot = Number(await first.client.call('CLUSTER', 'KEYSLOT', key));
  await second.client.call('CLUSTER', 'ADDSLOTSRANGE', slot, slot);
  await first.client.call('CLUSTER', 'ADDSLOTSRANGE', 0, slot - 1, slot + 1, 16_383);
  await first.client.call('CLUSTER', 'MEET', '127.0.0.1', second.port);
  for (const server of [first, second])
    while (!/cluster_state:ok/.test(String(await server.client.call('CLUSTER', 'INFO')))) await server.client.ping();
  return {
    first,
    second,
    async [Symbol.asyncDispose]() {
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
    },
  };
}
