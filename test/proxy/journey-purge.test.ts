// Journeys of purges by operators: PURGE where clients connect, every selector of POST /v1/purge, and what each finds (DESIGN section 2 "Purging").
import { describe, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { AFTER_PURGE, fresh, type Journey, play, PURGES, STORED, type Step } from './journey.ts';

const SHOP: Fields = ['host', 'shop.test'];

interface Kept {
  readonly path: string;
  readonly fields?: Fields;
  readonly tags?: string;
  readonly groups?: string;
  readonly forwardedAs?: string;
}

const store = ({ path, fields = SHOP, tags, groups, forwardedAs = path }: Kept): Step => ({
  ask: `GET ${path}`,
  forwardedAs,
  fields,
  answers: fresh('old', [...(tags === undefined ? [] : ['surrogate-key', tags]), ...(groups === undefined ? [] : ['cache-groups', groups])]),
  expect: { body: 'old', asked: 1, cacheStatus: /^fwd=(uri|vary)-miss; fwd-status=200; stored$/ },
});
const gone = ({ path, fields = SHOP, forwardedAs = path }: Kept): Step => ({
  ask: `GET ${path}`,
  forwardedAs,
  fields,
  answers: fresh('new'),
  expect: { body: 'new', cacheStatus: AFTER_PURGE },
});
const left = ({ path, fields = SHOP }: Kept): Step => ({ ask: `GET ${path}`, fields, expect: { body: 'old', cacheStatus: 'hit; ttl=60' } });

interface PurgeCase {
  readonly name: string;
  readonly purge: Step;
  readonly gone: readonly Kept[];
  readonly left?: readonly Kept[];
  readonly config?: string;
}

function journeyOf({ name, purge, gone: goes, left: stays = [], config = '' }: PurgeCase): Journey {
  return { name, config, steps: [...[...goes, ...stays].map(store), purge, ...goes.map(gone), ...stays.map(left)] };
}

const post = (body: object): Step => ({
  ask: 'POST /v1/purge',
  to: 'admin',
  body: JSON.stringify(body),
  expect: { fields: { 'content-type': 'application/json' } },
});
const purge = (path: string, fields: Fields = []): Step => ({ ask: `PURGE ${path}`, fields: [...PURGES, ...SHOP, ...fields], expect: {} });

const selectors: readonly PurgeCase[] = [
  {
    name: 'PURGE with Surrogate-Key: those tags, and not its path',
    purge: purge('/c', ['surrogate-key', 'a b']),
    gone: [
      { path: '/a', tags: 'a x' },
      { path: '/b', tags: 'b' },
    ],
    left: [{ path: '/c', tags: 'c ab' }],
  },
  {
    name: 'PURGE with other tag headers: those tags and groups, and not its path',
    purge: purge('/c', ['xkey', 'a', 'cache-tag', 'b, d', 'cache-groups', '"g"']),
    gone: [
      { path: '/a', tags: 'a x' },
      { path: '/b', tags: 'b' },
      { path: '/g', groups: '"g"' },
    ],
    left: [
      { path: '/c', tags: 'c g' },
      { path: '/g', groups: '"g"', fields: ['host', 'other.test'] },
    ],
  },
  {
    name: 'PURGE of a URL: every variant, whatever the case of its host and its percent-encoding',
    purge: purge('/caf%c3%a9?x=1', ['accept-language', 'ignored']),
    gone: [{ path: '/caf%C3%A9?x=1', fields: ['host', 'SHOP.test'] }],
    left: [{ path: '/caf%C3%A9' }, { path: '/caf%C3%A9?x=2' }, { path: '/caf%C3%A9?x=1', fields: ['host', 'other.test'] }],
  },
  {
    name: 'a URL in every form that a query rule gives it',
    config:
      'routes: [{ path: /list, query: { include: [page, sort] } }, { path: /flat, query: { ignore: true } }, { path: /x, query: { exclude: ["utm_*"] } }]',
    purge: post({ urls: ['http://shop.test/list?sort=up&page=2&utm=9', '/flat?anything', 'http://shop.test/x?b=2&utm_s=1&a=1'] }),
    gone: [
      { path: '/list?page=2&session=7&sort=up', forwardedAs: '/list?page=2&sort=up' },
      { path: '/flat?x=1', forwardedAs: '/flat' },
      { path: '/x?a=1&b=2&utm_source=mail', forwardedAs: '/x?a=1&b=2' },
    ],
    left: [{ path: '/list?page=3&sort=up' }],
  },
  {
    name: 'a URL without a host: on every host',
    purge: post({ urls: ['/a'] }),
    gone: [{ path: '/a' }, { path: '/a', fields: ['host', 'other.test'] }],
    left: [{ path: '/a/b' }],
  },
  {
    name: 'a prefix: at segment boundaries',
    purge: post({ prefixes: ['http://shop.test/docs/*'] }),
    gone: [{ path: '/docs' }, { path: '/docs/' }, { path: '/docs/a/b?q=1' }],
    left: [{ path: '/docsearch' }, { path: '/a/docs/b' }, { path: '/docs/a', fields: ['host', 'other.test'] }],
  },
  {
    name: 'a prefix without a host: on every host',
    purge: post({ prefixes: ['/docs'] }),
    gone: [{ path: '/docs/a' }, { path: '/docs/a', fields: ['host', 'other.test'] }],
    left: [{ path: '/doc' }],
  },
  {
    name: 'a scope by its credential: all of that one, nothing of another',
    config: 'defaults: { scope: { credential: [authorization, cookie.session] } }',
    purge: post({ scopes: [{ authorization: 'Bearer one' }, { 'cookie.session': 's2' }] }),
    gone: [
      { path: '/a', fields: [...SHOP, 'authorization', 'Bearer one'] },
      { path: '/b', fields: [...SHOP, 'authorization', 'Bearer one', 'cookie', 'session=s1'] },
      { path: '/a', fields: [...SHOP, 'cookie', 'session=s2'] },
    ],
    left: [{ path: '/a', fields: [...SHOP, 'authorization', 'Bearer two'] }, { path: '/a' }],
  },
  {
    name: 'a URL in every scope',
    config: 'defaults: { scope: credential }',
    purge: purge('/a'),
    gone: [{ path: '/a' }, { path: '/a', fields: [...SHOP, 'authorization', 'one'] }, { path: '/a', fields: [...SHOP, 'authorization', 'two'] }],
    left: [{ path: '/b', fields: [...SHOP, 'authorization', 'one'] }],
  },
  { name: 'everything', purge: post({ all: true }), gone: [{ path: '/a' }, { path: '/b', fields: ['host', 'other.test'] }] },
  {
    name: 'several selectors at once',
    purge: post({ tags: ['t'], urls: ['/u'], prefixes: ['/p'], reason: 'a test' }),
    gone: [{ path: '/a', tags: 't' }, { path: '/u' }, { path: '/p/q' }],
    left: [{ path: '/b', tags: 'tt' }],
  },
];

const cases: readonly Journey[] = [
  {
    name: 'a route with templates is purged by the tag that they make',
    config: 'routes: [{ path: "/products/:id", tags: ["product:{id}", "in:{query.currency}"] }]',
    steps: [
      store({ path: '/products/1?currency=eur' }),
      purge('/', ['surrogate-key', 'product:1']),
      gone({ path: '/products/1?currency=eur' }),
      purge('/', ['surrogate-key', 'in:eur']),
      gone({ path: '/products/1?currency=eur' }),
      { ask: 'GET /products/1', fields: SHOP, answers: fresh('x'), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=tag-malformed' } },
    ],
  },
  {
    name: 'settle: what carries the tag is passed on and not stored until the window is over',
    steps: [
      store({ path: '/a', tags: 't' }),
      purge('/', ['surrogate-key', 't', 'purge-settle', '2s']),
      {
        ask: 'GET /a',
        fields: SHOP,
        afterMs: 1000,
        answers: fresh('lagging', ['surrogate-key', 't']),
        expect: { body: 'lagging', cacheStatus: /^fwd=(uri-miss|miss); fwd-status=200; detail=held$/ },
      },
      {
        ask: 'GET /a',
        fields: SHOP,
        afterMs: 1000,
        answers: fresh('settled', ['surrogate-key', 't']),
        expect: { body: 'settled', cacheStatus: STORED },
      },
      { ask: 'GET /a', fields: SHOP, expect: { body: 'settled', cacheStatus: 'hit; ttl=60' } },
    ],
  },
  {
    name: 'versions: what states a lower one is passed on and not stored',
    steps: [
      { ...post({ versions: { 'product:42': 18 } }) },
      ...(
        [
          [17, 'fwd=uri-miss; fwd-status=200; detail=version-behind'],
          [18, STORED],
        ] as const
      ).map(([version, cacheStatus]) => ({
        ask: 'GET /a',
        fields: SHOP,
        answers: fresh('x', ['surrogate-key', 'product:42', 'surrogate-version', `product:42=${version}`]),
        expect: { cacheStatus, fields: { 'surrogate-version': undefined } },
      })),
    ],
  },
  {
    name: 'tags over the limits: passed on and not stored',
    config: 'tags: { max_count: 2 }',
    steps: [
      {
        ask: 'GET /a',
        answers: fresh('x', ['surrogate-key', 'a b c']),
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=tags-over-limit' },
      },
    ],
  },
];

const PROBLEM = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };

const refusals: readonly Journey[] = [
  {
    name: 'without purge.token PURGE is no method here: 405, not forwarded, no effect',
    config: 'purge: { settle: 0s }',
    steps: [
      store({ path: '/a' }),
      { ask: 'PURGE /a', fields: [...SHOP, ...PURGES], expect: { status: 405, asked: 0, cacheStatus: 'detail=purge-disabled', fields: PROBLEM } },
      left({ path: '/a' }),
    ],
  },
  {
    name: 'a missing or wrong token purges nothing',
    steps: [
      store({ path: '/a' }),
      { ask: 'PURGE /a', fields: SHOP, expect: { status: 401, asked: 0, fields: { ...PROBLEM, 'www-authenticate': 'Bearer realm="freshet"' } } },
      { ask: 'PURGE /a', fields: [...SHOP, 'authorization', 'Bearer purge-toke'], expect: { status: 401, asked: 0, fields: PROBLEM } },
      left({ path: '/a' }),
    ],
  },
  {
    name: 'what is malformed purges nothing, and says why',
    steps: [
      store({ path: '/a', tags: 'a' }),
      { ...purge('/a', ['surrogate-key', 'a,b']), expect: { status: 400, fields: PROBLEM } },
      { ...purge('/a', ['surrogate-key', ' ']), expect: { status: 400, fields: PROBLEM } },
      { ...purge('/a', ['purge-settle', 'soon']), expect: { status: 400, fields: PROBLEM } },
      { ...purge('/a', ['soft-purge', 'yes']), expect: { status: 400, fields: PROBLEM } },
      { ...purge('/a', ['surrogate-key', 'x'.repeat(1025)]), expect: { status: 413, fields: PROBLEM } },
      ...['{}', 'garbage', '[]', '{"tag":["a"]}', '{"tags":"a"}'].map((body) => ({
        ...post({}),
        body,
        expect: { status: 400, fields: { 'content-type': 'application/problem+json' } },
      })),
      left({ path: '/a' }),
    ],
  },
  {
    name: 'what could only purge something else than was meant purges nothing',
    config: 'tags: { headers: [surrogate-key, xkey] }',
    steps: [
      store({ path: '/a' }),
      { ...purge('/a'), body: '{"tags":["b"]}', expect: { status: 400, body: /POST \/v1\/purge/, fields: PROBLEM, asked: 0 } },
      { ...purge('/a', ['transfer-encoding', 'chunked']), body: '{"tags":["b"]}', expect: { status: 400, fields: PROBLEM, asked: 0 } },
      { ...purge('/a', ['xkey', '']), expect: { status: 400, fields: PROBLEM } },
      { ...purge('/a', ['cache-tag', 'b']), expect: { status: 400, body: /surrogate-key, xkey can/, fields: PROBLEM } },
      left({ path: '/a' }),
    ],
  },
  {
    name: 'a scope that no route has: no entry could carry it',
    config: 'routes: [{ path: /me, scope: { credential: [cookie.session] } }]',
    steps: [
      ...[{ sub: 'u7' }, { authorisation: 'x' }, { authorization: 'x' }, { 'cookie.sid': 'x' }].map((scope) => ({
        ...post({ tags: ['a'], scopes: [scope] }),
        expect: { status: 400, body: /is part of no route's scope; allowed: cookie\.session\./ },
      })),
      post({ scopes: [{ 'cookie.session': 'x' }] }),
    ],
  },
  {
    name: 'over the rate',
    config: 'purge: { token: purge-token, rate: 2/s }',
    steps: [
      purge('/a'),
      purge('/a'),
      { ...purge('/a'), expect: { status: 429, fields: { ...PROBLEM, 'retry-after': '1' } } },
      { ...purge('/a'), afterMs: 500 },
    ],
  },
];

describe('selectors', () => it.each(selectors)('$name', (row) => play(journeyOf(row))));
describe('tags, settle and versions', () => it.each(cases)('$name', play));
describe('refusals', () => it.each(refusals)('$name', play));

describe('the answer', () => {
  it('is a receipt that counts nothing', async () => {
    const steps: Step[] = [
      {
        ask: 'PURGE /',
        fields: [...PURGES, 'surrogate-key', 'a b a'],
        expect: { body: RECEIPT, fields: { 'content-type': 'application/json' }, asked: 0 },
      },
      { ask: 'PURGE /', fields: [...PURGES, 'soft-purge', '1'], expect: { body: /"guarantee":"none"/ } },
    ];
    await play({ name: 'receipts', steps });
  });
});

const RECEIPT =
  /^\{"id":"[0-9a-f]{4}\.1","state":"confirmed","guarantee":"linearizable","authority":"process","mode":"hard","tags":2,"urls":0,"waited_ms":[\d.]+\}\s*$/;
