// The stream of events in a real Redis: acknowledged after the confirmation only, taken over from who is gone, and loud where something was lost.
import { describe, expect, it, onTestFinished } from 'vitest';
import { RedisConnection } from '../../src/cluster/redis-connection.ts';
import type { StreamSettings } from '../../src/events/redis-stream.ts';
import { StreamGroup } from '../../src/events/stream-group.ts';
import { SET_ASIDE, streamKeys } from '../../src/events/stream-scripts.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { Desk } from './desk.ts';
import { type Streamed, streamed } from './streamed.ts';

const STREAM = 'freshet:events';

interface Started extends Streamed {
  readonly redis: RedisServer;
}

async function started({ redis: given, settings = {} }: { redis?: RedisServer; settings?: Partial<StreamSettings> } = {}): Promise<Started> {
  const redis = given ?? (await own());
  return { redis, ...(await streamed(redis, { stream: STREAM, ...settings })) };
}

async function own(settings: readonly string[] = []): Promise<RedisServer> {
  const redis = await RedisServer.start(settings);
  onTestFinished(() => redis[Symbol.asyncDispose]());
  return redis;
}

function add(redis: RedisServer, ...fields: readonly string[]): Promise<unknown> {
  return redis.client.call('XADD', STREAM, '*', ...fields);
}

async function pendingIn(redis: RedisServer): Promise<number> {
  const [count] = (await redis.client.call('XPENDING', STREAM, 'freshet')) as [number];
  return count;
}

async function untilPending(redis: RedisServer, count: number): Promise<void> {
  while ((await pendingIn(redis)) !== count);
}

const READS = /this node reads the stream/;

describe.skipIf(!hasRedis)('the stream of events in Redis', () => {
  it('purges what is added, and acknowledges it then', async () => {
    const { redis, desk } = await started();
    await add(redis, 'tags', 'product:1 category:7');
    await add(redis, 'tags', '["a","b"]');
    await add(redis, 'event', JSON.stringify({ specversion: '1.0', id: '1', source: '/shop', type: 'freshet.purge', data: { tags: ['c'] } }));
    await add(redis, 'type', 'freshet.purge', 'data', '{"tags":["d"]}');
    await desk.untilPurged(4);
    expect(desk.purged).toEqual(['product:1 category:7', 'a b', 'c', 'd']);
    await untilPending(redis, 0);
  });

  it('takes an event that was added twice once', async () => {
    const { redis, desk } = await started();
    const event = JSON.stringify({ specversion: '1.0', id: '1', source: '/shop', type: 'freshet.purge', data: { tags: ['once'] } });
    await add(redis, 'event', event);
    await add(redis, 'event', event);
    await add(redis, 'tags', 'last');
    await desk.untilPurged(2);
    await untilPending(redis, 0);
    expect(desk.purged.toSorted()).toEqual(['last', 'once']);
    expect(desk.ended.toSorted()).toEqual(['duplicate', 'purged', 'purged']);
  });

  it.each([
    ['oldest', ['before', 'after']],
    ['next', ['after']],
  ] as const)('begins a new group at the %s entry', async (from, purged) => {
    const redis = await own();
    await add(redis, 'tags', 'before');
    const { desk } = await started({ redis, settings: { from } });
    // Once it reads, its group is there.
    await desk.untilSaid(READS);
    while ((await redis.client.exists(`${STREAM}:freshet:reader`)) === 0 || (await redis.client.xinfo('GROUPS', STREAM)) === null);
    while (((await redis.client.xinfo('GROUPS', STREAM)) as unknown[]).length === 0);
    await add(redis, 'tags', 'after');
    await desk.untilPurged(purged.length);
    expect(desk.purged).toEqual(purged);
  });

  it('keeps an entry pending until its purge is confirmed', async () => {
    const { redis, desk } = await started();
    const confirmed = Promise.withResolvers<void>();
    desk.held = confirmed.promise;
    await add(redis, 'tags', 'held');
    while (desk.intake.inFlight < 1) await redis.client.ping();
    expect(await pendingIn(redis)).toBe(1);
    confirmed.resolve();
    await untilPending(redis, 0);
  });

  it('takes over what a consumer that is gone had not acknowledged, before anything new', async () => {
    const redis = await own();
    await redis.client.call('XGROUP', 'CREATE', STREAM, 'freshet', '0', 'MKSTREAM');
    for (let n = 0; n < 200; n++) await add(redis, 'tags', `n${n}`);
    await redis.client.call('XREADGROUP', 'GROUP', 'freshet', 'gone', 'COUNT', '120', 'STREAMS', STREAM, '>');
    const { desk } = await started({ redis, settings: { batch: 10 } });
    await desk.untilPurged(200);
    expect(desk.purged).toEqual(Array.from({ length: 200 }, (_, n) => `n${n}`));
    await untilPending(redis, 0);
  });

  it('sets aside what cannot be purged, lists it with the reason, and takes it again when told', async () => {
    const { redis, desk, source } = await started({ settings: { deadLetters: 100 } });
    await add(redis, 'nothing', 'of use');
    await add(redis, 'event', '{"specversion":"1.0"}');
    await add(redis, 'tags', 'x'.repeat(2000));
    await add(redis, 'tags', 'fine');
    await desk.untilPurged(1);
    await untilPending(redis, 0);
    const letters = await source.deadLetters(10, 'newest');
    expect(letters.map(({ why }) => why.join())).toEqual([
      expect.stringContaining('2000 bytes'),
      expect.stringContaining('id: found nothing'),
      expect.stringContaining('neither event, tags nor type; it has nothing'),
    ]);
    expect(source.deadCount).toBe(3);
    const id = letters[0]?.id ?? '';
    expect(await source.replay(id)).toMatchObject({ kind: 'rejected' });
    expect(await source.replay('1-1')).toBeUndefined();
    expect(await source.replay('nonsense')).toBeUndefined();
    await redis.client.call('XADD', `${STREAM}:freshet:dead`, '*', 'entry', '7-7', 'why', 'no rule then', 'fields', '["tags","again"]');
    const [newest] = await source.deadLetters(1, 'newest');
    expect(Object.keys(newest?.event ?? {})).toEqual(['id', 'source', 'type']);
    expect((await source.deadLetters(1, 'oldest'))[0]?.why.join()).toContain('neither event, tags nor type');
    expect(await source.replay(newest?.id ?? '')).toMatchObject({ kind: 'purged' });
    expect(desk.purged.at(-1)).toBe('again');
    expect(await source.deadLetters(10, 'newest')).toHaveLength(3);
  });

  it('creates the group again where everything in Redis is gone, says so, and purges everything', async () => {
    const { redis, desk } = await started();
    await add(redis, 'tags', 'before');
    await desk.untilPurged(1);
    await redis.client.flushall();
    await desk.untilSaid(/consumer group of the stream was gone/);
    await desk.untilPurged(2);
    expect(desk.purged[1]).toBe('');
    await add(redis, 'tags', 'after');
    await desk.untilPurged(3);
    expect(desk.purged[2]).toBe('after');
  });

  it('goes on after Redis was killed, with what it kept', async () => {
    const redis = await own(['--appendonly', 'yes', '--appendfsync', 'always']);
    const { desk } = await started({ redis });
    await add(redis, 'tags', 'before');
    await desk.untilPurged(1);
    await redis.kill();
    await desk.untilSaid(/cannot be read/);
    redis.start();
    await desk.untilSaid(/is read again/);
    await add(redis, 'tags', 'after');
    await desk.untilPurged(2);
    expect(desk.purged).toEqual(['before', 'after']);
    expect(desk.said.filter(({ message }) => message.includes('gone'))).toEqual([]);
  });

  it('goes on after Redis stood still, which no connection tells', async () => {
    const { redis, desk } = await started();
    await desk.untilSaid(READS);
    redis.pause();
    await desk.untilSaid(/cannot be read/);
    redis.resume();
    await add(redis, 'tags', 'after');
    await desk.untilPurged(1);
  });

  it('purges everything where entries were trimmed before they were read', async () => {
    const { redis, desk } = await started({ settings: { batch: 2 } });
    await add(redis, 'tags', 'first');
    await desk.untilPurged(1);
    await untilPending(redis, 0);
    const confirmed = Promise.withResolvers<void>();
    desk.held = confirmed.promise;
    for (let n = 0; n < 20; n++) await add(redis, 'tags', `n${n}`);
    while (desk.intake.inFlight < 2) await redis.client.ping();
    await redis.client.call('XTRIM', STREAM, 'MAXLEN', '5');
    confirmed.resolve();
    await desk.untilSaid(/were removed before they were read/);
    await desk.until(({ purged }) => purged.includes(''));
  });

  it('purges everything where an entry was removed after it was given to a consumer that is gone', async () => {
    const redis = await own();
    await redis.client.call('XGROUP', 'CREATE', STREAM, 'freshet', '0', 'MKSTREAM');
    await add(redis, 'tags', 'lost');
    await redis.client.call('XREADGROUP', 'GROUP', 'freshet', 'gone', 'STREAMS', STREAM, '>');
    await redis.client.call('XTRIM', STREAM, 'MAXLEN', '0');
    const { desk } = await started({ redis });
    await desk.untilSaid(/were removed before they were read/);
    await desk.untilPurged(1);
    expect(desk.purged).toEqual(['']);
  });

  it('is read by one of two nodes, and by the other when that one goes', async () => {
    const redis = await own();
    const first = await started({ redis });
    await first.desk.untilSaid(READS);
    const second = await started({ redis });
    await second.desk.untilSaid(/another node reads the stream of events: this one stands by/);
    await add(redis, 'tags', 'a');
    await first.desk.untilPurged(1);
    expect(second.source.isReading).toBe(false);
    await first.source.close();
    await add(redis, 'tags', 'b');
    await second.desk.untilPurged(1);
    expect([first.desk.purged, second.desk.purged]).toEqual([['a'], ['b']]);
  });

  it('purges everything where entries were trimmed while nobody read, since bodies in Redis outlive the processes', async () => {
    const redis = await own();
    const first = await started({ redis });
    await add(redis, 'tags', 'first');
    await first.desk.untilPurged(1);
    await untilPending(redis, 0);
    await first.source.close();
    for (let n = 0; n < 20; n++) await redis.client.call('XADD', STREAM, 'MAXLEN', '5', '*', 'tags', `n${n}`);
    const second = await started({ redis });
    await second.desk.untilSaid(/were removed before they were read.*15/);
    await second.desk.untilPurged(6);
    expect(second.desk.purged).toEqual(['', 'n15', 'n16', 'n17', 'n18', 'n19']);
    await untilPending(redis, 0);
    await second.source.close();
    const third = await started({ redis });
    while (third.source.backlog === undefined) await redis.client.ping();
    await add(redis, 'tags', 'last');
    await third.desk.untilPurged(1);
    expect(third.desk.purged).toEqual(['last']);
  });

  it('purges everything where entries were trimmed before the first was ever read', async () => {
    const redis = await own();
    const first = await started({ redis });
    while (first.source.backlog === undefined) await redis.client.ping();
    await first.source.close();
    for (let n = 0; n < 10; n++) await redis.client.call('XADD', STREAM, 'MAXLEN', '2', '*', 'tags', `n${n}`);
    const { desk } = await started({ redis });
    await desk.untilPurged(3);
    expect(desk.purged).toEqual(['', 'n8', 'n9']);
    expect(desk.said.filter(({ message }) => message.startsWith('Redis cannot tell'))).toEqual([]);
  });

  it('purges everything for each loss, a smaller one after a larger one too', async () => {
    const redis = await own();
    const { desk } = await started({ redis, settings: { batch: 2 } });
    for (const [at, lost] of [10, 3].entries()) {
      const held = Promise.withResolvers<void>();
      desk.held = held.promise;
      await add(redis, 'tags', `held ${at}`);
      await add(redis, 'tags', `held ${at}`);
      while (desk.intake.inFlight < 2) await redis.client.ping();
      for (let n = 0; n < lost + 2; n++) await add(redis, 'tags', 'n');
      await redis.client.call('XTRIM', STREAM, 'MAXLEN', '2');
      held.resolve();
      desk.held = undefined;
      await desk.untilPurged(5 * (at + 1));
      await untilPending(redis, 0);
    }
    expect(desk.said.map(({ detail }) => detail['entries']).filter((count) => count !== undefined)).toEqual([10, 3]);
  });

  it('purges everything where it stood by while Redis was emptied and the reader ended', async () => {
    const redis = await own();
    const first = await started({ redis });
    await first.desk.untilSaid(READS);
    const second = await started({ redis });
    await second.desk.untilSaid(/another node reads the stream of events: this one stands by/);
    redis.pause();
    await first.source.close();
    redis.resume();
    await redis.client.flushall();
    await second.desk.untilSaid(/group of the stream was gone/);
    await second.desk.untilPurged(1);
    expect(second.desk.purged).toEqual(['']);
  });

  it('sets nothing aside in a group that is gone, and no more than is kept', async () => {
    const { redis, desk, source } = await started({ settings: { deadLetters: 5 } });
    const calls = new RedisConnection({ urls: [redis.url], sharded: false, db: 0 }, { name: 'test', key: STREAM });
    onTestFinished(() => calls.close());
    await calls.untilReady(5_000);
    const asked = { keys: streamKeys(STREAM, 'none'), args: ['none', '1-1', 5, 'why', '[]'], replicas: 0 };
    expect(String((await calls.run(SET_ASIDE, asked)).reply[0])).toBe('gone');
    for (let n = 0; n < 20; n++) await add(redis, 'nonsense', `${n}`);
    await desk.until(({ ended }) => ended.length === 20);
    await untilPending(redis, 0);
    expect(await redis.client.xlen(`${STREAM}:freshet:dead`)).toBe(5);
    await source.close();
  });

  it('purges everything where the group was destroyed while nobody read', async () => {
    const redis = await own();
    const first = await started({ redis, settings: { from: 'next' } });
    await first.desk.untilSaid(READS);
    while ((await redis.client.exists(`${STREAM}:freshet:read`)) === 0);
    await first.source.close();
    await redis.client.call('XGROUP', 'DESTROY', STREAM, 'freshet');
    await add(redis, 'tags', 'missed');
    const second = await started({ redis, settings: { from: 'next' } });
    await second.desk.untilSaid(/group of the stream was gone/);
    await second.desk.untilPurged(2);
    expect(second.desk.purged).toEqual(['', 'missed']);
  });

  it('purges everything for a group that is made again though nobody got the answer', async () => {
    const redis = await own();
    const calls = new RedisConnection({ urls: [redis.url], sharded: false, db: 0 }, { name: 'test', key: STREAM });
    onTestFinished(() => calls.close());
    await calls.untilReady(5_000);
    const parts = { keys: streamKeys(STREAM, 'freshet'), group: 'freshet', consumer: 'c', from: 'next' } as const;
    await redis.client.set(`${STREAM}:freshet:read`, 0);
    let isCut = true;
    const cut: Pick<RedisConnection, 'command' | 'run'> = {
      command: (name, ...args) => calls.command(name, ...args),
      run: async (script, call) => {
        const answer = await calls.run(script, call);
        if (isCut) throw new Error('no answer from Redis');
        return answer;
      },
    };
    const group = new StreamGroup({ ...parts, calls: cut });
    await expect(group.ensure()).rejects.toThrow('no answer');
    isCut = false;
    expect(await group.ensure()).toBe('group');
    expect(await new StreamGroup({ ...parts, calls }).ensure()).toBe('group');
    await group.settle();
    expect(await group.ensure()).toBe('nothing');
  });

  it.each([
    ['a group that was gone', /group of the stream was gone/],
    ['entries that were gone', /were removed before they were read/],
  ])('owes the purge for %s to whoever reads next, where it is not confirmed', async (what, said) => {
    const redis = await own();
    await redis.client.call('XGROUP', 'CREATE', STREAM, 'freshet', '0', 'MKSTREAM');
    await add(redis, 'tags', 'lost');
    await redis.client.call('XREADGROUP', 'GROUP', 'freshet', 'gone', 'STREAMS', STREAM, '>');
    await redis.client.call('XTRIM', STREAM, 'MAXLEN', '0');
    if (what.includes('group')) {
      await redis.client.set(`${STREAM}:freshet:read`, 0);
      await redis.client.call('XGROUP', 'DESTROY', STREAM, 'freshet');
    }
    const confirmed = Promise.withResolvers<void>();
    const stuck = new Desk();
    stuck.held = confirmed.promise;
    await streamed(redis, { stream: STREAM, desk: stuck });
    await stuck.untilSaid(said);
    await redis.client.del(`${STREAM}:freshet:reader`);
    const next = await started({ redis });
    await next.desk.untilSaid(said);
    await next.desk.untilPurged(1);
    expect(next.desk.purged).toEqual(['']);
    while ((await redis.client.exists(`${STREAM}:freshet:owed`)) === 1);
    confirmed.resolve();
  });

  it('says once that trimming cannot be seen any more where an entry was deleted', async () => {
    const { redis, desk } = await started();
    const id = String(await add(redis, 'tags', 'a'));
    await desk.untilPurged(1);
    await redis.client.call('XDEL', STREAM, id);
    await desk.untilSaid(/cannot tell whether entries of the stream are trimmed/);
    await add(redis, 'tags', 'b');
    await desk.untilPurged(2);
    expect(desk.said.filter(({ message }) => message.startsWith('Redis cannot tell'))).toHaveLength(1);
  });

  it('tells how much waits and since when', async () => {
    const redis = await own();
    await redis.client.call('XADD', STREAM, `${Date.now() - 3_600_000}-0`, 'tags', 'old');
    await add(redis, 'tags', 'new');
    const desk = new Desk();
    const held = Promise.withResolvers<void>();
    desk.held = held.promise;
    const { source } = await streamed(redis, { stream: STREAM, desk });
    while (source.backlog === undefined) await redis.client.ping();
    expect(source.backlog.waiting).toBe(2);
    expect(source.backlog.oldestMs).toBeGreaterThanOrEqual(3_600_000);
    held.resolve();
    await source.close();
    expect(await pendingIn(redis)).toBe(0);
  });
});
