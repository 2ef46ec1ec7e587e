// SECURITY §3 "Redirect confusion", "Response splitting", "ETag/If-Match games": what comes back, and what may be asked about it.
import { fieldValue } from '../../src/http/fields.ts';
import { fresh, PURGE_TOKEN, STORED } from '../proxy/journey.ts';
import { bytesOf, operatorBytes, type RawJourney, type RawRow, response, rowsOf } from './raw-journey.ts';

const HIT = 'hit; ttl=60';

const redirects: readonly RawJourney[] = [
  ...[301, 302, 303, 307, 308].flatMap((status) =>
    ['http://shop.test/b', 'http://evil.test/', '//evil.test/', '/b', 'https://169.254.169.254/'].map((location) => ({
      name: `${status} to ${location} is the answer, and is not followed`,
      answers: { status, fields: ['location', location], body: 'there' },
      steps: [1, 2].map(() => ({
        send: bytesOf('GET /a'),
        expect: { status, body: 'there', fields: { location }, cacheStatus: `fwd=uri-miss; fwd-status=${status}; detail=no-freshness` },
      })),
      asked: ['GET /a', 'GET /a'],
    })),
  ),
  {
    name: 'one that says how long is stored under the URL that was asked for, and no other',
    answers: ({ path }) => (path === '/a' ? { status: 301, fields: ['location', '/b', 'cache-control', 'max-age=60'] } : fresh('b')),
    steps: [
      { send: bytesOf('GET /a'), expect: { status: 301, cacheStatus: 'fwd=uri-miss; fwd-status=301; stored' } },
      { send: bytesOf('GET /a'), expect: { status: 301, cacheStatus: HIT, fields: { location: '/b' } } },
      { send: bytesOf('GET /b'), expect: { cacheStatus: STORED, body: 'b' } },
    ],
  },
  {
    name: 'the redirect of a write is not followed with its body',
    answers: { status: 307, fields: ['location', 'http://shop.test/b'] },
    steps: [{ send: bytesOf('POST /a', [], 'secret'), expect: { status: 307 } }],
    asked: ['POST /a'],
  },
  {
    name: 'a 304 that nobody asked for freshens nothing',
    answers: ({ path }) => (path === '/a' ? { status: 304, fields: ['etag', '"v1"', 'cache-control', 'max-age=60'] } : fresh('b', ['etag', '"v1"'])),
    steps: [
      { send: bytesOf('GET /a'), expect: { status: 502, cacheStatus: 'fwd=uri-miss; detail=origin-malformed' } },
      { send: bytesOf('GET /b'), expect: { cacheStatus: STORED } },
      { send: bytesOf('GET /a'), expect: { status: 502, asked: 1 } },
    ],
  },
];

const FRESH = 'Cache-Control: max-age=60';
const SPLIT: readonly (readonly [name: string, field: string])[] = [
  ['a bare CR', 'Location: /a\rSet-Cookie: sid=evil'],
  ['a bare LF', 'Location: /a\nSet-Cookie: sid=evil'],
  ['a NUL', 'Location: /a\0b'],
  ['CR CR LF', 'Location: /a\r\r\nSet-Cookie: sid=evil'],
  ['a folded line', 'Location: /a\r\n Set-Cookie: sid=evil'],
  ['a space before the colon', 'Set-Cookie : sid=evil'],
];

const splitting: readonly RawJourney[] = [
  ...SPLIT.map(([name, field]) => ({
    name: `${name} in a field of the origin is no response`,
    answers: response('302 Found', [FRESH, field]),
    steps: [1, 2].map(() => ({
      send: bytesOf('GET /a'),
      expect: {
        status: 502,
        cacheStatus: 'fwd=uri-miss; detail=origin-malformed',
        fields: { 'set-cookie': undefined, location: undefined },
        asked: 1,
      },
    })),
  })),
  {
    name: 'an encoded line break stays encoded, whoever reflects it',
    answers: ({ path }) => ({ status: 302, fields: ['location', path, 'x-reflected', decodeURI('%C2%85')] }),
    steps: [
      {
        send: bytesOf('GET /r?to=%0d%0aSet-Cookie:%20sid=evil'),
        expect: { status: 302, fields: { location: '/r?to=%0D%0ASet-Cookie:%20sid=evil', 'set-cookie': undefined } },
      },
    ],
  },
  {
    name: 'a refusal repeats a tag as JSON, and no field repeats it',
    steps: [
      {
        send: bytesOf('PURGE /', [`Authorization: Bearer ${PURGE_TOKEN}`, 'Surrogate-Key: "<script>,']),
        expect: {
          status: 400,
          body: /"detail":"The tag \\"\\\\\\"<script>,\\" is not one/,
          fields: { 'content-type': 'application/problem+json', 'surrogate-key': undefined, 'cache-status': 'freshet' },
          asked: 0,
        },
      },
    ],
  },
  {
    name: 'an explanation repeats a URL as JSON',
    steps: [
      {
        to: 'admin',
        send: operatorBytes('POST /v1/explain', [], '{"method":"GET","url":"http://shop.test/\\"x"}'),
        expect: { body: /"key":"6:public http:\/\/shop\.test\/\\"x"/, fields: { 'content-type': 'application/json' } },
      },
    ],
  },
];

const MANY = Array.from({ length: 1000 }, (_, i) => `"e${i}"`).join(', ');
const VALIDATORS = ['etag', '"v1"', 'last-modified', 'Sun, 06 Nov 1994 08:49:37 GMT'];

/** Asked of an entry with these validators. */
const GAMES: readonly (readonly [field: string, status: number])[] = [
  ['If-None-Match: *', 304],
  ['If-None-Match: "v1"', 304],
  ['If-None-Match: W/"v1"', 304],
  ['If-None-Match: "V1"', 200],
  ['If-None-Match: v1', 200],
  ['If-None-Match: "v1', 200],
  [`If-None-Match: ${MANY}`, 200],
  [`If-None-Match: ${MANY}, W/"v1"`, 304],
  ['If-Match: *', 200],
  ['If-Match: "v1"', 200],
  ['If-Match: W/"v1"', 412],
  [`If-Match: ${MANY}`, 412],
  ['If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT', 304],
  ['If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT', 304],
  ['If-Modified-Since: Sun Nov  6 08:49:37 1994', 304],
  ['If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT', 200],
  ['If-Modified-Since: 784111777', 200],
  ['If-Modified-Since: Sun, 99 Nov 1994 99:99:99 GMT', 200],
  ['If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT', 412],
  ['If-Unmodified-Since: garbage', 200],
];

const games: readonly RawJourney[] = [
  {
    name: 'conditions are asked of what is stored, by RFC 9110 §13, and change nothing of it',
    answers: fresh('v1', VALIDATORS),
    steps: [
      { send: bytesOf('GET /a'), expect: { cacheStatus: STORED } },
      ...GAMES.flatMap(([field, status]) => [
        { send: bytesOf('GET /a', [field]), expect: { status, cacheStatus: HIT } },
        { send: bytesOf('GET /a'), expect: { cacheStatus: HIT, body: 'v1', fields: { etag: '"v1"' } } },
      ]),
    ],
  },
  {
    name: "a stale entry is validated by its own validator, not by the client's",
    answers: (request, nth) =>
      nth > 1 && fieldValue(request.fields, 'if-none-match') === '"v1"'
        ? { status: 304, fields: ['cache-control', 'max-age=60'] }
        : fresh('v1', VALIDATORS),
    steps: [
      { send: bytesOf('GET /a'), expect: { cacheStatus: STORED } },
      {
        afterMs: 61_000,
        send: bytesOf('GET /a', ['If-None-Match: "evil"', 'If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT']),
        expect: { cacheStatus: 'fwd=stale; fwd-status=304; stored; detail=validated', body: 'v1', sent: { 'if-none-match': '"v1"' } },
      },
      { send: bytesOf('GET /a'), expect: { cacheStatus: HIT, body: 'v1', fields: { etag: '"v1"' } } },
    ],
  },
];

export const ANSWERS: readonly RawRow[] = [...rowsOf('3.8', redirects), ...rowsOf('3.9', splitting), ...rowsOf('3.10', games)];
