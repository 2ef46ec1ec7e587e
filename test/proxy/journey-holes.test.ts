// Journeys through holes that were once open: who shares an answer, what a purge finds, and what a 304 or a write may change.
import { describe, expect, it } from 'vitest';
import { type Fields, fieldValue } from '../../src/http/fields.ts';
import { Barrier } from '../support/origin.ts';
import type { Place, Reply, Script } from '../support/origin.ts';
import { AFTER_PURGE, fresh, type Journey, play, PURGE_TOKEN, PURGES, Stage, type Step, STORED, yamlOf } from './journey.ts';

const HIT = 'hit; ttl=60';
const SHOP: Fields = ['host', 'shop.test'];

/** A fresh answer made of one field of the request. */
function echo(name: string): Script {
  return ({ fields }) => fresh(fieldValue(fields, name) ?? 'nobody');
}

const me = 'routes: [{ path: /me, scope: { credential: [cookie.session] } }]';
const unverified = 'fwd=bypass; fwd-status=200; detail=scope-unverified';

const identities: readonly Journey[] = [
  {
    name: 'an Authorization that the scope does not hold: nothing is looked up and nothing stored',
    config: me,
    steps: [
      { ask: 'GET /me', fields: ['authorization', 'alice'], answers: echo('authorization'), expect: { body: 'alice', cacheStatus: unverified } },
      { ask: 'GET /me', fields: ['authorization', 'bob'], expect: { body: 'bob', cacheStatus: unverified } },
      { ask: 'GET /me', expect: { body: 'nobody', cacheStatus: STORED } },
      { ask: 'GET /me', fields: ['authorization', 'alice'], expect: { body: 'alice', cacheStatus: unverified } },
      { ask: 'GET /me', expect: { body: 'nobody', cacheStatus: HIT } },
    ],
  },
  {
    name: 'a comma is part of a cookie',
    config: me,
    steps: [
      { ask: 'GET /me', fields: ['cookie', 'session=x,alice'], answers: echo('cookie'), expect: { body: 'session=x,alice', cacheStatus: STORED } },
      { ask: 'GET /me', fields: ['cookie', 'session=x,bob'], expect: { body: 'session=x,bob', cacheStatus: STORED } },
      { ask: 'GET /me', fields: ['cookie', 'session=x,alice'], expect: { body: 'session=x,alice', cacheStatus: HIT } },
    ],
  },
  {
    name: 'two Cookie lines are one',
    config: me,
    steps: [
      {
        ask: 'GET /me',
        fields: ['cookie', 'a=1', 'cookie', 'session=x'],
        answers: echo('cookie'),
        expect: { body: 'session=x', cacheStatus: STORED },
      },
      { ask: 'GET /me', fields: ['cookie', 'session=x'], expect: { body: 'session=x', cacheStatus: HIT } },
    ],
  },
];

/** What a trusted proxy may say that an origin could answer by. */
const claims: readonly (readonly [name: string, value: string])[] = [
  ['forwarded', 'host=other.test;proto=https'],
  ['x-scheme', 'other'],
  ['front-end-https', 'other'],
  ['x-forwarded-prefix', '/other'],
];

function claimed([name, value]: readonly [string, string]): Journey {
  const stated = { ask: 'GET /a', fields: [name, value] };
  return {
    name: `${name} of a trusted proxy`,
    config: 'trusted_proxies: [127.0.0.1/32]',
    steps: [
      { ...stated, answers: echo(name), expect: { body: /other/, cacheStatus: STORED } },
      { ask: 'GET /a', expect: { body: /^(?!.*other)/, asked: 1, cacheStatus: STORED } },
      { ...stated, expect: { body: /other/, asked: 0, cacheStatus: HIT } },
    ],
  };
}

const addresses: Journey = {
  name: 'addresses alone are one URL',
  config: 'trusted_proxies: [127.0.0.1/32]',
  steps: [
    { ask: 'GET /a', fields: ['forwarded', 'for=192.0.2.1'], answers: fresh('a'), expect: { cacheStatus: STORED } },
    { ask: 'GET /a', fields: ['x-forwarded-for', '192.0.2.2'], expect: { cacheStatus: HIT } },
  ],
};

describe('no two who differ share an answer', () => it.each([...identities, ...claims.map(claimed), addresses])('$name', play));

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
    name: 'a template whose value its own query rule drops has the value that the client sent',
    config: 'routes: [{ path: /search, query: { ignore: true }, invalidates: ["list:{query.q}"] }]',
    purge: { ...write('/search?q=a'), forwardedAs: '/search', expect: { cacheStatus: 'fwd=method; fwd-status=200; detail=method' } },
    gone: { path: '/list', tags: 'list:a' },
  },
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
  it('$name', () => play(stated));

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
]);

describe('soft purges repeated do not prolong the stale windows', () => it.each(soft)('$name', play));

/** A 304 for what it is asked to validate; else an answer in the language asked for. */
const negotiated: Script = ({ fields }) => {
  const language = fieldValue(fields, 'accept-language') ?? '';
  const head: Fields = ['cache-control', 'max-age=60', 'etag', '"1"', 'vary', 'accept-language'];
  return fieldValue(fields, 'if-none-match') === undefined ? { fields: head, body: language } : { status: 304, fields: head };
};

const validations: readonly Journey[] = [
  {
    name: 'a 304 with another Vary: the entry is fetched whole, and other variants are their own',
    steps: [
      { ask: 'GET /a', fields: ['accept-language', 'en'], answers: fresh('en', ['etag', '"1"']), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: ['accept-language', 'en'], afterMs: 61_000, answers: negotiated, expect: { body: 'en', asked: 2 } },
      { ask: 'GET /a', fields: ['accept-language', 'fr'], expect: { body: 'fr', asked: 1, fields: { vary: 'accept-language' } } },
      { ask: 'GET /a', fields: ['accept-language', 'en'], expect: { body: 'en', cacheStatus: HIT } },
    ],
  },
  {
    name: 'Authentication-Info of a 304 is for who asked',
    steps: [
      { ask: 'GET /a', answers: fresh('a', ['etag', '"1"']), expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        afterMs: 61_000,
        answers: {
          status: 304,
          fields: ['cache-control', 'max-age=60', 'etag', '"1"', 'authentication-info', 'nextnonce="of-alice"', 'proxy-authenticate', 'Basic'],
        },
        expect: { cacheStatus: 'fwd=stale; fwd-status=304; stored; detail=validated' },
      },
      { ask: 'GET /a', expect: { cacheStatus: HIT, fields: { 'authentication-info': undefined, 'proxy-authenticate': undefined } } },
    ],
  },
];

/** RFC 9110 §7.6.2. */
const forwards: readonly Journey[] = [
  {
    name: 'OPTIONS',
    steps: [
      {
        ask: 'OPTIONS /a',
        fields: ['max-forwards', '0'],
        answers: { body: 'of the origin' },
        expect: { status: 204, body: '', asked: 0, fields: { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' } },
      },
      { ask: 'OPTIONS /a', fields: ['max-forwards', '1'], expect: { body: 'of the origin', asked: 1, sent: { 'max-forwards': '0' } } },
    ],
  },
  {
    name: 'TRACE',
    steps: [{ ask: 'TRACE /a', fields: ['max-forwards', '0'], answers: { body: 'of the origin' }, expect: { status: 405, asked: 0 } }],
  },
  {
    name: 'GET is none of those',
    steps: [{ ask: 'GET /a', fields: ['max-forwards', '0'], answers: fresh('a'), expect: { body: 'a', cacheStatus: STORED } }],
  },
];

describe('a 304', () => it.each(validations)('$name', play));
describe('Max-Forwards: 0 is answered here', () => it.each(forwards)('$name', play));

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
        expect: { body: /^(?!.*(SECRET|OTHER)).*scope=authorization=#[0-9a-f]{8} scope=.*logout/s },
      },
    ],
  }));

describe('a reload that keys or tags otherwise', () => {
  const excluding = 'defaults: { query: { include: [a] } }';
  const tagging = 'routes: [{ path: "/t/:id", tags: ["t:{id}"] }]';
  const cases = [
    { name: 'a query rule and back', path: '/p?b=2&a=1', configs: [excluding, ''], purge: { urls: ['//shop.test/p?b=2&a=1'] } },
    { name: 'tags that an entry was stored without', path: '/t/1', configs: [tagging], purge: { tags: ['t:1'] } },
    { name: 'a tag header and back', path: '/h', configs: ['tags: { headers: [x-tags] }', ''], purge: { tags: ['h'] } },
  ] as const;

  it.each(cases)('nothing outlives a purge: $name', async ({ path, configs, purge }) => {
    await using stage = await Stage.start();
    await stage.play([{ ...store({ path, tags: 'other' }), answers: fresh('old', ['x-tags', 'h']) }]);
    const [first, ...rest] = configs;
    stage.freshet.reload(yamlOf({ config: first }, stage.origin.url));
    await stage.play([post(purge)]);
    for (const config of rest) stage.freshet.reload(yamlOf({ config }, stage.origin.url));
    await stage.play([gone({ path })]);
  });

  it.each([
    { name: 'query', config: excluding },
    { name: 'scope', config: 'defaults: { scope: credential }' },
    { name: 'tags', config: 'defaults: { tags: [x] }' },
    { name: 'tag headers', config: 'tags: { headers: [x-tags] }' },
    { name: 'trusted proxies', config: 'trusted_proxies: [192.0.2.1/32]' },
  ])('empties the cache, what is on its way into it too: $name', async ({ config }) => {
    await using stage = await Stage.start();
    await stage.play([store({ path: '/a' })]);
    const { barrier, reply } = standing('mid-body', fresh('underway'));
    stage.origin.on('/b', reply);
    const underway = stage.ask('GET /b', { fields: SHOP });
    await barrier.reached;
    await stage.roundTrips();
    stage.freshet.reload(yamlOf({ config }, stage.origin.url));
    stage.freshet.reload(yamlOf({}, stage.origin.url));
    barrier.open();
    expect((await underway).body).toBe('underway');
    await stage.play([gone({ path: '/a' }), gone({ path: '/b' })]);
  });
});
