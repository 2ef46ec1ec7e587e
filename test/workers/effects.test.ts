// What /v1/purges and /metrics say of what purges did, with one thread and with two: the same figures.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { get, RawClient } from '../support/client.ts';
import { SettableClock } from '../support/clock.ts';
import { Team, TOKEN } from './team.ts';

/** Purges that meet something, and as many that do not. */
const MANY = 1_500;

/** So many that the sweep takes longer to go round than those purges to land: 30 slices, one every 20 ms. */
const STORED = 8_000;

const PAGE = z.object({
  purges: z.array(
    z.looseObject({
      what: z.string(),
      effect: z.object({
        entries: z.number(),
        requests: z.number(),
        firstFreshMs: z.number().optional(),
        sweep: z.enum(['under way', 'done']),
        counted: z.enum(['all', 'partly']),
      }),
    }),
  ),
});

type Effect = z.output<typeof PAGE>['purges'][number]['effect'];

const each = (count: number, of: (i: number) => string[]): string[] => Array.from({ length: count }, (_, i) => of(i)).flat();
const purgeOf = (tag: string): string => `PURGE / HTTP/1.1\r\nauthorization: Bearer ${TOKEN}\r\nsurrogate-key: ${tag}`;

describe.each([1, 2])('with %d threads', (workers) => {
  async function start() {
    const clock = new SettableClock();
    const team = await Team.start({ workers, clock });
    const purge = async (body: object): Promise<string> => {
      const fields = ['authorization', `Bearer ${TOKEN}`];
      const answer = await get(team.freshet.adminAddress, '/v1/purge', { method: 'POST', fields, body: JSON.stringify(body) });
      expect(answer.status).toBe(200);
      return answer.body;
    };
    /** Of the purge of `what`, once what was told of it is so. */
    const effect = async (what: string, is: (effect: Effect) => boolean): Promise<Effect> => {
      for (;;) {
        const { purges } = PAGE.parse(JSON.parse((await team.admin('/v1/purges')).body));
        const found = purges.find((one) => one.what === what)?.effect;
        if (found !== undefined && is(found)) return found;
      }
    };
    const until = async (metric: string, value: number): Promise<void> => {
      while ((await team.metric(metric)) !== value);
    };
    return { team, clock, purge, effect, until, [Symbol.asyncDispose]: () => team[Symbol.asyncDispose]() };
  }

  it('how many entries the sweep found, who asked again, and when something fresh was stored', async () => {
    await using started = await start();
    const { team, clock, purge, effect, until } = started;
    for (const path of ['/1', '/2', '/3']) {
      team.serve(path);
      await get(team.freshet.address, path);
    }
    const entries = await team.metric('freshet_store_entries');
    expect(entries).toBe(3);
    const answer = await purge({ tags: ['a'] });
    // Never a count in the answer to a purge.
    expect(answer).not.toMatch(/entries|effect/);
    expect(await effect('tag=a', ({ sweep }) => sweep === 'done')).toEqual({ entries: 3, requests: 0, sweep: 'done', counted: 'all' });
    clock.advance(70);
    // With two threads the other one may be asked, which never had it: each is asked until one that had it was.
    for (let tries = 0; (await team.metric('freshet_purge_to_fresh_seconds_count')) === 0; tries++) {
      if (tries > 50) throw new Error('no thread remembers');
      await get(team.freshet.address, `/${1 + (tries % 3)}`);
    }
    const { firstFreshMs, requests } = await effect('tag=a', (found) => found.firstFreshMs !== undefined);
    expect([firstFreshMs, requests]).toEqual([70, 1]);
    expect(await team.metric('freshet_purged_entries_total{mode="hard",by="sweep"}')).toBe(3);
    expect(await team.metric('freshet_purged_entries_later_total{later="asked"}')).toBe(1);
    expect(await team.metric('freshet_origin_requests_after_purge_total{mode="hard"}')).toBe(1);
    expect(await team.metric('freshet_purge_to_fresh_seconds_bucket{mode="hard",le="0.1"}')).toBe(1);
    clock.advance(600_001);
    await until('freshet_purged_entries_later_total{later="unasked"}', 2);
  });

  it('what met nothing', async () => {
    await using started = await start();
    const { team, purge, effect, until } = started;
    team.serve('/1');
    await get(team.freshet.address, '/1');
    await purge({ tags: ['typo'] });
    expect(await effect('tag=typo', ({ sweep }) => sweep === 'done')).toMatchObject({ entries: 0, counted: 'all' });
    await until('freshet_purges_met_nothing_total{kind="operator"}', 1);
    await purge({ prefixes: ['/1'] });
    expect(await effect('prefix=/1', ({ sweep }) => sweep === 'done')).toMatchObject({ entries: 1 });
    await get(team.freshet.address, '/1');
    await purge({ all: true, mode: 'soft' });
    expect(await effect('all', ({ sweep }) => sweep === 'done')).toMatchObject({ entries: 1 });
    expect(await team.metric('freshet_purges_met_nothing_total')).toBe(1);
  });

  it('however many purges come while the sweep goes round once: what each met, and no other met nothing', { timeout: 60_000 }, async () => {
    await using team = await Team.start({ workers });
    await using client = await RawClient.connect(team.freshet.address);
    /** Fifty at once, on one connection: so they are in one thread. */
    const ask = async (heads: readonly string[]): Promise<void> => {
      for (let from = 0; from < heads.length; from += 50) {
        const batch = heads.slice(from, from + 50);
        client.send(batch.map((head) => `${head}\r\nhost: shop.example\r\n\r\n`).join(''));
        for (const _ of batch) expect((await client.answer())?.status).toBe(200);
      }
    };
    for (let i = 0; i < MANY; i++) team.serve(`/${i}`, ['cache-control', 'max-age=1000', 'surrogate-key', `product:${i}`]);
    for (let i = MANY; i < STORED; i++) team.serve(`/${i}`, ['cache-control', 'max-age=1000']);
    await ask(each(STORED, (i) => [`GET /${i} HTTP/1.1`]));
    await ask(each(MANY, (i) => [purgeOf(`product:${i}`), purgeOf(`products:${i}`)]));
    while ((await team.metric('freshet_purges_met_nothing_total{kind="operator"}')) < MANY);
    expect(await team.metric('freshet_purges_met_nothing_total')).toBe(MANY);
    expect(await team.metric('freshet_purged_entries_total{mode="hard",by="sweep"}')).toBe(MANY);
    const { purges } = PAGE.parse(JSON.parse((await team.admin('/v1/purges')).body));
    const wrong = purges.filter(({ what, effect }) => effect.entries !== (what.startsWith('tag=product:') ? 1 : 0) || effect.counted !== 'all');
    expect([purges.length, wrong]).toEqual([1_000, []]);
  });

  it('how long a write took to its purge', async () => {
    await using started = await start();
    const { team } = started;
    team.serve('/1');
    await get(team.freshet.address, '/1', { method: 'PUT' });
    expect(await team.metric('freshet_write_to_purge_seconds_count')).toBe(1);
    expect((await team.admin('/metrics')).body).toMatch(/freshet_write_to_purge_seconds_bucket\{le="0\.0001"\} 1/);
  });
});

it('purges are settled by the thread that takes the place of one that ended', async () => {
  await using team = await Team.start();
  const [one] = await team.pair();
  await team.freshet.replaceWorker(2);
  await one.purge('a');
  expect(await team.metric('freshet_worker_crashes_total')).toBe(1);
  while ((await team.metric('freshet_purges_met_nothing_total')) === 0);
});
