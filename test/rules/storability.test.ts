import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { formatHttpDate } from '../../src/http/http-date.ts';
import type { Policy } from '../../src/rules/policy.ts';
import { REASONS } from '../../src/rules/reasons.ts';
import { judgeStorability } from '../../src/rules/storability.ts';
import { type Fill, fill, NOW, relaxedPolicy, strictPolicy } from './builders.ts';

const fresh: Fields = ['cache-control', 'max-age=60'];
const modified: Fields = ['last-modified', formatHttpDate(NOW - 1_000_000)];
const oneUser: Fill['scope'] = { kind: 'credential', singleUser: true };
const policy = (change: Partial<Policy>): Policy => ({ ...strictPolicy, ...change });

function outcome(given: Fill): string {
  const storability = judgeStorability(fill(given));
  return storability.kind === 'store' ? 'store' : storability.reason;
}

/** What becomes of a page that heuristics would keep. */
function guessedFor(path: string): string {
  const given = fill({ fields: [...modified, 'content-type', 'text/html'], policy: relaxedPolicy });
  return judgeStorability({ ...given, target: { ...given.target, path } }).kind;
}

interface Row extends Fill {
  readonly name: string;
  readonly expected: string;
}

const ROWS: readonly Row[] = [
  { name: 'explicit freshness', fields: fresh, expected: 'store' },
  { name: 'nothing said', expected: 'no-freshness' },
  { name: 'a validator alone', fields: ['etag', '"1"'], expected: 'no-freshness' },
  { name: 'public alone', fields: ['cache-control', 'public'], expected: 'no-freshness' },

  { name: 'HEAD', method: 'HEAD', fields: fresh, expected: 'method' },
  { name: 'PUT', method: 'PUT', fields: fresh, policy: relaxedPolicy, expected: 'method' },
  { name: 'get in lower case', method: 'get', fields: fresh, expected: 'method' },
  { name: 'no-store in the request', request: ['cache-control', 'no-store'], fields: fresh, expected: 'request-no-store' },

  { name: 'no-store', fields: ['cache-control', 'max-age=60, No-StOrE'], expected: 'response-no-store' },
  { name: 'no-store with a value', fields: ['cache-control', 'no-store="x", max-age=60'], expected: 'response-no-store' },
  {
    name: 'no-store under override',
    fields: ['cache-control', 'no-store'],
    policy: policy({ ttlMs: 1, override: true }),
    expected: 'response-no-store',
  },
  { name: 'no-store for surrogates', fields: [...fresh, 'surrogate-control', 'no-store'], expected: 'response-no-store' },
  { name: 'no-store for CDNs', fields: [...fresh, 'cdn-cache-control', 'no-store'], expected: 'response-no-store' },
  { name: 'no-store for others only', fields: ['cache-control', 'no-store', 'surrogate-control', 'max-age=60;freshet'], expected: 'store' },
  { name: 'no-store beside CDN-Cache-Control', fields: ['cache-control', 'no-store', 'cdn-cache-control', 'max-age=60'], expected: 'store' },
  {
    name: 'no-store beside an invalid CDN-Cache-Control',
    fields: ['cache-control', 'no-store', 'cdn-cache-control', 'max-age=60, &&'],
    expected: 'response-no-store',
  },

  { name: 'no version where one is wanted', policy: policy({ storeUnversioned: false }), fields: fresh, expected: 'version-missing' },
  { name: 'a version', policy: policy({ storeUnversioned: false }), fields: [...fresh, 'surrogate-version', 'a=1'], expected: 'store' },

  { name: 'private', fields: ['cache-control', 'private, max-age=60'], expected: 'private' },
  { name: 'private, qualified', fields: ['cache-control', 'private="x-user", max-age=60'], expected: 'private' },
  { name: 'private for CDNs', fields: [...fresh, 'cdn-cache-control', 'private'], expected: 'private' },
  { name: 'private beside public', fields: ['cache-control', 'public, private, max-age=60'], expected: 'private' },
  { name: 'private for one user', scope: oneUser, fields: ['cache-control', 'private, max-age=60'], expected: 'private' },
  {
    name: 'private for one user, allowed',
    scope: oneUser,
    policy: policy({ storePrivate: true }),
    fields: ['cache-control', 'private, max-age=60'],
    expected: 'store',
  },
  {
    name: 'private for several users',
    scope: { kind: 'credential', singleUser: false },
    policy: policy({ storePrivate: true }),
    fields: ['cache-control', 'private, max-age=60'],
    expected: 'private',
  },
  { name: 'private for everybody', policy: policy({ storePrivate: true }), fields: ['cache-control', 'private, max-age=60'], expected: 'private' },

  { name: 'two max-ages', fields: ['cache-control', 'max-age=1, max-age=2'], expected: 'malformed-control' },
  { name: 'a negative max-age', fields: ['cache-control', 'max-age=-3600'], expected: 'malformed-control' },
  { name: 'a single-quoted max-age', fields: ['cache-control', "max-age='3600'"], expected: 'malformed-control' },
  {
    name: 'malformed under override',
    policy: policy({ ttlMs: 1000, override: true }),
    fields: ['cache-control', 'max-age=x'],
    expected: 'malformed-control',
  },
  { name: 'a malformed Surrogate-Control', fields: [...fresh, 'surrogate-control', 'max-age =60'], expected: 'malformed-control' },

  { name: '1xx', status: 103, fields: fresh, expected: 'status-not-stored' },
  { name: '304', status: 304, fields: fresh, expected: 'not-modified' },
  { name: '412, which answers a condition', status: 412, fields: fresh, policy: relaxedPolicy, expected: 'status-not-stored' },
  { name: '416, which answers a range', status: 416, fields: fresh, policy: relaxedPolicy, expected: 'status-not-stored' },
  {
    name: 'must-understand and an unknown status',
    status: 599,
    fields: ['cache-control', 'max-age=60, must-understand'],
    expected: 'status-not-stored',
  },
  {
    name: 'must-understand, no-store and an unknown status',
    status: 599,
    fields: ['cache-control', 'max-age=60, no-store, must-understand'],
    expected: 'status-not-stored',
  },
  { name: 'must-understand, no-store and a known status', fields: ['cache-control', 'max-age=60, no-store, must-understand'], expected: 'store' },
  {
    name: 'must-understand and no-store, malformed',
    fields: ['cache-control', 'max-age=x, no-store, must-understand'],
    expected: 'response-no-store',
  },
  { name: 'an error without freshness', status: 404, policy: policy({ ttlMs: 60_000 }), expected: 'no-freshness' },
  { name: 'an error where errors are not stored', status: 404, fields: fresh, policy: policy({ storeErrors: false }), expected: 'error-not-stored' },

  { name: 'Authorization', request: ['authorization', 'x'], fields: fresh, expected: 'authorization' },
  {
    name: 'Authorization and Expires',
    request: ['authorization', 'x'],
    fields: ['expires', formatHttpDate(NOW + 60_000)],
    policy: relaxedPolicy,
    expected: 'authorization',
  },
  { name: 'Authorization and public', request: ['authorization', 'x'], fields: ['cache-control', 'public, max-age=60'], expected: 'store' },
  { name: 'Authorization and s-maxage', request: ['authorization', 'x'], fields: ['cache-control', 's-maxage=60'], expected: 'store' },
  {
    name: 'Authorization and must-revalidate',
    request: ['authorization', 'x'],
    fields: ['cache-control', 'max-age=60, must-revalidate'],
    expected: 'authorization',
  },
  {
    name: 'Authorization and must-revalidate, by the RFC',
    request: ['authorization', 'x'],
    fields: ['cache-control', 'max-age=60, must-revalidate'],
    policy: relaxedPolicy,
    expected: 'store',
  },
  {
    name: 'Authorization and a targeted max-age',
    request: ['authorization', 'x'],
    fields: ['cdn-cache-control', 'max-age=60'],
    policy: relaxedPolicy,
    expected: 'authorization',
  },
  {
    name: 'Authorization and a targeted public',
    request: ['authorization', 'x'],
    fields: ['cdn-cache-control', 'max-age=60, public'],
    expected: 'store',
  },
  {
    name: 'Authorization and public, denied by the targeted field',
    request: ['authorization', 'x'],
    fields: ['cache-control', 'public', 'cdn-cache-control', 'max-age=60'],
    expected: 'authorization',
  },
  { name: 'of nobody known', scope: { kind: 'none', singleUser: false }, fields: fresh, expected: 'scope-unverified' },
  { name: 'Authorization in the scope', scope: oneUser, request: ['authorization', 'x'], fields: fresh, expected: 'store' },

  { name: 'Cookie', request: ['cookie', 'a=b'], fields: fresh, expected: 'request-cookie' },
  { name: 'Cookie and public', request: ['cookie', 'a=b'], fields: ['cache-control', 'public, max-age=60'], expected: 'store' },
  { name: 'Cookie and a targeted field', request: ['cookie', 'a=b'], fields: ['cdn-cache-control', 'max-age=60'], expected: 'store' },
  { name: 'Cookie that means nothing', request: ['cookie', 'a=b'], fields: fresh, policy: policy({ cookies: 'ignore' }), expected: 'store' },
  { name: 'Cookie that is not forwarded', request: ['cookie', 'a=b'], fields: fresh, policy: policy({ cookies: 'strip' }), expected: 'store' },
  { name: 'Set-Cookie', fields: [...fresh, 'set-cookie', 'a=b'], expected: 'set-cookie' },
  { name: 'Set-Cookie in a scope', scope: oneUser, fields: [...fresh, 'set-cookie', 'a=b'], expected: 'set-cookie' },
  { name: 'Set-Cookie, allowed', fields: [...fresh, 'set-cookie', 'a=b'], policy: relaxedPolicy, expected: 'store' },

  ...['*', '*, *', ', *', '*, Foo', 'Foo, *', 'a b', '"x"'].map(
    (vary): Row => ({ name: `Vary: ${vary}`, fields: [...fresh, 'vary', vary], expected: 'vary-star' }),
  ),
  { name: 'Vary on two lines, the last *', fields: [...fresh, 'vary', '', 'vary', '*'], expected: 'vary-star' },
  { name: 'Vary: Cookie', fields: [...fresh, 'vary', 'Cookie'], policy: relaxedPolicy, expected: 'vary-not-allowed' },
  ...['Forwarded', 'X-Forwarded-For', 'Via', 'CDN-Loop', 'X-Real-IP', 'True-Client-IP', 'X-Original-Forwarded-For'].map(
    (vary): Row => ({ name: `Vary: ${vary}`, fields: [...fresh, 'vary', vary], policy: relaxedPolicy, expected: 'vary-not-allowed' }),
  ),
  { name: 'Vary: Authorization', fields: [...fresh, 'vary', 'a, AUTHORIZATION'], expected: 'vary-not-allowed' },
  { name: 'Vary: Cookie, allowed', fields: [...fresh, 'vary', 'Cookie'], policy: policy({ vary: new Set(['cookie']) }), expected: 'store' },
  {
    name: 'Vary on what the route does not list',
    fields: [...fresh, 'vary', 'accept, origin'],
    policy: policy({ vary: new Set(['accept']) }),
    expected: 'vary-not-allowed',
  },
  { name: 'Vary on eight fields', fields: [...fresh, 'vary', 'a,b,c,d,e,f,g,h,H'], expected: 'store' },
  { name: 'Vary on nine fields', fields: [...fresh, 'vary', 'a,b,c,d,e,f,g,h,i'], expected: 'vary-too-wide' },
  { name: 'Vary on a long value', request: ['a', 'x'.repeat(257)], fields: [...fresh, 'vary', 'a'], expected: 'vary-too-wide' },

  { name: '206', status: 206, fields: [...fresh, 'content-range', 'bytes 0-4/10'], expected: 'partial' },
  { name: '206 without Content-Range', status: 206, fields: fresh, policy: relaxedPolicy, expected: 'partial-invalid' },
  {
    name: '206 with several parts',
    status: 206,
    fields: [...fresh, 'content-type', 'multipart/byteranges; boundary=x'],
    policy: relaxedPolicy,
    expected: 'partial-invalid',
  },
  {
    name: '206 whose range is backwards',
    status: 206,
    fields: [...fresh, 'content-range', 'bytes 4-0/10'],
    policy: relaxedPolicy,
    expected: 'partial-invalid',
  },
  {
    name: '206 whose length lies',
    status: 206,
    fields: [...fresh, 'content-range', 'bytes 4-9/10', 'content-length', '5'],
    policy: relaxedPolicy,
    expected: 'partial-invalid',
  },

  { name: 'POST', method: 'POST', fields: fresh, expected: 'post-not-stored' },
  {
    name: 'POST with Content-Location, not allowed',
    method: 'POST',
    fields: [...fresh, 'content-location', '/products/42?page=1'],
    expected: 'post-not-stored',
  },
  { name: 'POST without Content-Location', method: 'POST', fields: fresh, policy: relaxedPolicy, expected: 'post-not-stored' },
  {
    name: 'POST of something else',
    method: 'POST',
    fields: [...fresh, 'content-location', '/products/43'],
    policy: relaxedPolicy,
    expected: 'post-not-stored',
  },
  {
    name: 'POST without explicit freshness',
    method: 'POST',
    fields: [...modified, 'content-location', '/products/42?page=1'],
    policy: relaxedPolicy,
    expected: 'post-not-stored',
  },
  { name: 'POST, by path', method: 'POST', fields: [...fresh, 'content-location', '/products/42?page=1'], policy: relaxedPolicy, expected: 'store' },
  {
    name: 'POST, by URL',
    method: 'POST',
    fields: [...fresh, 'content-location', 'http://shop.example/products/42?page=1'],
    policy: relaxedPolicy,
    expected: 'store',
  },

  { name: 'no-cache without a validator', fields: ['cache-control', 'no-cache, max-age=60'], expected: 'no-validator' },
  { name: 'no-cache, qualified, without a validator', fields: ['cache-control', 'no-cache="a", max-age=60'], expected: 'no-validator' },
  { name: 'no-cache with a validator', fields: ['cache-control', 'no-cache', 'etag', '"1"'], expected: 'store' },
  { name: 'no-cache with a malformed validator', fields: ['cache-control', 'no-cache', 'etag', 'abc'], expected: 'no-validator' },
  { name: 'stale on arrival', fields: ['cache-control', 'max-age=60', 'age', '60'], expected: 'already-stale' },
  { name: 'stale on arrival by Expires', fields: ['expires', '0'], expected: 'already-stale' },
  { name: 'stale on arrival, with a validator', fields: ['expires', '0', 'etag', '"1"'], expected: 'store' },
  { name: 'stale on arrival, beyond keep', fields: ['cache-control', 'max-age=0', 'age', '3600', 'etag', '"1"'], expected: 'already-stale' },
  { name: 'stale on arrival, a validator of an error', status: 500, fields: ['expires', '0', 'etag', '"1"'], expected: 'already-stale' },
  { name: 'stale on arrival, with a window', fields: ['cache-control', 'max-age=0, stale-while-revalidate=60'], expected: 'store' },
  {
    name: 'stale on arrival, past its window',
    fields: ['cache-control', 'max-age=0, stale-while-revalidate=60', 'age', '60'],
    expected: 'already-stale',
  },
];

describe('RFC 9111 §3: storing', () => {
  it.each(ROWS)('$name: $expected', ({ expected, ...given }) => {
    expect(outcome(given)).toBe(expected);
  });

  it.each([200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599])('%i with explicit freshness', (status) => {
    expect(outcome({ status, fields: fresh })).toBe('store');
  });

  it('says what selected it and which part it is', () => {
    expect(judgeStorability(fill({ fields: [...fresh, 'vary', 'Foo, accept', 'vary', 'foo'] }))).toMatchObject({ vary: ['accept', 'foo'] });
    const part = fill({ status: 206, policy: relaxedPolicy, fields: [...fresh, 'content-range', 'bytes 0-4/10', 'content-length', '5'] });
    expect(judgeStorability(part)).toMatchObject({ kind: 'store', part: { first: 0, last: 4, completeBytes: 10 } });
    expect(judgeStorability(fill({ fields: fresh }))).not.toHaveProperty('part');
  });

  it('does not vary on cookies that were not forwarded', () => {
    expect(judgeStorability(fill({ fields: [...fresh, 'vary', 'cookie, a'], policy: policy({ cookies: 'strip' }) }))).toMatchObject({
      kind: 'store',
      vary: ['a'],
    });
  });

  it('does not vary on fields that are not forwarded, but on those that go on unlisted', () => {
    const given = fill({ fields: [...fresh, 'vary', 'a, b, range, x-forwarded-host'], policy: policy({ forward: new Set(['b']) }) });
    expect(judgeStorability(given)).toMatchObject({ kind: 'store', vary: ['b', 'range', 'x-forwarded-host'] });
  });

  it('does not guess how long a page is fresh that bears the name of a picture', () => {
    expect([guessedFor('/a'), guessedFor('/a.png')]).toEqual(['store', 'refuse']);
  });

  it('has a row for every reason it gives', () => {
    const given = [
      'method post-not-stored request-no-store not-modified status-not-stored partial partial-invalid error-not-stored response-no-store private',
      'malformed-control version-missing scope-unverified authorization request-cookie set-cookie vary-star vary-not-allowed vary-too-wide no-freshness no-validator already-stale',
    ].flatMap((line) => line.split(' '));
    expect(new Set(ROWS.map(({ expected }) => expected))).toEqual(new Set([...given, 'store']));
    expect(Object.keys(REASONS)).toEqual(expect.arrayContaining(given));
  });
});

describe('SECURITY §4.1: properties', () => {
  const member = fc.constantFrom('max-age=60', 's-maxage=60', 'public', 'must-revalidate', 'ext="a, b"', 'stale-if-error=5', 'immutable');
  const noise = fc.oneof(
    fc.string({ unit: fc.constantFrom('"', '\\', ',', '=', ' ', ';', 'a', '1', '-', '\t') }),
    fc.constantFrom('private', 'foo="', 'max-age=1', 'public', 'x', '"', '\\"'),
  );

  it('never keeps what says no-store or private, whatever is around it', () => {
    const around = fc.tuple(
      fc.array(member),
      fc.constantFrom('no-store', 'NO-STORE', 'private', 'private=""', 'private="a"'),
      fc.array(member),
      fc.integer({ min: 200, max: 599 }),
    );
    fc.assert(
      fc.property(around, ([before, prohibition, after, status]) => {
        const fields = ['cache-control', [...before, prohibition, ...after].join(', ')];
        expect(outcome({ fields, status, policy: relaxedPolicy })).not.toBe('store');
      }),
    );
  });

  it('inserting noise never makes it storable', () => {
    const control = fc.array(fc.oneof(member, fc.constantFrom('no-store', 'private', 'private="x"', 'max-age=x')), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(control, noise, fc.nat(4), (members, inserted, place) => {
        const prohibited = [...members, 'private'];
        fc.pre(outcome({ fields: ['cache-control', prohibited.join(', ')], policy: relaxedPolicy }) !== 'store');
        const noisy = prohibited.toSpliced(place % (prohibited.length + 1), 0, inserted);
        expect(outcome({ fields: ['cache-control', noisy.join(', ')], policy: relaxedPolicy })).not.toBe('store');
      }),
      { numRuns: 500 },
    );
  });

  it('never throws', () => {
    const names = [
      'cache-control',
      'cdn-cache-control',
      'surrogate-control',
      'vary',
      'age',
      'date',
      'expires',
      'etag',
      'last-modified',
      'content-range',
      'content-length',
    ];
    const text = fc.oneof(fc.string(), noise);
    const fields = fc.array(fc.tuple(fc.constantFrom(...names), text)).map((pairs) => pairs.flat());
    fc.assert(
      fc.property(
        fields,
        fc.integer({ min: 100, max: 999 }),
        (given, status) => typeof outcome({ fields: given, status, policy: relaxedPolicy }) === 'string',
      ),
    );
  });
});
