// Journeys of parts and variants: ranges from whole and stored parts (RFC 9110 §14, RFC 9111 §3.3, §3.4), Vary (RFC 9111 §4.1).
import { describe, expect, it } from 'vitest';
import { fieldValue } from '../../src/http/fields.ts';
import { Barrier } from '../support/origin.ts';
import type { Reply, Script } from '../support/origin.ts';
import { fresh, type Journey, play, Stage, STORED } from './journey.ts';

const ETAG = ['etag', '"v1"'];
const TEN = '0123456789';

/** An origin that knows ranges of `TEN`. */
const ranged =
  (fields: readonly string[]): Script =>
  (request): Reply => {
    const range = /^bytes=(\d+)-(\d*)$/.exec(fieldValue(request.fields, 'range') ?? '');
    if (range === null) return { fields, body: TEN };
    const [first, last] = [Number(range[1]), range[2] === '' ? 9 : Number(range[2])];
    return { status: 206, fields: [...fields, 'content-range', `bytes ${first}-${last}/10`], body: TEN.slice(first, last + 1) };
  };

const RANGED = ranged(['cache-control', 'max-age=60', ...ETAG]);
const PART_STORED = 'fwd=uri-miss; fwd-status=206; stored';

const ranges: readonly Journey[] = [
  {
    name: 'of a stored whole: 206, 416, several or malformed ones the whole',
    steps: [
      { ask: 'GET /a', answers: fresh(TEN, ETAG), expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        fields: ['range', 'bytes=2-4'],
        expect: { status: 206, cacheStatus: 'hit; ttl=60', body: '234', fields: { 'content-range': 'bytes 2-4/10', 'content-length': '3' } },
      },
      { ask: 'GET /a', fields: ['range', 'bytes=-3'], expect: { status: 206, body: '789', fields: { 'content-range': 'bytes 7-9/10' } } },
      { ask: 'GET /a', fields: ['range', 'bytes=8-99'], expect: { status: 206, body: '89' } },
      {
        ask: 'GET /a',
        fields: ['range', 'bytes=10-'],
        expect: { status: 416, body: '', cacheStatus: 'hit; ttl=60', fields: { 'content-range': 'bytes */10', 'content-length': '0' } },
      },
      { ask: 'GET /a', fields: ['range', 'bytes=0-1,3-4'], expect: { body: TEN } },
      { ask: 'GET /a', fields: ['range', 'lines=1-2'], expect: { body: TEN } },
      { ask: 'HEAD /a', fields: ['range', 'bytes=0-1'], expect: { fields: { 'content-length': '10', 'content-range': undefined } } },
    ],
    asked: ['GET /a'],
  },
  {
    name: 'If-Range holds by a strong entity-tag only',
    steps: [
      { ask: 'GET /a', answers: fresh(TEN, ETAG), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: ['range', 'bytes=0-0', 'if-range', '"v1"'], expect: { status: 206, body: '0' } },
      { ask: 'GET /a', fields: ['range', 'bytes=0-0', 'if-range', '"v0"'], expect: { body: TEN } },
      { ask: 'GET /a', fields: ['range', 'bytes=0-0', 'if-range', 'W/"v1"'], expect: { body: TEN } },
      { ask: 'GET /a', fields: ['range', 'bytes=0-0', 'if-none-match', '"v1"'], expect: { status: 304, body: '' } },
    ],
  },
  {
    name: 'a range of what is not stored goes to the origin with its If-Range, and is not stored',
    steps: [
      {
        ask: 'GET /a',
        fields: ['range', 'bytes=0-1', 'if-range', '"v1"', 'if-none-match', '"x"'],
        answers: RANGED,
        expect: {
          status: 206,
          body: '01',
          cacheStatus: 'fwd=uri-miss; fwd-status=206; detail=partial',
          sent: { range: 'bytes=0-1', 'if-range': '"v1"', 'if-none-match': undefined },
        },
      },
      { ask: 'GET /a', fields: ['range', 'bytes=0-1'], expect: { status: 206, cacheStatus: 'fwd=uri-miss; fwd-status=206; detail=partial' } },
    ],
  },
  {
    name: 'an origin that ignores the range fills the cache with the whole',
    steps: [
      { ask: 'GET /a', fields: ['range', 'bytes=0-1'], answers: fresh(TEN), expect: { body: TEN, cacheStatus: STORED } },
      { ask: 'GET /a', fields: ['range', 'bytes=0-1'], expect: { status: 206, body: '01', cacheStatus: 'hit; ttl=60' } },
    ],
  },
  {
    name: 'store_partial: a part answers what lies in it, the whole completes it under its strong validator',
    config: 'defaults: { store_partial: true }',
    steps: [
      { ask: 'GET /a', fields: ['range', 'bytes=0-5'], answers: RANGED, expect: { status: 206, body: '012345', cacheStatus: PART_STORED } },
      {
        ask: 'GET /a',
        fields: ['range', 'bytes=2-3'],
        expect: { status: 206, body: '23', cacheStatus: 'hit; ttl=60', fields: { 'content-range': 'bytes 2-3/10' } },
      },
      { ask: 'GET /a', fields: ['range', 'bytes=4-7'], expect: { status: 206, body: '4567', cacheStatus: /^fwd=partial; fwd-status=206; stored/ } },
      {
        ask: 'GET /a',
        expect: { body: TEN, asked: 1, sent: { range: 'bytes=8-' }, fields: { 'content-range': undefined, 'content-length': '10' } },
      },
      { ask: 'GET /a', expect: { body: TEN, cacheStatus: 'hit; ttl=60' } },
    ],
  },
  {
    name: 'store_partial: without a strong validator in common nothing is combined',
    config: 'defaults: { store_partial: true }',
    steps: [
      {
        ask: 'GET /a',
        fields: ['range', 'bytes=0-5'],
        answers: ranged(['cache-control', 'max-age=60', 'etag', 'W/"v1"']),
        expect: { status: 206, cacheStatus: PART_STORED },
      },
      { ask: 'GET /a', expect: { body: TEN, cacheStatus: 'fwd=partial; fwd-status=200; stored; detail=incomplete', sent: { range: undefined } } },
    ],
  },
  {
    name: 'store_partial: a rest of another version is not glued to the part; the whole is fetched',
    config: 'defaults: { store_partial: true }',
    steps: [
      { ask: 'GET /a', fields: ['range', 'bytes=0-5'], answers: RANGED, expect: { status: 206, cacheStatus: PART_STORED } },
      {
        ask: 'GET /a',
        answers: ranged(['cache-control', 'max-age=60', 'etag', '"v2"']),
        expect: { body: TEN, asked: 2, sent: { range: undefined } },
      },
    ],
  },
  {
    name: 'store_partial: a part whose body is not as long as it says is not stored',
    config: 'defaults: { store_partial: true }',
    steps: [
      {
        ask: 'GET /a',
        fields: ['range', 'bytes=0-5'],
        answers: { status: 206, framing: 'chunked', fields: ['cache-control', 'max-age=60', ...ETAG, 'content-range', 'bytes 0-5/10'], body: '012' },
        expect: { status: 206, body: '012' },
      },
      { ask: 'GET /a', answers: RANGED, expect: { body: TEN, cacheStatus: STORED, sent: { range: undefined } } },
    ],
  },
  {
    name: 'store_partial: a rest that may not be stored is not waited for',
    config: 'defaults: { store_partial: true }\nstore: { max_object: 64KiB }',
    steps: [
      { ask: 'GET /a', fields: ['range', 'bytes=0-5'], answers: RANGED, expect: { status: 206, cacheStatus: PART_STORED } },
      {
        ask: 'GET /a',
        answers: (request): Reply => {
          const rest = 'x'.repeat(1024 * 1024);
          if (fieldValue(request.fields, 'range') === undefined) return { fields: ['cache-control', 'no-store'], body: 'whole' };
          return {
            status: 206,
            fields: ['cache-control', 'no-store', ...ETAG, 'content-range', `bytes 6-${rest.length + 5}/${rest.length + 6}`],
            body: rest,
          };
        },
        expect: { body: 'whole', asked: 2 },
      },
    ],
  },
  {
    name: 'store_partial: a part never takes the place of a fresh whole',
    config: 'defaults: { store_partial: true }',
    steps: [
      { ask: 'GET /a', answers: RANGED, expect: { body: TEN, cacheStatus: STORED } },
      { ask: 'GET /a', fields: ['range', 'bytes=2-3', 'cache-control', 'no-cache'], expect: { status: 206, body: '23', asked: 1 } },
      { ask: 'GET /a', expect: { body: TEN, cacheStatus: 'hit; ttl=60' } },
      { ask: 'GET /metrics', to: 'admin', expect: { body: /^freshet_fills_refused_total\{reason="newer-stored"\} 1$/m } },
    ],
  },
  {
    name: 'a 206 to a request without a range is no answer',
    steps: [
      {
        ask: 'GET /a',
        answers: { status: 206, fields: ['content-range', 'bytes 0-1/10'], body: '01' },
        expect: { status: 502, cacheStatus: 'fwd=uri-miss; detail=origin-malformed' },
      },
    ],
  },
];

const varying = (vary: string, body: string): Reply => fresh(body, ['vary', vary]);
const LANGUAGE = (value: string) => ['accept-language', value];
const VARIANT_STORED = 'fwd=vary-miss; fwd-status=200; stored';

const variants: readonly Journey[] = [
  {
    name: 'each value selects its own; absent is a value',
    steps: [
      { ask: 'GET /a', fields: LANGUAGE('de'), answers: varying('Accept-Language', 'hallo'), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: LANGUAGE('en'), answers: varying('accept-language', 'hello'), expect: { cacheStatus: VARIANT_STORED } },
      { ask: 'GET /a', answers: varying('accept-language', 'any'), expect: { cacheStatus: VARIANT_STORED } },
      { ask: 'GET /a', fields: LANGUAGE('de'), expect: { cacheStatus: 'hit; ttl=60', body: 'hallo' } },
      { ask: 'GET /a', fields: LANGUAGE('en'), expect: { cacheStatus: 'hit; ttl=60', body: 'hello' } },
      { ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60', body: 'any' } },
    ],
  },
  {
    name: 'a response that varies on less does not answer what differs on an older axis',
    steps: [
      { ask: 'GET /a', fields: ['x-tier', 'gold'], answers: varying('x-tier', 'gold'), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: ['x-tier', 'none'], answers: fresh('plain'), expect: { cacheStatus: VARIANT_STORED } },
      { ask: 'GET /a', fields: ['x-tier', 'none'], expect: { cacheStatus: 'hit; ttl=60', body: 'plain' } },
      { ask: 'GET /a', fields: ['x-tier', 'silver'], answers: fresh('silver'), expect: { cacheStatus: VARIANT_STORED, body: 'silver' } },
      { ask: 'GET /a', fields: ['x-tier', 'gold'], expect: { cacheStatus: 'hit; ttl=60', body: 'gold' } },
    ],
  },
  {
    name: 'a response that varies on more adds its axis to the union',
    steps: [
      { ask: 'GET /a', fields: ['x-a', '1', 'x-b', '1'], answers: varying('x-a', 'a1'), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: ['x-a', '2', 'x-b', '1'], answers: varying('x-a, x-b', 'a2b1'), expect: { cacheStatus: VARIANT_STORED } },
      { ask: 'GET /a', fields: ['x-a', '2', 'x-b', '2'], answers: varying('x-a, x-b', 'a2b2'), expect: { cacheStatus: VARIANT_STORED } },
      { ask: 'GET /a', fields: ['x-a', '2', 'x-b', '1'], expect: { cacheStatus: 'hit; ttl=60', body: 'a2b1' } },
    ],
  },
  {
    name: 'accept-encoding is normalised',
    steps: [
      { ask: 'GET /a', fields: ['accept-encoding', 'gzip, deflate, br'], answers: varying('accept-encoding', 'br'), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', fields: ['accept-encoding', 'br;q=1.0, x-gzip;q=0.8,deflate;q=0.5'], expect: { cacheStatus: 'hit; ttl=60', body: 'br' } },
      {
        ask: 'GET /a',
        fields: ['accept-encoding', 'identity'],
        answers: varying('accept-encoding', 'plain'),
        expect: { cacheStatus: VARIANT_STORED },
      },
    ],
  },
  {
    name: 'Vary: *, Cookie, or what the route does not list is not stored',
    config: 'routes: [{ path: /listed, vary: [accept-encoding] }]',
    steps: [
      { ask: 'GET /star', answers: varying('*', 'x'), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=vary-star' } },
      { ask: 'GET /cookie', answers: varying('cookie', 'x'), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=vary-not-allowed' } },
      { ask: 'GET /listed', answers: varying('accept', 'x'), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=vary-not-allowed' } },
    ],
  },
  {
    name: 'no more variants than max_variants are kept',
    config: 'defaults: { max_variants: 2 }',
    steps: [
      ...['1', '2', '3'].map((value) => ({
        ask: 'GET /a',
        fields: ['x-a', value],
        answers: varying('x-a', value),
        expect: { body: value, asked: 1 },
      })),
      { ask: 'GET /a', fields: ['x-a', '3'], expect: { cacheStatus: 'hit; ttl=60', body: '3' } },
      { ask: 'GET /a', fields: ['x-a', '2'], expect: { cacheStatus: 'hit; ttl=60', body: '2' } },
      { ask: 'GET /a', fields: ['x-a', '1'], answers: varying('x-a', 'again'), expect: { cacheStatus: VARIANT_STORED, body: 'again' } },
    ],
  },
];

describe('ranges', () => {
  it.each(ranges)('$name', play);

  it('the rest of a part is waited for to its end', async () => {
    await using stage = await Stage.start({ config: 'defaults: { store_partial: true }' });
    await stage.play([{ ask: 'GET /a', fields: ['range', 'bytes=0-5'], answers: RANGED, expect: { status: 206, cacheStatus: PART_STORED } }]);
    const barrier = new Barrier();
    const fields = ['cache-control', 'max-age=60', ...ETAG, 'content-range', 'bytes 6-9/10'];
    stage.origin.on('/a', { status: 206, fields, body: '6789', framing: 'chunked', barriers: { 'before-end': barrier } });
    const whole = stage.ask('GET /a');
    await barrier.reached;
    await stage.roundTrips();
    barrier.open();
    expect([(await whole).body, stage.origin.count('/a')]).toEqual([TEN, 2]);
  });

  it('a completed part is stored once, whoever asks meanwhile', async () => {
    await using stage = await Stage.start({ config: 'defaults: { store_partial: true }' });
    await stage.play([{ ask: 'GET /a', fields: ['range', 'bytes=0-5'], answers: RANGED, expect: { status: 206, cacheStatus: PART_STORED } }]);
    const barrier = new Barrier();
    stage.origin.on('/a', async (request, nth) => {
      if (nth === 2) await barrier.pass();
      return typeof RANGED === 'function' ? RANGED(request, nth) : RANGED;
    });
    const first = stage.ask('GET /a');
    await barrier.reached;
    const second = await stage.ask('GET /a');
    barrier.open();
    expect([(await first).body, second.body]).toEqual([TEN, TEN]);
    await stage.play([{ ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60', body: TEN } }]);
  });
});

describe('variants', () => it.each(variants)('$name', play));
