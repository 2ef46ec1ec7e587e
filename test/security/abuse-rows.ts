// SECURITY §8 "One-hit wonders, variant explosion, random query", "Hash flooding / prototype", "Range amplification".
import { fieldValue } from '../../src/http/fields.ts';
import { fresh, PURGE_TOKEN, STORED } from '../proxy/journey.ts';
import { bytesOf, operatorBytes, type RawJourney, type RawRow, type RawStep, rowsOf } from './raw-journey.ts';

const HIT = 'hit; ttl=60';
const PIECE = 'x'.repeat(64 * 1024);

function random(count: number): readonly RawStep[] {
  return Array.from({ length: count }, (_, r) => ({ send: bytesOf(`GET /random?r=${r}`), expect: { asked: 1 } }));
}

const floods: readonly RawJourney[] = [
  {
    name: 'what is asked for stays while many others are asked for once',
    config: 'store: { memory: 1MiB }',
    answers: fresh(PIECE),
    steps: [
      { send: bytesOf('GET /asked'), expect: { cacheStatus: STORED } },
      ...random(40).flatMap((step) => [step, { send: bytesOf('GET /asked'), expect: { cacheStatus: HIT } }]),
      { send: bytesOf('GET /random?r=39'), expect: { cacheStatus: HIT } },
      { send: bytesOf('GET /random?r=0'), expect: { cacheStatus: STORED } },
    ],
  },
  {
    name: 'a query that means nothing makes no entries where the route says so',
    config: 'defaults: { query: { include: [page] } }',
    answers: fresh('x'),
    steps: [
      { send: bytesOf('GET /a?r=0'), expect: { cacheStatus: STORED } },
      ...Array.from({ length: 20 }, (_, r) => ({ send: bytesOf(`GET /a?r=${r}&${r}`), expect: { cacheStatus: HIT } })),
    ],
  },
];

/** Members of every object in JavaScript. */
const INHERITED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];

const names = INHERITED.map(
  (name): RawJourney => ({
    name: `${name} is a name like any other`,
    config: `routes: [{ path: "/t/:id", tags: ["{id}", "{query.${name}}"], query: { include: ["${name}"] } }]`,
    answers: ({ path, fields }) => fresh(`${path} ${fieldValue(fields, name.toLowerCase()) ?? 'none'}`, ['vary', name, name, 'of the origin']),
    steps: [
      { send: bytesOf(`GET /${name}`), expect: { cacheStatus: STORED, body: `/${name} none`, fields: { [name.toLowerCase()]: 'of the origin' } } },
      { send: bytesOf(`GET /${name}`, [`${name}: one`]), expect: { cacheStatus: 'fwd=vary-miss; fwd-status=200; stored', body: `/${name} one` } },
      { send: bytesOf(`GET /${name}`), expect: { cacheStatus: HIT, body: `/${name} none` } },
      { send: bytesOf(`GET /a?${name}=1`), expect: { cacheStatus: STORED } },
      { send: bytesOf(`GET /a`, [`Cache-Control: ${name}=1`]), expect: { cacheStatus: STORED } },
      { send: bytesOf(`GET /t/${name}?${name}=x&other=1`), expect: { cacheStatus: STORED, body: `/t/${name}?${name}=x none` } },
      { send: bytesOf('PURGE /', [`Authorization: Bearer ${PURGE_TOKEN}`, `Surrogate-Key: ${name}`]), expect: {} },
      { send: bytesOf(`GET /t/${name}?${name}=x`), expect: { asked: 1 } },
      { send: bytesOf(`GET /a?${name}=1`), expect: { cacheStatus: HIT } },
      { to: 'admin', send: operatorBytes('POST /v1/purge', [], `{"${name}":["a"],"tags":["b"]}`), expect: { status: 400 } },
      { to: 'admin', send: operatorBytes(`GET /${name}`), expect: { status: 404 } },
    ],
  }),
);

const TEN = '0123456789';
const WHOLE: readonly string[] = [
  `bytes=${Array.from({ length: 1000 }, () => '0-0').join(',')}`,
  `bytes=${Array.from({ length: 1000 }, (_, i) => `${i}-`).join(',')}`,
  'bytes=0-9,0-9',
  'bytes=0-,-1',
  'bytes=-0,1-2',
];
const PARTS: readonly (readonly [range: string, body: string])[] = [
  ['bytes=-1', '9'],
  ['bytes=0-0', '0'],
  ['bytes=5-', '56789'],
  ['bytes=0-999999999999999', TEN],
];

const ranges: readonly RawJourney[] = [
  {
    name: 'several ranges of what is stored are the whole, once; one is its part',
    answers: fresh(TEN),
    steps: [
      { send: bytesOf('GET /a'), expect: { cacheStatus: STORED } },
      ...WHOLE.map((range) => ({ send: bytesOf('GET /a', [`Range: ${range}`]), expect: { cacheStatus: HIT, body: TEN } })),
      ...PARTS.map(([range, body]) => ({ send: bytesOf('GET /a', [`Range: ${range}`]), expect: { status: 206, cacheStatus: HIT, body } })),
      { send: bytesOf('GET /a', ['Range: bytes=10-']), expect: { status: 416, cacheStatus: HIT, body: '' } },
    ],
  },
  {
    name: 'several ranges of what is not stored are one request, and a 206 is not stored',
    answers: { status: 206, fields: ['content-range', 'bytes 0-0/10', 'cache-control', 'max-age=60'], body: '0' },
    steps: [...WHOLE, 'bytes=-1'].map((range) => ({
      send: bytesOf('GET /a', [`Range: ${range}`]),
      expect: { status: 206, asked: 1, cacheStatus: 'fwd=uri-miss; fwd-status=206; detail=partial' },
    })),
  },
];

export const ABUSES: readonly RawRow[] = [...rowsOf('8.6', floods), ...rowsOf('8.7', names), ...rowsOf('8.9', ranges)];
