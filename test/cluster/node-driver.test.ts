// Nodes over a real Redis: what one purges no other has left, and without Redis nobody answers from what it has. PURGE-PROTOCOL §4.4, §4.6, §4.7.
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { LoggedPurge } from '../../src/cluster/coordination-log.ts';
import { EXPIRY_MS } from '../../src/cluster/lease-terms.ts';
import { RedisLog } from '../../src/cluster/redis-log.ts';
import { systemClocks } from '../../src/purge/lease.ts';
import { startChild } from '../support/child-process.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { Node, TAG } from './node.ts';

const PURGE: LoggedPurge = { tagIds: TAG, all: false, mode: 'hard', settleMs: 0, versions: [] };
const ONCE = { onFailure: 'answer', waitMs: Infinity } as const;

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

  it('one that is frozen is waited for until its lease is over, and uses nothing old when it goes on', async () => {
    await using a = new Node('a', server);
    await using frozen = startChild({ name: 'node', args: [fileURLToPath(new URL('node.ts', import.meta.url)), server.url] });
    await Promise.all([a.untilCoordinated(true), frozen.says(/permitted\n/)]);
    process.kill(frozen.pid, 'SIGSTOP');
    const startedAt = performance.now();
    const answer = await a.driver.purge(PURGE, ONCE);
    const confirmedAt = systemClocks.mono();
    process.kill(frozen.pid, 'SIGCONT');
    expect(answer).toMatchObject({ kind: 'confirmed', nodes: { confirmed: 1, expired: 1 } });
    expect(performance.now() - startedAt).toBeLessThan(3500);
    const [, lastPermitted] = await frozen.says(/last permitted at (\S+)\n/);
    expect(Number(lastPermitted)).toBeGreaterThan(0);
    expect(Number(lastPermitted)).toBeLessThan(confirmedAt);
  });

  it('one that joins later holds what a settle window holds, and demands the versions that are demanded', async () => {
    const tagIds = Int32Array.of(3, 4);
    await using a = new Node('a', server);
    await a.untilCoordinated(true);
    await a.driver.purge({ ...PURGE, tagIds, settleMs: 60_000, versions: [{ tagIds, lowest: 7 }] }, { onFailure: 'answer', waitMs: 0 });
    await using b = new Node('b', server);
    await b.untilCoordinated(true);
    const { marks } = b.writer;
    expect(marks.gate({ tagIds, asOf: marks.epoch, sentAt: systemClock.now() }).kind).toBe('held');
    expect([6, 7].map((version) => marks.versionsAccepted([{ tagIds, version }]))).toEqual([false, true]);
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
    // The marks see whole milliseconds of a lease: in what is left of its last one a purge is still sent, and lost.
    let kind = 'unknown';
    while (kind === 'unknown') ({ kind } = await a.driver.purge(PURGE, ONCE));
    expect(kind).toBe('rejected');
    server.start();
    await a.untilCoordinated(true);
    expect(old()).toBe('purged');
    expect(await a.driver.purge(PURGE, ONCE)).toMatchObject({ kind: 'confirmed' });
  });
});
