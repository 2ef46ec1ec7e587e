// Nodes over a real Redis: what one purges no other has left, and without Redis nobody answers from what it has. PURGE-PROTOCOL §4.4, §4.6, §4.7.
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { CoordinationLog, LoggedPurge } from '../../src/cluster/coordination-log.ts';
import { EXPIRY_MS } from '../../src/cluster/lease-terms.ts';
import { NodeDriver } from '../../src/cluster/node-driver.ts';
import { RedisLog } from '../../src/cluster/redis-log.ts';
import { Lease, systemClocks } from '../../src/purge/lease.ts';
import { MarkWriter } from '../../src/purge/mark-writer.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';

const TAG = Int32Array.of(1, 2);
const PURGE: LoggedPurge = { tagIds: TAG, all: false, mode: 'hard', settleMs: 0, versions: [] };
const ONCE = { onFailure: 'answer', waitMs: Infinity } as const;

class Node implements AsyncDisposable {
  readonly lease = new Lease(systemClocks);
  readonly writer = new MarkWriter({ memoryBytes: 64 * 1024, holdKeepMs: 1000, exhausted: () => {}, lease: this.lease });
  readonly driver: NodeDriver;
  readonly log: CoordinationLog;
  emptied = 0;

  constructor(nodeId: string, server: RedisServer) {
    const target = { urls: [server.url], sharded: false, db: 0 };
    this.log = new RedisLog({ target, cluster: 'shop', secret: 'a secret of thirty-two characters', replicas: 0, holdKeepMs: 1000 });
    this.driver = new NodeDriver({
      nodeId,
      mode: 'lease',
      log: this.log,
      writer: this.writer,
      lease: this.lease,
      clocks: systemClocks,
      clock: systemClock,
      emptied: () => this.emptied++,
      secretDiffers: () => {},
    });
    this.driver.start();
  }

  /** What may be done with something tagged TAG that is fetched at this moment. */
  fetch(): () => string {
    const { marks } = this.writer;
    const fetched = { tagIds: TAG, asOf: marks.epoch, sentAt: systemClock.now() };
    return () => marks.gate(fetched).kind;
  }

  /** Resolves when it holds a lease, or holds none. */
  async untilCoordinated(wanted: boolean): Promise<void> {
    while (this.writer.marks.isCoordinated !== wanted) await turn();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.driver.close();
  }
}

describe.skipIf(!hasRedis)('nodes over Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('a purge is confirmed when no node has it left, slowly at first and fast once the list is sure', async () => {
    await using a = new Node('a', server);
    await using b = new Node('b', server);
    await Promise.all([a.untilCoordinated(true), b.untilCoordinated(true)]);
    const [old, other] = [b.fetch(), a.fetch()];
    expect([old(), other()]).toEqual(['ok', 'ok']);
    const first = await a.driver.purge(PURGE, ONCE);
    expect([old(), other()]).toEqual(['purged', 'purged']);
    expect(first).toMatchObject({ kind: 'confirmed', nodes: { confirmed: 2, expired: 0 } });
    const later = b.fetch();
    const startedAt = performance.now();
    expect(await a.driver.purge(PURGE, ONCE)).toMatchObject({ kind: 'confirmed', nodes: { confirmed: 2, expired: 0 } });
    expect(performance.now() - startedAt).toBeLessThan(EXPIRY_MS / 2);
    expect(later()).toBe('purged');
    expect(b.fetch()()).toBe('ok');
  });

  it('one that stopped without a word holds a purge up until its lease is over, once', async () => {
    await using a = new Node('a', server);
    const gone = new RedisLog({
      target: { urls: [server.url], sharded: false, db: 0 },
      cluster: 'shop',
      secret: 'a secret of thirty-two characters',
      replicas: 0,
      holdKeepMs: 0,
    });
    const joined = await gone.join();
    if (joined.kind === 'joined') await gone.renew('gone', 'lease', joined.position);
    await gone.close();
    await a.untilCoordinated(true);
    const startedAt = performance.now();
    expect(await a.driver.purge(PURGE, ONCE)).toMatchObject({ kind: 'confirmed', nodes: { confirmed: 1, expired: 1 } });
    const waitedMs = performance.now() - startedAt;
    expect(waitedMs).toBeGreaterThan(EXPIRY_MS - 1);
    expect(waitedMs).toBeLessThan(EXPIRY_MS + 500);
    expect(await a.driver.purge(PURGE, ONCE)).toMatchObject({ kind: 'confirmed', nodes: { confirmed: 1, expired: 0 } });
  });

  it('one that leaves holds nothing up, and answers those who still wait', async () => {
    await using a = new Node('a', server);
    const b = new Node('b', server);
    await Promise.all([a.untilCoordinated(true), b.untilCoordinated(true)]);
    const old = b.fetch();
    const waiting = b.driver.purge(PURGE, ONCE);
    await b.driver.close();
    expect((await waiting).kind).toBe('unknown');
    expect(old()).not.toBe('ok');
    expect(await a.driver.purge(PURGE, ONCE)).toMatchObject({ kind: 'confirmed', nodes: { confirmed: 1, expired: 0 } });
  });

  it('FLUSHALL empties every node, and they go on', async () => {
    await using a = new Node('a', server);
    await using b = new Node('b', server);
    await Promise.all([a.untilCoordinated(true), b.untilCoordinated(true)]);
    const before = [a.emptied, b.emptied];
    const old = [a.fetch(), b.fetch()];
    await server.client.flushall();
    while (a.emptied === before[0] || b.emptied === before[1]) await turn();
    await Promise.all([a.untilCoordinated(true), b.untilCoordinated(true)]);
    expect(old.map((verdict) => verdict())).toEqual(['purged', 'purged']);
    expect([a.fetch()(), b.fetch()()]).toEqual(['ok', 'ok']);
  });

  it('without Redis nothing is answered from what there is and no purge is confirmed; with it again both are, by themselves', async () => {
    await using a = new Node('a', server);
    await a.untilCoordinated(true);
    const old = a.fetch();
    await server.kill();
    await a.untilCoordinated(false);
    expect(old()).toBe('uncoordinated');
    expect((await a.driver.purge(PURGE, ONCE)).kind).toBe('rejected');
    server.start();
    await a.untilCoordinated(true);
    expect(old()).toBe('purged');
    expect(await a.driver.purge(PURGE, ONCE)).toMatchObject({ kind: 'confirmed' });
  });
});
