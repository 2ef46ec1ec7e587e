// The fences against replicas that lag: settle windows and lowest versions. PURGE-PROTOCOL §3.6, and `held` in §3.2 rule 5.
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { askMany, bodies, heldAt, Race, TAGGED } from './race.ts';

const PAGE = '/products/1';

function stating(version: number): Fields {
  return [...TAGGED, 'surrogate-version', `product:1=${version}`];
}

function purge(race: Race): Promise<unknown> {
  return race.purgeBy({ versions: { 'product:1': 18 } });
}

describe('held: a settle window is no purge and no failure', () => {
  const SETTLE: Fields = ['purge-settle', '2s'];

  it('what is fetched in it is shared with those who wait, passed on and not stored; after it all is as before', async () => {
    await using race = await Race.start();
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, reply);
    await race.purge({ tags: ['product:1'], fields: SETTLE });
    const asked = await askMany(race, PAGE, 3);
    await race.standsAt(barrier);
    barrier.open();
    expect([await bodies(asked), race.origin.count(PAGE)]).toEqual([Array(3).fill('fetch 1'), 1]);

    const again = await race.get(PAGE);
    expect([again.body, again.field('cache-status')]).toEqual(['fetch 2', expect.stringContaining('detail=held')]);
    race.clock.advance(2_001);
    expect([await race.body(PAGE), await race.body(PAGE)]).toEqual(['fetch 3', 'fetch 3']);
  });

  it('a request sent in it whose answer comes after it is still not stored', async () => {
    await using race = await Race.start();
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, reply);
    await race.purge({ tags: ['product:1'], fields: SETTLE });
    const asked = await race.ask(PAGE);
    await race.standsAt(barrier);
    race.clock.advance(3_000);
    barrier.open();
    expect([(await asked.answer()).body, await race.body(PAGE)]).toEqual(['fetch 1', 'fetch 2']);
  });

  it('it makes no hit-for-miss: requests after it are collapsed', async () => {
    await using race = await Race.start();
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, {}, reply);
    await race.purge({ tags: ['product:1'], fields: SETTLE });
    await race.body(PAGE);
    race.clock.advance(2_001);
    const asked = await askMany(race, PAGE, 3);
    await race.standsAt(barrier);
    barrier.open();
    expect([await bodies(asked), race.origin.count(PAGE)]).toEqual([Array(3).fill('fetch 2'), 2]);
  });

  it.each(['before-read', 'before-head', 'after-head', 'mid-body', 'before-end'] as const)(
    'a soft purge with settle that lands while the origin stands %s leaves nothing stored',
    async (place) => {
      await using race = await Race.start();
      const { barrier, reply } = heldAt(place);
      race.serve(PAGE, { fields: TAGGED }, reply);
      const asked = await race.ask(PAGE);
      await race.standsAt(barrier);
      await race.purge({ tags: ['product:1'], fields: [...SETTLE, 'soft-purge', '1'] });
      barrier.open();
      expect((await asked.answer()).body).toBe('fetch 1');
      expect(await race.body(PAGE)).toBe('fetch 2');
    },
  );
});

describe('versions: a purge may name the lowest that is acceptable', () => {
  it('what states a lower one is passed on and not stored, what states it is stored', async () => {
    await using race = await Race.start();
    race.serve(PAGE, { fields: stating(18) }, { fields: stating(16) }, { fields: stating(17) });
    await race.body(PAGE);
    await purge(race);
    const lagging = await race.get(PAGE);
    expect([lagging.body, lagging.field('cache-status')]).toEqual(['fetch 2', expect.stringContaining('detail=version-behind')]);
    expect([await race.body(PAGE), await race.body(PAGE)]).toEqual(['fetch 3', 'fetch 3']);
  });

  it('where the route wants a version, what leaves out the tag that a purge demanded one of is not stored either', async () => {
    await using race = await Race.start({ routes: '{ path: "/**", strategy: versioned, tags: ["product:1"] }' });
    const other: Fields = ['cache-control', 'max-age=10', 'surrogate-version', 'stock:1=9'];
    race.serve(PAGE, { fields: stating(18) }, { fields: ['cache-control', 'max-age=10'] }, { fields: other }, { fields: other });
    const said = async (): Promise<string> => (await race.get(PAGE)).field('cache-status') ?? '';
    expect([await said(), await said()]).toEqual([expect.stringContaining('detail=version-missing'), expect.stringContaining('stored')]);
    await purge(race);
    expect([await said(), await said(), await said()]).toEqual([
      expect.stringContaining('detail=version-behind'),
      expect.stringContaining('stored'),
      expect.stringContaining('hit'),
    ]);
  });

  it.each(['before-head', 'mid-body'] as const)('a purge that lands while the origin stands %s ends the fetch under way', async (place) => {
    await using race = await Race.start();
    const { barrier, reply } = heldAt(place);
    race.serve(PAGE, { fields: stating(18) }, { ...reply, fields: stating(17) });
    const asked = await race.ask(PAGE);
    await race.standsAt(barrier);
    await purge(race);
    barrier.open();
    await asked.answer();
    expect(await race.body(PAGE)).toBe('fetch 2');
  });

  it('a 304 that states a lower one keeps nothing', async () => {
    await using race = await Race.start();
    const fresh: Fields = ['cache-control', 'max-age=10', 'surrogate-key', 'product:1', 'etag', '"1"', 'surrogate-version', 'product:1=18'];
    race.serve(PAGE, { fields: stating(18) }, { fields: fresh }, { status: 304, fields: ['etag', '"1"', 'surrogate-version', 'product:1=17'] });
    await purge(race);
    await race.body(PAGE);
    race.clock.advance(11_000);
    expect(await race.body(PAGE)).toBe('fetch 1');
    expect(await race.body(PAGE)).toBe('fetch 3');
  });
});
