// Whole Freshets over a real Redis: a purge that any of them confirms is kept by all. DESIGN section 5, PURGE-PROTOCOL §4.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunError } from '../../src/errors.ts';
import { ScriptedOrigin } from '../support/origin.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { FleetNode, isHit, type Manner } from './fleet.ts';

const TAGGED = ['cache-control', 'max-age=1000', 'surrogate-key', 'a'];

describe.skipIf(!hasRedis)('several nodes', () => {
  let server: RedisServer;
  let origin: ScriptedOrigin;
  beforeAll(async () => {
    [server, origin] = await Promise.all([RedisServer.start(), ScriptedOrigin.start()]);
    for (const path of ['/1', '/2', '/3', '/4', '/5']) origin.on(path, (_request, nth) => ({ body: `fetch ${nth}`, fields: TAGGED }));
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await origin[Symbol.asyncDispose]();
  });

  async function pair(first: Manner, second: Manner = first): Promise<readonly [FleetNode, FleetNode]> {
    return Promise.all([FleetNode.start(server, origin, first), FleetNode.start(server, origin, second)]);
  }

  const fleets: readonly [name: string, first: Manner, second: Manner, authority: string, listed: number][] = [
    ['one thread each', { cluster: 'lease' }, { cluster: 'lease' }, 'lease', 2],
    ['two workers each', { cluster: 'workers', workers: 2 }, { cluster: 'workers', workers: 2 }, 'lease', 2],
    ['in barrier mode', { cluster: 'barrier', mode: 'barrier' }, { cluster: 'barrier', mode: 'barrier' }, 'barrier', 0],
    [
      'in barrier mode with two workers each',
      { cluster: 'both', mode: 'barrier', workers: 2 },
      { cluster: 'both', mode: 'barrier', workers: 2 },
      'barrier',
      0,
    ],
    ['one of each mode', { cluster: 'mixed' }, { cluster: 'mixed', mode: 'barrier' }, 'lease', 1],
  ];
  it.each(fleets)('%s: what one confirmed no other has left', async (_name, first, second, authority, listed) => {
    const [a, b] = await pair(first, second);
    await Promise.all([a.untilCaching('/1'), b.untilCaching('/1')]);
    const before = origin.count('/1');
    const receipt = await a.purge('a');
    expect([receipt.status, JSON.parse(receipt.body)]).toEqual([
      200,
      {
        id: expect.stringMatching(/^[\w-]{22}\.1\.[\w-]{12}$/),
        state: 'confirmed',
        guarantee: 'linearizable',
        authority,
        mode: 'hard',
        tags: 1,
        urls: 0,
        // Those that ask before they answer need not say anything.
        nodes: { confirmed: listed, expired: 0 },
        waited_ms: expect.any(Number),
      },
    ]);
    for (const node of [b, a]) expect(isHit(await node.get('/1'))).toBe(false);
    expect(origin.count('/1')).toBe(before + 2);
    await Promise.all([a.untilCaching('/1'), b.untilCaching('/1')]);
    await a[Symbol.asyncDispose]();
    await b[Symbol.asyncDispose]();
  });

  it('a write through one ends what another has, before it is answered', async () => {
    const [a, b] = await pair({ cluster: 'writes' });
    await b.untilCaching('/2');
    await a.untilCaching('/2');
    const written = await a.get('/2', { method: 'PUT', body: '{}' });
    expect(written.field('cache-status')).not.toContain('purge-unconfirmed');
    expect(isHit(await b.get('/2'))).toBe(false);
    await a[Symbol.asyncDispose]();
    await b[Symbol.asyncDispose]();
  });

  it('who does not wait is told how long it takes, and may ask the same node how it ended', async () => {
    const [a, b] = await pair({ cluster: 'async' });
    await Promise.all([a.untilCaching('/3'), b.untilCaching('/3')]);
    const answered = await a.purge('a', ['prefer', 'respond-async']);
    const committed = JSON.parse(answered.body);
    expect([answered.status, committed]).toEqual([
      202,
      expect.objectContaining({ state: 'committed', guarantee: 'bounded', authority: 'lease', bound_ms: expect.any(Number) }),
    ]);
    expect(committed.bound_ms).toBeLessThanOrEqual(3_110);
    expect((await b.admin(`/v1/purges/${committed.id}`)).status).toBe(404);
    expect((await a.admin(`/v1/purges/${committed.id}?wait=11`)).status).toBe(400);
    expect(JSON.parse((await a.admin(`/v1/purges/${committed.id}`)).body)).toMatchObject({ id: committed.id, state: 'committed' });
    const ended = await a.admin(`/v1/purges/${committed.id}?wait=10`);
    expect([ended.status, JSON.parse(ended.body)]).toMatchObject([
      200,
      { id: committed.id, state: 'confirmed', nodes: { confirmed: 2, expired: 0 } },
    ]);
    expect(JSON.parse((await a.admin('/v1/purges')).body).purges.map(({ state }: { state: string }) => state)).toEqual(['confirmed', 'committed']);
    expect(await a.metric('freshet_purges_unconfirmed_total{state="committed"}')).toBe(1);
    await a[Symbol.asyncDispose]();
    await b[Symbol.asyncDispose]();
  });

  it('each shows who there is and how far; one that leaves is gone from the list', async () => {
    const [a, b] = await pair({ cluster: 'list' }, { cluster: 'list', mode: 'barrier' });
    await Promise.all([a.untilCaching('/4'), b.untilCaching('/4')]);
    await a.purge('a');
    const listed = JSON.parse((await a.admin('/v1/nodes')).body);
    const names = listed.nodes.map(({ node }: { node: string }) => node);
    expect(listed).toMatchObject({ authority: 'lease', lease: true, applied: 1 });
    expect(names).toHaveLength(2);
    expect(names).toContain(listed.self);
    expect(listed.nodes).toContainEqual({ node: listed.self, mode: 'lease', applied: 1, lag: 0, renewed_ms_ago: expect.any(Number), lease: true });
    const other = JSON.parse((await b.admin('/v1/nodes')).body);
    expect(other).toMatchObject({ authority: 'barrier', applied: 1 });
    expect(other).not.toHaveProperty('lease');
    expect([await a.metric('freshet_lease_held'), await a.metric('freshet_purge_log_applied'), await a.metric('freshet_node_emptied_total')]).toEqual(
      [1, 1, 1],
    );
    expect(await a.metric('freshet_log_renewals_total{result="renewed"}')).toBeGreaterThan(0);
    await b[Symbol.asyncDispose]();
    expect(JSON.parse((await a.admin('/v1/nodes')).body).nodes).toHaveLength(1);
    await a[Symbol.asyncDispose]();
  });

  it.each(['lease', 'barrier'] as const)(
    '%s: without Redis nothing is stored, no purge is confirmed, writes go on; with it again all is well by itself',
    async (mode) => {
      await using redis = await RedisServer.start();
      await using node = await FleetNode.start(redis, origin, { mode });
      await node.untilCaching('/5');
      await redis.kill();
      await node.untilCaching('/5', false);
      const answers = [await node.get('/5'), await node.get('/5')];
      expect(answers.map(isHit)).toEqual([false, false]);
      expect(answers.map((answer) => answer.field('cache-status'))).toEqual(answers.map(() => expect.stringMatching(/detail=uncoordinated/)));
      const refused = await node.purge('a');
      expect([refused.status, refused.field('retry-after'), JSON.parse(refused.body)]).toMatchObject([503, '1', { retry: 'safe' }]);
      expect((await node.get('/5', { method: 'PUT', body: '{}' })).field('cache-status')).toContain('detail=purge-unconfirmed');
      expect(JSON.parse((await node.admin('/v1/nodes')).body)).not.toHaveProperty('nodes');
      const before = origin.count('/5');
      redis.start();
      await node.untilCaching('/5');
      expect(origin.count('/5')).toBeGreaterThan(before);
      expect(JSON.parse((await node.purge('a')).body)).toMatchObject({ state: 'confirmed' });
      expect(await node.metric('freshet_lease_losses_total')).toBe(mode === 'lease' ? 1 : 0);
      expect(await node.metric('freshet_node_emptied_total')).toBeGreaterThan(1);
    },
  );

  it('one that starts while Redis is away serves, and caches once it is there', async () => {
    await using redis = await RedisServer.start();
    await redis.kill();
    await using node = await FleetNode.start(redis, origin);
    expect((await node.get('/5')).status).toBe(200);
    expect((await node.get('/5')).field('cache-status')).toContain('detail=uncoordinated');
    redis.start();
    await node.untilCaching('/5');
  });

  it('one with another secret does not start, and leaves nothing running', async () => {
    await using first = await FleetNode.start(server, origin, { cluster: 'secret' });
    const other = FleetNode.start(server, origin, { cluster: 'secret', bodies: true, secret: 'another-secret-of-thirty-two-characters' });
    await expect(other).rejects.toThrow(new RunError('redis.secret is not that of the cluster "secret": its nodes were started with another one'));
    while (String(await server.client.client('LIST')).includes('name=freshet-bodies'));
    await first.untilCaching('/1');
  });
});
