// PURGE-PROTOCOL §3.4: what one worker is asked to purge, every worker sees purged when that is answered.
import { expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { SettableClock } from '../support/clock.ts';
import { Barrier } from '../support/origin.ts';
import { Team, TOKEN } from './team.ts';

const TAGGED: Fields = ['cache-control', 'max-age=1000', 'surrogate-key', 'a'];

it('a purge through any worker is seen by all when it is answered', { timeout: 60_000 }, async () => {
  await using team = await Team.start({ workers: 3 });
  team.serve('/a');
  const clients = [await team.client(1), await team.client(2), await team.client(3)];
  let expected = 0;
  for (let round = 0; round < 60; round++) {
    await clients[round % 3]?.purge('a');
    const bodies = await Promise.all(clients.map((client) => client.body('/a')));
    // Three stores: each fetches once after each purge.
    expect(bodies.toSorted()).toEqual([1, 2, 3].map((nth) => `fetch ${expected + nth}`).toSorted());
    expect(await Promise.all(clients.map((client) => client.body('/a')))).toEqual(bodies);
    expected += 3;
  }
});

it('a purge through the admin listener too', async () => {
  await using team = await Team.start();
  team.serve('/a');
  const [one, two] = await team.pair();
  await Promise.all([one.body('/a'), two.body('/a')]);
  const { status, body } = await team.admin('/v1/purges');
  expect([status, JSON.parse(body)]).toEqual([200, { purges: [] }]);
  await one.purge('a');
  expect([await one.body('/a'), await two.body('/a')].toSorted()).toEqual(['fetch 3', 'fetch 4']);
  const { purges } = JSON.parse((await team.admin('/v1/purges')).body) as { purges: readonly object[] };
  expect(purges).toMatchObject([{ state: 'confirmed', what: 'tag=a', actor: '127.0.0.1' }]);
});

it.each(['before-head', 'mid-body'] as const)(
  'one that lands through another worker while the origin stands %s keeps the fetch out of the store',
  async (place) => {
    await using team = await Team.start();
    const barrier = new Barrier();
    team.origin.on('/a', (_request, nth) => ({ body: `fetch ${nth}`, fields: TAGGED, ...(nth === 1 && { barriers: { [place]: barrier } }) }));
    const [one, two] = await team.pair();
    one.send('/a');
    await barrier.reached;
    await two.purge('a');
    barrier.open();
    await one.answer();
    expect(await one.body('/a')).not.toBe('fetch 1');
  },
);

it('a settle window and a lowest version count in every worker', async () => {
  const clock = new SettableClock();
  await using team = await Team.start({ clock });
  team.serve('/a');
  team.serve('/b', ['cache-control', 'max-age=1000', 'surrogate-key', 'b', 'surrogate-version', 'b=17']);
  const [one, two] = await team.pair();
  await one.purge('a', ['purge-settle', '2s']);
  for (const client of [one, two]) expect((await client.ask('/a')).field('cache-status')).toContain('detail=held');
  clock.advance(2_001);
  for (const client of [one, two]) expect((await client.ask('/a')).field('cache-status')).toMatch(/stored$/);

  const order = { method: 'POST', body: JSON.stringify({ versions: { b: 18 } }) };
  expect(await purgeByAdmin(team, order.body)).toBe(200);
  for (const client of [one, two]) expect((await client.ask('/b')).field('cache-status')).toContain('detail=version-behind');
});

it('a write through one worker purges what another has stored, before it is answered', async () => {
  await using team = await Team.start();
  team.origin.on('/a', ({ method }, nth) => (method === 'PUT' ? { status: 204 } : { body: `fetch ${nth}`, fields: TAGGED }));
  const [one, two] = await team.pair();
  expect([await two.body('/a'), await two.body('/a')]).toEqual(['fetch 1', 'fetch 1']);
  expect((await one.ask('/a', { method: 'PUT' })).status).toBe(204);
  expect(await two.body('/a')).toBe('fetch 3');
});

it('the rate of purges is that of all workers together', async () => {
  await using team = await Team.start();
  const [one, two] = await team.pair();
  const all = (client: typeof one) => client.ask('/', { method: 'PURGE', fields: ['authorization', `Bearer ${TOKEN}`, 'surrogate-key', 'a'] });
  expect([(await all(one)).status, (await all(two)).status]).toEqual([200, 200]);
  const statuses: number[] = [];
  for (let nth = 0; nth < 8; nth++) statuses.push(await purgeByAdmin(team, '{"all":true}'));
  expect(statuses.filter((status) => status === 200)).toHaveLength(5);
  expect(statuses.filter((status) => status === 429)).toHaveLength(3);
});

it('a purge without its token, or malformed, is refused by the worker that it reached', async () => {
  await using team = await Team.start();
  const [one] = await team.pair();
  const wrong = ['authorization', 'Bearer wrong', 'surrogate-key', 'a'];
  expect((await one.ask('/', { method: 'PURGE', fields: wrong })).status).toBe(401);
  expect((await one.ask('/', { method: 'PURGE', fields: ['authorization', `Bearer ${TOKEN}`, 'surrogate-key', ''] })).status).toBe(400);
});

async function purgeByAdmin(team: Team, body: string): Promise<number> {
  const { host, port } = team.freshet.adminAddress;
  const answer = await fetch(`http://${host}:${port}/v1/purge`, { method: 'POST', body, headers: { authorization: `Bearer ${TOKEN}` } });
  await answer.arrayBuffer();
  return answer.status;
}
