// The Flask shop behind Freshet, as a user would run both: what is shared with whom, what ends it, and what becomes of a purge that fails.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FlaskShop, hasFlask } from '../support/flask.ts';

interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** `hit`, or why it went on. */
  readonly was: string;
}

type Users = Readonly<Record<string, string>>;

describe.skipIf(!hasFlask)('examples/flask-shop', { timeout: 60_000 }, () => {
  let shop: FlaskShop;
  let tokens: Users = {};
  beforeAll(async () => {
    shop = await FlaskShop.start();
    tokens = await shop.tokens();
  }, 60_000);
  afterAll(() => shop[Symbol.asyncDispose]());

  const ask = (path: string, user?: string, sent?: { readonly method: string; readonly body: unknown }): Promise<Answer> =>
    askAt(`${shop.freshet.url}${path}`, user === undefined ? undefined : (tokens[user] ?? user), sent);
  const write = (path: string, body: unknown, user = 'root', method = 'PUT'): Promise<Answer> => ask(path, user, { method, body });

  it('products are the same for everybody, and a new name ends both pages that show it', async () => {
    expect(await ask('/products/1')).toEqual({ status: 200, body: { id: 1, name: 'Assam', category: 'tea', version: 1 }, was: 'fwd=uri-miss' });
    expect(await ask('/products/1', 'ada')).toMatchObject({ was: 'hit' });
    expect(await ask('/products?category=tea')).toMatchObject({ was: 'fwd=uri-miss' });
    expect(await ask('/products?category=tea&_ga=1')).toMatchObject({ was: 'hit' });
    expect(await ask('/products/2')).toMatchObject({ was: 'fwd=uri-miss' });
    // At the shop, past Freshet: what ends them is the shop's purge alone.
    const put = { method: 'PUT', body: { name: 'Assam Gold' } };
    expect(await askAt(`${shop.url}/products/1`, tokens['root'], put)).toMatchObject({ status: 200, body: { version: 2 } });
    expect(await ask('/products/1')).toMatchObject({ body: { name: 'Assam Gold', version: 2 }, was: expect.stringMatching(/^fwd/) });
    expect(await ask('/products?category=tea')).toMatchObject({
      body: { products: expect.arrayContaining([{ id: 1, name: 'Assam Gold', category: 'tea' }]) },
    });
    expect(await ask('/products/2')).toMatchObject({ was: 'hit' });
  });

  it('prices are one for each tier', async () => {
    expect(await ask('/products/2/price', 'ada')).toMatchObject({ body: { tier: 'gold', cents: 900 }, was: 'fwd=uri-miss' });
    expect(await ask('/products/2/price', 'bob')).toMatchObject({ body: { tier: 'gold' }, was: 'hit' });
    expect(await ask('/products/2/price', 'eve')).toMatchObject({ body: { tier: 'basic', cents: 1250 }, was: 'fwd=uri-miss' });
    expect(await ask('/products/2/price')).toMatchObject({ status: 401 });
    expect(await write('/products/2/prices/gold', { cents: 800 })).toMatchObject({ status: 200 });
    expect(await ask('/products/2/price', 'bob')).toMatchObject({ body: { cents: 800 } });
  });

  it('partners share by the tier that the shop says, until that is ended', async () => {
    expect(await ask('/partner/prices', 'key-of-acme')).toMatchObject({ body: { prices: expect.arrayContaining([{ product: 3, cents: 900 }]) } });
    expect(await ask('/partner/prices', 'key-of-acme')).toMatchObject({ was: 'hit' });
    expect(await ask('/partner/prices', 'key-of-bolt')).toMatchObject({ body: { prices: expect.arrayContaining([{ product: 3, cents: 1250 }]) } });
    expect(await write('/partners/bolt/tier', { tier: 'gold' })).toMatchObject({ status: 200 });
    expect(await ask('/partner/prices', 'key-of-bolt')).toMatchObject({ body: { prices: expect.arrayContaining([{ product: 3, cents: 900 }]) } });
  });

  it('an order ends the stock, and the orders and the balance of whoever ordered', async () => {
    const paths = ['/me/balance', '/me/orders'] as const;
    for (const user of ['ada', 'bob']) for (const path of paths) await ask(path, user);
    await ask('/products/3/stock');
    expect(await write('/me/orders', { product: 3, units: 2, note: 'soon' }, 'ada', 'POST')).toMatchObject({ status: 201 });
    expect(await ask('/products/3/stock')).toMatchObject({ body: { units: 98 } });
    expect(await ask('/me/balance', 'ada')).toMatchObject({ body: { sub: 'ada', cents: 10_000 - 2 * 900 } });
    expect(await ask('/me/orders', 'ada')).toMatchObject({ body: { orders: [{ note: 'soon' }, { id: 1 }] } });
    // A write through Freshet ends its own URL for everybody: /me/orders, but not this.
    expect(await ask('/me/balance', 'bob')).toMatchObject({ was: 'hit' });
  });

  it('what is rolled back purges nothing', async () => {
    await ask('/me/balance', 'eve');
    expect(await write('/me/orders', { product: 3, units: 1000 }, 'eve', 'POST')).toMatchObject({ status: 409 });
    expect(await ask('/me/balance', 'eve')).toMatchObject({ body: { cents: 10_000 }, was: 'hit' });
  });

  it('a list ends when it has a new member', async () => {
    await ask('/products');
    await ask('/partner/prices', 'key-of-acme');
    const body = { name: 'Keemun', category: 'tea', cents: { gold: 700, basic: 800 } };
    expect(await askAt(`${shop.url}/products`, tokens['root'], { method: 'POST', body })).toMatchObject({ status: 201, body: { id: 5 } });
    expect(await ask('/products')).toMatchObject({ body: { products: expect.arrayContaining([{ id: 5, name: 'Keemun', category: 'tea' }]) } });
    expect(await ask('/partner/prices', 'key-of-acme')).toMatchObject({ body: { prices: expect.arrayContaining([{ product: 5, cents: 700 }]) } });
  });

  it('what is not there is not stored, and only root writes', async () => {
    expect(await ask('/products/99')).toEqual({ status: 404, body: { error: 'there is no such thing' }, was: 'fwd=uri-miss' });
    expect(await write('/products/1', { name: 'x' }, 'ada')).toMatchObject({ status: 403 });
    expect(await write('/products/1', { name: 'x' }, `${tokens['root']}x`)).toMatchObject({ status: 401 });
  });

  it('stock is confirmed by its entity-tag', async () => {
    const { headers } = await fetch(`${shop.url}/products/4/stock`);
    const again = await fetch(`${shop.url}/products/4/stock`, { headers: { 'if-none-match': headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
  });
});

async function askAt(url: string, token?: string, sent?: { readonly method: string; readonly body: unknown }): Promise<Answer> {
  const answer = await fetch(url, {
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...(sent !== undefined && { 'content-type': 'application/json' }) },
    ...(sent !== undefined && { method: sent.method, body: JSON.stringify(sent.body) }),
  });
  const [, was = 'not Freshet'] = /^freshet; (hit|fwd=[a-z-]+)/.exec(answer.headers.get('cache-status') ?? '') ?? [];
  return { status: answer.status, body: await answer.json(), was };
}

describe.skipIf(!hasFlask)('examples/flask-shop, its purges', { timeout: 60_000 }, () => {
  it('by PURGE and its token, as well', async () => {
    const env = { FRESHET_PURGE_TOKEN: 's3cret' };
    await using shop = await FlaskShop.start({ env, nodeOf: ({ url }) => `${url}/` });
    const { root } = await shop.tokens();
    await fetch(`${shop.freshet.url}/products/1`);
    expect(await askAt(`${shop.url}/products/1`, root, { method: 'PUT', body: { name: 'Keemun' } })).toMatchObject({ status: 200 });
    expect(await askAt(`${shop.freshet.url}/products/1`)).toMatchObject({ body: { name: 'Keemun' } });
  });

  it('the write is kept and 503 says so where what is told is no Freshet', async () => {
    await using shop = await FlaskShop.start({ nodeOf: ({ adminUrl, url }) => `${adminUrl}/v1/purge ${url}/` });
    const { root } = await shop.tokens();
    const body = { error: 'written, but older answers may still be served; send it again' };
    expect(await askAt(`${shop.url}/products/1`, root, { method: 'PUT', body: { name: 'Keemun' } })).toMatchObject({ status: 503, body });
    expect(await askAt(`${shop.url}/products/1`)).toMatchObject({ body: { name: 'Keemun' } });
    expect(shop.shop.output()).toMatch(/written, but not purged: product:1: http:\S+\/: answered 405/);
  });
});
