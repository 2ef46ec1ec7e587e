// SECURITY §4 "What may be stored": the heads of responses as an origin sends them, and whether the next request is answered from them.
import { corpus } from '../fuzz/corpus.ts';
import { type Expected, STORED } from '../proxy/journey.ts';
import type { Reply } from '../support/origin.ts';
import { bytesOf, type RawJourney, type RawRow, type RawStep, response, rowsOf } from './raw-journey.ts';

const HIT = 'hit; ttl=60';
const MINUTE = 'Cache-Control: max-age=60';

function page(...fields: readonly string[]): Reply {
  return response('200 OK', fields, 'page');
}

function get(fields: readonly string[], expect: Expected): RawStep {
  return { send: bytesOf('GET /a', fields), expect: { body: 'page', ...expect } };
}

/** Stored, and what the next request is told; without a word on it: a hit that is fresh for a minute. */
function stored(
  name: string,
  fields: readonly string[],
  given: { readonly asked?: readonly string[]; readonly hit?: Expected } & Partial<RawJourney> = {},
) {
  const { asked = [], hit = {}, ...more } = given;
  const steps = [get(asked, { cacheStatus: STORED }), get(asked, { cacheStatus: HIT, ...hit })];
  return { name, answers: page(...fields), steps, ...more };
}

/** Passed on, and the next request is too. */
function passed(
  name: string,
  fields: readonly string[],
  reason: string | RegExp,
  given: { readonly request?: readonly string[] } & Partial<RawJourney> = {},
): RawJourney {
  const { request = [], ...more } = given;
  const cacheStatus = typeof reason === 'string' ? `fwd=uri-miss; fwd-status=200; detail=${reason}` : reason;
  return { name, answers: page(...fields), steps: [1, 2].map(() => get(request, { cacheStatus, asked: 1 })), ...more };
}

const { permitted, prohibited } = corpus('cache-control', ['permitted', 'prohibited']);
const REFUSED = /^fwd=uri-miss; fwd-status=200; detail=(?:response-no-store|private|malformed-control)$/;

const directives: readonly RawJourney[] = [
  ...prohibited.map((value) => passed(`Cache-Control: ${value}`, [`Cache-Control: ${value}`], REFUSED)),
  ...permitted.map((value) => stored(`Cache-Control: ${value}`, [`Cache-Control: ${value}`], { hit: { cacheStatus: /^hit; ttl=\d+$/, asked: 0 } })),
  passed('two lines that contradict each other', ['Cache-Control: max-age=1', 'Cache-Control: max-age=2'], 'malformed-control'),
  passed('a line that a quote leaves open, and one behind it', ['Cache-Control: max-age=60, x="', 'Cache-Control: y="'], 'malformed-control'),
  passed('private in a line behind an open quote', ['Cache-Control: max-age=60, x="', 'Cache-Control: private'], 'private'),
  passed('private in the second line', [MINUTE, 'Cache-Control: private'], 'private'),
  passed('private in obs-text', ['Cache-Control: max-age=60, \xff'], 'malformed-control'),
  passed('no-cache, qualified, without a validator', ['Cache-Control: max-age=60, no-cache="set-cookie"'], 'no-validator'),
  {
    name: 'no-cache, qualified, is validated at every use',
    answers: page('Cache-Control: max-age=60, no-cache="set-cookie"', 'ETag: "v1"'),
    steps: [
      get([], { cacheStatus: STORED }),
      { answers: response('304 Not Modified', ['ETag: "v1"']), ...get([], { cacheStatus: /fwd-status=304/, asked: 1 }) },
    ],
  },
  stored('two lines of one opinion', [MINUTE, 'Cache-Control: max-age=60, public']),
  stored('an empty line', ['Cache-Control:', MINUTE]),
];

const COOKIE = 'Set-Cookie: sid=1';
const ONE_EXCHANGE = [
  'Authentication-Info: nextnonce="a"',
  'Proxy-Authenticate: Basic',
  'Proxy-Authentication-Info: a=b',
  'Proxy-Authorization: Basic x',
];

const cookies: readonly RawJourney[] = [
  passed('Set-Cookie', [MINUTE, COOKIE], 'set-cookie'),
  passed('Set-Cookie beside public', ['Cache-Control: public, max-age=60', COOKIE], 'set-cookie'),
  passed('Set-Cookie2', [MINUTE, 'Set-Cookie2: sid=1'], 'set-cookie'),
  passed('an empty Set-Cookie', [MINUTE, 'Set-Cookie:'], 'set-cookie'),
  passed('Set-Cookie beside a targeted field', ['CDN-Cache-Control: max-age=60', COOKIE], 'set-cookie'),
  stored('Set-Cookie, where the route stores it', [MINUTE, COOKIE], {
    config: 'defaults: { store_set_cookie: true }',
    hit: { fields: { 'set-cookie': 'sid=1' } },
  }),
  {
    name: 'what was said to one client of its own authentication stays with it',
    answers: page(MINUTE, ...ONE_EXCHANGE),
    steps: [
      get([], { cacheStatus: STORED, fields: { 'authentication-info': 'nextnonce="a"', 'proxy-authenticate': undefined } }),
      get([], {
        cacheStatus: HIT,
        fields: {
          'authentication-info': undefined,
          'proxy-authenticate': undefined,
          'proxy-authentication-info': undefined,
          'proxy-authorization': undefined,
        },
      }),
    ],
  },
];

const TOKEN = ['Authorization: Bearer one'];
const authorization: readonly RawJourney[] = [
  passed('max-age alone', [MINUTE], 'authorization', { request: TOKEN }),
  passed('must-revalidate', ['Cache-Control: max-age=60, must-revalidate'], 'authorization', { request: TOKEN }),
  passed('a targeted field', ['CDN-Cache-Control: max-age=60'], 'authorization', { request: TOKEN }),
  passed('an empty Authorization', [MINUTE], 'authorization', { request: ['Authorization:'] }),
  passed('Basic', [MINUTE], 'authorization', { request: ['Authorization: Basic eDp5'] }),
  stored('must-revalidate, where the route takes it', ['Cache-Control: max-age=60, must-revalidate'], {
    asked: TOKEN,
    config: 'defaults: { store_authorized: rfc }',
  }),
  stored('public', ['Cache-Control: public, max-age=60'], { asked: TOKEN }),
  stored('s-maxage', ['Cache-Control: s-maxage=60'], { asked: TOKEN }),
  {
    name: 'an answer for everybody is for the authorized too, and none to them is for everybody else',
    answers: page(MINUTE),
    steps: [
      get(TOKEN, { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=authorization' }),
      get([], { cacheStatus: STORED }),
      get(TOKEN, { cacheStatus: HIT }),
    ],
  },
  passed('a cookie', [MINUTE], 'request-cookie', { request: ['Cookie: sid=1'] }),
];

const NINE = 'Vary: a, b, c, d, e, f, g, h, i';
const VALUES = Array.from({ length: 65 }, (_, i) => `X-A: ${i}`);
const VARIANT = 'fwd=vary-miss; fwd-status=200; stored';

const variants: readonly RawJourney[] = [
  passed('Vary: *', [MINUTE, 'Vary: *'], 'vary-star'),
  passed('Vary: * in a list', [MINUTE, 'Vary: accept, *'], 'vary-star'),
  passed('Vary: * in a second line', [MINUTE, 'Vary: accept', 'Vary: *'], 'vary-star'),
  passed('Vary on what is no name', [MINUTE, 'Vary: "accept"'], 'vary-star'),
  passed('Vary: Cookie', [MINUTE, 'Vary: Cookie'], 'vary-not-allowed'),
  passed('Vary: Authorization', [MINUTE, 'Vary: AUTHORIZATION'], 'vary-not-allowed'),
  passed('Vary on what only Freshet says', [MINUTE, 'Vary: X-Forwarded-For'], 'vary-not-allowed'),
  passed('Vary on nine fields', [MINUTE, NINE], 'vary-too-wide'),
  passed('Vary on a value of 300 bytes', [MINUTE, 'Vary: X-A'], 'vary-too-wide', { request: [`X-A: ${'x'.repeat(300)}`] }),
  stored('Vary on eight fields', [MINUTE, 'Vary: a, b, c, d, e, f, g, h']),
  stored('Vary on a value of 256 bytes', [MINUTE, 'Vary: X-A'], { asked: [`X-A: ${'x'.repeat(256)}`] }),
  {
    name: 'of 65 variants the one not used for longest is gone',
    answers: page(MINUTE, 'Vary: X-A'),
    steps: [
      ...VALUES.slice(0, 64).map((value, i) => get([value], { cacheStatus: i === 0 ? STORED : VARIANT })),
      get(VALUES.slice(0, 1), { cacheStatus: HIT }),
      get(VALUES.slice(64), { cacheStatus: VARIANT }),
      ...[0, 2, 63, 64].map((i) => get(VALUES.slice(i, i + 1), { cacheStatus: HIT })),
      get(VALUES.slice(1, 2), { cacheStatus: VARIANT }),
    ],
  },
  {
    name: 'encodings are brought to one form, other values are not',
    answers: page(MINUTE, 'Vary: Accept-Encoding'),
    steps: [
      get(['Accept-Encoding: gzip, deflate, br;q=0.9'], { cacheStatus: STORED }),
      get(['Accept-Encoding: br;q=0.5,GZIP, deflate'], { cacheStatus: HIT }),
      get(['Accept-Encoding: gzip'], { cacheStatus: VARIANT }),
      get([], { cacheStatus: VARIANT }),
    ],
  },
  {
    name: 'a response with less Vary answers nobody who differs on an older axis',
    answers: page(MINUTE, 'Vary: X-A'),
    steps: [
      get(['X-A: 1'], { cacheStatus: STORED }),
      { answers: page(MINUTE), ...get(['X-A: 2'], { cacheStatus: VARIANT }) },
      get(['X-A: 2'], { cacheStatus: HIT }),
      get(['X-A: 3'], { cacheStatus: VARIANT }),
      get([], { cacheStatus: VARIANT }),
      get(['X-A: 1'], { cacheStatus: HIT }),
    ],
  },
];

const PAST = 'Thu, 01 Jan 1970 00:00:00 GMT';
const FUTURE = 'Fri, 01 Jan 2100 00:00:00 GMT';
const STALE = 'already-stale';

const times: readonly RawJourney[] = [
  passed('Expires: 0', ['Expires: 0'], STALE),
  passed('Expires that is no date', ['Expires: tomorrow'], STALE),
  passed('Expires in the past', [`Expires: ${PAST}`], STALE),
  stored('max-age beats Expires', [MINUTE, 'Expires: 0']),
  passed('an Age over max-age', [MINUTE, 'Age: 61'], STALE),
  passed('an Age beyond all numbers', [MINUTE, `Age: ${'9'.repeat(400)}`], STALE),
  passed('a negative Age', [MINUTE, 'Age: -1'], STALE),
  passed('an Age that is no number', [MINUTE, 'Age: 1e1'], STALE),
  passed('two Ages', [MINUTE, 'Age: 1', 'Age: 2'], STALE),
  stored('an Age', [MINUTE, 'Age: 20'], { hit: { cacheStatus: 'hit; ttl=40', fields: { age: '20' } } }),
  stored('a Date that is none', [MINUTE, 'Date: never'], { hit: { fields: { age: '0' } } }),
  stored('a Date in the far future', [MINUTE, `Date: ${FUTURE}`], { hit: { fields: { age: '0' } } }),
  passed('a Date long ago', [MINUTE, 'Date: Thu, 01 Jan 1903 00:00:00 GMT'], STALE),
  passed('Pragma: no-cache, which says nothing', ['Pragma: no-cache'], 'no-freshness'),
  passed('nothing', [], 'no-freshness'),
  passed('a validator alone', ['ETag: "v1"', `Last-Modified: ${PAST}`], 'no-freshness'),
  passed('no-store in the request', [MINUTE], /^fwd=request; fwd-status=200; detail=request-no-store$/, {
    request: ['Cache-Control: no-store'],
  }),
  {
    name: 'must-revalidate beats every window',
    config: 'defaults: { stale_while_revalidate: 1h, stale_if_error: 1h }',
    answers: page('Cache-Control: max-age=60, must-revalidate, stale-while-revalidate=60, stale-if-error=60', 'ETag: "v1"'),
    steps: [
      get([], { cacheStatus: STORED }),
      { afterMs: 61_000, answers: { status: 503 }, send: bytesOf('GET /a', ['Cache-Control: max-stale']), expect: { status: 503, asked: 1 } },
    ],
  },
  {
    name: 'a Date that is wrong makes nothing older or younger than it is',
    answers: page(MINUTE, `Date: ${FUTURE}`),
    steps: [
      get([], { cacheStatus: STORED }),
      { afterMs: 59_000, ...get([], { cacheStatus: 'hit; ttl=1', fields: { age: '59' } }) },
      { afterMs: 2000, ...get([], { cacheStatus: 'fwd=stale; fwd-status=200; stored' }) },
    ],
  },
];

const NO_GZIP = '\x1f\x8b\xff\x00 no gzip';
const opaque: readonly RawJourney[] = ['gzip', 'br', 'gzip, gzip', Array.from({ length: 500 }, () => 'gzip').join(','), 'none of these', ''].map(
  (coding) => ({
    name: `Content-Encoding: ${coding.slice(0, 20)} goes through as it is`,
    answers: response('200 OK', [MINUTE, `Content-Encoding: ${coding}`], NO_GZIP),
    steps: [STORED, HIT].map((cacheStatus) => ({
      send: bytesOf('GET /a', ['Accept-Encoding: identity']),
      expect: {
        cacheStatus,
        body: Buffer.from(NO_GZIP, 'latin1').toString(),
        fields: { 'content-encoding': coding, 'content-length': String(NO_GZIP.length) },
      },
    })),
  }),
);

const HOPS = [
  'Connection: X-Hop, keep-alive',
  'X-Hop: 1',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'TE: trailers',
  'Trailer: X-T',
  'Upgrade: h2c',
];
const without = { 'x-hop': undefined, 'proxy-connection': undefined, te: undefined, trailer: undefined, upgrade: undefined };

const hops: readonly RawJourney[] = [
  {
    name: 'what ends at a hop is not stored, nor sent from the store',
    answers: page(MINUTE, ...HOPS),
    steps: [get([], { cacheStatus: STORED, fields: without }), get([], { cacheStatus: HIT, fields: without })],
  },
  ...['Cache-Control', 'Set-Cookie', 'Surrogate-Key', 'Vary', 'Age', 'Content-Length', 'ETag', 'Freshet-Cache-Control'].map((name) => ({
    name: `Connection: ${name} is no response`,
    answers: page(MINUTE, `Connection: close, ${name}`),
    steps: [1, 2].map(() => ({ send: bytesOf('GET /a'), expect: { status: 502, cacheStatus: 'fwd=uri-miss; detail=connection-nominates' } })),
  })),
];

export const STORINGS: readonly RawRow[] = [
  ...rowsOf('4.1', directives),
  ...rowsOf('4.2', cookies),
  ...rowsOf('4.3', authorization),
  ...rowsOf('4.4', variants),
  ...rowsOf('4.5', times),
  ...rowsOf('4.6', opaque),
  ...rowsOf('4.7', hops),
];
