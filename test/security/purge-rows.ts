// SECURITY §6 "Purge endpoint": who may purge, and what a purge can be made to do. What is refused purges nothing: the entry is still there afterwards.
import { type Expected, fresh, PURGE_TOKEN } from '../proxy/journey.ts';
import { bytesOf, operatorBytes, ORIGIN, type RawJourney, type RawRow, type RawStep, rowsOf } from './raw-journey.ts';

const TOKEN = `Authorization: Bearer ${PURGE_TOKEN}`;
const ADMIN = 'admin: { listen: "127.0.0.1:0", token: admin-token }';
const PROBLEM = { 'content-type': 'application/problem+json', 'access-control-allow-origin': undefined };

const tagged = fresh('x', ['surrogate-key', 'a b']);
const FILL: RawStep = { answers: tagged, send: bytesOf('GET /a'), expect: { asked: 1 } };
const LEFT: RawStep = { send: bytesOf('GET /a'), expect: { cacheStatus: /^hit; /, asked: 0 } };
const GONE: RawStep = { send: bytesOf('GET /a'), expect: { asked: 1 } };

/** Purges nothing, and asks the origin nothing. */
function refusal(
  name: string,
  send: string,
  status: number,
  given: Partial<RawJourney> & { readonly to?: 'admin'; readonly says?: RegExp } = {},
): RawJourney {
  const { to, says, ...more } = given;
  const expect: Expected = { status, asked: 0, ...(status === 400 ? {} : { fields: PROBLEM }), ...(says === undefined ? {} : { body: says }) };
  return { name, steps: [FILL, { send, expect, ...(to === undefined ? {} : { to }) }, LEFT], ...more };
}

function purge(...fields: readonly string[]): string {
  return bytesOf('PURGE /', [TOKEN, ...fields]);
}

function post(body: string, fields: readonly string[] = []): string {
  return operatorBytes('POST /v1/purge', fields, body);
}

const off = { config: 'purge: { settle: 0s }' };
const switchedOff: readonly RawJourney[] = [
  refusal('a URL', bytesOf('PURGE /a'), 405, off),
  refusal('a URL, with the token of another', bytesOf('PURGE /a', [TOKEN]), 405, off),
  refusal('tags', bytesOf('PURGE /', ['Surrogate-Key: a']), 405, off),
  refusal('by the way of Fastly', bytesOf('PURGE /a', ['Fastly-Key: x', 'Fastly-Soft-Purge: 1']), 405, off),
  refusal('BAN', bytesOf('BAN /a'), 400, off),
  {
    ...off,
    name: 'a GET that is to become a PURGE is a GET',
    steps: [FILL, { send: bytesOf('GET /a', ['X-HTTP-Method-Override: PURGE']), expect: { cacheStatus: /^hit; /, asked: 0 } }, LEFT],
  },
  {
    ...off,
    name: 'the API of the admin listener is no page of the public one',
    answers: { status: 404 },
    steps: [{ send: bytesOf('POST /v1/purge', [], '{"all":true}'), expect: { status: 404, asked: 1 } }],
  },
];

/** Of a request that comes from elsewhere and would like to come from here. */
const FROM_HERE = ['X-Forwarded-For: 127.0.0.1', 'Forwarded: for=127.0.0.1', 'X-Real-IP: 127.0.0.1', 'True-Client-IP: 127.0.0.1', 'X-Client-IP: ::1'];
const NO_TOKENS: readonly (readonly string[])[] = [
  [],
  ['Authorization: Bearer purge-toke'],
  ['Authorization: Bearer purge-token1'],
  ['Authorization: Bearer PURGE-TOKEN'],
  ['Authorization: Bearer'],
  ['Authorization: Bearer purge-token, Bearer purge-token'],
  ['Authorization: Bearer purge-token x'],
  ['Authorization: Basic cHVyZ2UtdG9rZW46'],
  ['Authorization: purge-token'],
  ['Proxy-Authorization: Bearer purge-token'],
  ['X-Purge-Key: purge-token'],
  ['Cookie: token=purge-token'],
  ['Surrogate-Key: a'],
  ...FROM_HERE.map((field) => [field]),
  FROM_HERE,
];

const tokens: readonly RawJourney[] = [
  ...NO_TOKENS.map((fields) => refusal(`PURGE with ${fields.join(', ') || 'nothing'}`, bytesOf('PURGE /a', fields), 401)),
  refusal('PURGE with the token in the query', bytesOf('PURGE /a?token=purge-token&access_token=purge-token'), 401),
  refusal('PURGE with two tokens', bytesOf('PURGE /a', [TOKEN, TOKEN]), 400),
  refusal('PURGE with a token in the target', bytesOf('PURGE http://x:purge-token@shop.test/a'), 400),
  ...NO_TOKENS.map((fields) =>
    refusal(`POST /v1/purge with ${fields.join(', ') || 'nothing'}`, post('{"tags":["a"]}', fields), 401, {
      to: 'admin',
      config: `${ADMIN}\npurge: {}`,
    }),
  ),
  refusal('POST /v1/purge with the token in the query', operatorBytes('POST /v1/purge?token=admin-token', [], '{"all":true}'), 401, {
    to: 'admin',
    config: ADMIN,
  }),
  {
    name: 'the purge token purges, and permits nothing else',
    config: `${ADMIN}\npurge: { token: ${PURGE_TOKEN} }`,
    steps: [
      FILL,
      { to: 'admin', send: operatorBytes('GET /v1/entries?url=/a', [TOKEN]), expect: { status: 403 } },
      { to: 'admin', send: operatorBytes('GET /v1/config', [TOKEN]), expect: { status: 403 } },
      { send: bytesOf('PURGE /a', ['Authorization: Bearer admin-token']), expect: { status: 401, asked: 0 } },
      LEFT,
      { to: 'admin', send: post('{"tags":["a"]}', [TOKEN]), expect: {} },
      GONE,
    ],
  },
];

/** Nobody is asked, whatever it names. */
const outbound: readonly RawJourney[] = [
  ...[ORIGIN, '169.254.169.254', 'localhost:8081', '[::1]:22'].map((host) => ({
    name: `PURGE of a URL on ${host}`,
    steps: [
      { send: `PURGE http://${host}/a HTTP/1.1\r\nHost: ${host}\r\n${TOKEN}\r\n\r\n`, expect: { asked: 0, body: /"urls":1/ } },
      { send: `PURGE /a HTTP/1.1\r\nHost: ${host}\r\n${TOKEN}\r\n\r\n`, expect: { asked: 0, body: /"urls":1/ } },
    ],
    asked: [],
  })),
  refusal('PURGE of another URL than its host says', `PURGE http://169.254.169.254/a HTTP/1.1\r\nHost: shop.test\r\n${TOKEN}\r\n\r\n`, 400),
  {
    name: 'URLs and prefixes on other hosts',
    steps: [
      {
        to: 'admin',
        send: post(`{"urls":["http://${ORIGIN}/a","//169.254.169.254/"],"prefixes":["http://${ORIGIN}/"]}`),
        expect: { body: /"urls":2/ },
      },
    ],
    asked: [],
  },
  ...['"file:///etc/passwd"', '"javascript:alert(1)"', '"ftp://shop.test/a"', '"http://user:pw@shop.test/a"', '"a"', '""', '{"url":"/a"}'].map(
    (url) => refusal(`the URL ${url}`, post(`{"urls":[${url}]}`), 400, { to: 'admin' }),
  ),
  ...['callback', 'url', 'webhook', 'redirect', 'host'].map((member) =>
    refusal(`a member ${member}`, post(`{"tags":["b"],"${member}":"http://${ORIGIN}/"}`), 400, { to: 'admin', says: /There is no member/ }),
  ),
];

const BAD_TAGS: readonly (readonly [name: string, tag: string])[] = [
  ['a comma', 'a,b'],
  ['a bare CR', 'a\rb'],
  ['a bare LF', 'a\nb'],
  ['CR LF and a field', 'x\r\n X: a'],
  ['a NUL', 'a\0b'],
  ['UTF-8', 'caf\xc3\xa9'],
  ['obs-text', '\xff'],
  ['nothing', ''],
];
const BAD_MEMBERS = ['"a b"', '"a,b"', '"a\\u0000"', '"a\\r\\nX: y"', '"\\u00e9"', '"\\ud800"', '""', '1', 'null', '["a"]', '{"a":1}', 'true'];
/** Tags like any other: none of them stands for more than itself. */
const LITERAL = ['*', '?', '[a-z]', '{f}', '%61', '.*', "'a'", '"a"', '$(a)', 'a*', '__proto__', 'constructor', 'x'.repeat(1024)];

const injected: readonly RawJourney[] = [
  ...BAD_TAGS.map(([name, tag]) => refusal(`a tag with ${name}`, purge(`Surrogate-Key: ${tag}`), 400)),
  refusal('a tag of 1025 bytes', purge(`Surrogate-Key: ${'x'.repeat(1025)}`), 413),
  {
    ...refusal('a tag of 64 KB', '', 431),
    // Refused before anybody looks what it is: the head is over its limit.
    steps: [FILL, { send: purge(`Surrogate-Key: ${'x'.repeat(65_536)}`), expect: { status: 431, asked: 0 } }, LEFT],
  },
  ...BAD_MEMBERS.map((tag) => refusal(`a tag ${tag} in JSON`, post(`{"tags":["b",${tag}]}`), 400, { to: 'admin' })),
  ...LITERAL.map(
    (tag): RawJourney => ({
      name: `${tag.slice(0, 20)} is a tag like any other`,
      steps: [
        FILL,
        { answers: fresh('y', ['surrogate-key', tag]), send: bytesOf('GET /literal'), expect: { asked: 1 } },
        { send: purge(`Surrogate-Key: ${tag}`), expect: { body: /"tags":1/, asked: 0 } },
        LEFT,
        { send: bytesOf('GET /literal'), expect: { asked: 1 } },
        { to: 'admin', send: post(JSON.stringify({ tags: [tag] })), expect: { body: /"tags":1/ } },
        LEFT,
        { send: bytesOf('GET /literal'), expect: { asked: 1 } },
      ],
    }),
  ),
  ...[
    '{"__proto__":{"tags":["a"]}}',
    '{"constructor":{"all":true}}',
    '{"all":"true"}',
    '{"all":1}',
    '{"tags":{"0":"a"}}',
    '[{"tags":["a"]}]',
    '{"tags":["a"]}x',
  ].map((body) => refusal(body, post(body), 400, { to: 'admin' })),
];

const MANY = Array.from({ length: 257 }, (_, i) => `t${i}`);
const KIB_64 = 65_536;

/** As long as it is to be, by white space. */
function padded(bytes: number): string {
  return '{"tags":["a"]}'.padEnd(bytes);
}

const floods: readonly RawJourney[] = [
  refusal('257 tags', purge(`Surrogate-Key: ${MANY.join(' ')} a`), 413),
  refusal('257 tags in JSON', post(JSON.stringify({ tags: [...MANY.slice(1), 'a'] })), 413, { to: 'admin' }),
  refusal('a body of 64 KiB and a byte', post(padded(KIB_64 + 1)), 413, { to: 'admin' }),
  {
    name: 'exactly 256 tags, and exactly 64 KiB',
    steps: [
      FILL,
      { send: purge(`Surrogate-Key: ${MANY.slice(2).join(' ')} a`), expect: { body: /"tags":256/ } },
      GONE,
      { to: 'admin', send: post(padded(KIB_64)), expect: { body: /"tags":1/ } },
      GONE,
    ],
  },
  {
    name: 'purges over the rate purge nothing',
    config: `purge: { token: ${PURGE_TOKEN}, rate: 2/s }`,
    steps: [
      { send: purge('Surrogate-Key: x'), expect: {} },
      { to: 'admin', send: post('{"tags":["x"]}'), expect: {} },
      FILL,
      { send: purge('Surrogate-Key: a'), expect: { status: 429, fields: { 'retry-after': '1' } } },
      { to: 'admin', send: post('{"tags":["a"]}'), expect: { status: 429 } },
      LEFT,
      { afterMs: 500, send: purge('Surrogate-Key: a'), expect: {} },
      GONE,
    ],
  },
  {
    name: 'purges of everything in a loop: five, and then one a second, whatever the rate of the others',
    steps: [
      ...Array.from({ length: 5 }, (): RawStep => ({ to: 'admin', send: post('{"all":true}'), expect: {} })),
      FILL,
      { to: 'admin', send: post('{"all":true}'), expect: { status: 429, fields: { 'retry-after': '1' } } },
      LEFT,
      { send: purge('Surrogate-Key: other'), expect: {} },
      LEFT,
      { afterMs: 1000, to: 'admin', send: post('{"all":true}'), expect: {} },
      GONE,
    ],
  },
];

const FORM = ['Content-Type: text/plain'];
const browsers: readonly RawJourney[] = [
  refusal('a form of another site', post('{"all":true}', [...FORM, 'Origin: https://evil.test']), 403, { to: 'admin' }),
  refusal('a form of a sandboxed page', post('{"all":true}', [...FORM, 'Origin: null']), 403, { to: 'admin' }),
  refusal('a form that hides its origin', post('{"all":true}', [...FORM, 'Sec-Fetch-Site: cross-site']), 403, { to: 'admin' }),
  refusal('a form of the very host', post('{"all":true}', [...FORM, 'Origin: http://localhost:8081', 'Sec-Fetch-Site: same-origin']), 403, {
    to: 'admin',
  }),
  refusal('a form on a name that was rebound', post('{"all":true}').replace('localhost', 'evil.test'), 421, { to: 'admin' }),
  refusal('a script with PURGE', operatorBytes('PURGE /a', ['Origin: https://evil.test']), 403, { to: 'admin' }),
  refusal('an image', operatorBytes('GET /v1/purge?all=true', ['Sec-Fetch-Site: cross-site']), 405, { to: 'admin' }),
  {
    name: 'a preflight is not answered in the affirmative',
    steps: ['/v1/purge', '/a'].map((path) => ({
      to: 'admin' as const,
      send: operatorBytes(`OPTIONS ${path}`, [
        'Origin: https://evil.test',
        'Access-Control-Request-Method: PURGE',
        'Access-Control-Request-Headers: authorization',
      ]),
      expect: { status: 403, fields: { 'access-control-allow-origin': undefined, 'access-control-allow-methods': undefined } },
    })),
  },
  refusal('a script on the public side, which knows no token', bytesOf('PURGE /a', ['Origin: https://evil.test']), 401),
];

export const PURGES: readonly RawRow[] = [
  ...rowsOf('6.1', switchedOff),
  ...rowsOf('6.2', tokens),
  ...rowsOf('6.4', outbound),
  ...rowsOf('6.5', injected),
  ...rowsOf('6.6', floods),
  ...rowsOf('6.9', browsers),
];
