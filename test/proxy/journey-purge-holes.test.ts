// Journeys of purges that once left something behind: other forms of a URL, writes, versions, soft purges repeated, reloads.
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { Barrier } from '../support/origin.ts';
import type { Place, Reply } from '../support/origin.ts';
import { AFTER_PURGE, fresh, type Journey, play, PURGE_TOKEN, PURGES, Stage, type Step, STORED, yamlOf } from './journey.ts';

const HIT = 'hit; ttl=60';
const SHOP: Fields = ['host', 'shop.test'];

interface Kept {
  readonly path: string;
  readonly fields?: Fields;
  readonly tags?: string;
}

const store = ({ path, fields = SHOP, tags = 'none' }: Kept): Step => ({
  ask: `GET ${path}`,
  fields,
  answers: fresh('old', ['surrogate-key', tags]),
  expect: { body: 'old', cacheStatus: AFTER_PURGE },
});
const gone = ({ path, fields = SHOP }: Kept): Step => ({
  ask: `GET ${path}`,
  fields,
  answers: fresh('new'),
  expect: { body: 'new', cacheStatus: AFTER_PURGE },
});
const left = ({ path, fields = SHOP }: Kept): Step => ({ ask: `GET ${path}`, fields, expect: { body: 'old', cacheStatus: HIT } });
const post = (order: object): Step => ({ ask: 'POST /v1/purge', to: 'admin', body: JSON.stringify(order), expect: {} });
const write = (path: string, method = 'PUT'): Step => ({ ask: `${method} ${path}`, fields: SHOP, body: 'x', answers: { body: 'ok' }, expect: {} });

interface PurgeCase {
  readonly name: string;
  readonly purge: Step;
  readonly gone: Kept;
  readonly left?: Kept;
  readonly config?: string;
}

function journeyOf({ name, purge, gone: goes, left: stays, config = '' }: PurgeCase): Journey {
  const kept = stays === undefined ? [] : [stays];
  return { name, config, steps: [...kept.map(store), store(goes), purge, gone(goes), ...kept.map(left)] };
}

const secure: Kept = { path: '/p', fields: ['host', 'shop.test:443'] };
const elsewhere: Kept = { path: '/p', fields: ['host', 'shop.test:8443'] };
/** RFC 9110 §4.2.3: a default port is no port; TLS may have ended in front. */
const ports: readonly PurgeCase[] = [
  ...['https://shop.test:443/p', 'https://shop.test/p', '//shop.test/p', 'http://shop.test/p', 'http://shop.test:80/p'].map((url) => ({
    name: `URL ${url}`,
    purge: post({ urls: [url] }),
    gone: secure,
    left: elsewhere,
  })),
  ...['https://shop.test/', '//shop.test/p'].map((url) => ({
    name: `prefix ${url}`,
    purge: post({ prefixes: [url] }),
    gone: secure,
    left: elsewhere,
  })),
  { name: 'PURGE', purge: { ask: 'PURGE /p', fields: [...PURGES, ...SHOP], expect: {} }, gone: secure, left: elsewhere },
  { name: 'a write', purge: write('/p'), gone: secure, left: elsewhere },
];

const encoded: Kept = { path: '/p/%31' };
/** RFC 3986 §6.2.2.2: the encoding of an unreserved character is that character. */
const encodings: readonly PurgeCase[] = [
  { name: 'URL', purge: post({ urls: ['//shop.test/p/1'] }), gone: encoded, left: { path: '/p/1%2F' } },
  { name: 'URL on any host', purge: post({ urls: ['/p/1'] }), gone: encoded, left: { path: '/p/1%2F' } },
  { name: 'prefix', purge: post({ prefixes: ['//shop.test/p/1'] }), gone: encoded, left: { path: '/p/%31%31' } },
  { name: 'prefix on any host', purge: post({ prefixes: ['/%70'] }), gone: { path: '/p/1' } },
  { name: 'a write', purge: write('/p/1'), gone: encoded, left: { path: '/p/2' } },
  { name: 'the other way round', purge: write('/p/%31'), gone: { path: '/p/1' }, left: { path: '/p/2' } },
];

const templated = 'routes: [{ path: "/products/:id", invalidates: ["product:{id}", catalog, "list:{query.q}"] }]';
const writes: readonly PurgeCase[] = [
  ...['/products/42', '/products/42?q=a&q=b', '/products/42?q=%20'].flatMap((path) =>
    ['catalog', 'product:42'].map((tags) => ({
      name: `${path} purges ${tags} though list:{query.q} has no value, and says that it did not purge all`,
      config: templated,
      purge: { ...write(path), expect: { cacheStatus: 'fwd=method; fwd-status=200; detail=purge-unconfirmed' } },
      gone: { path: '/list', tags },
    })),
  ),
  {
    name: 'a write whose route drops a part of the query ends the URL as the client wrote it',
    config: 'routes: [{ path: /p, methods: [POST], query: { exclude: [t] } }, { path: /p, methods: [GET] }]',
    purge: { ...write('/p?id=1&t=9', 'POST'), forwardedAs: '/p?id=1' },
    gone: { path: '/p?id=1&t=9' },
    left: { path: '/p?id=1&t=8' },
  },
];

const versioned: Fields = ['surrogate-version', 'product:42=17'];
const stated: Journey = {
  name: 'a version states its tag, whether or not Surrogate-Key lists it',
  steps: [
    { ask: 'GET /a', answers: fresh('17', versioned), expect: { cacheStatus: STORED } },
    post({ versions: { 'product:42': 18 } }),
    { ask: 'GET /a', expect: { body: '17', cacheStatus: /^fwd=(uri-miss|miss); fwd-status=200; detail=version-behind$/ } },
  ],
};

describe('a purge finds the default ports of both schemes', () => it.each(ports)('$name', (row) => play(journeyOf(row))));
describe('a purge finds what is encoded in vain', () => it.each(encodings)('$name', (row) => play(journeyOf(row))));
describe('a write purges all that it can', () => it.each(writes)('$name', (row) => play(journeyOf(row))));
describe('a demanded version', () => {
  it(stated.name, () => play(stated));

  it.each([
    { mode: 'hard', place: 'after-head' },
    { mode: 'soft', place: 'after-head' },
    { mode: 'hard', place: 'mid-body' },
    { mode: 'soft', place: 'mid-body' },
  ] as const)('that lands $place ($mode) keeps a lower one out of the store', async ({ mode, place }) => {
    await using stage = await Stage.start();
    const { barrier, reply } = standing(place, { ...fresh('17', versioned) });
    stage.origin.on('/a', reply);
    const first = stage.ask('GET /a');
    await barrier.reached;
    await stage.roundTrips();
    await stage.play([post({ versions: { 'product:42': 18 }, mode })]);
    barrier.open();
    expect((await first).body).toBe('17');
    await stage.play([
      { ask: 'GET /a', answers: fresh('18', ['surrogate-version', 'product:42=18']), expect: { body: '18', cacheStatus: AFTER_PURGE } },
    ]);
  });
});

/** A reply that stands at `place`. */
function standing(place: Place, reply: Reply): { readonly barrier: Barrier; readonly reply: Reply } {
  const barrier = new Barrier();
  return { barrier, reply: { ...reply, barriers: { [place]: barrier } } };
}

const down: Reply = { status: 503, body: 'down' };
const softly = (by: 'tag' | 'all'): Step => post(by === 'all' ? { all: true, mode: 'soft' } : { tags: ['t'], mode: 'soft' });
const lasting = fresh('old', ['surrogate-key', 't', 'cache-control', 'stale-if-error=30']);

const windowed = fresh('old', ['surrogate-key', 't', 'cache-control', 'stale-while-revalidate=30']);

/** PURGE-PROTOCOL §3.2 rule 8: stale since the first soft purge, however often it is repeated. */
const soft: readonly Journey[] = (['tag', 'all'] as const).flatMap((by) => [
  {
    name: `${by}: stale for 25 s`,
    steps: [
      { ask: 'GET /a', answers: lasting, expect: { cacheStatus: STORED } },
      { ...softly(by), afterMs: 10_000 },
      { ask: 'GET /a', afterMs: 25_000, answers: down, expect: { body: 'old', cacheStatus: /ttl=-25; detail=stale-if-error$/ } },
    ],
  },
  {
    name: `${by}: purged again after 25 s, stale for 50 s`,
    steps: [
      { ask: 'GET /a', answers: lasting, expect: { cacheStatus: STORED } },
      { ...softly(by), afterMs: 10_000 },
      { ...softly(by), afterMs: 25_000 },
      { ask: 'GET /a', afterMs: 25_000, answers: down, expect: { status: 503, body: 'down' } },
    ],
  },
  {
    name: `${by}: fetched after the first purge, stale since the second at the most`,
    steps: [
      { ask: 'GET /a', answers: lasting, expect: { cacheStatus: STORED } },
      softly(by),
      { ask: 'GET /a', afterMs: 100_000, answers: lasting, expect: { body: 'old', asked: 1 } },
      { ...softly(by), afterMs: 10_000 },
      { ask: 'GET /a', afterMs: 10_000, answers: down, expect: { body: 'old', cacheStatus: /detail=stale-if-error$/ } },
    ],
  },
  {
    name: `${by}: fetched after the first purge, softly purged 40 s later: served while it is refreshed`,
    steps: [
      { ask: 'GET /a', answers: windowed, expect: { cacheStatus: STORED } },
      softly(by),
      { ask: 'GET /a', afterMs: 100_000, expect: { asked: 1 } },
      { ...softly(by), afterMs: 40_000 },
      { ask: 'HEAD /a', expect: { cacheStatus: 'hit; ttl=0; detail=stale-while-revalidate' } },
    ],
  },
]);

describe('soft purges repeated neither prolong nor close the stale windows', () => it.each(soft)('$name', play));

it('the list of recent purges shows no credential', () =>
  play({
    name: 'purges',
    config: 'defaults: { scope: credential }',
    steps: [
      post({ scopes: [{ authorization: 'Bearer SECRET' }, { authorization: 'Bearer OTHER' }], reason: 'logout' }),
      {
        ask: 'GET /v1/purges',
        to: 'admin',
        fields: ['authorization', `Bearer ${PURGE_TOKEN}`],
        expect: { body: /^(?!.*(SECRET|OTHER)).*"what":"scope=authorization=#[0-9a-f]{8} scope=authorization=#[0-9a-f]{8}"/s },
      },
    ],
  }));

describe('a reload that keys or tags otherwise', () => {
  const excluding = 'defaults: { query: { include: [a] } }';
  const tagging = 'routes: [{ path: "/t/:id", tags: ["t:{id}"] }]';
  const untagged = 'tags: { headers: [surrogate-key] }';
  const cases = [
    { name: 'a query rule and back', path: '/p?b=2&a=1', configs: ['', excluding, ''], purge: { urls: ['//shop.test/p?b=2&a=1'] } },
    { name: 'tags that an entry was stored without', path: '/t/1', configs: ['', tagging], purge: { tags: ['t:1'] } },
    {
      name: 'tags of a route that another stood before',
      path: '/t/1',
      configs: [tagging.replace('[', '[{ path: /t/1, ttl: 1h }, '), tagging],
      purge: { tags: ['t:1'] },
    },
    { name: 'a tag header that did not count', path: '/h', configs: [untagged, ''], purge: { tags: ['h'] } },
  ] as const;

  it.each(cases)('nothing outlives a purge: $name', async ({ path, configs, purge }) => {
    const [before, during, after = during] = configs;
    await using stage = await Stage.start({ config: before });
    await stage.play([{ ...store({ path }), answers: fresh('old', ['xkey', 'h']) }]);
    await stage.freshet.reload(yamlOf({ config: during }, stage.origin.url));
    await stage.play([post(purge)]);
    await stage.freshet.reload(yamlOf({ config: after }, stage.origin.url));
    await stage.play([gone({ path })]);
  });

  it.each([
    { name: 'query', config: excluding },
    { name: 'scope', config: 'defaults: { scope: credential }' },
    { name: 'tags', config: 'defaults: { tags: [x] }' },
    { name: 'tag headers', config: untagged },
    { name: 'forward', config: 'defaults: { forward: [accept] }' },
    { name: 'cookies', config: 'defaults: { cookies: strip }' },
    { name: 'trusted proxies', config: 'trusted_proxies: [192.0.2.1/32]' },
    { name: 'vary', config: 'defaults: { vary: [accept] }' },
    { name: 'cookies that come to mean nothing', config: 'defaults: { cookies: ignore }' },
    { name: 'store_set_cookie', config: 'defaults: { store_set_cookie: true }' },
    { name: 'store_partial', config: 'defaults: { store_partial: true }' },
    { name: 'store_post', config: 'defaults: { store_post: true }' },
    { name: 'store_errors', config: 'defaults: { store_errors: false }' },
    { name: 'store_close_delimited', config: 'defaults: { store_close_delimited: true }' },
    { name: 'store_authorized', config: 'defaults: { store_authorized: rfc }' },
    { name: 'store_private', config: 'routes: [{ path: /never, store_private: true }]' },
  ])('empties the cache, what is on its way into it too: $name', async ({ config }) => {
    await using stage = await Stage.start();
    await stage.play([store({ path: '/a' })]);
    const { barrier, reply } = standing('mid-body', fresh('underway'));
    stage.origin.on('/b', reply);
    const underway = stage.ask('GET /b', { fields: SHOP });
    await barrier.reached;
    await stage.roundTrips();
    await stage.freshet.reload(yamlOf({ config }, stage.origin.url));
    await stage.freshet.reload(yamlOf({}, stage.origin.url));
    barrier.open();
    expect((await underway).body).toBe('underway');
    await stage.play([gone({ path: '/a' }), gone({ path: '/b' })]);
  });

  it('what a request that came before it fetches after it answers nobody who comes later', async () => {
    await using stage = await Stage.start();
    const barrier = new Barrier();
    stage.origin.on('/t/1', (_request, nth) => ({ ...fresh(`fetch ${nth}`), ...(nth === 1 && { barriers: { 'before-head': barrier } }) }));
    const underway = stage.ask('GET /t/1', { fields: SHOP });
    await barrier.reached;
    await stage.freshet.reload(yamlOf({ config: tagging }, stage.origin.url));
    barrier.open();
    expect((await underway).body).toBe('fetch 2');
    await stage.play([post({ tags: ['t:1'] })]);
    expect((await stage.ask('GET /t/1', { fields: SHOP })).body).toBe('fetch 3');
  });

  it.each([
    { name: 'cookies', config: 'defaults: { cookies: ignore }', answers: fresh('of one user'), fields: ['cookie', 'session=s1'] },
    { name: 'store_set_cookie', config: 'defaults: { store_set_cookie: true }', answers: fresh('of one user', ['set-cookie', 'session=s1']) },
    {
      name: 'store_authorized',
      config: 'defaults: { store_authorized: rfc }',
      answers: { fields: ['cache-control', 'max-age=60, must-revalidate'], body: 'of one user' },
      fields: ['authorization', 'Bearer t'],
    },
  ])('what could not be stored any more answers nobody: $name', async ({ config, answers, fields = [] }) => {
    await using stage = await Stage.start({ config });
    await stage.play([{ ask: 'GET /a', answers, fields, expect: { cacheStatus: STORED } }]);
    await stage.freshet.reload(yamlOf({}, stage.origin.url));
    await stage.play([{ ask: 'GET /a', answers: fresh('of all'), expect: { cacheStatus: AFTER_PURGE, body: 'of all' } }]);
  });
});
