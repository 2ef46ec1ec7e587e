// Every way in which a configuration can be wrong, with the exact words it is answered.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import type { Overrides } from '../../src/config/overrides.ts';
import { UsageError } from '../../src/errors.ts';

const DURATION = 'a whole number and its unit: ms, s, m, h or d (250ms, 30s, 1h)';
const SIZE = 'a whole number and its unit: B, KiB, MiB or GiB (64KiB, 256MiB)';
const PERCENT = 'a number from 0 to 100 with at most six decimals, and % (0.1%, 100%)';
const JSON_PATH = "a path into JSON: $ and then .name, ['name'], [0], .* or [*] ($.generated_at, $.items[*].seen_at)";
const LISTEN = 'PORT, :PORT, HOST:PORT or [IPV6]:PORT, with a port from 0 to 65535';
const SCOPE =
  'public, credential, { credential: [authorization, cookie.NAME] }, a list of claims ([sub], [tenant, tier]), or { lookup: /path }, with credential beside it or not';
const LOOKUP = 'a path of the origin, as it is sent (/_scope), without a query';
const CLAIM = 'the name of a claim, or its path with dots (sub, realm_access.roles, https://example.com/tenant)';
const QUERY = 'one of { include: [names] }, { exclude: [names] } or { ignore: true }; a name may end in *';
const TOP =
  'listen, workers, admin, purge, store, log, fast_path, trusted_proxies, hosts, redis, tags, auth, audit, limits, events, origins, defaults, routes';
const ORIGIN = 'http:// or https://, a host and perhaps a port, nothing after it (http://127.0.0.1:5000)';
const ORIGINS = 'needs at least one origin; allowed: a map of names to settings (shop: { url: http://127.0.0.1:5000 }), or the flag --origin URL';
const BREAKER = 'a map of settings, or false';
const TEMPLATE = 'visible characters without spaces or commas, with {name}, {query.name} and {claim.name} in braces';

/** What is wrong with `text`, given one origin; without the name of the file. */
function problemsOf(text: string, overrides: Overrides = { origin: 'http://127.0.0.1:5000' }): readonly string[] {
  try {
    loadConfig({ text, env: {}, overrides });
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.split('\n').map((line) => line.replace(/^configuration: ?/, ''));
  }
}

const auth = (settings: string): string => `auth: { jwt: { issuer: a, audience: b, ${settings} } }`;
const route = (settings: string): string => `routes: [{ path: /a/:id, ${settings} }]`;

describe('one mistake', () => {
  it.each([
    ['not YAML', 'a: [', '1: (top level): is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ['a key twice', 'listen: 1\nlisten: 2', '2: (top level): is not valid YAML: the key "listen" stands in line 1 already'],
    [
      'a key twice, inside',
      'store:\n  memory: 4MiB\n  max_object: 1MiB\n  "memory": 5MiB',
      '4: (top level): is not valid YAML: the key "memory" stands in line 2 already',
    ],
    ['a key twice, in braces', 'log: { level: info,\n level: warn }', '2: (top level): is not valid YAML: the key "level" stands in line 1 already'],
    ['a tag nobody knows', 'listen: !x 1', '1: (top level): is not valid YAML: Unresolved tag: !x'],
    ['not a map', '- a', '1: (top level): found a list; allowed: a map of settings'],
    ['unknown key, near', 'lisen: 1', `1: lisen: unknown key "lisen" (did you mean "listen"?); allowed: ${TOP}`],
    ['unknown key, far', 'colour: 1', `1: colour: unknown key "colour"; allowed: ${TOP}`],
    ['a prototype', '__proto__: 1', `1: __proto__: unknown key "__proto__"; allowed: ${TOP}`],
    [
      'unknown key within',
      'purge:\n  rat: 1/s',
      '2: purge.rat: unknown key "rat" (did you mean "rate"?); allowed: token, settle, memory, rate, callers',
    ],
    ['no value', 'listen:', `1: listen: found nothing; allowed: ${LISTEN}`],
    ['no settings', 'defaults:', '1: defaults: found nothing; allowed: a map of settings'],
    ['listen', 'listen: a:b:c', `1: listen: found "a:b:c"; allowed: ${LISTEN}`],
    ['listen false', 'listen: false', `1: listen: found false; allowed: ${LISTEN}`],
    ['admin off', 'admin: false', '1: admin: found false; allowed: a map of settings'],
    ['workers 0', 'workers: 0', '1: workers: found 0; allowed: 1 to 256, or auto'],
    ['workers 1.5', 'workers: 1.5', '1: workers: found 1.5; allowed: 1 to 256, or auto'],
    ['workers 257', 'workers: 257', '1: workers: found 257; allowed: 1 to 256, or auto'],
    ['workers as a word', 'workers: many', '1: workers: found "many"; allowed: 1 to 256, or auto'],
    [
      'a body too large for one worker',
      'workers: 4\nstore: { memory: 8MiB, max_object: 3MiB }',
      '2: store.max_object: found 3MiB; allowed: at most store.memory, which is 8MiB for 4 workers together',
    ],
    [
      'fills too small for several workers',
      'workers: 4\nstore: { fills: 16MiB }',
      '2: store.fills: found 16MiB; allowed: at least store.max_object, which is 8MiB, for each of 4 workers',
    ],
    [
      'redis without a secret',
      'redis: { url: redis://127.0.0.1, cluster: shop }',
      '1: redis.secret: is missing; allowed: 32 visible ASCII characters or more, without spaces',
    ],
    [
      'redis: settings that contradict each other',
      `redis: { url: redis://127.0.0.1, cluster: shop, secret: ${'s'.repeat(32)}, sharded: true, db: 1 }`,
      '1: redis.db: found 1; allowed with sharded: 0',
    ],
    [
      'redis: a certificate that is not there',
      `redis: { url: rediss://127.0.0.1, cluster: shop, secret: ${'s'.repeat(32)}, tls: { ca: none.pem } }`,
      '1: redis.tls.ca: found "none.pem", which cannot be read: no such file or directory',
    ],
    ['admin without token', 'admin: { listen: 8081, token: "" }\n', []],
    [
      'admin reachable without token',
      'admin: { listen: 0.0.0.0:8081 }',
      '1: admin.token: is missing; needed because admin.listen is 0.0.0.0:8081; without it only a loopback address is allowed (127.0.0.1:8081)',
    ],
    [
      'token of a number',
      'purge: { token: 1234 }',
      '1: purge.token: found a number; allowed: visible ASCII characters without spaces, or nothing for none (put it in quotes)',
    ],
    [
      'token with a space, not shown',
      'purge: { token: "se cret" }',
      '1: purge.token: found something else (not shown); allowed: visible ASCII characters without spaces, or nothing for none',
    ],
    [
      'missing variable',
      'purge:\n  token: ${NOPE}',
      '2: purge.token: the environment variable NOPE is not set or empty; set it, or give a default: ${NOPE:-default}',
    ],
    [
      'missing variable, once',
      'purge: { rate: "${NOPE}" }',
      '1: purge.rate: the environment variable NOPE is not set or empty; set it, or give a default: ${NOPE:-default}',
    ],
    ['duration without unit', 'purge: { settle: 5 }', `1: purge.settle: found 5; allowed: ${DURATION}`],
    ['duration with another unit', 'purge: { settle: 5 sec }', `1: purge.settle: found "5 sec"; allowed: ${DURATION}`],
    ['duration too long', 'purge: { settle: 2h }', '1: purge.settle: found "2h"; allowed: from 0s to 1h'],
    ['size without unit', 'store: { memory: 100 }', `1: store.memory: found 100; allowed: ${SIZE}`],
    ['size with another unit', 'store: { memory: 100MB }', `1: store.memory: found "100MB"; allowed: ${SIZE}`],
    ['size too small', 'store: { memory: 1KiB }', '1: store.memory: found "1KiB"; allowed: from 1MiB to 1024GiB'],
    [
      'object over memory',
      'store: { memory: 4MiB, max_object: 5MiB }',
      '1: store.max_object: found 5MiB; allowed: at most store.memory, which is 4MiB',
    ],
    [
      'object of a route over memory',
      `store: { memory: 4MiB }\n${route('max_object: 5MiB')}`,
      '2: routes[0].max_object: found 5MiB; allowed: at most store.memory, which is 4MiB',
    ],
    [
      'object of defaults over memory',
      'store: { memory: 4MiB }\ndefaults: { max_object: 5MiB }',
      '2: defaults.max_object: found 5MiB; allowed: at most store.memory, which is 4MiB',
    ],
    [
      'fills under the largest object by default',
      'store: { fills: 4MiB }',
      '1: store.fills: found 4MiB; allowed: at least store.max_object, which is 8MiB',
    ],
    [
      'fills under the object of defaults',
      'store: { fills: 4MiB, max_object: 1MiB }\ndefaults: { max_object: 5MiB }',
      '1: store.fills: found 4MiB; allowed: at least defaults.max_object, which is 5MiB',
    ],
    [
      'fills under the object of a route',
      `store: { fills: 4MiB, max_object: 1MiB }\n${route('max_object: 5MiB')}`,
      '1: store.fills: found 4MiB; allowed: at least routes[0].max_object, which is 5MiB',
    ],
    ['fills as large as the largest object', 'store: { memory: 4MiB, fills: 4MiB }', []],
    ['fills under an object that no route has', 'store: { fills: 1MiB }\ndefaults: { max_object: 1MiB }', []],
    ['share without its sign', 'audit: { sample: 0.1 }', `1: audit.sample: found 0.1; allowed: ${PERCENT}`],
    ['share above all', 'audit: { sample: 101% }', `1: audit.sample: found "101%"; allowed: ${PERCENT}`],
    ['path into JSON', 'audit: { ignore: [$.a, generated_at] }', `1: audit.ignore[1]: found "generated_at"; allowed: ${JSON_PATH}`],
    ['path to the whole', 'audit: { ignore: [$] }', `1: audit.ignore[0]: found "$"; allowed: ${JSON_PATH}`],
    ['window', 'audit: { window: 10ms }', '1: audit.window: found "10ms"; allowed: from 100ms to 1h'],
    ['rate', 'purge: { rate: 1000 }', '1: purge.rate: found 1000; allowed: a whole number a second (1000/s)'],
    ['rate of none', 'purge: { rate: 0/s }', '1: purge.rate: found "0/s"; allowed: a whole number a second (1000/s)'],
    ['level', 'log: { level: loud }', '1: log.level: found "loud"; allowed: trace, debug, info, warn, error, silent'],
    ['flag', 'fast_path: 1', '1: fast_path: found 1; allowed: true or false'],
    ['flag in YAML 1.1', 'tags: { expose: yes }', '1: tags.expose: found "yes"; allowed: true or false'],
    ['tag header', 'tags: { headers: [x-tags] }', '1: tags.headers[0]: found "x-tags"; allowed: surrogate-key, cache-tag, xkey, cache-groups'],
    [
      'network',
      'trusted_proxies: [10.0.0.0/33]',
      '1: trusted_proxies[0]: found "10.0.0.0/33"; allowed: a network in CIDR form (10.0.0.0/8, fd00::/8)',
    ],
    ['networks', 'trusted_proxies: 10.0.0.0/8', '1: trusted_proxies: found "10.0.0.0/8"; allowed: a list'],
    [
      'size a second, of another kind',
      'limits: { min_rate: 500/s }',
      '1: limits.min_rate: found "500/s"; allowed: a whole number, its unit and a second: B/s, KiB/s, MiB/s or GiB/s (500B/s, 4KiB/s)',
    ],
    ['size a second, too large', 'limits: { min_rate: 2GiB/s }', '1: limits.min_rate: found "2GiB/s"; allowed: from 0B/s to 1GiB/s'],
    ['count', 'limits: { header_count: 5 }', '1: limits.header_count: found 5; allowed: a whole number from 10 to 10000'],
    ['timer of nothing', 'limits: { idle_timeout: 0s }', '1: limits.idle_timeout: found "0s"; allowed: from 1ms to 1d'],
    ['timer that overflows', 'limits: { idle_timeout: 30d }', '1: limits.idle_timeout: found "30d"; allowed: from 1ms to 1d'],
    ['origin without url', 'origins: { a: {} }', `1: origins.a.url: is missing; allowed: ${ORIGIN}`],
    ['origin with a path', 'origins: { a: { url: http://h/p } }', `1: origins.a.url: found "http://h/p"; allowed: ${ORIGIN}`],
    ['origin with a password, not shown', 'origins: { a: { url: "http://u:secret@h" } }', `1: origins.a.url: found "http://…@h"; allowed: ${ORIGIN}`],
    ['origin of another scheme', 'origins: { a: { url: ftp://h } }', `1: origins.a.url: found "ftp://h"; allowed: ${ORIGIN}`],
    ['origin name', 'origins: { "1": { url: http://h } }', '1: origins.1: found "1"; allowed: a letter, then letters, digits, - and _'],
    ['tls for http', 'origins: { a: { url: http://h, tls: {} } }', '1: origins.a.tls: means nothing for http://h; allowed: tls with an https:// URL'],
    [
      'certificate that is not there',
      'origins: { a: { url: https://h, tls: { ca: /nowhere/ca.pem } } }',
      '1: origins.a.tls.ca: found "/nowhere/ca.pem", which cannot be read: no such file or directory',
    ],
    ['breaker: true', 'origins: { a: { url: http://h, breaker: true } }', `1: origins.a.breaker: found true; allowed: ${BREAKER}`],
    ['breaker as a list', 'origins: { a: { url: http://h, breaker: [5s] } }', `1: origins.a.breaker: found a list; allowed: ${BREAKER}`],
    [
      'breaker: unknown key',
      'origins:\n  a:\n    url: http://h\n    breaker:\n      opens: 5s',
      '5: origins.a.breaker.opens: unknown key "opens" (did you mean "open"?); allowed: failure_rate, window, minimum_requests, open, max_open, gateway_errors',
    ],
    [
      'breaker: a percentage',
      'origins: { a: { url: http://h, breaker: { failure_rate: 50% } } }',
      '1: origins.a.breaker.failure_rate: found "50%"; allowed: a number from 0 to 1',
    ],
    [
      'breaker: open longer than the most',
      'origins: { a: { url: http://h, breaker: { open: 2m } } }',
      '1: origins.a.breaker.max_open: found 1m; allowed: at least breaker.open, which is 2m',
    ],
    [
      'queue_timeout: none',
      'origins: { a: { url: http://h, queue_timeout: 0s } }',
      '1: origins.a.queue_timeout: found "0s"; allowed: from 1ms to 1d',
    ],
    ['origins as a list', 'origins: []', `1: origins: ${ORIGINS}`],
    ['routes as a map', 'routes: {}', '1: routes: found a map; allowed: a list'],
    ['route without path', 'routes: [{ ttl: 1h }]', '1: routes[0].path: is missing; allowed: a path pattern (/products/:id, /me/**)'],
    ['route with a relative path', 'routes: [{ path: a }]', '1: routes[0].path: path "a" must start with /'],
    ['route to no origin', route('origin: shop'), '1: routes[0].origin: found "shop"; allowed: default'],
    ['default to no origin', 'defaults: { origin: shop }', '1: defaults.origin: found "shop"; allowed: default'],
    ['route with host', route('host: "a b"'), '1: routes[0].host: found "a b"; allowed: a host name, with a port unless it is 80'],
    ['route with method', route('methods: ["GE T"]'), '1: routes[0].methods[0]: found "GE T"; allowed: the name of a method'],
    ['route with no method', route('methods: []'), '1: routes[0].methods: found an empty list; allowed: at least one method'],
    ['fraction', route('heuristic_freshness: 2'), '1: routes[0].heuristic_freshness: found 2; allowed: a number from 0 to 1'],
    ['choice', route('cookies: eat'), '1: routes[0].cookies: found "eat"; allowed: explicit, ignore, strip'],
    [
      'field value',
      route('client_cache_control: "a\\nb"'),
      '1: routes[0].client_cache_control: found "a\\nb"; allowed: origin, or a value for Cache-Control',
    ],
    ['hosts', 'hosts: ["a b"]', '1: hosts[0]: found "a b"; allowed: a host name, with a port unless it is 80'],
    [
      'forward',
      route('forward: ["a b", TE, via, host, x-forwarded-for, x-middleware-x, x-original-url, surrogate-key, content-length, accept]'),
      [
        '1: routes[0].forward[0]: found "a b"; allowed: the name of a field that clients may send to the origin',
        ...['TE', 'via', 'host', 'x-forwarded-for', 'x-middleware-x', 'x-original-url', 'surrogate-key', 'content-length'].map(
          (name, i) => `1: routes[0].forward[${i + 1}]: found "${name}", which ends here or is written by Freshet itself; allowed: any other field`,
        ),
      ],
    ],
    ['a strategy', route('strategy: purgee'), '1: routes[0].strategy: found "purgee"; allowed: purge, revalidate, versioned, pass'],
    [
      'a strategy undone',
      route('strategy: purge, pass: true'),
      '1: routes[0].pass: found true, which undoes strategy: purge; allowed: one of the two',
    ],
    ['a pass undone', route('strategy: pass, pass: false'), '1: routes[0].pass: found false, which undoes strategy: pass; allowed: one of the two'],
    [
      'versions undone',
      'defaults: { strategy: versioned, store_unversioned: true }',
      '1: defaults.store_unversioned: found true, which undoes strategy: versioned; allowed: one of the two',
    ],
    [
      'versions of `defaults` undone',
      'defaults: { strategy: versioned }\nroutes: [{ path: /a, store_unversioned: true }]',
      '2: routes[0].store_unversioned: found true, which undoes strategy: versioned of `defaults`; allowed: a strategy of its own',
    ],
    [
      'a caller',
      'purge: { callers: { shop: ["a b"] } }',
      '1: purge.callers.shop[0]: found "a b"; allowed: a tag or a family (catalog, product:*): visible characters without spaces or commas',
    ],
    [
      'callers',
      'purge: { callers: [shop] }',
      '1: purge.callers: found a list; allowed: a map of names to lists of tags (shop: ["product:*", catalog])',
    ],
    [
      'forward of cookies that are stripped',
      route('cookies: strip, forward: [cookie]'),
      '1: routes[0].forward: lists cookie, which cookies: strip does not forward; allowed: one of the two',
    ],
    [
      'forward of cookies that are stripped, in defaults',
      'defaults: { cookies: strip, forward: [cookie] }\nroutes: [{ path: /a }]',
      '1: defaults.forward: lists cookie, which cookies: strip does not forward; allowed: one of the two',
    ],
    [
      'forward of cookies that defaults strip',
      `defaults: { cookies: strip }\n${route('forward: [cookie]')}`,
      '2: routes[0].forward: lists cookie, which cookies: strip does not forward; allowed: one of the two',
    ],
    ['vary', route('vary: ["a b"]'), '1: routes[0].vary[0]: found "a b"; allowed: the name of a field'],
    ['scope of another kind', route('scope: private'), `1: routes[0].scope: found "private"; allowed: ${SCOPE}`],
    [
      'scope of claims nobody issues',
      route('scope: [sub]'),
      '1: routes[0].scope: needs auth.jwt: claims count only from a token of an issuer named there',
    ],
    ['scope of no claims', route('scope: []'), '1: routes[0].scope: found 0 claims; allowed: 1 to 8'],
    ['scope of a claim without a name', route('scope: [a..b]'), `1: routes[0].scope: [0]: found "a..b"; allowed: ${CLAIM}`],
    ['scope of a claim that ends a template', route('scope: ["a}"]'), `1: routes[0].scope: [0]: found "a}"; allowed: ${CLAIM}`],
    ['scope of a number', route('scope: [sub, 7]'), `1: routes[0].scope: [1]: found 7; allowed: ${CLAIM}`],
    [
      'credential written as a claim',
      route('scope: [authorization]'),
      '1: routes[0].scope: [0]: "authorization" is no claim; write { credential: [authorization] }',
    ],
    [
      'token required where none is read',
      route('required: true'),
      '1: routes[0].required: means nothing where the scope is public; allowed: with a list of claims as the scope',
    ],
    ['scope looked up nowhere', route('scope: { lookup: _scope }'), `1: routes[0].scope: lookup: found "_scope"; allowed: ${LOOKUP}`],
    ['scope looked up by a query', route('scope: { lookup: "/s?x" }'), `1: routes[0].scope: lookup: found "/s?x"; allowed: ${LOOKUP}`],
    ['scope looked up by no credential', route('scope: { lookup: /s, credential: [] }'), `1: routes[0].scope: found a map; allowed: ${SCOPE}`],
    [
      'scope looked up by a query parameter',
      route('scope: { lookup: /s, credential: [query.a] }'),
      '1: routes[0].scope: credential[0]: found "query.a"; allowed: authorization or cookie.NAME',
    ],
    [
      'token required where the origin is asked',
      route('scope: { lookup: /s }, required: true'),
      '1: routes[0].required: means nothing where the scope is lookup; allowed: with a list of claims as the scope',
    ],
    ['scope of nothing', route('scope: { credential: [] }'), `1: routes[0].scope: found a map; allowed: ${SCOPE}`],
    ['scope and more', route('scope: { credential: [authorization], x: 1 }'), `1: routes[0].scope: "x" means nothing in a scope; allowed: ${SCOPE}`],
    [
      'scope of a query',
      route('scope: { credential: [query.a] }'),
      '1: routes[0].scope: credential[0]: found "query.a"; allowed: authorization or cookie.NAME',
    ],
    ['query of both', route('query: { include: [a], exclude: [b] }'), `1: routes[0].query: found a map; allowed: ${QUERY}`],
    ['query with inner star', route('query: { include: [a*b] }'), `1: routes[0].query: found a map; allowed: ${QUERY}`],
    [
      'template of a claim',
      route('tags: ["u:{claim.sub}"]'),
      '1: routes[0].tags[0]: {claim.sub} needs a scope of claims that holds it; the scope is public',
    ],
    [
      'template of a claim that the scope lacks',
      `${auth('secret: abcdefghijklmnopqrstuvwxyz012345')}\n${route('scope: [tenant], invalidates: ["u:{claim.sub}"]')}`,
      '2: routes[0].invalidates[0]: {claim.sub} is not in the scope; allowed: {claim.tenant}',
    ],
    [
      'template of another name',
      route('tags: ["a:{x}"]'),
      '1: routes[0].tags[0]: {x} is not in the path /a/:id; allowed: {id} ({query.name} takes it from the query)',
    ],
    ['template of an open brace', route('invalidates: ["a:{id"]'), `1: routes[0].invalidates[0]: found "a:{id"; allowed: ${TEMPLATE}`],
    ['template with a comma', route('tags: ["a,b"]'), `1: routes[0].tags[0]: found "a,b"; allowed: ${TEMPLATE}`],
    [
      'template of a dropped parameter',
      route('query: { include: [page] }, tags: ["p:{query.utm}"]'),
      "1: routes[0].tags[0]: {query.utm} is not part of this route's query; allowed: a name that query: keeps",
    ],
    [
      'template of defaults that a route drops',
      `defaults: { tags: ["p:{query.page}"] }\n${route('query: { ignore: true }')}`,
      "2: routes[0].query: {query.page} is not part of this route's query; allowed: a name that query: keeps",
    ],
    [
      'template in defaults',
      'defaults: { tags: ["a:{id}"] }',
      '1: defaults.tags[0]: {id} is not in the path /**; this path has no :name ({query.name} takes it from the query)',
    ],
    ['match in defaults', 'defaults: { path: /a }', /^1: defaults\.path: unknown key "path"; allowed: upgrade, pass, /],
    [
      'the same route twice',
      'routes:\n  - path: /a/:id\n  - path: /a/*\n',
      '3: routes[1].path: "/a/*" takes the same requests as routes[0] and would never be used',
    ],
  ])('%s', (_, text, expected) => {
    expect(problemsOf(text)).toEqual(
      typeof expected === 'string' ? [expected] : expected instanceof RegExp ? [expect.stringMatching(expected)] : expected,
    );
  });
});

describe('issuers of tokens', () => {
  const URL = 'https://HOST/PATH';
  const SECRET = 'secret: abcdefghijklmnopqrstuvwxyz012345';
  const PAIRS = 'RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519';
  it.each([
    ['none', 'auth: { jwt: [] }', '1: auth.jwt: found an empty list; allowed: at least one'],
    ['no map', 'auth: { jwt: x }', '1: auth.jwt: found "x"; allowed: a map of settings'],
    ['unknown key', auth('jwks: x'), /^1: auth\.jwt\.jwks: unknown key "jwks"; allowed: issuer, audience, /],
    [
      'unknown key in a list',
      'auth:\n  jwt:\n    - { isuer: a }',
      [/^3: auth\.jwt\[0\]\.issuer: is missing/, /^3: .*audience: is missing/, /did you mean "issuer"/],
    ],
    ['no keys', auth('leeway: 1s'), '1: auth.jwt.issuer: has no keys; allowed: exactly one of jwks_url, jwks_file, secret'],
    ['empty secret', auth('secret: ""'), '1: auth.jwt.issuer: has no keys; allowed: exactly one of jwks_url, jwks_file, secret'],
    [
      'two kinds of keys',
      auth(`jwks_url: https://a/b, ${SECRET}`),
      '1: auth.jwt.issuer: has jwks_url and secret; allowed: exactly one of jwks_url, jwks_file, secret',
    ],
    ['no URL', auth('jwks_url: a'), `1: auth.jwt.jwks_url: found "a"; allowed: ${URL}`],
    ['a password in a URL, not shown', auth('jwks_url: "https://u:p@h/"'), `1: auth.jwt.jwks_url: found "https://…@h/"; allowed: ${URL}`],
    ['a token in a URL, not shown', auth('jwks_url: "https://h/k?token=t#x"'), `1: auth.jwt.jwks_url: found "https://h/k?…"; allowed: ${URL}`],
    ['http', auth('jwks_url: http://h/keys'), /^1: auth\.jwt\.jwks_url: is http:\/\//],
    ['http on loopback', auth('jwks_url: http://127.0.0.1:1/keys'), []],
    ['http on loopback, IPv6', auth('jwks_url: "http://[::1]:1/keys"'), []],
    ['http where it is permitted', auth('jwks_url: http://h/keys, jwks_http: true'), []],
    ['a short secret', auth('secret: abcdefghijklmnopqrstuvwxyz01234x'.slice(0, -1)), '1: auth.jwt.secret: is 31 bytes long; allowed: at least 32'],
    ['a secret too short for its algorithm', auth(`${SECRET}, algorithms: [HS512]`), '1: auth.jwt.secret: is 32 bytes long; allowed: at least 64'],
    [
      'a public key as a secret',
      auth('jwks_url: https://h/k, algorithms: [RS256, HS256]'),
      `1: auth.jwt.algorithms: found HS256; allowed with public keys: ${PAIRS}`,
    ],
    [
      'a secret as a public key',
      auth(`${SECRET}, algorithms: [RS256]`),
      '1: auth.jwt.algorithms: found RS256; allowed with a secret: HS256, HS384, HS512',
    ],
    ['no algorithm', auth('jwks_url: https://h/k, algorithms: []'), `1: auth.jwt.algorithms: found an empty list; allowed: at least one of ${PAIRS}`],
    [
      'algorithm none',
      auth('jwks_url: https://h/k, algorithms: [none]'),
      `1: auth.jwt.algorithms[0]: found "none"; allowed: ${PAIRS}, HS256, HS384, HS512`,
    ],
    ['leeway', auth(`${SECRET}, leeway: 61s`), '1: auth.jwt.leeway: found "61s"; allowed: from 0s to 1m'],
    ['no audience', `auth: { jwt: { issuer: a, ${SECRET} } }`, '1: auth.jwt.audience: is missing; allowed: the `aud` of tokens for this API'],
    ['no audiences', `auth: { jwt: { issuer: a, audience: [], ${SECRET} } }`, '1: auth.jwt.audience: found an empty list; allowed: at least one'],
    [
      'key file that is not there',
      auth('jwks_file: /nowhere/k.json'),
      '1: auth.jwt.jwks_file: found "/nowhere/k.json", which cannot be read: no such file or directory',
    ],
    [
      'key file without keys',
      auth('jwks_file: package.json'),
      '1: auth.jwt.jwks_file: found "package.json", which is not {"keys": […]} with public keys only',
    ],
    [
      'the same issuer twice',
      `auth:\n  jwt:\n    - { issuer: a, audience: b, ${SECRET} }\n    - { issuer: a, audience: c, ${SECRET} }`,
      '4: auth.jwt[1].issuer: "a" is there twice; allowed: each issuer once',
    ],
  ] satisfies [string, string, string | RegExp | RegExp[]][])('%s', (_, text, expected) => {
    const all = [expected].flat();
    expect(problemsOf(text)).toEqual(all.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))));
  });
});

describe('several mistakes', () => {
  it('are reported together, by line, those of the flags first', () => {
    const text = 'listen: 1\npurge: { rate: 5 }\nroutes:\n  - path: /a/:id\n    tags: ["{x}"]\n  - path: a\n    tll: 5s\n';
    expect(problemsOf(text, { origin: 'x', workers: '0', listen: '?' }).map((line) => line.split(': ').slice(0, 2))).toEqual([
      ['--listen', 'found "?"; allowed'],
      ['--workers', 'found "0"; allowed'],
      ['--origin', 'found "x"; allowed'],
      ['2', 'purge.rate'],
      ['5', 'routes[0].tags[0]'],
      ['6', 'routes[1].path'],
      ['7', 'routes[1].tll'],
    ]);
  });
});

describe('flags', () => {
  it.each([
    ['no origin', {}, ORIGINS.replace('needs', 'origins: needs')],
    ['--admin', { origin: 'http://h', admin: '0.0.0.0:1' }, /^admin\.token: is missing; needed because admin\.listen is 0\.0\.0\.0:1;/],
    ['--admin malformed', { origin: 'http://h', admin: 'x' }, `--admin: found "x"; allowed: ${LISTEN}, or false`],
  ])('%s', (_, overrides: Overrides, expected) => {
    expect(problemsOf('', overrides)).toEqual([typeof expected === 'string' ? expected : expect.stringMatching(expected)]);
  });

  it('a file that is not there', () => {
    expect(() => loadConfig({ file: '/nowhere/freshet.yaml', env: {}, overrides: {} })).toThrow(
      new UsageError('/nowhere/freshet.yaml: cannot be read: no such file or directory'),
    );
  });
});

describe('anything at all', () => {
  const KEYS = [
    'listen',
    'admin',
    'token',
    'store',
    'memory',
    'tags',
    'origins',
    'a',
    'url',
    'tls',
    'ca',
    'routes',
    'path',
    'query',
    'scope',
    'credential',
    'vary',
    '__proto__',
  ];
  const scalar = fc.oneof(fc.constantFrom('1s', '1MiB', '/a/:id', 'http://h', 'public', '${X}', '{x}', null), fc.string(), fc.double(), fc.boolean());
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      scalar,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...KEYS), tie('tree'), { maxKeys: 4 }),
    ),
  }));
  const asRoute = tree.map((settings) => ({ routes: [settings], defaults: settings, admin: settings }));

  it.each([
    ['text', fc.string()],
    ['data', fc.oneof(tree, asRoute).map((data) => stringify(data))],
  ])('as %s is a configuration or a list of problems, never another error', (_, texts) => {
    fc.assert(fc.property(texts, (text) => problemsOf(text).every((line) => line !== '')));
  });
});
