// A node that may have missed purges: it passes on, answers nothing from what it has, stores nothing, and spares the origin all the same. PURGE-PROTOCOL §4.4, §4.6.
import { describe, expect, it } from 'vitest';
import { Lease } from '../../src/purge/lease.ts';
import { SettableClocks } from '../support/clock.ts';
import { askMany, bodies, heldAt, Race, TAGGED } from './race.ts';

const PAGE = '/products/1';
const PASSED = 'freshet; fwd=bypass; fwd-status=200; detail=uncoordinated';

class Coordination {
  readonly #clocks = new SettableClocks();
  readonly lease = new Lease(this.#clocks);

  constructor() {
    this.get();
  }

  get(): void {
    this.lease.holdUntil({ mono: this.#clocks.now.mono + 3_000, wall: this.#clocks.now.wall + 3_000 });
  }

  lose(): void {
    this.#clocks.advance(3_000);
  }
}

async function start(settings: { readonly defaults?: string; readonly routes?: string } = {}) {
  const coordination = new Coordination();
  return { coordination, race: await Race.start({ ...settings, lease: coordination.lease }) };
}

describe('what is stored', () => {
  it('answers under a lease, not without, and again with the next', async () => {
    const { coordination, race } = await start();
    await using _ = race;
    race.serve(PAGE, { fields: TAGGED });
    expect([await race.body(PAGE), await race.body(PAGE)]).toEqual(['fetch 1', 'fetch 1']);
    coordination.lose();
    const passed = await race.get(PAGE);
    expect([passed.body, passed.field('cache-status')]).toEqual(['fetch 2', PASSED]);
    coordination.get();
    expect([await race.body(PAGE), race.origin.count(PAGE)]).toEqual(['fetch 1', 2]);
  });

  it('is no fallback where the origin fails', async () => {
    const { coordination, race } = await start({ defaults: 'stale_if_error: 1d' });
    await using _ = race;
    race.serve(PAGE, { fields: TAGGED }, {}, { status: 503 });
    await race.body(PAGE);
    coordination.lose();
    expect((await race.get(PAGE)).status).toBe(503);
  });

  it('is no fallback where the lease ended while the origin failed', async () => {
    const { coordination, race } = await start({ defaults: 'stale_if_error: 1d' });
    await using _ = race;
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, {}, { ...reply, status: 503 });
    await race.body(PAGE);
    race.clock.advance(1_001_000);
    const asked = await race.ask(PAGE);
    await race.standsAt(barrier);
    coordination.lose();
    barrier.open();
    expect((await asked.answer()).status).toBe(503);
  });

  it('is no answer to only-if-cached', async () => {
    const { coordination, race } = await start();
    await using _ = race;
    race.serve(PAGE, { fields: TAGGED });
    await race.body(PAGE);
    coordination.lose();
    expect((await race.get(PAGE, { fields: ['cache-control', 'only-if-cached'] })).status).toBe(504);
  });

  it('is not freshened by a 304 that came after the lease had ended: it is fetched whole', async () => {
    const { coordination, race } = await start();
    await using _ = race;
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: [...TAGGED, 'etag', '"v"'] }, {}, { ...reply, status: 304, body: '' });
    await race.body(PAGE);
    race.clock.advance(1_001_000);
    const asked = await race.ask(PAGE);
    await race.standsAt(barrier);
    coordination.lose();
    barrier.open();
    expect((await asked.answer()).body).toBe('fetch 3');
    expect(race.origin.requests.filter(({ path }) => path === PAGE).map(({ fields }) => fields.includes('if-none-match'))).toEqual([
      false,
      true,
      false,
    ]);
  });
});

describe('what is fetched', () => {
  it.each(['before-head', 'mid-body', 'before-end'] as const)('under a lease that ends %s is not stored', async (place) => {
    const { coordination, race } = await start();
    await using _ = race;
    const { barrier, reply } = heldAt(place);
    race.serve(PAGE, { fields: TAGGED }, reply);
    const asked = await race.ask(PAGE);
    await race.standsAt(barrier);
    coordination.lose();
    barrier.open();
    expect((await asked.answer()).body).toBe('fetch 1');
    coordination.get();
    expect([await race.body(PAGE), await race.body(PAGE)]).toEqual(['fetch 2', 'fetch 2']);
  });

  it('is shared with those alone who came before it began; those who come meanwhile share the next one', async () => {
    const { coordination, race } = await start();
    await using _ = race;
    coordination.lose();
    const [first, second] = [heldAt('before-head'), heldAt('before-head')];
    race.serve(PAGE, { fields: TAGGED }, first.reply, second.reply);
    const before = await race.ask(PAGE);
    await race.standsAt(first.barrier);
    const meanwhile = await askMany(race, PAGE, 5);
    expect(race.origin.count(PAGE)).toBe(1);
    first.barrier.open();
    await race.standsAt(second.barrier);
    const later = await race.ask(PAGE);
    second.barrier.open();
    expect(await bodies([before, ...meanwhile, later])).toEqual(['fetch 1', ...Array(5).fill('fetch 2'), 'fetch 3']);
    expect(race.origin.count(PAGE)).toBe(3);
  });

  it('before the lease ended is not shared with those who came while it was gone', async () => {
    const { coordination, race } = await start();
    await using _ = race;
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, reply);
    const [leader, follower] = await askMany(race, PAGE, 2);
    await race.standsAt(barrier);
    coordination.lose();
    const late = await race.ask(PAGE);
    barrier.open();
    // The follower's answer would rest on a lease that is gone.
    expect(await bodies([leader, follower, late].filter((asked) => asked !== undefined))).toEqual(['fetch 1', 'fetch 2', 'fetch 2']);
  });

  it('and may not be shared sends those who wait by themselves', async () => {
    const { coordination, race } = await start();
    await using _ = race;
    coordination.lose();
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: ['cache-control', 'private'] }, reply);
    const asked = await askMany(race, PAGE, 3);
    await race.standsAt(barrier);
    barrier.open();
    expect(new Set(await bodies(asked)).size).toBe(3);
  });

  it('makes no hit-for-miss: with the lease back, requests collapse', async () => {
    const { coordination, race } = await start();
    await using _ = race;
    coordination.lose();
    const { barrier, reply } = heldAt('before-head');
    race.serve(PAGE, { fields: TAGGED }, {}, reply);
    await race.body(PAGE);
    coordination.get();
    const asked = await askMany(race, PAGE, 3);
    await race.standsAt(barrier);
    barrier.open();
    expect(await bodies(asked)).toEqual(Array(3).fill('fetch 2'));
  });
});

it('a scope that was looked up is not believed', async () => {
  const { coordination, race } = await start({ routes: '{ path: /me, scope: { lookup: /_scope } }' });
  await using _ = race;
  race.serve('/_scope', { fields: ['auth-scope', 'u1', 'cache-control', 'max-age=1000'] });
  race.serve('/me', { fields: ['cache-control', 'max-age=1000'] });
  const as = { fields: ['authorization', 'Bearer one'] };
  expect([await race.body('/me', as), await race.body('/me', as)]).toEqual(['fetch 1', 'fetch 1']);
  coordination.lose();
  const passed = await race.get('/me', as);
  expect([passed.body, passed.field('cache-status')]).toEqual(['fetch 2', PASSED]);
  expect(race.origin.count('/_scope')).toBe(1);
});
