// Nodes that share what they have stored (`redis.bodies`): a hit on one is a hit on all, and a purge ends it for all.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Asking } from '../support/client.ts';
import { ScriptedOrigin } from '../support/origin.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';
import { FleetNode, isHit, type Manner } from './fleet.ts';

const TAGGED = ['cache-control', 'max-age=1000', 'surrogate-key', 'a'];

/** With a credential of its own. */
function as(name: string): Asking {
  return { fields: ['authorization', `Bearer ${name}`] };
}

/** Resolves when what `node` has stored is in Redis. */
async function written(node: FleetNode, count: number): Promise<void> {
  while ((await node.metric('freshet_shared_bodies_total{what="written"}')) < count);
}

async function ended(...nodes: readonly FleetNode[]): Promise<void> {
  for (const node of nodes) await node[Symbol.asyncDispose]();
}

describe.skipIf(!hasRedis)('nodes that share what they have stored', () => {
  let server: RedisServer;
  let origin: ScriptedOrigin;
  beforeAll(async () => {
    [server, origin] = await Promise.all([RedisServer.start(), ScriptedOrigin.start()]);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await origin[Symbol.asyncDispose]();
  });

  /** Both are of a cluster of their own, caching, and past the time in which purges are slow. */
  async function pair(cluster: string, manner: Manner = {}): Promise<readonly [FleetNode, FleetNode]> {
    origin.on('/warm', { body: 'warm', fields: ['cache-control', 'max-age=1000'] });
    const nodes = await Promise.all([1, 2].map(() => FleetNode.start(server, origin, { ...manner, cluster, bodies: true })));
    await Promise.all(nodes.map((node) => node.untilCaching('/warm')));
    return nodes as [FleetNode, FleetNode];
  }

  const manners: readonly [name: string, manner: Manner][] = [
    ['lease', {}],
    ['barrier', { mode: 'barrier' }],
    ['two workers each', { workers: 2 }],
  ];
  it.each(manners)('%s: what one has fetched the other has, until it is purged', async (name, manner) => {
    const path = `/page/${name.length}`;
    origin.on(path, (_request, nth) => ({ body: `fetch ${nth}`, fields: TAGGED }));
    const [a, b] = await pair(`shared-${name.length}`, manner);
    const before = await a.metric('freshet_shared_bodies_total{what="written"}');
    expect(await a.body(path)).toBe('fetch 1');
    await written(a, before + 1);
    const answer = await b.get(path);
    expect([answer.body, isHit(answer), origin.count(path)]).toEqual(['fetch 1', true, 1]);
    expect(Number(answer.field('age'))).toBeGreaterThanOrEqual(0);

    await a.purge('a');
    expect([await b.body(path), origin.count(path)]).toEqual(['fetch 2', 2]);
    await ended(a, b);
  });

  it('under each scope its own', async () => {
    origin.on('/me/orders', ({ fields }) => ({ body: `orders of ${fields[fields.indexOf('authorization') + 1]}`, fields: TAGGED }));
    const [a, b] = await pair('scopes');
    const before = await a.metric('freshet_shared_bodies_total{what="written"}');
    await a.get('/me/orders', as('ada'));
    await written(a, before + 1);
    const answers = [await b.get('/me/orders', as('bob')), await b.get('/me/orders', as('ada'))];
    expect(answers.map((answer) => [answer.body, isHit(answer)])).toEqual([
      ['orders of Bearer bob', false],
      ['orders of Bearer ada', true],
    ]);
    await ended(a, b);
  });

  it('under each variant its own', async () => {
    origin.on('/mine', ({ fields }, nth) => ({
      body: `fetch ${nth} ${fields.includes('accept-language') ? 'en' : ''}`,
      fields: [...TAGGED, 'vary', 'accept-language'],
    }));
    const [a, b] = await pair('variants');
    const before = await a.metric('freshet_shared_bodies_total{what="written"}');
    const english = await a.get('/mine', { fields: ['accept-language', 'en'] });
    await written(a, before + 1);
    expect(isHit(await b.get('/mine', { fields: ['accept-language', 'de'] }))).toBe(false);
    const again = await b.get('/mine', { fields: ['accept-language', 'en'] });
    expect([again.body, isHit(again)]).toEqual([english.body, true]);
    await ended(a, b);
  });

  it('one that comes later has what was fetched since the last purge, and nothing from before', async () => {
    for (const path of ['/old', '/new']) origin.on(path, (_request, nth) => ({ body: `fetch ${nth}`, fields: TAGGED }));
    const [a, b] = await pair('late');
    const before = await a.metric('freshet_shared_bodies_total{what="written"}');
    await a.body('/old');
    await written(a, before + 1);
    await a.purge('other');
    await a.body('/new');
    await written(a, before + 2);
    await using late = await FleetNode.start(server, origin, { cluster: 'late', bodies: true });
    await late.untilCaching('/warm');
    expect([isHit(await late.get('/new')), isHit(await late.get('/old'))]).toEqual([true, false]);
    expect(isHit(await b.get('/old'))).toBe(true);
    await ended(a, b);
  });

  it('what is gone from Redis, or is not what a node wrote, is fetched', async () => {
    origin.on('/spoilt', (_request, nth) => ({ body: `fetch ${nth}`, fields: TAGGED }));
    const [a, b] = await pair('spoilt');
    const before = await a.metric('freshet_shared_bodies_total{what="written"}');
    await a.body('/spoilt');
    await written(a, before + 1);
    for (const name of await server.client.keys('{freshet:spoilt}:b:*')) await server.client.set(name, 'garbage', 'PX', 60_000);
    expect([await b.body('/spoilt'), origin.count('/spoilt')]).toEqual(['fetch 2', 2]);
    await ended(a, b);
  });
});
