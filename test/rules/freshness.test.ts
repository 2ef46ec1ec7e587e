import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { formatHttpDate } from '../../src/http/http-date.ts';
import { ageMs, type Freshness, freshnessOf } from '../../src/rules/freshness.ts';
import type { Policy } from '../../src/rules/policy.ts';
import { responseControl } from '../../src/rules/response-control.ts';
import { NOW, relaxedPolicy, strictPolicy } from './builders.ts';

interface Given {
  readonly fields: Fields;
  readonly status?: number;
  readonly policy?: Policy;
  readonly tookMs?: number;
}

function judge({ fields, status = 200, policy = strictPolicy, tookMs = 0 }: Given): Freshness | undefined {
  return freshnessOf({ status, fields, control: responseControl(fields), policy, requestedAt: NOW - tookMs, receivedAt: NOW });
}

/** How long it is still fresh at receipt, in seconds. */
function freshFor(given: Given): number | undefined {
  const freshness = judge(given);
  return freshness && (freshness.freshUntil - NOW) / 1000;
}

const at = (seconds: number) => formatHttpDate(NOW + seconds * 1000);
const cc = (value: string): Fields => ['cache-control', value];

describe('DESIGN section 2: which field controls', () => {
  const all: Fields = [
    'cache-control',
    'max-age=1',
    'surrogate-control',
    'max-age=2',
    'cdn-cache-control',
    'max-age=3',
    'freshet-cache-control',
    'max-age=4',
  ];
  it.each([
    { name: 'Freshet-Cache-Control before all', fields: all, expected: ['freshet-cache-control', 4] },
    { name: 'CDN-Cache-Control next', fields: all.slice(0, 6), expected: ['cdn-cache-control', 3] },
    { name: 'Surrogate-Control next', fields: all.slice(0, 4), expected: ['surrogate-control', 2] },
    { name: 'Cache-Control last', fields: all.slice(0, 2), expected: ['cache-control', 1] },
    { name: 'nothing', fields: [], expected: ['cache-control', undefined] },
    { name: 'not an invalid targeted field', fields: ['cdn-cache-control', 'max-age="3"', ...cc('max-age=1')], expected: ['cache-control', 1] },
    { name: 'not an empty targeted field', fields: ['freshet-cache-control', '', ...cc('max-age=1')], expected: ['cache-control', 1] },
    {
      name: 'not a Surrogate-Control without max-age or no-store',
      fields: ['surrogate-control', 'foo', ...cc('max-age=1')],
      expected: ['cache-control', 1],
    },
    {
      name: 'not a Surrogate-Control for others',
      fields: ['surrogate-control', 'max-age=2;you', ...cc('max-age=1')],
      expected: ['cache-control', 1],
    },
    { name: 'several lines as one', fields: ['cdn-cache-control', 'public', 'cdn-cache-control', 'max-age=3'], expected: ['cdn-cache-control', 3] },
  ])('$name', ({ fields, expected }) => {
    const control = responseControl(fields);
    expect([control.source, control.directives.seconds('max-age')]).toEqual(expected);
  });
});

describe('RFC 9111 §4.2.1: freshness lifetime', () => {
  it.each([
    { name: 'none stated', fields: [], expected: undefined },
    { name: 'max-age', fields: cc('max-age=60'), expected: 60 },
    { name: 'max-age and a past Expires', fields: [...cc('max-age=60'), 'expires', at(-7200)], expected: 60 },
    { name: 'max-age and an invalid Expires', fields: [...cc('max-age=60'), 'expires', '0'], expected: 60 },
    { name: 'max-age=0 and a future Expires', fields: [...cc('max-age=0'), 'expires', at(3600)], expected: 0 },
    { name: 's-maxage above a longer max-age', fields: cc('max-age=3600, s-maxage=1'), expected: 1 },
    { name: 's-maxage above a shorter max-age', fields: cc('s-maxage=3600, max-age=0'), expected: 3600 },
    { name: 's-maxage on a line of its own', fields: [...cc('max-age=3600'), ...cc('s-maxage=1')], expected: 1 },
    { name: 'Expires minus Date', fields: ['expires', at(30), 'date', at(0)], expected: 30 },
    { name: 'Expires before Date, both ahead', fields: ['expires', at(300), 'date', at(400)], expected: -100 },
    { name: 'Expires that is Date', fields: ['expires', at(0), 'date', at(0)], expected: 0 },
    { name: 'Expires that is no date', fields: ['expires', '0', 'date', at(0)], expected: 0 },
    { name: 'Expires twice', fields: ['expires', at(30), 'expires', at(31)], expected: 0 },
    { name: 'Expires with an invalid Date', fields: ['expires', at(10), 'date', 'foo'], expected: 10 },
    { name: 'Expires beside a targeted field', fields: ['cdn-cache-control', 'foo', 'expires', at(10)], expected: undefined },
    { name: 'a targeted max-age=0 and a future Expires', fields: ['cdn-cache-control', 'max-age=0', 'expires', at(10)], expected: 0 },
    { name: 'Surrogate-Control and a past Expires', fields: ['surrogate-control', 'max-age=60', 'expires', at(-10)], expected: 60 },
    { name: 'no-cache alone', fields: cc('no-cache'), expected: 0 },
  ])('$name', ({ fields, expected }) => {
    expect(freshFor({ fields })).toBe(expected);
  });

  it('holds at 2^31 seconds', () => {
    expect(freshFor({ fields: cc('max-age=99999999999') })).toBe(2 ** 31);
  });
});

describe('RFC 9111 §4.2.3: age', () => {
  it.each([
    { name: 'none', fields: [], tookMs: 0, expected: 0 },
    { name: 'Age', fields: ['age', '30'], tookMs: 0, expected: 30 },
    { name: 'the delay of the answer', fields: [], tookMs: 5000, expected: 5 },
    { name: 'Age and the delay', fields: ['age', '30'], tookMs: 5000, expected: 35 },
    { name: 'Date, where it is older', fields: ['age', '30', 'date', at(-40)], tookMs: 5000, expected: 40 },
    { name: 'Age, where it is older', fields: ['age', '25', 'date', at(-10)], tookMs: 0, expected: 25 },
    { name: 'a Date ahead', fields: ['date', at(10)], tookMs: 0, expected: 0 },
    { name: 'a huge Age', fields: ['age', '2147483649'], tookMs: 0, expected: 2 ** 31 },
  ])('$name', ({ fields, tookMs, expected }) => {
    const freshness = judge({ fields: [...cc('max-age=60'), ...fields], tookMs });
    expect(freshness).toMatchObject({ initialAgeMs: expected * 1000, freshUntil: NOW + 60_000 - expected * 1000 });
  });

  it.each(['abc', '-7200', '7200.0', '7200,0', '0,7200', '0, 0', '7200;foo=bar', '7200;foo=111', '', '+1', '1 2'])('is stale with Age: %j', (age) => {
    expect(freshFor({ fields: [...cc('max-age=3600'), 'age', age] })).toBeLessThanOrEqual(0);
  });

  it('is stale with two Age lines', () => {
    expect(freshFor({ fields: [...cc('max-age=3600'), 'age', '0', 'age', '0'] })).toBeLessThanOrEqual(0);
  });

  it('never falls as time goes by, nor as the stated age grows', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), fc.nat({ max: 10_000 }), (stated, more, laterMs, tookMs) => {
        const [young, old] = [stated, stated + more].map(
          (age) => judge({ fields: [...cc('max-age=60'), 'age', `${age}`], tookMs })?.initialAgeMs ?? -1,
        );
        expect(old).toBeGreaterThanOrEqual(young ?? 0);
        const times = { initialAgeMs: young ?? 0, receivedAt: NOW };
        expect(ageMs(times, NOW + laterMs)).toBe((young ?? 0) + laterMs);
        expect(ageMs(times, NOW + laterMs)).toBeGreaterThanOrEqual(ageMs(times, NOW - more));
      }),
    );
  });
});

describe('the route where the origin is silent', () => {
  const ttl: Policy = { ...strictPolicy, ttlMs: 10_000 };
  const override: Policy = { ...ttl, override: true };
  it.each([
    { name: 'ttl', policy: ttl, status: 200, fields: [], expected: 10 },
    { name: 'ttl below the origin', policy: ttl, status: 200, fields: cc('max-age=60'), expected: 60 },
    { name: 'override above the origin', policy: override, status: 200, fields: cc('max-age=60'), expected: 10 },
    { name: 'override and Age', policy: override, status: 200, fields: ['age', '4'], expected: 6 },
    { name: 'no ttl for an error', policy: ttl, status: 404, fields: [], expected: undefined },
    { name: 'no override for an error', policy: override, status: 500, fields: cc('max-age=1'), expected: 1 },
  ])('$name', ({ policy, status, fields, expected }) => {
    expect(freshFor({ policy, status, fields })).toBe(expected);
  });

  it('override beats no-cache and s-maxage, not must-revalidate', () => {
    const windows: Policy = { ...override, staleIfErrorMs: 5000 };
    expect(judge({ policy: windows, fields: cc('no-cache, s-maxage=1') })).toMatchObject({
      alwaysValidate: false,
      neverStale: false,
      staleIfErrorMs: 5000,
    });
    expect(judge({ policy: windows, fields: cc('must-revalidate') })).toMatchObject({ neverStale: true, staleIfErrorMs: 0 });
  });
});

describe('RFC 9111 §4.2.2: heuristics', () => {
  const modified: Fields = ['last-modified', at(-1000), 'date', at(0)];
  it.each([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501])('%i is a tenth of its age', (status) => {
    expect(freshFor({ fields: modified, status, policy: relaxedPolicy })).toBe(100);
    expect(freshFor({ fields: modified, status })).toBeUndefined();
  });

  it.each([201, 202, 302, 400, 403, 500, 502, 503, 504, 599])('%i has one only with public', (status) => {
    expect(freshFor({ fields: modified, status, policy: relaxedPolicy })).toBeUndefined();
    expect(freshFor({ fields: [...modified, ...cc('public')], status, policy: relaxedPolicy })).toBe(100);
  });

  it.each([
    { name: 'at most a day', fields: ['last-modified', at(-100_000_000), 'date', at(0)], expected: 86_400 },
    { name: 'a Date ahead gains nothing', fields: ['last-modified', at(-1000), 'date', at(9000)], expected: 100 },
    { name: 'modified after Date', fields: ['last-modified', at(10), 'date', at(0)], expected: 0 },
    { name: 'no Last-Modified', fields: ['date', at(0)], expected: undefined },
    { name: 'an invalid one', fields: ['last-modified', 'yesterday'], expected: undefined },
    { name: 'none beside max-age', fields: [...modified, ...cc('max-age=1')], expected: 1 },
  ])('$name', ({ fields, expected }) => {
    expect(freshFor({ fields, policy: relaxedPolicy })).toBe(expected);
  });
});

describe('RFC 5861, RFC 9111 §5.2.2.2, §5.2.2.8, §5.2.2.10: windows', () => {
  const policy: Policy = { ...strictPolicy, staleWhileRevalidateMs: 1000, staleIfErrorMs: 2000 };
  const strict: Policy = { ...policy, sMaxageAllowsSwr: false };
  const etag: Fields = ['etag', '"1"'];
  it.each([
    { name: 'the defaults', policy, fields: cc('max-age=1'), windows: [1000, 2000, 0], neverStale: false },
    { name: 'none at all', policy: strictPolicy, fields: cc('max-age=1'), windows: [0, 0, 0], neverStale: false },
    {
      name: 'what the origin says',
      policy,
      fields: cc('max-age=1, stale-while-revalidate=5, stale-if-error=6'),
      windows: [5000, 6000, 0],
      neverStale: false,
    },
    {
      name: 'zero from the origin',
      policy,
      fields: cc('max-age=1, stale-while-revalidate=0, stale-if-error=0'),
      windows: [0, 0, 0],
      neverStale: false,
    },
    { name: 'keep with a validator', policy, fields: [...cc('max-age=1'), ...etag], windows: [1000, 2000, 3_600_000], neverStale: false },
    { name: 'must-revalidate', policy, fields: cc('max-age=1, must-revalidate, stale-while-revalidate=5'), windows: [0, 0, 0], neverStale: true },
    { name: 'proxy-revalidate', policy, fields: cc('max-age=1, proxy-revalidate, stale-if-error=5'), windows: [0, 0, 0], neverStale: true },
    { name: 's-maxage', policy, fields: cc('s-maxage=1'), windows: [0, 0, 0], neverStale: true },
    {
      name: 's-maxage with its own stale-while-revalidate',
      policy,
      fields: cc('s-maxage=1, stale-while-revalidate=5'),
      windows: [5000, 0, 0],
      neverStale: true,
    },
    { name: 's_maxage_allows_swr: false', policy: strict, fields: cc('s-maxage=1, stale-while-revalidate=5'), windows: [0, 0, 0], neverStale: true },
    {
      name: 's-maxage and must-revalidate',
      policy,
      fields: cc('s-maxage=1, must-revalidate, stale-while-revalidate=5'),
      windows: [0, 0, 0],
      neverStale: true,
    },
  ])('$name', ({ policy: given, fields, windows, neverStale }) => {
    const freshness = judge({ fields, policy: given });
    expect([freshness?.staleWhileRevalidateMs, freshness?.staleIfErrorMs, freshness?.keepMs]).toEqual(windows);
    expect(freshness?.neverStale).toBe(neverStale);
  });

  it('no-cache has no window at all', () => {
    const freshness = judge({ fields: [...cc('no-cache, max-age=60, stale-if-error=9'), ...etag], policy });
    expect(freshness).toMatchObject({ alwaysValidate: true, staleWhileRevalidateMs: 0, staleIfErrorMs: 0, freshUntil: NOW + 60_000 });
  });
});
