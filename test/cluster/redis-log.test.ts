// The shared log in a real Redis: what each call answers, and that nothing which a Redis can lose, forget or delay passes for what it was. PURGE-PROTOCOL §4.2, §4.3, §4.7.
import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CoordinationLog, LogEntry, LoggedPurge, Position } from '../../src/cluster/coordination-log.ts';
import { RedisLog, type RedisLogOptions } from '../../src/cluster/redis-log.ts';
import type { RedisTarget } from '../../src/cluster/redis-connection.ts';
import { CertificateAuthority } from '../support/certificate.ts';
import { freePort } from '../support/free-port.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { clusterFor, sentinelOf } from '../support/redis-topologies.ts';

const SECRET = 'a secret of thirty-two characters';
const PURGE: LoggedPurge = { tagIds: Int32Array.of(1, -2, 3, 4), all: false, mode: 'hard', settleMs: 0, versions: [] };
const KEY = (name: string): string => `{freshet:shop}:${name}`;

/** Longer than a call may take. */
const OVER_MS = 600;

function versions(lowest: number): LoggedPurge['versions'] {
  return [{ tagIds: Int32Array.of(7, 8), lowest }];
}

type Opened = RedisLog & AsyncDisposable;

function open(server: { readonly url: string }, changed: Partial<Omit<RedisLogOptions, 'target'>> & { target?: Partial<RedisTarget> } = {}): Opened {
  const { target, ...options } = changed;
  const log = new RedisLog({
    target: { urls: [server.url], sharded: false, db: 0, ...target },
    cluster: 'shop',
    secret: SECRET,
    replicas: 0,
    holdKeepMs: 10_000,
    ...options,
  });
  return Object.assign(log, { [Symbol.asyncDispose]: () => log.close() });
}

/** Joins; Redis may still be connecting or starting, so it asks until it is let in. */
async function joined(log: CoordinationLog): Promise<Position> {
  for (;;) {
    const result = await log.join();
    if (result.kind === 'joined') return result.position;
    if (result.kind === 'secret-differs') throw new Error(result.kind);
    await turn();
  }
}

async function committed(log: CoordinationLog, position: Position, purge: LoggedPurge = PURGE): Promise<Position> {
  const result = await log.commit(position, purge);
  if (result.kind !== 'committed') throw new Error(JSON.stringify(result));
  return { ...position, applied: result.seq, nonce: result.nonce };
}

/** `late` where it takes longer than a call may. By the timers of this process, which end it too: a slow machine lets both wait, and their order stays. */
async function inTime<T>(promise: Promise<T>): Promise<T | 'late'> {
  const late = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => late.resolve('late'), OVER_MS);
  const first = await Promise.race([promise, late.promise]);
  clearTimeout(timer);
  return first;
}

/** All calls that state a position. */
function callsAt(log: CoordinationLog, position: Position): Promise<readonly string[]> {
  const calls = [log.renew('n', 'lease', position), log.commit(position, PURGE), log.acknowledge('n', position), log.standings(position)];
  return Promise.all(calls.map(async (call) => (await call).kind));
}

describe.skipIf(!hasRedis)('the log in Redis', () => {
  let server: RedisServer;
  let log: Opened;
  let start: Position;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  beforeEach(async () => {
    await server.client.flushall();
    log = open(server);
    start = await joined(log);
    return () => log.close();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  describe('calls', () => {
    it('a node joins an empty log at 0, and everybody the same', async () => {
      await using other = open(server);
      expect(start).toMatchObject({ applied: 0, nonce: '' });
      expect(await joined(other)).toEqual(start);
    });

    it('a purge comes back as it was given, in order', async () => {
      const purges: readonly LoggedPurge[] = [
        PURGE,
        { ...PURGE, mode: 'soft', settleMs: 2500 },
        { ...PURGE, tagIds: new Int32Array(), all: true },
        { ...PURGE, tagIds: new Int32Array(), all: true, mode: 'soft' },
        { ...PURGE, versions: [{ tagIds: Int32Array.of(5, 6), lowest: 123_456_789_012_345 }] },
      ];
      let position = start;
      for (const purge of purges) position = await committed(log, position, purge);
      const renewed = await log.renew('n', 'lease', start);
      expect(renewed).toMatchObject({ kind: 'renewed', seq: 5 });
      const entries = renewed.kind === 'renewed' ? renewed.entries : [];
      expect(entries.map(({ purge }) => purge)).toEqual(purges);
      expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
      expect(entries.at(-1)).toMatchObject({ nonce: position.nonce, incarnation: start.incarnation });
      expect(await log.renew('n', 'lease', position)).toEqual({ kind: 'renewed', seq: 5, entries: [] });
      await using late = open(server);
      expect(await joined(late)).toEqual(position);
    });

    it('a commit names those who are registered, with their mode and what they have applied', async () => {
      await log.renew('a', 'lease', start);
      const first = await committed(log, start);
      await log.renew('b', 'barrier', first);
      const result = await log.commit(first, PURGE);
      const nodes = result.kind === 'committed' ? result.nodes : undefined;
      expect(nodes).toEqual(
        new Map([
          ['a', { mode: 'lease', counter: expect.any(Number) as number, acked: 0 }],
          ['b', { mode: 'barrier', counter: expect.any(Number) as number, acked: 1 }],
        ]),
      );
    });

    it('an acknowledgement shows in the standings, hints, and is never taken back', async () => {
      // A server of its own, where nobody else is subscribed: a hint that comes before the subscription is lost.
      await using own = await RedisServer.start();
      await using acking = open(own);
      const begun = await joined(acking);
      await acking.renew('a', 'lease', begun);
      const position = await committed(acking, begun);
      const hinted = Promise.withResolvers<undefined>();
      await using other = open(own);
      await joined(other);
      other.onHint(() => hinted.resolve(undefined));
      await untilSubscribed(own, 2);
      expect(await acking.acknowledge('a', position)).toEqual({ kind: 'done' });
      await hinted.promise;
      await acking.acknowledge('a', begun);
      expect(await other.standings(position)).toMatchObject({ nodes: new Map([['a', { mode: 'lease', acked: 1 }]]) });
    });

    it('who is not registered acknowledges nothing', async () => {
      await log.acknowledge('stranger', start);
      expect(await server.client.hgetall(KEY('ack'))).toEqual({});
    });

    it('an eviction takes a node as it was named, not one that has renewed since', async () => {
      await log.renew('a', 'lease', start);
      await log.renew('b', 'lease', start);
      const named = await standingsOf(log, start);
      await log.renew('b', 'lease', start);
      await log.evict(new Map([...named].map(([name, { counter }]) => [name, counter])));
      expect([...(await standingsOf(log, start)).keys()]).toEqual(['b']);
    });

    it('a node that was evicted and comes back has a number that nobody had', async () => {
      await log.renew('a', 'lease', start);
      const counters = new Set<number | undefined>();
      for (let i = 0; i < 3; i++) {
        const counter = (await standingsOf(log, start)).get('a')?.counter ?? 0;
        counters.add(counter);
        await log.evict(new Map([['a', counter]]));
        await log.renew('a', 'lease', start);
      }
      expect(counters.size).toBe(3);
    });

    it('a node that leaves is off the list', async () => {
      await log.renew('a', 'lease', start);
      await log.leave('a');
      expect((await standingsOf(log, start)).size).toBe(0);
    });

    it('new entries are pushed, from the position on', async () => {
      const position = await committed(log, start);
      const pushed = Promise.withResolvers<readonly LogEntry[]>();
      log.follow(position, (entries) => pushed.resolve(entries));
      await committed(log, position);
      expect((await pushed.promise).map(({ seq }) => seq)).toEqual([2]);
    });

    it('a script that Redis has forgotten is sent again, since it was not run', async () => {
      const position = await committed(log, start);
      await server.client.script('FLUSH');
      expect(await committed(log, position)).toMatchObject({ applied: 2 });
      expect(await server.client.get(KEY('seq'))).toBe('2');
    });
  });

  describe('holds and versions', () => {
    const held = { ...PURGE, tagIds: Int32Array.of(1, 2), settleMs: 60_000 };

    it('are given to who joins, with what is left of them', async () => {
      await committed(log, start, { ...held, versions: [{ tagIds: Int32Array.of(7, 8), lowest: 9 }] });
      await using late = open(server);
      await joined(late);
      const result = await late.join();
      const holds = result.kind === 'joined' ? result.holds : [];
      expect(holds.toSorted((a, b) => b.settleMs - a.settleMs)).toEqual([
        { ...held, settleMs: expect.any(Number) as number },
        { ...PURGE, tagIds: new Int32Array(), versions: [{ tagIds: Int32Array.of(7, 8), lowest: 9 }] },
      ]);
      expect(holds[0]?.settleMs).toBeGreaterThan(50_000);
      expect(holds[0]?.settleMs).toBeLessThanOrEqual(60_000);
    });

    it('the longer hold and the higher version win', async () => {
      const longer = await committed(log, start, { ...held, versions: versions(9) });
      await committed(log, longer, { ...held, settleMs: 1, versions: versions(3) });
      const result = await log.join();
      const holds = result.kind === 'joined' ? result.holds : [];
      expect(holds.find(({ versions: { length } }) => length > 0)?.versions).toEqual(versions(9));
      expect(holds.find(({ settleMs }) => settleMs > 0)?.settleMs).toBeGreaterThan(50_000);
    });

    it('of everything is one hold; one that is over is not given', async () => {
      const position = await committed(log, start, { ...held, all: true, tagIds: new Int32Array() });
      await committed(log, position, { ...held, settleMs: 1 });
      await untilServerTimePasses(server, 2);
      const result = await log.join();
      expect(result).toMatchObject({ holds: [{ all: true, tagIds: new Int32Array() }] });
      expect(result.kind === 'joined' && result.holds.length).toBe(1);
    });

    it('past 4096 the purge is refused, without a number', async () => {
      const many = Int32Array.from({ length: 2 * 4096 }, (_, at) => at);
      const full = await committed(log, start, { ...held, tagIds: many });
      expect(await log.commit(full, { ...held, tagIds: Int32Array.of(-1, -1) })).toEqual({ kind: 'out-of-holds' });
      expect(await log.commit(full, { ...PURGE, versions: [{ tagIds: Int32Array.of(-1, -1), lowest: 1 }] })).toEqual({ kind: 'out-of-holds' });
      expect(await server.client.get(KEY('seq'))).toBe('1');
      expect(await committed(log, full, { ...held, tagIds: many.subarray(0, 2) })).toMatchObject({ applied: 2 });
    });

    it('those that are long over make room', async () => {
      const many = Int32Array.from({ length: 2 * 4096 }, (_, at) => at);
      const full = await committed(log, start, { ...held, tagIds: many });
      const fields = (await server.client.hkeysBuffer(KEY('holds'))).filter((name) => name.toString('latin1').startsWith('h'));
      const longOver = Date.now() - 60_000;
      for (const field of fields) server.client.hset(KEY('holds'), field, longOver).catch(() => {});
      await server.client.ping();
      expect(await committed(log, full, { ...held, tagIds: Int32Array.of(-1, -1) })).toMatchObject({ applied: 2 });
      expect(await server.client.hlen(KEY('holds'))).toBe(2);
    });
  });

  describe('another incarnation is found by every call', () => {
    const ways: [string, () => Promise<unknown>][] = [
      ['FLUSHALL', () => server.client.flushall()],
      ['a restart that lost everything', () => server.restart()],
      ...['inc', 'seq', 'log', 'nodes', 'holds'].map((name): [string, () => Promise<unknown>] => [
        `the loss of ${name}`,
        () => server.client.del(KEY(name)),
      ]),
      ['the loss of two', () => server.client.del(KEY('seq'), KEY('log'))],
      ['another server that has it all', () => server.client.hset(KEY('inc'), 'server', 'another')],
    ];
    it.each(ways)('%s', async (_, lose) => {
      const position = await committed(log, await committed(log, start));
      await log.renew('n', 'lease', position);
      await lose();
      await joinedOrFound(log, position);
      expect(new Set(await callsAt(log, position))).toEqual(new Set(['changed']));
      const next = await joined(log);
      expect(next.incarnation).not.toBe(position.incarnation);
      expect(await callsAt(log, next)).not.toContain('changed');
    });

    it.each([0, 1])('a log that went on otherwise from %i entries before the last', async (back) => {
      const position = await committed(log, await committed(log, start));
      await replaceFrom(server, position.applied - back);
      expect(new Set(await callsAt(log, position))).toEqual(new Set(['changed']));
      expect(await callsAt(log, await joined(log))).not.toContain('changed');
    });

    it('a node that has applied nothing finds a lost log too', async () => {
      await committed(log, start);
      await server.client.del(KEY('seq'), KEY('log'));
      expect(new Set(await callsAt(log, start))).toEqual(new Set(['changed']));
    });

    it('holds outlast the incarnation where Redis still has them', async () => {
      await committed(log, start, { ...PURGE, settleMs: 60_000 });
      await server.client.del(KEY('inc'));
      expect(await log.join()).toMatchObject({
        position: { applied: 0 },
        holds: [{ tagIds: Int32Array.of(1, -2) }, { tagIds: Int32Array.of(3, 4) }],
      });
    });

    it('the loss of who has acknowledged what only makes others wait', async () => {
      await log.renew('a', 'lease', start);
      const position = await committed(log, start);
      await log.acknowledge('a', position);
      await server.client.del(KEY('ack'));
      expect((await standingsOf(log, position)).get('a')?.acked).toBe(0);
    });
  });

  describe('a log that lost its beginning', () => {
    it('has a gap for who is behind it, and none for others', async () => {
      const first = await committed(log, start);
      const last = await committed(log, await committed(log, await committed(log, first)));
      await server.client.xtrim(KEY('log'), 'MAXLEN', 2);
      expect(await log.renew('n', 'lease', first)).toEqual({ kind: 'gap' });
      expect(await log.renew('n', 'lease', last)).toMatchObject({ kind: 'renewed' });
      expect(await log.commit(first, PURGE)).toEqual({ kind: 'changed' });
      expect((await joined(log)).incarnation).toBe(start.incarnation);
    });

    it('has one for who has applied nothing', async () => {
      await committed(log, await committed(log, start));
      await server.client.xtrim(KEY('log'), 'MAXLEN', 1);
      expect(await log.renew('n', 'lease', start)).toEqual({ kind: 'gap' });
    });
  });

  it('another secret is not let in, and changes nothing', async () => {
    await using other = open(server, { secret: 'another secret of 32 characters..' });
    await other.join();
    expect(await other.join()).toEqual({ kind: 'secret-differs' });
    expect(await callsAt(log, start)).not.toContain('changed');
  });

  it('clusters of two names share nothing', async () => {
    await using other = open(server, { cluster: 'other', secret: 'another secret of 32 characters..' });
    const theirs = await joined(other);
    await committed(other, theirs);
    expect(await log.renew('n', 'lease', start)).toEqual({ kind: 'renewed', seq: 0, entries: [] });
  });

  describe('a Redis that does not answer', () => {
    // Where a test fails before it has, those that come after would wait for it in vain.
    afterEach(() => server.restart());

    it('fails every call in time, and each is carried out once at most', async () => {
      const position = await committed(log, start);
      server.pause();
      expect(new Set(await inTime(callsAt(log, position)))).toEqual(new Set(['failed']));
      server.resume();
      await server.client.ping();
      await joined(log);
      expect(Number(await server.client.get(KEY('seq')))).toBeLessThanOrEqual(2);
    });

    it('that holds writes back carries a commit out once, after it was given up', async () => {
      const position = await committed(log, start);
      await server.client.call('CLIENT', 'PAUSE', 700, 'WRITE');
      expect(await inTime(log.commit(position, PURGE))).toMatchObject({ kind: 'failed' });
      await server.client.call('CLIENT', 'UNPAUSE');
      await joined(log);
      expect(await server.client.get(KEY('seq'))).toBe('2');
    });

    it('fails a call at once where the process is gone, and is found again when it is back', async () => {
      const position = await committed(log, start);
      await server.kill();
      expect(new Set(await inTime(callsAt(log, position)))).toEqual(new Set(['failed']));
      server.start();
      expect((await joined(log)).incarnation).not.toBe(position.incarnation);
    });

    it('a call in flight when the process dies fails and is not sent again', async () => {
      const position = await committed(log, start);
      await server.client.call('CLIENT', 'PAUSE', 5000, 'WRITE');
      const commit = log.commit(position, PURGE);
      await server.restart();
      expect(await commit).toEqual({ kind: 'failed', error: 'the connection to Redis was lost' });
      await joined(log);
      expect(await server.client.get(KEY('seq'))).toBe('0');
    });
  });

  it('where there is none, joining fails in time and says why', async () => {
    await using nowhere = open({ url: `redis://127.0.0.1:${await freePort()}` });
    expect(await inTime(nowhere.join())).toMatchObject({ kind: 'failed', error: expect.stringContaining('ECONNREFUSED') as string });
  });

  it('another database of the server is another log', async () => {
    await using other = open(server, { target: { db: 3 } });
    expect((await joined(other)).incarnation).not.toBe(start.incarnation);
  });
});

describe.skipIf(!hasRedis)('replicas', () => {
  it('must have what is written: a majority with the primary', async () => {
    await using primary = await RedisServer.start();
    await using replica = await RedisServer.start();
    await replica.replicate(primary.port);
    // The link is up for the replica before the primary counts on it.
    await untilReplicated(primary);
    await using log = open(primary, { replicas: 1 });
    const position = await committed(log, await joined(log));
    expect(await log.renew('n', 'lease', position)).toMatchObject({ kind: 'renewed' });
    replica.pause();
    expect(await inTime(log.commit(position, PURGE))).toEqual({ kind: 'failed', error: 'fewer than 1 replicas have it' });
    expect(await log.renew('n', 'lease', position)).toMatchObject({ kind: 'failed' });
    replica.resume();
    await untilReplicated(primary);
    expect(await log.renew('n', 'lease', position)).toMatchObject({ kind: 'renewed', seq: 2 });
  });

  it('a server that followed another and lost its last purges is another, though the connection stayed', async () => {
    await using primary = await RedisServer.start();
    await using replica = await RedisServer.start();
    await replica.replicate(primary.port);
    await using log = open(primary);
    const position = await committed(log, await joined(log));
    await untilReplicated(primary);
    await replica.client.call('REPLICAOF', 'NO', 'ONE');
    const lost = await committed(log, position);
    await primary.replicate(replica.port);
    expect(await log.renew('n', 'lease', lost)).toEqual({ kind: 'failed', error: 'this Redis is a replica' });
    await primary.client.call('REPLICAOF', 'NO', 'ONE');
    expect(await primary.client.get(KEY('seq'))).toBe('1');
    await joinedOrFound(log, lost);
    expect(new Set(await callsAt(log, lost))).toEqual(new Set(['changed']));
    expect(new Set(await callsAt(log, position))).toEqual(new Set(['changed']));
  });
});

describe.skipIf(!hasRedis)('ways to a Redis', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

  it('a user who may only what README says is needed', async () => {
    await using server = await RedisServer.start();
    const [, rule = ''] = /^user freshet (on .*)$/m.exec(readme) ?? [];
    const more = [...readme.matchAll(/user needs `(\+[^`]*)` too/g)].flatMap(([, rights = '']) => rights.split(' '));
    await server.client.call('ACL', 'SETUSER', 'freshet', ...rule.replace('>PASSWORD', '>p@ss').split(' '), ...more);
    for (const question of [
      ['cluster', 'keyslot', KEY('log')],
      ['cluster', 'slots'],
      ['pttl', KEY('b:1:2')],
      ['getrange', KEY('b:1:2'), '0', '1'],
      ['set', KEY('b:1:2'), 'value', 'PX', '1000'],
    ]) {
      expect(await server.client.call('ACL', 'DRYRUN', 'freshet', ...question)).toBe('OK');
    }
    await server.client.call('ACL', 'SETUSER', 'freshet', ...more.map((right) => right.replace('+', '-')));
    await using log = open({ url: `redis://freshet:p%40ss@127.0.0.1:${server.port}` });
    const position = await joined(log);
    expect(new Set(await callsAt(log, position))).toEqual(new Set(['renewed', 'committed', 'done', 'standings']));
    await log.evict(await countersOf(log, position));
    await log.leave('n');
    const pushed = Promise.withResolvers<readonly LogEntry[]>();
    log.follow(position, (entries) => pushed.resolve(entries));
    expect((await pushed.promise).length).toBeGreaterThan(0);
    await untilSubscribed(server);
    expect(await server.client.call('ACL', 'LOG')).toEqual([]);
  });

  it('a wrong password is said', async () => {
    await using server = await RedisServer.start();
    await using log = open({ url: `redis://nobody:wrong@127.0.0.1:${server.port}` });
    await log.join();
    expect(await log.join()).toMatchObject({ kind: 'failed', error: expect.stringContaining('WRONGPASS') as string });
  });

  it('TLS, with the authority that is named', async () => {
    const authority = new CertificateAuthority();
    const { cert, key } = authority.issue('127.0.0.1', 'localhost');
    const files = { 'cert.pem': cert, 'key.pem': key, 'ca.pem': authority.cert };
    const settings = ['--tls-cert-file', 'cert.pem', '--tls-key-file', 'key.pem', '--tls-ca-cert-file', 'ca.pem', '--tls-auth-clients', 'no'];
    await using server = await RedisServer.start(settings, { files, ca: authority.cert });
    await using log = open(server, { target: { tls: { ca: authority.cert, rejectUnauthorized: true } } });
    expect(await callsAt(log, await joined(log))).not.toContain('failed');
    await using untrusting = open(server);
    await untrusting.join();
    expect(await untrusting.join()).toMatchObject({ kind: 'failed', error: expect.stringMatching(/certificate/) as string });
  });

  it('Sentinels, which know the primary; after a failover the log is another', async () => {
    await using primary = await RedisServer.start();
    await using replica = await RedisServer.start();
    await replica.replicate(primary.port);
    await using sentinel = await sentinelOf(primary);
    await using log = open(sentinel, { target: { sentinel: { name: 'main' } } });
    const position = await committed(log, await joined(log));
    while (!/slaves=1/.test(await sentinel.client.info('sentinel')));
    await primary.kill();
    let moved = await joinedElsewhere(log, position);
    expect(await replica.client.get(KEY('seq'))).toBe('0');
    moved = await committed(log, moved);
    expect(moved.applied).toBe(1);
  });

  it('a Redis Cluster, at the node that has the slot', async () => {
    await using cluster = await clusterFor(KEY('log'));
    const { first, second } = cluster;
    await using log = open(first, { target: { sharded: true } });
    const position = await committed(log, await joined(log));
    expect(await second.client.get(KEY('seq'))).toBe('1');
    expect(await callsAt(log, position)).not.toContain('failed');
  });
});

async function standingsOf(log: CoordinationLog, position: Position) {
  const result = await log.standings(position);
  if (result.kind !== 'standings') throw new Error(JSON.stringify(result));
  return result.nodes;
}

async function countersOf(log: CoordinationLog, position: Position): Promise<ReadonlyMap<string, number>> {
  const renewed = await log.renew('other', 'lease', position);
  const entries = renewed.kind === 'renewed' ? renewed.entries : [];
  const last = entries.at(-1);
  const at = last === undefined ? position : { ...position, applied: last.seq, nonce: last.nonce };
  return new Map([...(await standingsOf(log, at))].map(([name, { counter }]) => [name, counter]));
}

/** Waits for a new connection, by calls that change nothing. */
async function joinedOrFound(log: CoordinationLog, position: Position): Promise<void> {
  while ((await log.standings(position)).kind === 'failed') await turn();
}

async function joinedElsewhere(log: CoordinationLog, position: Position): Promise<Position> {
  for (;;) {
    const next = await joined(log);
    if (next.server !== position.server) return next;
    await turn();
  }
}

/** WAIT counts replicas that have what its own connection wrote, and with it all from before. */
async function untilReplicated({ client }: RedisServer): Promise<void> {
  await client.set('written', 1);
  await client.wait(1, 0);
}

async function untilSubscribed(server: RedisServer, count = 1): Promise<void> {
  while (((await server.client.call('PUBSUB', 'NUMSUB', KEY('acks'))) as [string, number])[1] < count);
}

async function untilServerTimePasses(server: RedisServer, ms: number): Promise<void> {
  const now = async (): Promise<number> => {
    const [seconds, micros] = await server.client.time();
    return Number(seconds) * 1000 + Number(micros) / 1000;
  };
  const end = (await now()) + ms;
  while ((await now()) < end);
}

/** As a Redis that lost its last entries and was given others: entry `from` and those after it have other nonces. */
async function replaceFrom(server: RedisServer, from: number): Promise<void> {
  const { client } = server;
  const entries = await client.xrange(KEY('log'), '-', '+');
  await client.del(KEY('log'));
  for (const [id, fields] of entries) {
    const changed = Number.parseInt(id, 10) < from ? fields : fields.with(fields.indexOf('n') + 1, 'other');
    await client.xadd(KEY('log'), id, ...changed);
  }
}
