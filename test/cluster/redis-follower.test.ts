// What is read from the log between renewals. Real reads are in redis-log.test.ts.
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { RedisConnection } from '../../src/cluster/redis-connection.ts';
import { RedisFollower } from '../../src/cluster/redis-follower.ts';

it('an entry that no node wrote is not read again and again', async () => {
  let reads = 0;
  const junk = [['log', [['1-1', ['x', 'y']]]]];
  const connection = {
    isReady: true,
    life: 1,
    server: async () => 'server',
    command: async () => {
      reads++;
      await turn();
      return junk;
    },
    close: () => {},
  } as unknown as RedisConnection;
  const follower = new RedisFollower(connection, 'log');
  const pushed: unknown[] = [];
  follower.follow({ incarnation: 'i', server: 'server', applied: 1, nonce: 'n' }, (entries) => pushed.push(entries));
  for (let i = 0; i < 20; i++) await turn();
  await follower.close();
  expect([reads, pushed]).toEqual([1, []]);
});
