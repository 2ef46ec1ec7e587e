// A purge lands while a response is being fetched: PURGE-PROTOCOL §3.2 rules 1, 2 and 12, and F1 of §2.
import { describe, expect, it } from 'vitest';
import type { Place } from '../support/origin.ts';
import { heldAt, Race, TAGGED } from './race.ts';

const PLACES = ['before-read', 'before-head', 'after-head', 'mid-body', 'before-end'] as const satisfies readonly Place[];
const HEAD_IS_OUT: ReadonlySet<Place> = new Set(['after-head', 'mid-body', 'before-end']);

const PAGE = '/products/1?currency=eur';

const purges: readonly [name: string, land: (race: Race) => Promise<unknown>][] = [
  ['of its tag', (race) => race.purge({ tags: ['product:1'] })],
  ['of its tag among others', (race) => race.purge({ tags: ['x', 'y', 'product:1'] })],
  ['of its URL', (race) => race.purge({ path: PAGE })],
  ['of its path prefix', (race) => race.purgeBy({ prefixes: ['http://shop.example/products'] })],
  ['of everything (rule 12)', (race) => race.purgeBy({ all: true })],
];

describe.each(purges)('F1, rules 1 and 2: a purge %s', (_name, land) => {
  it.each(PLACES)(
    'lands while the origin stands %s: what it interrupts is never stored, and who asks after it gets what was fetched after it',
    async (place) => {
      await using race = await Race.start();
      const { barrier, reply } = heldAt(place);
      race.serve(PAGE, { fields: TAGGED }, reply);

      const before = await race.ask(PAGE);
      await race.standsAt(barrier);
      await land(race);
      const after = await race.ask(PAGE);
      barrier.open();

      expect((await after.answer()).body).toBe('fetch 2');
      // A head that was out before the purge is followed by its body; one that was not is not sent (rule 5, retry).
      expect((await before.answer()).body).toBe(HEAD_IS_OUT.has(place) ? 'fetch 1' : 'fetch 2');
      const later = await race.get(PAGE);
      expect([later.body, later.field('cache-status'), race.origin.count(PAGE)]).toEqual(['fetch 2', expect.stringContaining('freshet; hit'), 2]);
    },
  );
});

describe('rule 1: a purge of something else', () => {
  it.each(PLACES)('while the origin stands %s hinders nothing', async (place) => {
    await using race = await Race.start();
    const { barrier, reply } = heldAt(place);
    race.serve(PAGE, { fields: TAGGED }, reply);

    const before = await race.ask(PAGE);
    await race.standsAt(barrier);
    await race.purge({ tags: ['product:2'] });
    barrier.open();

    expect((await before.answer()).body).toBe('fetch 1');
    expect(await race.body(PAGE)).toBe('fetch 1');
  });
});

describe('rule 1: the tags count from the moment the head tells them', () => {
  it('a purge of a tag that nothing carried yet ends the fetch that turns out to carry it', async () => {
    await using race = await Race.start();
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, { ...reply, fields: ['cache-control', 'max-age=1000', 'cache-tag', 'never-seen'] });

    const before = await race.ask(PAGE);
    await race.standsAt(barrier);
    await race.purge({ tags: ['never-seen'] });
    barrier.open();

    expect((await before.answer()).body).toBe('fetch 2');
  });

  it('so does one of a tag that only the route gives it', async () => {
    await using race = await Race.start({ routes: '{ path: "/products/:id", tags: ["p-{id}"] }' });
    const { barrier, reply } = heldAt('mid-body');
    race.serve(PAGE, { fields: ['cache-control', 'max-age=1000'] }, reply);

    const before = await race.ask(PAGE);
    await race.standsAt(barrier);
    await race.purge({ tags: ['p-1'] });
    barrier.open();

    expect((await before.answer()).body).toBe('fetch 1');
    expect(await race.body(PAGE)).toBe('fetch 2');
  });
});

describe('rule 2: what the end of a body may store', () => {
  it('a late old fill never takes the place of a newer one', async () => {
    await using race = await Race.start({ defaults: 'collapse: false' });
    const { barrier, reply } = heldAt('mid-body');
    race.serve(PAGE, { fields: TAGGED }, reply);

    const old = await race.ask(PAGE);
    await race.standsAt(barrier);
    expect(await race.body(PAGE)).toBe('fetch 2');
    barrier.open();

    expect((await old.answer()).body).toBe('fetch 1');
    expect(await race.body(PAGE)).toBe('fetch 2');
  });

  it('the old one does not either where a purge stood between the two', async () => {
    await using race = await Race.start();
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, reply);

    const old = await race.ask(PAGE);
    await race.standsAt(barrier);
    await race.purge({ path: PAGE });
    expect(await race.body(PAGE)).toBe('fetch 2');
    barrier.open();

    expect((await old.answer()).body).toBe('fetch 2');
    expect([await race.body(PAGE), race.origin.count(PAGE)]).toEqual(['fetch 2', 2]);
  });

  it('what a purge ended before its head is refused, whoever waits for its end, and what is fetched instead is put down to the purge', async () => {
    await using race = await Race.start();
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, reply);
    const asked = await race.ask(PAGE);
    await race.standsAt(barrier);
    await race.purge({ tags: ['product:1'] });
    barrier.open();
    expect((await asked.answer()).body).toBe('fetch 2');
    expect(await race.metrics(/^freshet_(fills_refused_(by_purge_)?total|origin_requests_after_purge_total{mode="hard"})/)).toEqual([
      'freshet_fills_refused_total{reason="purged-in-flight"} 1',
      'freshet_fills_refused_by_purge_total 1',
      'freshet_origin_requests_after_purge_total{mode="hard"} 1',
    ]);
    // It has met that: what came after it and met nothing is the only one that did.
    await race.purge({ tags: ['nothing'] });
    const metNothing = (): Promise<readonly string[]> => race.metrics(/^freshet_purges_met_nothing_total{kind="operator"} [^0]/);
    while ((await metNothing()).length === 0);
    expect(await metNothing()).toEqual(['freshet_purges_met_nothing_total{kind="operator"} 1']);
  });

  it('what would not have been stored anyway has met no purge', async () => {
    await using race = await Race.start();
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: [...TAGGED, 'cache-control', 'no-store'] }, reply);
    const asked = await race.ask(PAGE);
    await race.standsAt(barrier);
    await race.purge({ tags: ['product:1'] });
    barrier.open();
    await asked.answer();
    // When the sweep has been round.
    while ((await race.metrics(/^freshet_purges_met_nothing_total{kind="operator"} 1/)).length === 0);
  });

  it.each(['after-head', 'mid-body', 'before-end'] as const)(
    'what a purge ended while its body stood %s is refused at its end: no entry appears, and the refusal is counted',
    async (place) => {
      await using race = await Race.start();
      const { barrier, reply } = heldAt(place);
      race.serve(PAGE, { fields: TAGGED }, reply);
      const asked = await race.ask(PAGE);
      await race.standsAt(barrier);
      await race.purge({ tags: ['product:1'] });
      barrier.open();
      expect((await asked.answer()).body).toBe('fetch 1');
      expect(await race.metrics(/^freshet_(fills_(stored|refused)|store_entries|store_removals_total{reason="purged"})/)).toEqual([
        'freshet_fills_stored_total 0',
        'freshet_fills_refused_total{reason="purged-in-flight"} 1',
        'freshet_fills_refused_by_purge_total 1',
        'freshet_store_entries 0',
        'freshet_store_removals_total{reason="purged"} 0',
      ]);
    },
  );

  const unverified: readonly [name: string, reply: object, reason: string][] = [
    ['that is cut', { fault: 'truncate' }, 'truncated'],
    ['that is reset', { fault: 'reset' }, 'truncated'],
    ['shorter than its length', { fault: 'lie' }, 'truncated'],
    ['cut between chunks', { fault: 'truncate', framing: 'chunked' }, 'truncated'],
    ['that only the end of the connection ends', { framing: 'close' }, 'close-delimited'],
  ];
  it.each(unverified)('a body %s is not stored', async (_name, reply, reason) => {
    await using race = await Race.start();
    race.serve(PAGE, { fields: TAGGED }, reply);
    await (await race.ask(PAGE)).answer();
    expect(await race.body(PAGE)).toBe('fetch 2');
    expect(await race.metrics(/^freshet_fills_refused_total/)).toEqual([`freshet_fills_refused_total{reason="${reason}"} 1`]);
  });
});

describe('rule 12: purge-all', () => {
  it('ends every entry of every scope, and nothing that is fetched after it', async () => {
    await using race = await Race.start({ routes: '{ path: "/me", scope: credential }' });
    race.serve(PAGE, { fields: TAGGED });
    race.serve('/me', { fields: ['cache-control', 'max-age=1000'] });
    const asked = [[PAGE], ['/me', 'Bearer u1'], ['/me', 'Bearer u2']] as const;
    const bodies = () => Promise.all(asked.map(([path, who]) => race.body(path, who === undefined ? {} : { fields: ['authorization', who] })));

    const first = await bodies();
    expect(await bodies()).toEqual(first);
    await race.purgeBy({ all: true });
    const second = await bodies();
    expect(new Set([...first, ...second]).size).toBe(first.length + second.length - 2);
    expect(await bodies()).toEqual(second);
  });
});
