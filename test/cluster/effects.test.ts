// What purges did, where nodes share them: each node tells of its own store, of the purges that it answered, by the numbers of its own marks.
import { expect, it } from 'vitest';
import { z } from 'zod';
import { get } from '../support/client.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { metricIn } from '../support/metrics.ts';
import { ScriptedOrigin } from '../support/origin.ts';
import { hasRedis, RedisServer } from '../support/redis.ts';

const PAGE = z.object({ purges: z.array(z.looseObject({ what: z.string(), effect: z.looseObject({ entries: z.number(), sweep: z.string() }) })) });

async function startNode(yaml: string) {
  const freshet = await RunningFreshet.start(yaml);
  const admin = async (path: string): Promise<string> => (await get(freshet.adminAddress, path)).body;
  const metric = async (name: string): Promise<number> => metricIn(await admin('/metrics'), name);
  const purge = async (tag: string): Promise<void> => {
    const answer = await get(freshet.adminAddress, '/v1/purge', { method: 'POST', body: JSON.stringify({ tags: [tag] }) });
    expect(answer.status).toBe(200);
  };
  const effects = async () =>
    PAGE.parse(JSON.parse(await admin('/v1/purges'))).purges.map(({ what, effect }) => [what, effect.entries, effect.sweep]);
  while ((await metric('freshet_lease_held')) !== 1);
  return { metric, purge, effects, ask: (path: string) => get(freshet.address, path), [Symbol.asyncDispose]: () => freshet.close() };
}

it.skipIf(!hasRedis)('a purge counts where it was answered, its entries where they were stored', { timeout: 30_000 }, async () => {
  await using redis = await RedisServer.start();
  await using origin = await ScriptedOrigin.start();
  origin.on('/a', { body: 'a', fields: ['cache-control', 'max-age=600', 'surrogate-key', 'a'] });
  const yaml = [
    `redis: { url: "${redis.url}", cluster: shop, secret: ${'s'.repeat(32)} }`,
    `origins: { shop: { url: "${origin.url}" } }`,
    'log: { level: silent, access: off }',
  ].join('\n');
  await using one = await startNode(yaml);
  await one.purge('before');
  await using other = await startNode(yaml);
  for (const node of [one, other]) await node.ask('/a');
  await other.purge('typo');
  await other.purge('a');
  while ((await other.metric('freshet_purges_met_nothing_total')) < 1);
  for (const node of [one, other]) while ((await node.metric('freshet_purged_entries_total{mode="hard",by="sweep"}')) < 1);
  while ((await one.metric('freshet_purges_met_nothing_total')) < 1);
  expect(await other.effects()).toEqual([
    ['tag=a', 1, 'done'],
    ['tag=typo', 0, 'done'],
  ]);
  expect(await one.effects()).toEqual([['tag=before', 0, 'done']]);
  expect([await one.metric('freshet_purges_met_nothing_total'), await other.metric('freshet_purges_met_nothing_total')]).toEqual([1, 1]);
});
