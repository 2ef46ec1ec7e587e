// Faults of an application that purges: each is found, with what gives it away; and none is reported where every write purges what it changed.
import { describe, expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { VERDICTS } from '../../src/audit/verdict.ts';
import type { Audited as Running, AuditPage } from './audited.ts';
import { Audited, tagged, total, WINDOW_MS } from './audited.ts';

const PRODUCTS = ['1', '2', '3', '4'];

const CONFIG = `routes:
  - { path: /products/:id, methods: [GET] }
  - { path: /catalog }
  - { path: /products/:id, methods: [PUT], invalidates: ["product:{id}"] }
`;

/** An API behind the cache: its data, and what its pages are tagged with. */
class Shop {
  readonly prices = new Map(PRODUCTS.map((id) => [id, 100]));
  readonly #audited: Running;

  constructor(audited: Running, missingTag?: string) {
    this.#audited = audited;
    const all = PRODUCTS.map((id) => `product:${id}`).filter((tag) => tag !== missingTag);
    audited.origin.on('/catalog', () => tagged(Object.fromEntries(this.prices), `catalog ${all.join(' ')}`));
    for (const id of PRODUCTS) audited.origin.on(`/products/${id}`, () => tagged({ id, price: this.prices.get(id) }, `product:${id}`));
  }

  commit(id: string): void {
    this.prices.set(id, (this.prices.get(id) ?? 0) + 1);
  }

  async write(id: string): Promise<void> {
    this.commit(id);
    await this.#audited.purge(`product:${id}`);
  }
}

async function shop(workers: number, missingTag?: string) {
  const audited = await Audited.start({ config: `workers: ${workers}\n${CONFIG}` });
  return { audited, app: new Shop(audited, missingTag), [Symbol.asyncDispose]: () => audited[Symbol.asyncDispose]() };
}

/** Asks until what is stored answers with `text`: each worker has a store of its own. */
async function seeFromStore({ stage }: Running, path: string, text: string): Promise<void> {
  for (;;) {
    const answer = await get(stage.freshet.address, path);
    if (answer.field('cache-status')?.startsWith('freshet; hit') === true && answer.body.includes(text)) return;
  }
}

/** The page when windows have passed until one entry was missed. */
async function missedOne(audited: Running): Promise<AuditPage> {
  for (;;) {
    audited.stage.clock.advance(WINDOW_MS + 1);
    const page = await audited.page();
    if (page.misses.length > 0) return page;
  }
}

describe.each([1, 2])('is found, with workers: %d', (workers) => {
  it('a write path without a purge', async () => {
    await using running = await shop(workers);
    const { audited, app } = running;
    await seeFromStore(audited, '/products/1', '"price":100');
    await audited.counted({ equal: 1 });
    app.commit('1');
    await seeFromStore(audited, '/products/1', '"price":100');
    const { misses } = await missedOne(audited);
    expect(misses).toHaveLength(1);
    expect(misses[0]).toMatchObject({ route: 'GET /products/:id', tags: ['product:1'], changed: ['$.price'], why: [] });
    expect(misses[0]?.rule).toMatch(/^invalidates of PUT \/products\/:id would have purged it/);
  });

  it('a purge before its commit', async () => {
    await using running = await shop(workers);
    const { audited, app } = running;
    await seeFromStore(audited, '/products/2', '"price":100');
    await audited.counted({ equal: 1 });
    await audited.purge('product:2');
    audited.stage.clock.advance(5);
    // Between the two somebody reads.
    await get(audited.stage.freshet.address, '/products/2');
    app.commit('2');
    await seeFromStore(audited, '/products/2', '"price":100');
    const { misses } = await missedOne(audited);
    expect(misses).toHaveLength(1);
    expect(misses[0]?.why).toEqual([
      expect.stringMatching(/^product:2 was purged 5ms before the entry was fetched: a purge that comes before its commit/),
    ]);
  });

  it('a tag too few', async () => {
    await using running = await shop(workers, 'product:3');
    const { audited, app } = running;
    await seeFromStore(audited, '/catalog', '"3":100');
    await audited.counted({ equal: 1 });
    audited.stage.clock.advance(5);
    await app.write('3');
    await seeFromStore(audited, '/catalog', '"3":100');
    const { misses } = await missedOne(audited);
    expect(misses).toHaveLength(1);
    expect(misses[0]).toMatchObject({ route: '/catalog', changed: ['$[…]'] });
    expect(misses[0]?.why).toEqual(['purged while it was stored, and none of its tags: product:3; if it shows one of them, it lacks that tag']);
  });

  it('a typo in a tag', async () => {
    await using running = await shop(workers);
    const { audited, app } = running;
    await seeFromStore(audited, '/products/4', '"price":100');
    await audited.counted({ equal: 1 });
    audited.stage.clock.advance(5);
    app.commit('4');
    await audited.purge('prodcut:4');
    await seeFromStore(audited, '/products/4', '"price":100');
    const { misses } = await missedOne(audited);
    expect(misses).toHaveLength(1);
    expect(misses[0]?.why).toEqual(['prodcut:4 was purged while it was stored: was product:4 meant?']);
  });
});

function judged(page: AuditPage): number {
  return VERDICTS.reduce((sum, verdict) => sum + total(page, verdict), 0);
}

it.each([1, 2])('none is reported of a clean run: writes beside reads, each purged when it is committed; with workers: %d', async (workers) => {
  await using running = await shop(workers);
  const { audited, app } = running;
  const paths = ['/catalog', ...PRODUCTS.map((id) => `/products/${id}`)];
  const over = new AbortController();
  let hits = 0;
  const read = async (path: string): Promise<boolean> => {
    const answer = await get(audited.stage.freshet.address, path);
    const isHit = answer.field('cache-status')?.startsWith('freshet; hit') === true;
    if (isHit) hits++;
    return isHit;
  };
  const readers = Array.from({ length: 4 }, async (_, reader) => {
    for (let nth = reader; !over.signal.aborted; nth++) await read(paths[nth % paths.length] ?? '');
  });
  for (let nth = 0; nth < 60; nth++) {
    const id = PRODUCTS[nth % PRODUCTS.length] ?? '';
    app.commit(id);
    // What is read between the two is old, and caught.
    await read(`/products/${id}`);
    await audited.purge(`product:${id}`);
    // The window of all that is watched is over: none of it may be left.
    if (nth % 2 === 0) audited.stage.clock.advance(20_000);
  }
  over.abort();
  await Promise.all(readers);
  // Each is hit once nothing is written any more.
  for (const path of paths) {
    for (let left = 2; left > 0; ) if (await read(path)) left--;
  }
  // When each has its verdict.
  let page = await audited.page();
  for (; judged(page) < hits; page = await audited.page()) audited.stage.clock.advance(20_000);
  expect([page.misses, page.unstable, total(page, 'failed')]).toEqual([[], [], 0]);
  expect(total(page, 'equal')).toBeGreaterThan(paths.length);
  expect(total(page, 'caught')).toBeGreaterThan(0);
});
