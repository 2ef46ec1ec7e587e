// SECURITY §3 "CPDoS": a request that makes an origin refuse a URL must not make it refused for everybody.
import { type Fields, fieldValue } from '../../src/http/fields.ts';
import { fresh, STORED } from '../proxy/journey.ts';
import type { Reply, SeenRequest } from '../support/origin.ts';
import { bytesOf, type RawJourney, type RawRow, rowsOf } from './raw-journey.ts';

const HIT = 'hit; ttl=60';

/** What an origin stumbles over, and how. */
const STUMBLES: readonly (readonly [name: string, value: string, status: number])[] = [
  ['X-Oversized', 'a'.repeat(12_000), 431],
  ['X-Oversized', 'a'.repeat(12_000), 400],
  ['X-Oversized', 'a'.repeat(12_000), 414],
  ['X-Metacharacter', '\xff', 400],
  ['Range', 'bytes=9-1', 416],
  ['Range', 'bytes=9-1', 400],
  ['Range', 'lines=1', 416],
  ['Accept', 'x', 406],
  ['Content-Encoding', 'bad', 415],
  ['Content-Type', 'bad', 415],
  ['Upgrade-Insecure-Requests', '1', 302],
  ['X-Blocked', '1', 403],
  ['X-Missing', '1', 404],
  ['X-Method', '1', 405],
  ['X-Large', '1', 413],
  ['X-Empty', '1', 204],
  ['X-Broken', '1', 500],
  ['X-Unknown', '1', 501],
  ['X-Gateway', '1', 502],
  ['X-Busy', '1', 503],
  ['X-Slow', '1', 504],
];

const stumbles = STUMBLES.map(([name, value, status]): RawJourney => {
  const stumbling = ({ fields }: SeenRequest): Reply => (fieldValue(fields, name.toLowerCase()) === undefined ? fresh('good') : { status });
  const attack = bytesOf('GET /a', [`${name}: ${value}`]);
  return {
    name: `${status} for ${name}: ${value.slice(0, 10)}`,
    answers: stumbling,
    steps: [
      { send: attack, expect: { status, asked: 1, fields: { age: undefined } } },
      { send: bytesOf('GET /a'), expect: { asked: 1, body: 'good', cacheStatus: /^fwd=uri-miss; fwd-status=200; stored/ } },
      // Now that there is something, it is not even asked for; and an answer that was insisted on ends nothing.
      ...(name === 'Range' ? [] : [{ send: attack, expect: { cacheStatus: HIT, body: 'good' } }]),
      { send: bytesOf('GET /a', [`${name}: ${value}`, 'Cache-Control: no-cache']), expect: { status, asked: 1 } },
      { send: bytesOf('GET /a'), expect: { cacheStatus: HIT, body: 'good' } },
    ],
  };
});

/** Said to the origin they would fail; they are asked of what comes back. */
const CONDITIONS: readonly (readonly [field: string, status: number])[] = [
  ['If-Match: "other"', 412],
  ['If-None-Match: W/"v1"', 304],
  ['If-None-Match: *', 304],
  ['If-None-Match: garbage, "', 200],
  ['If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT', 412],
  ['If-Modified-Since: garbage', 200],
  ['If-Range: "other"', 200],
];

const conditions = CONDITIONS.map(
  ([field, status]): RawJourney => ({
    name: `${field} is no business of the origin`,
    answers: (request) => {
      const asked = request.fields.some((name, i) => i % 2 === 0 && name.startsWith('if-'));
      return asked ? { status: 412 } : fresh('good', ['etag', '"v1"', 'last-modified', 'Fri, 02 Jan 1970 00:00:00 GMT']);
    },
    steps: [
      { send: bytesOf('GET /a', [field]), expect: { status, cacheStatus: STORED } },
      { send: bytesOf('GET /a'), expect: { cacheStatus: HIT, body: 'good' } },
      { send: bytesOf('GET /a', [field]), expect: { status, cacheStatus: HIT } },
    ],
  }),
);

const MODIFIED: Fields = ['last-modified', 'Thu, 01 Jan 1970 00:00:00 GMT', 'etag', '"v1"'];
const STATUSES = [201, 202, 203, 204, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 406, 410, 413, 414, 415, 422, 429, 431, 451];
const ERRORS = [500, 501, 502, 503, 504];

const silent = [...STATUSES, ...ERRORS].map(
  (status): RawJourney => ({
    name: `${status} that says nothing of freshness is not stored, whatever the route says`,
    config: 'routes: [{ path: /ttl, ttl: 1h }, { path: /beaten, ttl: 1h, override: true }]',
    answers: { status, fields: MODIFIED },
    steps: ['/a', '/ttl', '/beaten'].flatMap((path) =>
      [1, 2].map(() => ({
        send: bytesOf(`GET ${path}`),
        expect: { status, asked: 1, cacheStatus: `fwd=uri-miss; fwd-status=${status}; detail=no-freshness` },
      })),
    ),
  }),
);

/** Answers to the very request that met them. */
const NEVER = [407, 412, 416, 417, 421, 425, 426];

const explicit: readonly RawJourney[] = [
  {
    name: 'an error that says how long is stored for that long, unless store_errors forbids it',
    config: 'routes: [{ path: /never, store_errors: false }]',
    answers: { status: 404, fields: ['cache-control', 'max-age=5'] },
    steps: [
      { send: bytesOf('GET /a'), expect: { status: 404, cacheStatus: 'fwd=uri-miss; fwd-status=404; stored' } },
      { send: bytesOf('GET /a'), expect: { status: 404, cacheStatus: 'hit; ttl=5' } },
      ...[1, 2].map(() => ({
        send: bytesOf('GET /never'),
        expect: { status: 404, cacheStatus: 'fwd=uri-miss; fwd-status=404; detail=error-not-stored' },
      })),
    ],
  },
  ...NEVER.map((status) => ({
    name: `${status} is not stored, whatever it says`,
    answers: { status, fields: ['cache-control', 'public, max-age=60'] },
    steps: [1, 2].map(() => ({
      send: bytesOf('GET /a'),
      expect: { status, asked: 1, cacheStatus: `fwd=uri-miss; fwd-status=${status}; detail=status-not-stored` },
    })),
  })),
  {
    name: 'a control byte that an origin would stumble over does not reach it',
    answers: fresh('good'),
    steps: [
      { send: bytesOf('GET /a', ['X-A: \x07']), expect: { status: 400, asked: 0 } },
      { send: bytesOf('GET /a'), expect: { cacheStatus: STORED } },
    ],
  },
];

export const DENIALS: readonly RawRow[] = rowsOf('3.5', [...stumbles, ...conditions, ...silent, ...explicit]);
