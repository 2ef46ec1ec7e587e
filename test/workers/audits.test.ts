// Audits of several threads: each audits its own hits, and what they find is told in one place.
import { expect, it } from 'vitest';
import { SettableClock } from '../support/clock.ts';
import { Team, WorkerClient } from './team.ts';

it('what each finds is in one list, and outlives its thread', async () => {
  const clock = new SettableClock();
  await using team = await Team.start({ yaml: 'audit: { sample: 100%, budget: 1000/s, concurrency: 64 }', clock });
  const { origin, freshet } = team;
  for (const worker of [1, 2]) {
    origin.on(`/of-${worker}`, (_, nth) => ({
      fields: ['cache-control', 'max-age=86400', 'content-type', 'application/json', 'surrogate-key', `of:${worker}`],
      body: `{"version":${nth === 1 ? 1 : 2}}`,
    }));
    await using client = await WorkerClient.connect(freshet.address, worker);
    expect([await client.body(`/of-${worker}`), await client.body(`/of-${worker}`)]).toEqual(['{"version":1}', '{"version":1}']);
  }
  const page = async () => JSON.parse((await team.admin('/v1/audit')).body) as { routes: { missed: number }[]; misses: { tags: string[] }[] };
  let found = await page();
  for (; found.routes[0]?.missed !== 2; found = await page()) clock.advance(20_000);
  expect(new Set(found.misses.flatMap(({ tags }) => tags))).toEqual(new Set(['of:1', 'of:2']));
  await freshet.replaceWorker(1);
  expect((await page()).misses).toHaveLength(2);
  expect(await team.metric('freshet_audits_total{route="default",verdict="missed"}')).toBe(2);
  expect(await team.metric('freshet_audit_consistency_nines{route="default"}')).toBe(0);
});
