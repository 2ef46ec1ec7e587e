// An audit over real sockets: what it asks of the origin and when, what it says of what comes, and that no client notices.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fieldValue } from '../../src/http/fields.ts';
import { get } from '../support/client.ts';
import { metricIn } from '../support/metrics.ts';
import { Barrier, type Reply } from '../support/origin.ts';
import { READINGS } from '../../src/audit/verdict.ts';
import { Audited, tagged, WINDOW_MS } from './audited.ts';

const PRODUCT = '/products/42';

function product(price: number, fields: readonly string[] = []): Reply {
  return tagged({ id: 42, price }, 'product:42', fields);
}

function moved(location: string): Reply {
  return { status: 301, fields: ['location', location, 'cache-control', 'max-age=86400'] };
}

describe('a verdict', () => {
  it('equal: the origin says the same', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, product(1));
    await audited.hit(PRODUCT);
    const page = await audited.counted({ equal: 1 });
    expect(page).toMatchObject({ sample: '100%', misses: [], unstable: [] });
    expect(page.routes).toEqual([expect.objectContaining({ route: 'default', equal: 1, missed: 0, consistency: 1, nines: 0.3 })]);
  });

  it('equal, though it is spelled, encoded or ignored', async () => {
    await using audited = await Audited.start({ audit: 'ignore: [$.now, "$.items[*].seen"]' });
    audited.origin.on(PRODUCT, (_, nth) => {
      const plain = tagged({}, 'a');
      if (nth === 1)
        return {
          ...plain,
          body: gzipSync('{"now":1,"items":[{"seen":1,"a":1.0}]}'),
          fields: [...(plain.fields ?? []), 'content-encoding', 'gzip', 'vary', 'accept-encoding'],
        };
      return { ...plain, body: '{ "items": [ { "a": 1, "seen": 2 } ], "now": 2 }' };
    });
    await audited.hit(PRODUCT);
    await audited.counted({ equal: 1 });
  });

  it('caught: its purge comes within the window', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => product(nth));
    await audited.hit(PRODUCT);
    await audited.asked(2);
    audited.stage.clock.advance(40);
    await audited.purge('product:42');
    await audited.counted({ caught: 1 });
    const { body } = await get(audited.stage.freshet.adminAddress, '/metrics');
    expect(metricIn(body, 'freshet_audit_caught_seconds_sum{route="default"}')).toBeCloseTo(0.04, 3);
    expect(metricIn(body, 'freshet_audits_total{route="default",verdict="caught"}')).toBe(1);
  });

  it('caught: it was made stale', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => product(nth));
    await audited.hit(PRODUCT);
    await audited.asked(2);
    const soft = { method: 'POST', fields: ['content-type', 'application/json'], body: '{"tags":["product:42"],"mode":"soft"}' };
    expect((await get(audited.stage.freshet.adminAddress, '/v1/purge', soft)).status).toBe(200);
    await audited.counted({ caught: 1 });
  });

  it('caught: the purge came between the hit and the answer of the origin', async () => {
    await using audited = await Audited.start();
    const reading = new Barrier();
    audited.origin.on(PRODUCT, (_, nth) => ({ ...product(nth), ...(nth === 2 ? { barriers: { 'before-head': reading } } : {}) }));
    await audited.hit(PRODUCT);
    await reading.reached;
    await audited.purge('product:42');
    reading.open();
    await audited.counted({ caught: 1 });
  });

  it('missed: none comes, and all readings say the same', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => product(nth === 1 ? 1 : 2));
    await audited.hit(PRODUCT);
    await audited.asked(2);
    await audited.stage.roundTrips();
    // The last reading is made when the window is over.
    audited.stage.clock.advance(WINDOW_MS - 1);
    await audited.asked(READINGS);
    await audited.stage.roundTrips();
    expect(audited.origin.requests).toHaveLength(READINGS);
    const { misses, routes } = await audited.countedAfterWindow({ missed: 1 });
    expect(audited.origin.requests).toHaveLength(1 + READINGS);
    expect(misses).toEqual([
      expect.objectContaining({ route: 'default', tags: ['product:42'], changed: ['$.price'], ageSeconds: 0, hits: 1, scope: 'public' }),
    ]);
    expect(misses[0]?.url).toMatch(/^127\.0\.0\.1:\d+\/products\/42$/);
    expect(routes[0]).toMatchObject({ consistency: 0, nines: 0 });
  });

  it('missed: what it answers with is gone at the origin', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => (nth === 1 ? product(1) : { status: 404, body: 'no such product' }));
    await audited.hit(PRODUCT);
    await audited.asked(2);
    const { misses } = await audited.countedAfterWindow({ missed: 1 });
    expect(misses).toEqual([expect.objectContaining({ changed: ['status'], status: 200, originStatus: 404 })]);
  });

  it('missed: though a reading failed, which is made again', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => (nth === 4 ? { status: 503, body: 'busy' } : product(nth === 1 ? 1 : 2)));
    await audited.hit(PRODUCT);
    await audited.asked(2);
    await audited.stage.roundTrips();
    audited.stage.clock.advance(WINDOW_MS / 2);
    await audited.asked(4);
    await audited.stage.roundTrips();
    audited.stage.clock.advance(WINDOW_MS / 2 + 1);
    await audited.asked(2 + READINGS);
    await audited.counted({ missed: 1, failed: 0 });
  });

  it('failed: the origin fails for as long as there is patience', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => (nth < 3 ? product(nth) : { status: 503, body: 'busy' }));
    await audited.hit(PRODUCT);
    await audited.asked(2);
    await audited.countedAfterWindow({ failed: 1, missed: 0 });
  });

  it('missed: each audit of a URL whose origin once said something else altogether', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => (nth === 4 ? { status: 404, body: 'deployed just now' } : product(nth === 1 ? 1 : 2)));
    await audited.hit(PRODUCT);
    await audited.asked(2);
    await audited.countedAfterWindow({ unstable: 1, missed: 0 });
    await audited.stage.ask(`GET ${PRODUCT}`);
    await audited.countedAfterWindow({ unstable: 1, missed: 1 });
  });

  it('caught: the purge came while the origin was read once more', async () => {
    await using audited = await Audited.start({ origin: 'headers_timeout: 60s' });
    const reading = new Barrier();
    audited.origin.on(PRODUCT, (_, nth) => ({ ...product(nth === 1 ? 1 : 2), ...(nth === 3 ? { barriers: { 'before-head': reading } } : {}) }));
    await audited.hit(PRODUCT);
    await audited.asked(2);
    await audited.stage.roundTrips();
    audited.stage.clock.advance(WINDOW_MS / 2);
    await reading.reached;
    await audited.purge('product:42');
    await audited.counted({ caught: 1 });
    reading.open();
  });

  it('missed: a redirect leads elsewhere now', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => moved(nth === 1 ? '/old' : '/new'));
    await audited.hit(PRODUCT);
    await audited.asked(2);
    const { misses } = await audited.countedAfterWindow({ missed: 1 });
    expect(misses[0]?.changed).toEqual(['location']);
  });

  it('unstable: the origin differs with itself', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => tagged({ price: 1, nonce: nth }, 'product:42'));
    await audited.hit(PRODUCT);
    await audited.asked(2);
    const page = await audited.countedAfterWindow({ unstable: 1, missed: 0 });
    expect(page.unstable).toEqual([expect.objectContaining({ changed: ['$.nonce'] })]);
    expect(page.routes[0]).not.toHaveProperty('nines');
  });

  it('unstable: the origin says two things in turn, and that is remembered of the URL', async () => {
    await using audited = await Audited.start();
    // Seven readings say the other thing, and the last one what is stored.
    audited.origin.on(PRODUCT, (_, nth) => product(nth === 1 || nth === 1 + READINGS ? 1 : 2));
    await audited.hit(PRODUCT);
    await audited.asked(2);
    const { unstable } = await audited.countedAfterWindow({ unstable: 1, missed: 0 });
    expect(unstable).toEqual([expect.objectContaining({ changed: ['$.price'] })]);
    await audited.stage.ask(`GET ${PRODUCT}`);
    await audited.counted({ unstable: 2, missed: 0 });
  });

  it.each([
    ['its version', (version: number) => product(version, ['surrogate-version', `product:42=${version}`])],
    ['Last-Modified', (version: number) => product(version, ['last-modified', `Sun, 06 Nov 1994 08:49:3${version} GMT`])],
  ])('unstable: a replica is behind, by %s', async (_name, reply) => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => reply(nth === 1 ? 7 : 6));
    await audited.hit(PRODUCT);
    await audited.counted({ unstable: 1, missed: 0 });
  });

  it('gone: it ended by its lifetime before a purge was due', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => ({ ...product(nth), fields: ['content-type', 'application/json', 'cache-control', 'max-age=5'] }));
    await audited.hit(PRODUCT);
    await audited.asked(2);
    audited.stage.clock.advance(5_001);
    await audited.counted({ gone: 1, missed: 0 });
  });

  it('gone: a newer one took its place', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => product(nth));
    await audited.hit(PRODUCT);
    await audited.asked(2);
    await audited.stage.ask(`GET ${PRODUCT}`, { fields: ['cache-control', 'no-cache'] });
    await audited.counted({ gone: 1, missed: 0 });
  });

  const failures: [string, Reply][] = [
    ['an error', { status: 503, body: 'busy' }],
    ['too many requests', { status: 429, body: 'slow down' }],
    ['a refusal, of what is for everybody', { status: 401, body: 'who are you?' }],
    ['another', { status: 403, body: 'not you' }],
    ['no answer', { fault: 'reset-before-head' }],
    ['half an answer', { ...product(1), fault: 'truncate' }],
  ];
  it.each(failures)('failed: the origin has %s', async (_name, reply) => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => (nth === 1 ? product(1) : reply));
    await audited.hit(PRODUCT);
    await audited.counted({ failed: 1, missed: 0 });
    expect((await audited.stage.ask(`GET ${PRODUCT}`)).body).toBe('{"id":42,"price":1}');
  });

  it('skipped: the answer is larger than may be compared', async () => {
    await using audited = await Audited.start({ audit: 'max_body: 1KiB' });
    audited.origin.on('/grows', (_, nth) => tagged('x'.repeat(nth === 1 ? 10 : 2_000), 'a'));
    audited.origin.on('/large', tagged('x'.repeat(2_000), 'a'));
    await audited.hit('/grows');
    await audited.hit('/large');
    await audited.counted({ skipped: 2 });
    expect(audited.origin.count('/large')).toBe(1);
  });

  it('skipped: a coding that nobody can decode', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => ({ ...product(nth), fields: [...(product(nth).fields ?? []), 'content-encoding', 'strange'] }));
    await audited.hit(PRODUCT);
    await audited.counted({ skipped: 1 });
  });
});

describe('what is asked', () => {
  it('is what the client asked, without its conditions and its range', async () => {
    await using audited = await Audited.start();
    audited.origin.on('/a?q=1', product(1, ['etag', '"v1"', 'vary', 'accept-language']));
    const fields = ['accept-language', 'de', 'x-tenant', 'blue'];
    await get(audited.stage.freshet.address, '/a?q=1', { fields });
    await get(audited.stage.freshet.address, '/a?q=1', {
      fields: [...fields, 'if-none-match', '"v1"', 'if-modified-since', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    });
    await audited.counted({ equal: 1 });
    await get(audited.stage.freshet.address, '/a?q=1', { fields: [...fields, 'range', 'bytes=0-1', 'if-range', '"v1"'] });
    await audited.counted({ equal: 2 });
    const asked = audited.origin.requests.slice(1);
    expect(asked).toHaveLength(2);
    for (const { method, path, fields: sent } of asked) {
      expect([method, path, fieldValue(sent, 'accept-language'), fieldValue(sent, 'x-tenant')]).toEqual(['GET', '/a?q=1', 'de', 'blue']);
      expect(['if-none-match', 'if-modified-since', 'range', 'if-range'].filter((name) => fieldValue(sent, name) !== undefined)).toEqual([]);
    }
  });

  it('is not what the client wants of caches only', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, product(1));
    await audited.stage.ask(`GET ${PRODUCT}`);
    await audited.stage.ask(`GET ${PRODUCT}`, { fields: ['cache-control', 'only-if-cached'] });
    await audited.counted({ equal: 1 });
    expect(audited.origin.requests.at(-1)?.fields).not.toContain('only-if-cached');
  });

  it('is asked as the user whose hit it was, and says nothing of the credential', async () => {
    await using audited = await Audited.start({
      config: 'defaults: { scope: { credential: [authorization, cookie.session] }, store_private: true }',
    });
    const owners: Readonly<Record<string, string>> = { 'Bearer secret-of-ada': 'ada', 'Bearer secret-of-bob': 'bob' };
    let isChanged = false;
    audited.origin.on('/me?token=secret-query', ({ fields }) =>
      tagged({ owner: owners[fieldValue(fields, 'authorization') ?? ''], isChanged }, 'me'),
    );
    for (const [credential, owner] of Object.entries(owners)) {
      const fields = ['authorization', credential, 'cookie', `session=s-${owner}; other=secret-cookie`];
      await audited.hit('/me?token=secret-query', { fields });
    }
    await audited.counted({ equal: 2 });
    const seen = audited.origin.requests.map(({ fields }) => [fieldValue(fields, 'authorization'), fieldValue(fields, 'cookie')]);
    expect(seen.filter(([credential]) => credential?.includes('ada'))).toEqual(
      Array.from({ length: 2 }, () => ['Bearer secret-of-ada', 'session=s-ada']),
    );
    expect(seen.filter(([credential]) => credential?.includes('bob'))).toEqual(
      Array.from({ length: 2 }, () => ['Bearer secret-of-bob', 'session=s-bob']),
    );
    isChanged = true;
    for (const credential of Object.keys(owners)) {
      const owner = owners[credential] ?? '';
      const { body } = await audited.stage.ask('GET /me?token=secret-query', {
        fields: ['authorization', credential, 'cookie', `session=s-${owner}`],
      });
      expect(JSON.parse(body)).toEqual({ owner, isChanged: false });
    }
    await audited.asked(6);
    const page = await audited.countedAfterWindow({ missed: 2 });
    expect(page.misses.map(({ url, scope }) => [url.replace(/^[^/]+/, ''), scope])).toEqual(
      Array.from({ length: 2 }, () => ['/me?token=*', 'credential']),
    );
    expect(JSON.stringify(page)).not.toMatch(/secret|s-ada|s-bob/);
  });

  it('is asked when the client has its answer, and holds up nobody', async () => {
    await using audited = await Audited.start();
    const reading = new Barrier();
    audited.origin.on(PRODUCT, (_, nth) => (nth === 1 ? product(1) : { ...product(2), barriers: { 'before-read': reading } }));
    await audited.hit(PRODUCT);
    await reading.reached;
    expect((await audited.stage.ask(`GET ${PRODUCT}`)).field('cache-status')).toContain('hit');
    // One that misses asks for itself: nothing is shared with the audit.
    await audited.purge('product:42');
    const missed = audited.stage.ask(`GET ${PRODUCT}`);
    await audited.asked(3);
    reading.open();
    expect((await missed).field('cache-status')).toContain('fwd=');
  });

  it('is not stored', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => product(nth));
    await audited.hit(PRODUCT);
    await audited.asked(2);
    await audited.stage.roundTrips();
    expect((await audited.stage.ask(`GET ${PRODUCT}`)).body).toBe('{"id":42,"price":1}');
  });

  it('counts hits of an entry that is being audited with it', async () => {
    await using audited = await Audited.start();
    audited.origin.on(PRODUCT, (_, nth) => product(nth === 1 ? 1 : 2));
    await audited.hit(PRODUCT);
    await audited.asked(2);
    await audited.stage.ask(`GET ${PRODUCT}`);
    await audited.stage.ask(`GET ${PRODUCT}`);
    expect(audited.origin.count(PRODUCT)).toBe(2);
    const { misses } = await audited.countedAfterWindow({ missed: 3 });
    expect(misses).toEqual([expect.objectContaining({ hits: 3 })]);
  });
});

it('takes hits of an entry that is being audited from the budget as well: what is wrong counts for no more than what is right', async () => {
  await using audited = await Audited.start({ audit: 'budget: 8/s' });
  audited.origin.on(PRODUCT, (_, nth) => product(nth === 1 ? 1 : 2));
  await audited.hit(PRODUCT);
  await audited.asked(2);
  for (let asked = 0; asked < 10; asked++) await audited.stage.ask(`GET ${PRODUCT}`);
  expect(await audited.counted({ skipped: 3 })).toMatchObject({ misses: [] });
  const { routes } = await audited.countedAfterWindow({ missed: 8 });
  expect(routes[0]).toMatchObject({ audits: 1, consistency: 0, nines: 0 });
});

describe('no audit', () => {
  it('of what is passed on, stale on purpose, excepted, or asked with HEAD', async () => {
    const config =
      'routes:\n  - { path: /pass, pass: true }\n  - { path: /excepted, audit: false }\n  - { path: /stale, ttl: 1s, override: true, stale_while_revalidate: 1h }\n  - { path: /aged, ttl: 1s, override: true }';
    await using audited = await Audited.start({ config });
    audited.origin.on('*', product(1));
    await audited.hit('/pass');
    await audited.hit('/excepted');
    await audited.hit('/head', { method: 'HEAD' });
    await get(audited.stage.freshet.address, '/get');
    await get(audited.stage.freshet.address, '/get', { method: 'HEAD' });
    await get(audited.stage.freshet.address, '/stale');
    await get(audited.stage.freshet.address, '/aged');
    audited.stage.clock.advance(2_000);
    expect((await audited.stage.ask('GET /stale')).field('cache-status')).toContain('stale-while-revalidate');
    expect((await audited.stage.ask('GET /aged', { fields: ['cache-control', 'max-stale=3600'] })).field('cache-status')).toContain('hit');
    // Its own audit is the last thing that is told.
    await audited.hit('/told');
    const { routes } = await audited.counted({ equal: 1 });
    expect(routes.map(({ route, equal, skipped }) => [route, equal, skipped])).toEqual([['default', 1, 0]]);
  });

  it('where it is off, and from a reload on where it was', async () => {
    await using audited = await Audited.start({ audit: 'ignore: [$.a]' });
    audited.origin.on(PRODUCT, product(1));
    await audited.hit(PRODUCT);
    await audited.counted({ equal: 1 });
    const base = `origins: { shop: { url: "${audited.origin.url}" } }\nlog: { level: silent, access: "off" }\npurge: { token: purge-token }`;
    await audited.stage.freshet.reload(base);
    await audited.stage.ask(`GET ${PRODUCT}`);
    expect(await audited.page()).toMatchObject({ sample: 'off' });
    await audited.stage.freshet.reload(`${base}\naudit: { sample: 100% }`);
    await audited.stage.ask(`GET ${PRODUCT}`);
    await audited.counted({ equal: 2 });
    expect(audited.origin.count(PRODUCT)).toBe(3);
  });

  it('while clients have half of the connections', async () => {
    await using audited = await Audited.start({ origin: 'connections: 2' });
    const waiting = new Barrier();
    audited.origin.on(PRODUCT, product(1)).on('/slow', { ...product(1), barriers: { 'before-read': waiting } });
    await get(audited.stage.freshet.address, PRODUCT);
    const slow = audited.stage.ask('GET /slow');
    await waiting.reached;
    await audited.stage.ask(`GET ${PRODUCT}`);
    await audited.counted({ skipped: 1 });
    waiting.open();
    await slow;
    await audited.stage.ask(`GET ${PRODUCT}`);
    await audited.counted({ skipped: 1, equal: 1 });
    expect(audited.origin.count(PRODUCT)).toBe(2);
  });

  it('while the breaker is open', async () => {
    await using audited = await Audited.start({ origin: 'breaker: { minimum_requests: 1, open: 1h, max_open: 1h }' });
    audited.origin.on(PRODUCT, product(1)).on('/broken', { fault: 'reset-before-head' });
    await get(audited.stage.freshet.address, PRODUCT);
    expect((await audited.stage.ask('GET /broken')).status).toBe(502);
    await audited.stage.ask(`GET ${PRODUCT}`);
    await audited.counted({ skipped: 1 });
  });

  it('beyond the budget, nor of more at once than are allowed', async () => {
    await using budget = await Audited.start({ audit: 'budget: 1/s' });
    budget.origin.on('*', product(1));
    await budget.hit('/a');
    await budget.hit('/b');
    await budget.counted({ equal: 1, skipped: 1 });
    budget.stage.clock.advance(1_000);
    await budget.stage.ask('GET /b');
    await budget.counted({ equal: 2 });

    await using audited = await Audited.start({ audit: 'concurrency: 1' });
    const reading = new Barrier();
    audited.origin.on('*', product(1)).on('/a', (_, nth) => (nth === 1 ? product(1) : { ...product(1), barriers: { 'before-read': reading } }));
    await audited.hit('/a');
    await reading.reached;
    await audited.hit('/b');
    await audited.counted({ skipped: 1 });
    reading.open();
    await audited.counted({ equal: 1 });
  });
});

it('closes while audits are under way', async () => {
  const audited = await Audited.start();
  const reading = new Barrier();
  audited.origin.on(PRODUCT, (_, nth) => (nth === 1 ? product(1) : { ...product(1), barriers: { 'before-read': reading } }));
  await audited.hit(PRODUCT);
  await reading.reached;
  await audited[Symbol.asyncDispose]();
  reading.open();
});
