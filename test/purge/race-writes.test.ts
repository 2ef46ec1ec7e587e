// A write through the proxy purges before its answer is released: PURGE-PROTOCOL §3.2 rule 11.
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { Barrier } from '../support/origin.ts';
import { DEBUG, heldAt, Race, TAGGED } from './race.ts';

const PAGE = '/products/1';
const CATALOG = '/catalog';
const ROUTES = '{ path: /products/:id, invalidates: ["product:{id}", catalog] }';
const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'MKCOL'] as const;

async function stored(): Promise<Race> {
  const race = await Race.start({ routes: ROUTES });
  race.serve(CATALOG, { fields: ['cache-control', 'max-age=1000', 'surrogate-key', 'catalog'] });
  const reads = { fields: TAGGED };
  let fetches = 0;
  race.origin.on(PAGE, (request) => (request.method === 'GET' ? { ...reads, body: `fetch ${++fetches}` } : { status: 204 }));
  expect([await race.body(PAGE), await race.body(CATALOG)]).toEqual(['fetch 1', 'fetch 1']);
  return race;
}

async function both(race: Race): Promise<readonly string[]> {
  return [await race.body(PAGE), await race.body(CATALOG)];
}

describe('rule 11: a write', () => {
  it.each(METHODS)('%s: its URL and what the route invalidates are purged before its head is written', async (method) => {
    await using race = await stored();
    const answer = await race.get(PAGE, { method, body: 'x', fields: DEBUG });
    const { asOf, now } = race.epochs(answer);
    expect([answer.status, asOf, now]).toEqual([204, 0, 1]);
    expect(await both(race)).toEqual(['fetch 2', 'fetch 2']);
  });

  it.each(['before-read', 'before-head'] as const)(
    'a fetch that began before it was answered is not stored (the origin stands %s)',
    async (place) => {
      await using race = await stored();
      await race.purge({ path: PAGE });
      const held = heldAt(place);
      let nth = 0;
      race.origin.on(PAGE, ({ method }) =>
        method === 'GET' ? { fields: TAGGED, body: `read ${++nth}`, ...(nth === 1 && held.reply) } : { status: 204 },
      );
      const reading = await race.ask(PAGE);
      await race.standsAt(held.barrier);
      expect((await race.get(PAGE, { method: 'PUT', body: 'x' })).status).toBe(204);
      held.barrier.open();
      expect((await reading.answer()).body).toBe('read 2');
      expect(await race.body(PAGE)).toBe('read 2');
    },
  );

  it('once sent it runs to its end and purges, though its client left', async () => {
    await using race = await stored();
    const { barrier, reply } = heldAt('before-head');
    let ended = 0;
    race.origin.on(PAGE, ({ method }) => (method === 'GET' ? { fields: TAGGED, body: 'after' } : { status: 200, body: 'written', ...reply }));
    race.origin.on('/ended', () => ({ body: String(++ended) }));
    const writing = await race.ask(PAGE, { method: 'POST', body: 'x' });
    await race.standsAt(barrier);
    await writing.leave();
    expect(await race.body(CATALOG)).toBe('fetch 1');
    barrier.open();
    await race.body('/ended');
    expect(await both(race)).toEqual(['after', 'fetch 2']);
  });

  it.each(['reset-before-head', 'truncate'] as const)('an answer that is lost (%s) counts as a write that happened', async (fault) => {
    await using race = await stored();
    race.origin.on(PAGE, ({ method }) => (method === 'GET' ? { fields: TAGGED, body: 'after' } : { body: 'written', fault }));
    await race.get(PAGE, { method: 'POST', body: 'x' });
    expect(await both(race)).toEqual(['after', 'fetch 2']);
  });

  it.each([400, 403, 404, 409, 412, 500, 503])('one that failed with %i purges nothing', async (status) => {
    await using race = await stored();
    race.origin.on(PAGE, { status });
    expect((await race.get(PAGE, { method: 'POST', body: 'x' })).status).toBe(status);
    expect(await both(race)).toEqual(['fetch 1', 'fetch 1']);
  });

  const named: readonly [name: string, fields: Fields][] = [
    ['Surrogate-Key-Purge', ['surrogate-key-purge', 'catalog']],
    ['Location', ['location', '/catalog']],
    ['Content-Location', ['content-location', 'http://shop.example/catalog']],
  ];
  it.each(named)('what its answer names in %s is purged before its head is written', async (_name, fields) => {
    await using race = await stored();
    race.serve('/orders', { status: 201, fields });
    const { now } = race.epochs(await race.get('/orders', { method: 'POST', body: 'x', fields: DEBUG }));
    expect(now).toBe(1);
    expect(await race.body(CATALOG)).toBe('fetch 2');
  });

  it('a group that its answer names in Cache-Group-Invalidation is purged, of its origin only (RFC 9875)', async () => {
    await using race = await stored();
    race.serve('/grouped', { fields: ['cache-control', 'max-age=1000', 'cache-groups', '"prices"'] });
    race.serve('/orders', { fields: ['cache-group-invalidation', '"prices"'] });
    const elsewhere = { fields: ['host', 'other.example'] };
    const grouped = async () => [await race.body('/grouped'), (await race.ask('/grouped', elsewhere).then((asked) => asked.answer())).body];
    const before = await grouped();
    await race.get('/orders', { method: 'POST', body: 'x' });
    const after = await grouped();
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([false, true]);
  });

  it('a safe method purges nothing, whatever its answer says', async () => {
    await using race = await stored();
    race.serve('/orders', { fields: ['surrogate-key-purge', 'catalog'] });
    for (const method of ['GET', 'HEAD', 'OPTIONS']) await race.get('/orders', { method });
    expect(await both(race)).toEqual(['fetch 1', 'fetch 1']);
  });

  it('its body still streams after its head was released', async () => {
    await using race = await stored();
    const body = new Barrier();
    race.origin.on(PAGE, ({ method }) =>
      method === 'GET' ? { fields: TAGGED, body: 'after' } : { body: 'written', barriers: { 'mid-body': body } },
    );
    const writing = await race.ask(PAGE, { method: 'POST', body: 'x' });
    await race.standsAt(body);
    // Its head is out, so its purge is done.
    expect(await both(race)).toEqual(['after', 'fetch 2']);
    body.open();
    expect((await writing.answer()).body).toBe('written');
  });
});
