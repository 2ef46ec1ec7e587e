// Events where several nodes share purges through Redis: what one node takes is purged on all, and what comes while Redis is away is answered when it is back.
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { SettableClock } from '../support/clock.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { metricIn } from '../support/metrics.ts';
import { ScriptedOrigin } from '../support/origin.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';

const HOST = ['host', 'shop.test'];

async function startNode(origin: ScriptedOrigin, redis: RedisServer): Promise<RunningFreshet> {
  const yaml = `redis: { url: "${redis.url}", cluster: shop, secret: a-secret-of-thirty-two-characters }
origins: { shop: { url: "${origin.url}" } }
events: { rules: [{ on: order.updated, purge: ["order:{id}"] }] }
log: { level: silent }
`;
  // The clock stands still: no event is given up.
  return RunningFreshet.start(yaml, { clock: new SettableClock(Date.now()) });
}

async function send(node: RunningFreshet, id: string): Promise<{ readonly status: number; readonly body: string }> {
  const body = JSON.stringify({ specversion: '1.0', id, source: '/shop', type: 'order.updated', data: { id: 7 } });
  return get(node.adminAddress, '/v1/events', { method: 'POST', body, fields: ['content-type', 'application/cloudevents+json'] });
}

async function stateOf(node: RunningFreshet): Promise<string> {
  const answer = await get(node.address, '/order/7', { fields: HOST });
  return /hit|fwd=/.exec(answer.field('cache-status') ?? '')?.[0] ?? '';
}

/** Asks until it is stored: a node that has just joined may not answer from its cache yet. */
async function untilHit(node: RunningFreshet): Promise<void> {
  while ((await stateOf(node)) !== 'hit');
}

describe.skipIf(!hasRedis)('nodes that share purges', () => {
  it('an event that one of them takes is purged on all', async () => {
    await using redis = await RedisServer.start();
    await using origin = await ScriptedOrigin.start();
    origin.on('*', { fields: ['cache-control', 'max-age=60', 'surrogate-key', 'order:7'], body: 'x' });
    await using one = await startNode(origin, redis);
    await using other = await startNode(origin, redis);
    await Promise.all([untilHit(one), untilHit(other)]);
    const { status, body } = await send(one, '1');
    expect([status, body]).toEqual([200, expect.stringContaining('"result":"purged"')]);
    expect(await Promise.all([stateOf(one), stateOf(other)])).toEqual(['fwd=', 'fwd=']);
  });

  it('an event that comes while Redis is away is tried again, and answered when it is back', async () => {
    await using redis = await RedisServer.start();
    await using origin = await ScriptedOrigin.start();
    origin.on('*', { fields: ['cache-control', 'max-age=60', 'surrogate-key', 'order:7'], body: 'x' });
    await using node = await startNode(origin, redis);
    await untilHit(node);
    await redis.kill();
    const answered = send(node, '1');
    const retries = async (): Promise<number> => metricIn((await get(node.adminAddress, '/metrics')).body, 'freshet_event_retries_total');
    while ((await retries()) < 2);
    redis.start();
    const { status, body } = await answered;
    expect([status, body]).toEqual([200, expect.stringContaining('"result":"purged"')]);
    expect((await send(node, '1')).body).toContain('"result":"duplicate"');
  });
});
