// A purge meets what is stored: PURGE-PROTOCOL §3.2 rules 3, 8, 9 and 10, and F2 of §2.
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import type { Answer } from '../support/client.ts';
import { DEBUG, heldAt, purgeFields, Race, TAGGED, wireRequest, isOneThread } from './race.ts';

const PAGE = '/products/1';
const RANGE: Fields = ['range', 'bytes=0-4'];

function isHit(answer: Answer): boolean {
  return /^freshet;\s*hit/.test(answer.field('cache-status') ?? '');
}

describe('rule 3: a hit asks the marks in the step that writes its head', () => {
  const rows: readonly [name: string, land: (race: Race) => Promise<unknown>, body: string][] = [
    ['its tag', (race) => race.purge({ tags: ['product:1'] }), 'fetch 2'],
    ['its URL', (race) => race.purge({ path: PAGE }), 'fetch 2'],
    ['another tag', (race) => race.purge({ tags: ['product:2'] }), 'fetch 1'],
    ['another URL', (race) => race.purge({ path: '/products/2' }), 'fetch 1'],
    [
      'another, then its tag',
      (race) =>
        race
          .purge({ tags: ['product:2'] })
          .then(() => race.body(PAGE))
          .then(() => race.purge({ tags: ['product:1'] })),
      'fetch 2',
    ],
  ];
  it.each(rows)('after a purge of %s', async (_name, land, body) => {
    await using race = await Race.start();
    race.serve(PAGE, { fields: TAGGED });
    await race.body(PAGE);
    expect(isHit(await race.get(PAGE))).toBe(true);
    await land(race);
    expect(await race.body(PAGE)).toBe(body);
  });

  it('F2: of a hit and a purge in the same instant, no head of the older is written after the purge was published', async () => {
    await using race = await Race.start();
    race.serve(PAGE, { fields: TAGGED });
    await using reader = await race.connect(1);
    await using purger = await race.connect(2);
    let confirmed = 0;
    for (let round = 0; round < 20; round++) {
      await race.body(PAGE);
      reader.send(wireRequest(PAGE, { fields: DEBUG }));
      purger.send(wireRequest('/', { method: 'PURGE', fields: purgeFields(['product:1']) }));
      const [answer, purged] = await Promise.all([reader.answer(), purger.answer()]);
      if (answer === undefined) throw new Error('the reader got no answer');
      // Every purge is of its tag, so the epoch it was fetched at must be the one at which its head was written.
      const { asOf, now } = race.epochs(answer);
      if (isOneThread()) expect(asOf).toBe(now);
      // F1, whatever the threads: never older than a purge that was confirmed before it was asked for.
      expect(asOf).toBeGreaterThanOrEqual(confirmed);
      confirmed = Number(/"id":"[0-9a-f]+\.(\d+)"/.exec(purged?.body ?? '')?.[1]);
    }
  });
});

describe('rule 8: a soft purge', () => {
  const WINDOWS: Fields = [
    'cache-control',
    'max-age=1000, stale-while-revalidate=10, stale-if-error=20',
    'surrogate-key',
    'product:1',
    'etag',
    '"1"',
  ];
  const soft = { tags: ['product:1'], fields: ['soft-purge', '1'] };

  it('promises nothing, and says so', async () => {
    await using race = await Race.start();
    expect(JSON.parse((await race.purge(soft)).body)).toMatchObject({ state: 'confirmed', guarantee: 'none', mode: 'soft' });
    expect(JSON.parse((await race.purge({ tags: ['product:1'] })).body)).toMatchObject({
      state: 'confirmed',
      guarantee: 'linearizable',
      mode: 'hard',
    });
  });

  const rows: readonly [name: string, afterMs: number, body: string, status: RegExp][] = [
    ['within its stale-while-revalidate window, counted from the purge, it answers', 9_000, 'fetch 1', /hit; ttl=-9; detail=stale-while-revalidate/],
    ['past that it is validated', 11_000, 'fetch 2', /fwd=stale/],
  ];
  it.each(rows)('%s', async (_name, afterMs, body, status) => {
    await using race = await Race.start();
    race.serve(PAGE, { fields: WINDOWS });
    await race.body(PAGE);
    await race.purge(soft);
    race.clock.advance(afterMs);
    const answer = await race.get(PAGE);
    expect([answer.body, answer.field('cache-status')]).toEqual([body, expect.stringMatching(status)]);
    await race.origin.seen(2);
    expect(race.origin.requests[1]?.fields).toContain('if-none-match');
  });

  it('lets it answer when the origin fails, for as long as stale-if-error counted from the purge', async () => {
    await using race = await Race.start();
    race.serve(PAGE, { status: 503 }, { status: 200, fields: ['cache-control', 'max-age=1000, stale-if-error=20', 'surrogate-key', 'product:1'] });
    await race.body(PAGE);
    await race.purge(soft);
    race.clock.advance(19_000);
    expect((await race.get(PAGE)).status).toBe(200);
    race.clock.advance(2_000);
    expect((await race.get(PAGE)).status).toBe(503);
  });

  it.each(['before-head', 'mid-body'] as const)('that lands while the origin stands %s makes what is stored then stale', async (place) => {
    await using race = await Race.start();
    const { barrier, reply } = heldAt(place);
    race.serve(PAGE, { fields: WINDOWS }, reply);
    const asked = await race.ask(PAGE);
    await race.standsAt(barrier);
    await race.purge(soft);
    barrier.open();
    expect((await asked.answer()).body).toBe('fetch 1');
    expect((await race.get(PAGE)).field('cache-status')).toMatch(/hit; ttl=-?\d+; detail=stale-while-revalidate/);
  });

  it('and a hard one after it leaves nothing', async () => {
    await using race = await Race.start();
    race.serve(PAGE, { fields: WINDOWS });
    await race.body(PAGE);
    await race.purge(soft);
    await race.purge({ tags: ['product:1'] });
    expect(await race.body(PAGE)).toBe('fetch 2');
    expect(race.origin.requests[1]?.fields).not.toContain('if-none-match');
  });
});

describe('rule 9: each response is judged by its own tags', () => {
  it('one that came without the old tag is out of its reach, and within that of the new one', async () => {
    await using race = await Race.start();
    race.serve(
      PAGE,
      { fields: ['cache-control', 'max-age=10', 'surrogate-key', 'new'] },
      { fields: ['cache-control', 'max-age=10', 'surrogate-key', 'old'] },
    );
    await race.body(PAGE);
    race.clock.advance(11_000);
    expect(await race.body(PAGE)).toBe('fetch 2');
    await race.purge({ tags: ['old'] });
    expect(await race.body(PAGE)).toBe('fetch 2');
    await race.purge({ tags: ['new'] });
    expect(await race.body(PAGE)).toBe('fetch 3');
  });
});

describe('rule 10: HEAD, ranges, errors', () => {
  it('HEAD and ranges are answered from a whole response while it is not purged', async () => {
    await using race = await Race.start();
    race.serve(PAGE, { fields: TAGGED });
    await race.body(PAGE);
    const asks = [{ method: 'HEAD' }, { fields: RANGE }];
    expect((await Promise.all(asks.map((asking) => race.get(PAGE, asking)))).map(isHit)).toEqual([true, true]);
    await race.purge({ tags: ['product:1'] });
    // In turn, HEAD first: its answer stores nothing, while that of the range is whole and would answer the HEAD.
    for (const asking of asks) expect(isHit(await race.get(PAGE, asking))).toBe(false);
    expect(race.origin.count(PAGE)).toBe(3);
  });

  it('the answer to HEAD stores nothing', async () => {
    await using race = await Race.start();
    race.serve(PAGE, { fields: TAGGED });
    await race.get(PAGE, { method: 'HEAD' });
    expect((await race.get(PAGE)).field('cache-status')).toContain('fwd=uri-miss');
  });

  const PART: Fields = [...TAGGED, 'etag', '"1"', 'content-range', 'bytes 0-4/10'];
  const REST: Fields = [...TAGGED, 'etag', '"1"', 'content-range', 'bytes 5-9/10'];

  it('a part is passed on and not stored', async () => {
    await using race = await Race.start();
    race.serve(PAGE, { status: 206, fields: PART, body: '01234' });
    expect((await race.get(PAGE, { fields: RANGE })).status).toBe(206);
    expect(isHit(await race.get(PAGE, { fields: RANGE }))).toBe(false);
  });

  it('with store_partial it is stored, and purged like any entry', async () => {
    await using race = await Race.start({ defaults: 'store_partial: true' });
    race.serve(PAGE, { status: 206, fields: PART, body: '01234' });
    await race.get(PAGE, { fields: RANGE });
    expect(isHit(await race.get(PAGE, { fields: RANGE }))).toBe(true);
    await race.purge({ tags: ['product:1'] });
    expect(isHit(await race.get(PAGE, { fields: RANGE }))).toBe(false);
  });

  const between: readonly [name: string, rest: Fields, body: string][] = [
    ['a purge of its tag', REST, 'fetch 3'],
    ['a purge of a tag that only the first part named', ['cache-control', 'max-age=1000', ...REST.slice(4)], 'fetch 3'],
  ];
  it.each(between)('parts are not one response with %s between them', async (_name, rest, body) => {
    await using race = await Race.start({ defaults: 'store_partial: true' });
    const { barrier, reply } = heldAt('mid-body');
    race.serve(PAGE, { fields: TAGGED }, { status: 206, fields: PART, body: '01234' }, { ...reply, status: 206, fields: rest, body: '56789' });
    await race.get(PAGE, { fields: RANGE });
    const whole = await race.ask(PAGE);
    await race.standsAt(barrier);
    await race.purge({ tags: ['product:1'] });
    barrier.open();
    expect((await whole.answer()).body).toBe(body);
    expect(await race.body(PAGE)).toBe(body);
  });

  it('the rest of a part makes it whole where nothing was purged', async () => {
    await using race = await Race.start({ defaults: 'store_partial: true' });
    race.serve(PAGE, { fields: TAGGED }, { status: 206, fields: PART, body: '01234' }, { status: 206, fields: REST, body: '56789' });
    await race.get(PAGE, { fields: RANGE });
    expect(await race.body(PAGE)).toBe('0123456789');
  });

  it.each([404, 410, 301, 500])('a stored %i is purged by its tag and by its URL', async (status) => {
    await using race = await Race.start();
    race.serve(PAGE, { status, fields: TAGGED });
    for (const purging of [{ tags: ['product:1'] }, { path: PAGE }]) {
      await race.get(PAGE);
      expect(isHit(await race.get(PAGE))).toBe(true);
      await race.purge(purging);
      expect(isHit(await race.get(PAGE))).toBe(false);
    }
  });
});
