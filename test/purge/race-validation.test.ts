// A purge lands while a stale entry is served, refreshed or validated: PURGE-PROTOCOL §3.2 rules 6 and 7.
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import type { Reply } from '../support/origin.ts';
import { heldAt, Race } from './race.ts';

const PAGE = '/products/1';
const TAG: Fields = ['surrogate-key', 'product:1'];
const SWR: Fields = ['cache-control', 'max-age=10, stale-while-revalidate=100', 'etag', '"1"', ...TAG];
const SIE: Fields = ['cache-control', 'max-age=10, stale-if-error=100', ...TAG];
const SHORT: Fields = ['cache-control', 'max-age=10', 'etag', '"1"', ...TAG];

const purge = (race: Race) => race.purge({ tags: ['product:1'] });

/** PAGE is stored, and has been stale for a second. */
async function stale(settings: { readonly defaults?: string }, always: Reply, ...replies: readonly Reply[]): Promise<Race> {
  const race = await Race.start(settings);
  race.serve(PAGE, always, {}, ...replies);
  expect(await race.body(PAGE)).toBe('fetch 1');
  race.clock.advance(11_000);
  return race;
}

/** Whether the nth request, counted from 1, was a validation. */
function validated(race: Race, nth: number): boolean | undefined {
  return race.origin.requests[nth - 1]?.fields.includes('if-none-match');
}

describe('rule 6: stale while it is refreshed', () => {
  it('it is served, and refreshed once', async () => {
    await using race = await stale({}, { fields: SWR });
    expect(await race.body(PAGE)).toBe('fetch 1');
    await race.origin.seen(2);
    await race.noticed();
    expect(await race.body(PAGE)).toBe('fetch 2');
  });

  it('a refresh that is answered 304 is an answer of the origin, and no client that left', async () => {
    await using race = await stale({}, { fields: SWR }, { status: 304, fields: SWR });
    expect(await race.body(PAGE)).toBe('fetch 1');
    await race.origin.seen(2);
    const results = (): Promise<readonly string[]> => race.metrics(/^freshet_origin_requests_total/);
    while ((await results()).length < 2);
    expect((await results()).map((line) => line.slice(line.indexOf('result=')))).toEqual(['result="2xx"} 1', 'result="3xx"} 1']);
  });

  it('not after a hard purge', async () => {
    await using race = await stale({}, { fields: SWR });
    await purge(race);
    expect(await race.body(PAGE)).toBe('fetch 2');
  });

  it.each(['before-read', 'before-head', 'after-head', 'mid-body', 'before-end'] as const)(
    'a purge while its refresh stands %s: who comes then gets neither the stale one nor the refresh, which is not stored',
    async (place) => {
      const { barrier, reply } = heldAt(place);
      await using race = await stale({}, { fields: SWR }, reply);
      expect(await race.body(PAGE)).toBe('fetch 1');
      await race.standsAt(barrier);
      await purge(race);
      // Answered while the refresh is still held.
      expect(await race.body(PAGE)).toBe('fetch 3');
      barrier.open();
      await race.noticed();
      expect([await race.body(PAGE), race.origin.count(PAGE)]).toEqual(['fetch 3', 3]);
    },
  );

  it('a refresh that a purge overtook does not stop the next one', async () => {
    const { barrier, reply } = heldAt('before-head');
    await using race = await stale({}, { fields: SWR }, reply);
    await race.body(PAGE);
    await race.standsAt(barrier);
    await purge(race);
    await race.body(PAGE);
    race.clock.advance(11_000);
    expect(await race.body(PAGE)).toBe('fetch 3');
    await race.origin.seen(4);
    barrier.open();
  });
});

describe('rule 6: a refresh that a soft purge overtook', () => {
  it.each(['before-read', 'before-head'] as const)('%s is not joined: the next stale answer starts another, whose answer is kept', async (place) => {
    const { barrier, reply } = heldAt(place);
    await using race = await stale({}, { fields: SWR }, reply);
    await race.body(PAGE);
    await race.standsAt(barrier);
    await race.purge({ tags: ['product:1'], fields: ['soft-purge', '1'] });
    expect(await race.body(PAGE)).toBe('fetch 1');
    await race.origin.seen(3);
    await race.noticed();
    expect(await race.body(PAGE)).toBe('fetch 3');
    barrier.open();
    await race.noticed();
    expect([await race.body(PAGE), race.origin.count(PAGE)]).toEqual(['fetch 3', 3]);
  });
});

describe('rule 6: stale because the origin fails', () => {
  const failures: readonly [name: string, reply: Reply, status: number][] = [
    ['no HTTP', { raw: 'nonsense\r\n\r\n' }, 502],
    ['503', { status: 503, body: 'down' }, 503],
  ];

  it.each(failures)('%s: it is served', async (_name, failing) => {
    await using race = await stale({}, { fields: SIE }, failing);
    expect(await race.body(PAGE)).toBe('fetch 1');
  });

  it.each(failures)('%s after a hard purge: the failure, never the old page', async (_name, failing, status) => {
    await using race = await stale({}, { fields: SIE }, failing);
    await purge(race);
    expect((await race.get(PAGE)).status).toBe(status);
  });

  it.each(failures)('%s in a fetch during which the purge landed: the failure, never the old page', async (_name, failing, status) => {
    const { barrier, reply } = heldAt('before-read');
    await using race = await stale({}, { fields: SIE }, { ...reply, ...failing }, failing);
    const asked = await race.ask(PAGE);
    await race.standsAt(barrier);
    await purge(race);
    barrier.open();
    expect((await asked.answer()).status).toBe(status);
  });

  it.each(failures)('%s after a purge while the entry was fresh', async (_name, failing, status) => {
    await using race = await Race.start();
    race.serve(PAGE, { fields: SIE }, {}, failing);
    await race.body(PAGE);
    await purge(race);
    expect((await race.get(PAGE)).status).toBe(status);
  });
});

describe('rule 7: 304', () => {
  const NOT_MODIFIED: Reply = { status: 304, fields: ['etag', '"1"', 'cache-control', 'max-age=10'] };

  it('freshens what nothing marked', async () => {
    await using race = await stale({}, { fields: SHORT }, NOT_MODIFIED);
    expect([await race.body(PAGE), validated(race, 2)]).toEqual(['fetch 1', true]);
    expect([await race.body(PAGE), race.origin.count(PAGE)]).toEqual(['fetch 1', 2]);
  });

  it('a hard-purged entry is never a validator', async () => {
    await using race = await stale({}, { fields: SHORT }, {});
    await purge(race);
    expect([await race.body(PAGE), validated(race, 2)]).toEqual(['fetch 2', false]);
  });

  it('nor is one that was purged while it was fresh', async () => {
    await using race = await Race.start();
    race.serve(PAGE, { fields: SHORT });
    await race.body(PAGE);
    await purge(race);
    expect([await race.body(PAGE), validated(race, 2)]).toEqual(['fetch 2', false]);
  });

  const marked: readonly [name: string, tag: string, more: Fields][] = [
    ['its tag', 'product:1', []],
    ['a tag that only the 304 names', 'new', ['surrogate-key', 'new']],
    ['a tag that the 304 does not name any more', 'product:1', ['surrogate-key', 'new']],
  ];
  it.each(marked)('a purge of %s that lands before the 304 ends the entry: it is fetched whole, without conditions', async (_name, tag, more) => {
    const { barrier, reply } = heldAt('before-head');
    await using race = await stale({}, { fields: SHORT }, { ...NOT_MODIFIED, ...reply, fields: [...(NOT_MODIFIED.fields ?? []), ...more] });
    const asked = await race.ask(PAGE);
    await race.standsAt(barrier);
    await race.purge({ tags: [tag] });
    barrier.open();
    expect([(await asked.answer()).body, validated(race, 2), validated(race, 3)]).toEqual(['fetch 3', true, false]);
    expect([await race.body(PAGE), race.origin.count(PAGE)]).toEqual(['fetch 3', 3]);
    expect(await race.metrics(/^freshet_fills_refused/)).toEqual([
      'freshet_fills_refused_total{reason="base-gone"} 1',
      'freshet_fills_refused_by_purge_total 1',
    ]);
  });

  it('who asks after that purge does not wait for the 304', async () => {
    const { barrier, reply } = heldAt('before-head');
    await using race = await stale({}, { fields: SHORT }, { ...NOT_MODIFIED, ...reply });
    const asked = await race.ask(PAGE);
    await race.standsAt(barrier);
    await purge(race);
    expect([await race.body(PAGE), validated(race, 3)]).toEqual(['fetch 3', false]);
    barrier.open();
    expect([(await asked.answer()).body, race.origin.count(PAGE)]).toEqual(['fetch 3', 3]);
  });

  it('the base must still be the same entry: a 304 about one that was replaced is no answer', async () => {
    const { barrier, reply } = heldAt('before-head');
    await using race = await stale({ defaults: 'collapse: false' }, { fields: SHORT }, { ...NOT_MODIFIED, ...reply }, { status: 200 });
    const asked = await race.ask(PAGE);
    await race.standsAt(barrier);
    expect(await race.body(PAGE)).toBe('fetch 3');
    barrier.open();
    expect([(await asked.answer()).body, race.origin.count(PAGE)]).toEqual(['fetch 3', 3]);
  });

  const tagging: readonly [name: string, more: Fields, purged: string, body: string][] = [
    ['those on the 304', ['surrogate-key', 'new'], 'new', 'fetch 3'],
    ['those on the 304, and no others', ['surrogate-key', 'new'], 'product:1', 'fetch 1'],
    ['the old ones where the 304 names none', [], 'product:1', 'fetch 3'],
  ];
  it.each(tagging)('the tags of a freshened entry are %s', async (_name, more, purged, body) => {
    await using race = await stale({}, { fields: SHORT }, { ...NOT_MODIFIED, fields: [...(NOT_MODIFIED.fields ?? []), ...more] });
    await race.body(PAGE);
    await race.purge({ tags: [purged] });
    expect(await race.body(PAGE)).toBe(body);
  });

  it('a purge before the validation was sent does not end what it freshened', async () => {
    await using race = await stale({}, { fields: SHORT }, NOT_MODIFIED);
    await race.purge({ tags: ['product:2'] });
    await race.body(PAGE);
    expect([await race.body(PAGE), race.origin.count(PAGE)]).toEqual(['fetch 1', 2]);
  });

  it('held: a 304 in a settle window answers and keeps nothing', async () => {
    await using race = await stale({}, { fields: SHORT }, NOT_MODIFIED);
    await race.purge({ tags: ['product:1'], fields: ['soft-purge', '1', 'purge-settle', '2s'] });
    expect(await race.body(PAGE)).toBe('fetch 1');
    expect(await race.body(PAGE)).toBe('fetch 3');
  });

  it('of one credential it freshens nothing of another', async () => {
    await using race = await Race.start({ routes: '{ path: /me, scope: credential }' });
    race.origin.on('/me', (request, nth) => {
      const who = request.fields[request.fields.indexOf('authorization') + 1];
      if (request.fields.includes('if-none-match')) return { status: 304, fields: ['etag', '"1"', 'cache-control', 'max-age=10'] };
      return { fields: ['etag', '"1"', 'cache-control', 'max-age=10'], body: `${who} ${nth}` };
    });
    const as = (who: string) => race.body('/me', { fields: ['authorization', who] });
    expect([await as('Bearer u1'), await as('Bearer u2')]).toEqual(['Bearer u1 1', 'Bearer u2 2']);
    race.clock.advance(11_000);
    expect(await Promise.all([as('Bearer u1'), as('Bearer u2'), as('Bearer u1')])).toEqual(['Bearer u1 1', 'Bearer u2 2', 'Bearer u1 1']);
  });
});
