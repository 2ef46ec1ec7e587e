// A purge lands while requests share a fetch: PURGE-PROTOCOL §3.2 rules 4 and 5, F1 and F2 of §2.
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { askMany, bodies, heldAt, Race, TAGGED } from './race.ts';

const PAGE = '/products/1';

function as(who: string): { readonly fields: Fields } {
  return { fields: ['authorization', who] };
}

describe('rule 4: joining a fetch in flight', () => {
  it('with its head unknown and nothing purged, it is joined', async () => {
    await using race = await Race.start();
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, reply);
    const asked = await askMany(race, PAGE, 5);
    await race.standsAt(barrier);
    barrier.open();
    expect([await bodies(asked), race.origin.count(PAGE)]).toEqual([Array(5).fill('fetch 1'), 1]);
  });

  const known: readonly [name: string, land: (race: Race) => Promise<unknown>][] = [
    ['URL', (race) => race.purge({ path: PAGE })],
    ['host', (race) => race.purgeBy({ prefixes: ['http://shop.example/'] })],
    ['path prefix', (race) => race.purgeBy({ prefixes: ['http://shop.example/products'] })],
    ['everything', (race) => race.purgeBy({ all: true })],
  ];
  it.each(known)('a purge by %s forks it at once, before its head tells any tag', async (_name, land) => {
    await using race = await Race.start();
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, reply);
    const before = await race.ask(PAGE);
    await race.standsAt(barrier);
    await land(race);
    // Answered while the first is still held.
    expect(await race.body(PAGE)).toBe('fetch 2');
    barrier.open();
    expect((await before.answer()).body).toBe('fetch 2');
  });

  it('a purge of a scope forks the fetches of that scope and of no other', async () => {
    await using race = await Race.start({ routes: '{ path: /me, scope: credential }' });
    const u1 = heldAt('before-head');
    const u2 = heldAt('before-head');
    race.serve('/me', { fields: ['cache-control', 'max-age=1000'] }, u1.reply, u2.reply);
    const first = await race.ask('/me', as('Bearer u1'));
    await race.standsAt(u1.barrier);
    const second = await race.ask('/me', as('Bearer u2'));
    await race.standsAt(u2.barrier);
    await race.purgeBy({ scopes: [{ authorization: 'Bearer u1' }] });
    expect(await race.body('/me', as('Bearer u1'))).toBe('fetch 3');
    const joined = await race.ask('/me', as('Bearer u2'));
    u1.barrier.open();
    u2.barrier.open();
    expect(await bodies([first, second, joined])).toEqual(['fetch 3', 'fetch 2', 'fetch 2']);
  });

  it('with its head unknown, one that arrives after a purge of the tag joins on trial and is not given it', async () => {
    await using race = await Race.start();
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, reply);
    const before = await race.ask(PAGE);
    await race.standsAt(barrier);
    await race.purge({ tags: ['product:1'] });
    const after = await race.ask(PAGE);
    expect(race.origin.count(PAGE)).toBe(1);
    barrier.open();
    expect([await bodies([before, after]), race.origin.count(PAGE)]).toEqual([['fetch 2', 'fetch 2'], 2]);
  });

  it.each(['after-head', 'mid-body', 'before-end'] as const)(
    'with its head known, at %s, one that arrives after a purge of the tag does not join',
    async (place) => {
      await using race = await Race.start();
      const { barrier, reply } = heldAt(place);
      race.serve(PAGE, { fields: TAGGED }, reply);
      const before = await race.ask(PAGE);
      await race.standsAt(barrier);
      const joined = await race.ask(PAGE);
      await race.purge({ tags: ['product:1'] });
      // Answered while the first is still held.
      expect(await race.body(PAGE)).toBe('fetch 2');
      barrier.open();
      expect(await bodies([before, joined])).toEqual(['fetch 1', 'fetch 1']);
    },
  );

  it('fetches of two credentials are never one', async () => {
    await using race = await Race.start({ routes: '{ path: /me, scope: credential }' });
    const u1 = heldAt('before-head');
    race.serve('/me', { fields: ['cache-control', 'max-age=1000'] }, u1.reply);
    const first = await race.ask('/me', as('Bearer u1'));
    await race.standsAt(u1.barrier);
    expect(await race.body('/me', as('Bearer u2'))).toBe('fetch 2');
    u1.barrier.open();
    expect((await first.answer()).body).toBe('fetch 1');
    expect(await race.body('/me', as('Bearer u2'))).toBe('fetch 2');
  });
});

describe('rule 5: a fetch found purged at its head', () => {
  it('is fetched once more for all who waited, those before and those after the purge', async () => {
    await using race = await Race.start();
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, reply);
    const before = await askMany(race, PAGE, 3);
    await race.standsAt(barrier);
    await race.purge({ tags: ['product:1'] });
    const after = await askMany(race, PAGE, 3);
    barrier.open();
    expect([await bodies([...before, ...after]), race.origin.count(PAGE)]).toEqual([Array(6).fill('fetch 2'), 2]);
    expect(await race.body(PAGE)).toBe('fetch 2');
  });

  it('F1, retry: purged again, it is given to those who asked before, and to nobody who asked after', async () => {
    await using race = await Race.start();
    const first = heldAt('before-head');
    const second = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, first.reply, second.reply);
    const early = await askMany(race, PAGE, 2);
    await race.standsAt(first.barrier);
    await race.purge({ tags: ['product:1'] });
    first.barrier.open();
    await race.standsAt(second.barrier);
    await race.purge({ tags: ['product:1'] });
    const late = await askMany(race, PAGE, 2);
    second.barrier.open();
    const answers = await Promise.all([...early, ...late].map((asked) => asked.answer()));
    expect(answers.map(({ body }) => body)).toEqual(['fetch 2', 'fetch 2', 'fetch 3', 'fetch 3']);
    // Not that it is stored.
    const said = expect.stringMatching(/fwd-status=200(; collapsed)?; detail=purged-in-flight$/);
    expect(answers.slice(0, 2).map((answer) => answer.field('cache-status'))).toEqual([said, said]);
    expect([await race.body(PAGE), race.origin.count(PAGE)]).toEqual(['fetch 3', 3]);
  });

  it('F2, strict: nobody is given the older answer', async () => {
    await using race = await Race.start({ defaults: 'inflight: strict' });
    const first = heldAt('before-head');
    const second = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, first.reply, second.reply);
    const early = await race.ask(PAGE);
    for (const { barrier } of [first, second]) {
      await race.standsAt(barrier);
      await race.purge({ tags: ['product:1'] });
      barrier.open();
    }
    expect([(await early.answer()).body, race.origin.count(PAGE)]).toEqual(['fetch 3', 3]);
  });

  const endless: readonly [mode: string, status: number, body: RegExp, fetches: number][] = [
    ['strict', 503, /purged-repeatedly/, 4],
    ['retry', 200, /^fetch 2$/, 2],
  ];
  it.each(endless)('under a purge in every fetch, %s ends with %i', async (mode, status, body, fetches) => {
    await using race = await Race.start({ defaults: `inflight: ${mode}` });
    const held = Array.from({ length: 6 }, () => heldAt('before-head'));
    race.serve(PAGE, { fields: TAGGED }, ...held.map(({ reply }) => reply));
    const asked = await race.ask(PAGE);
    for (const { barrier } of held.slice(0, fetches)) {
      await race.standsAt(barrier);
      await race.purge({ tags: ['product:1'] });
      barrier.open();
    }
    const answer = await asked.answer();
    expect([answer.status, answer.body, race.origin.count(PAGE)]).toEqual([status, expect.stringMatching(body), fetches]);
  });

  it('with collapsing off a request that asked before is answered after one more fetch', async () => {
    await using race = await Race.start({ defaults: 'collapse: false' });
    const first = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, first.reply);
    const asked = await race.ask(PAGE);
    await race.standsAt(first.barrier);
    await race.purge({ tags: ['product:1'] });
    first.barrier.open();
    expect((await asked.answer()).body).toBe('fetch 2');
  });
});
