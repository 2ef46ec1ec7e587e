// SECURITY §3 "Cache deception", "Query cloaking", "Host variants": paths, queries and hosts that two readers could take for two things.
import type { Fields } from '../../src/http/fields.ts';
import { fresh, STORED } from '../proxy/journey.ts';
import type { Reply, SeenRequest } from '../support/origin.ts';
import { bytesOf, operatorBytes, type RawJourney, type RawRow, rowsOf } from './raw-journey.ts';

const HIT = 'hit; ttl=60';

/** Forwarded byte for byte; a server behind may read any of them as /account. */
const ALIKE = [
  '/account/x.css',
  '/account;x.js',
  '/account%3Bx.js',
  '/account%2Fx.css',
  '/account%3Fx.css',
  '/account?x.css',
  '/account%23.js',
  '//account',
  '/ACCOUNT',
  '/account%20',
  '/account.',
  '/account..',
  '/account/',
  '/account;v=1/x.png',
  '/static//account',
  '/static/%252e%252e/account',
  '/%61ccount',
];

/** Which server reads what here is not to be found out. */
const REFUSED = [
  '/account%00.css',
  '/account%0a.css',
  '/account%0D.css',
  '/account/.',
  '/static/../account',
  '/static/%2e%2e/account',
  '/static/.%2E/account',
  '/static/..%2faccount',
  '/static%2f..%2faccount',
  '/static/..%5caccount',
  '/static/..;/account',
  '/static/..%3b/account',
  '/account\\x.css',
  '/account#x.css',
  '/account\t.css',
];

const TYPED: Fields = ['content-type', 'text/html'];

/** Says nothing of caching on the account, whatever is behind it, and a minute on what is static. */
function account({ path }: SeenRequest): Reply {
  return path === '/static/logo.css' ? fresh('logo') : { body: 'account of the victim', fields: TYPED };
}

const unsaid = ALIKE.map(
  (path): RawJourney => ({
    name: `${path} is not stored for its name`,
    answers: account,
    steps: [
      { send: bytesOf('GET /static/logo.css'), expect: { cacheStatus: STORED } },
      ...[1, 2].map(() => ({
        send: bytesOf(`GET ${path}`),
        expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=no-freshness', body: 'account of the victim' },
      })),
    ],
    asked: ['GET /static/logo.css', `GET ${path}`, `GET ${path}`],
  }),
);

/** The static route caches what it is given, so that it must not be given the account. */
const refused = REFUSED.map(
  (path): RawJourney => ({
    name: `${path} is refused`,
    config: 'routes: [{ path: /static/**, ttl: 1h, cookies: ignore }]',
    answers: account,
    steps: [
      { send: bytesOf(`GET ${path}`, ['Cookie: sid=victim']), expect: { status: 400, cacheStatus: 'detail=bad-request', asked: 0 } },
      { send: bytesOf('GET /static/logo.css'), expect: { cacheStatus: STORED } },
    ],
    asked: ['GET /static/logo.css'],
  }),
);

const modified: Fields = ['last-modified', 'Mon, 01 Jan 1990 00:00:00 GMT'];
const kinds: readonly RawJourney[] = [
  {
    name: 'what is routed is what is keyed and forwarded',
    config: 'routes: [{ path: /account, pass: true }, { path: "/static/:file", ttl: 1m }]',
    answers: { body: 'x' },
    steps: [
      { send: bytesOf('GET /account'), expect: { cacheStatus: 'fwd=bypass; fwd-status=200; detail=route-pass' } },
      { send: bytesOf('GET /static/a'), expect: { cacheStatus: STORED } },
      { send: bytesOf('GET /static/a%2Fb'), expect: { cacheStatus: STORED } },
      { send: bytesOf('GET /static/a/b'), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=no-freshness' } },
      { send: bytesOf('GET /static/'), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=no-freshness' } },
      { send: bytesOf('GET /STATIC/a'), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=no-freshness' } },
      { send: bytesOf('GET /static/a'), expect: { cacheStatus: HIT } },
    ],
    asked: ['GET /account', 'GET /static/a', 'GET /static/a%2Fb', 'GET /static/a/b', 'GET /static/', 'GET /STATIC/a'],
  },
  {
    name: 'heuristics are nothing for a page under the name of a picture',
    config: 'defaults: { heuristic_freshness: 0.1 }',
    answers: { fields: [...modified, 'content-type', 'text/html; charset=utf-8'], body: 'x' },
    steps: [
      { send: bytesOf('GET /account/x.png'), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=no-freshness' } },
      {
        answers: { fields: [...modified, 'content-type', 'image/png'] },
        send: bytesOf('GET /x.png'),
        expect: { cacheStatus: STORED },
      },
    ],
  },
];

/** What the origin is asked is what the query stands for in the key. */
const QUERIES = [
  '?utm=1;callback=x',
  '?a=1&a=2',
  '?a=2&a=1',
  '?a[]=1',
  '?%61=1',
  '?a=1',
  '?',
  '',
  '?b=1&a=1',
  '?a=1&b=1',
  '?a=1&',
  '?A=1',
  '?_method=POST',
];

const cloaked: readonly RawJourney[] = [
  {
    name: 'a query is keyed and forwarded as received',
    answers: ({ path }) => fresh(path),
    steps: [STORED, HIT].flatMap((cacheStatus) =>
      QUERIES.map((query) => ({ send: bytesOf(`GET /q${query}`), expect: { cacheStatus, body: `/q${query}` } })),
    ),
    asked: QUERIES.map((query) => `GET /q${query}`),
  },
  {
    name: 'under a rule, what is left of the query is forwarded',
    config: 'defaults: { query: { exclude: ["utm*"] } }',
    answers: ({ path }) => fresh(path),
    steps: [
      { send: bytesOf('GET /q?utm=1;callback=evil&a=1'), expect: { cacheStatus: STORED, body: '/q?a=1' } },
      { send: bytesOf('GET /q?a=1'), expect: { cacheStatus: HIT, body: '/q?a=1' } },
      { send: bytesOf('GET /q?a=1&%75tm=evil'), expect: { cacheStatus: HIT, body: '/q?a=1' } },
      { send: bytesOf('GET /q?a=1;utm=evil'), expect: { cacheStatus: STORED, body: '/q?a=1;utm=evil' } },
      { send: bytesOf('GET /q?a=1&a=2'), expect: { cacheStatus: STORED, body: '/q?a=1&a=2' } },
      { send: bytesOf('GET /q?a=2&a=1'), expect: { cacheStatus: STORED, body: '/q?a=2&a=1' } },
    ],
  },
];

function asked(host: string, line = 'GET /h'): string {
  return `${line} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
}

const SAME = ['EXAMPLE.com', 'example.com.', 'example.com:80', 'example.com:0080', 'example.COM.:80', 'example.com:'];
const OTHERS = ['www.example.com', 'example.com:8080', '[::1]', 'xn--exmple-cua.com', '127.0.0.1', 'example.com.evil.test'];
const NONE = ['exämple.com', 'user@example.com', 'user:pw@example.com', 'example.com:99999', 'example..com', 'example.com/x', '[::1', 'a,b', ''];

const hosts: readonly RawJourney[] = [
  {
    name: 'a host in all its spellings is one key, and goes on in one',
    answers: () => fresh('x'),
    steps: [
      { send: asked('example.com'), expect: { cacheStatus: STORED } },
      ...SAME.map((host) => ({ send: asked(host), expect: { cacheStatus: HIT } })),
      {
        send: asked('EXAMPLE.com.:080', 'GET /other'),
        expect: { cacheStatus: STORED, sent: { host: 'example.com', 'x-forwarded-host': 'example.com' } },
      },
      { send: asked('example.com', 'GET http://EXAMPLE.com:80/h'), expect: { cacheStatus: HIT } },
    ],
  },
  {
    name: 'another host is another key',
    answers: ({ fields }) => fresh(fields[1] ?? ''),
    steps: ['example.com', ...OTHERS].map((host) => ({ send: asked(host), expect: { cacheStatus: STORED, body: host } })),
  },
  ...NONE.map((host) => ({
    name: `Host: ${host} is refused`,
    answers: fresh('x'),
    steps: [{ send: asked(host), expect: { status: 400, cacheStatus: 'detail=bad-request', asked: 0 } }],
  })),
  {
    name: 'hosts: one that is not listed is told so before anything else',
    config: 'hosts: [Example.com, "shop.test:8080"]',
    answers: fresh('x'),
    steps: [
      { send: asked('example.com'), expect: { cacheStatus: STORED } },
      { send: asked('EXAMPLE.com.:81'), expect: { cacheStatus: STORED } },
      { send: asked('shop.test:8080'), expect: { cacheStatus: STORED } },
      ...['evil.test', 'shop.test', 'www.example.com', '[::1]:80', 'example.com.evil.test'].map((host) => ({
        send: asked(host),
        expect: { status: 421, cacheStatus: 'detail=host-unknown', asked: 0 },
      })),
      { send: asked('evil.test', 'PUT /h'), expect: { status: 421, asked: 0 } },
      { send: asked('evil.test', 'OPTIONS *'), expect: { status: 421, asked: 0 } },
      { send: 'GET /h HTTP/1.0\r\n\r\n', expect: { status: 421, asked: 0 } },
      {
        to: 'admin',
        send: operatorBytes('POST /v1/explain', [], '{"method":"GET","url":"http://evil.test/"}'),
        expect: { body: /"decision":"refuse","reason":"host-unknown"/ },
      },
      { send: asked('example.com'), expect: { cacheStatus: HIT } },
    ],
  },
];

export const DECEPTIONS: readonly RawRow[] = [
  ...rowsOf('3.4', cloaked),
  ...rowsOf('3.6', [...unsaid, ...refused, ...kinds]),
  ...rowsOf('3.7', hosts),
];
