import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fields, fieldLines, fieldValue } from '../../src/http/fields.ts';
import { formatHttpDate } from '../../src/http/http-date.ts';
import { conditionalFields, confirms, freshenedFields, freshnessAfter304 } from '../../src/rules/validation.ts';
import { entry, fill, NOW, relaxedPolicy } from './builders.ts';

const head = (fields: Fields) => ({ status: 304, statusText: 'Not Modified', fields });
const then = formatHttpDate(NOW - 10_000);
const now = formatHttpDate(NOW);

describe('RFC 9111 §4.3.1: asking', () => {
  it.each([
    { name: 'an entity-tag', fields: ['etag', '"1"'], expected: ['if-none-match', '"1"'] },
    { name: 'a weak one', fields: ['etag', 'W/"1"'], expected: ['if-none-match', 'W/"1"'] },
    {
      name: 'a date, as it was written',
      fields: ['last-modified', 'Sunday, 06-Nov-94 08:49:37 GMT'],
      expected: ['if-modified-since', 'Sunday, 06-Nov-94 08:49:37 GMT'],
    },
    { name: 'both', fields: ['last-modified', then, 'etag', '"1"'], expected: ['if-none-match', '"1"', 'if-modified-since', then] },
    { name: 'nothing', fields: [], expected: [] },
    { name: 'what is malformed', fields: ['etag', 'abc', 'last-modified', 'yesterday'], expected: [] },
  ])('with $name', ({ fields, expected }) => {
    expect(conditionalFields(entry({ fields }))).toEqual(expected);
  });

  it('does not ask about errors and redirects (RFC 9110 §13.2.1)', () => {
    expect([301, 404, 500].map((status) => conditionalFields(entry({ status, fields: ['etag', '"1"'] })))).toEqual([[], [], []]);
  });
});

describe('RFC 9111 §4.3.4: what a 304 confirms', () => {
  it.each([
    { name: 'the same tag', stored: ['etag', '"1"'], given: ['etag', '"1"'], expected: true },
    { name: 'another tag', stored: ['etag', '"1"'], given: ['etag', '"2"'], expected: false },
    { name: 'the same weak tag', stored: ['etag', 'W/"1"'], given: ['etag', 'W/"1"'], expected: true },
    { name: 'a weak tag of a strong one', stored: ['etag', '"1"'], given: ['etag', 'W/"1"'], expected: true },
    { name: 'a strong tag of a weak one', stored: ['etag', 'W/"1"'], given: ['etag', '"1"'], expected: false },
    { name: 'a tag where there was none', stored: ['last-modified', then], given: ['etag', '"1"'], expected: false },
    { name: 'a malformed tag', stored: ['etag', '"1"'], given: ['etag', '1'], expected: false },
    {
      name: 'the same tag and another date',
      stored: ['etag', '"1"', 'last-modified', then],
      given: ['etag', '"1"', 'last-modified', now],
      expected: true,
    },
    { name: 'the same date', stored: ['last-modified', then], given: ['last-modified', then], expected: true },
    { name: 'another date', stored: ['last-modified', then], given: ['last-modified', now], expected: false },
    { name: 'no validator', stored: ['etag', '"1"'], given: ['date', now], expected: true },
  ])('$name: $expected', ({ stored, given, expected }) => {
    expect(confirms(entry({ fields: stored }), head(given))).toBe(expected);
  });
});

describe('RFC 9111 §3.2: freshening', () => {
  it.each(['content-encoding', 'content-length', 'content-md5', 'content-range', 'etag'])('keeps %s', (name) => {
    expect(freshenedFields(entry({ fields: [name, 'A'] }), head([name, 'B']))).toEqual([name, 'A']);
    expect(freshenedFields(entry({ fields: [] }), head([name, 'B']))).toEqual([]);
  });

  it.each([
    'test-header',
    'cache-control',
    'content-foo',
    'content-location',
    'content-security-policy',
    'content-type',
    'clear-site-data',
    'expires',
    'set-cookie',
    'x-frame-options',
  ])('replaces %s', (name) => {
    expect(freshenedFields(entry({ fields: ['a', '1', name, 'A', name, 'A2'] }), head([name, 'B']))).toEqual(['a', '1', name, 'B']);
  });

  it('takes Age and Date from the 304 alone', () => {
    const stored = entry({ fields: ['date', then, 'age', '5', 'a', '1'] });
    expect(freshenedFields(stored, head(['date', now]))).toEqual(['a', '1', 'date', now]);
    expect(freshenedFields(stored, head(['age', '7']))).toEqual(['a', '1', 'age', '7']);
  });

  it('keeps every line that the 304 does not name and takes every line that it does', () => {
    const fields = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.string())).map((pairs) => pairs.flat());
    fc.assert(
      fc.property(fields, fields, (stored, given) => {
        const freshened = freshenedFields(entry({ fields: stored }), head(given));
        for (const name of ['a', 'b', 'c', 'd']) {
          const lines = fieldLines(given, name);
          expect(fieldLines(freshened, name)).toEqual(lines.length > 0 ? lines : fieldLines(stored, name));
        }
      }),
    );
  });
});

describe('the freshened entry', () => {
  const stored = entry({ fields: ['cache-control', 'max-age=60', 'date', then, 'etag', '"1"', 'vary', 'foo', 'content-length', '9'] });
  const after = (fields: Fields, method = 'GET') => freshnessAfter304(stored, fill({ status: 304, fields, method, policy: relaxedPolicy }));

  it.each([
    { name: 'is fresh anew by its own fields', fields: ['date', now], freshForMs: 60_000 },
    { name: 'is fresh by the fields of the 304', fields: ['cache-control', 'max-age=3600', 'date', now], freshForMs: 3_600_000 },
    { name: 'is as old as the 304', fields: ['age', '20', 'date', now], freshForMs: 40_000 },
    { name: 'does not count from its old Date', fields: [], freshForMs: 60_000 },
  ])('$name', ({ fields, freshForMs }) => {
    expect(after(fields)).toMatchObject({ kind: 'store', vary: ['foo'], freshness: { freshUntil: NOW + freshForMs } });
    expect(after(fields, 'HEAD')).toMatchObject({ kind: 'store' });
  });

  it.each([
    { fields: ['cache-control', 'no-store'], reason: 'response-no-store' },
    { fields: ['cache-control', 'private, max-age=60'], reason: 'private' },
    { fields: ['vary', '*'], reason: 'vary-star' },
  ])('goes where the 304 says $reason', ({ fields, reason }) => {
    expect(after(fields)).toEqual({ kind: 'refuse', reason });
  });

  it('keeps a part the part it is', () => {
    const part = entry({
      status: 206,
      fields: ['cache-control', 'max-age=60', 'etag', '"1"', 'content-range', 'bytes 0-4/10', 'content-length', '5'],
    });
    const context = fill({ status: 304, fields: ['content-length', '0'], policy: relaxedPolicy });
    expect(freshnessAfter304(part, context)).toMatchObject({ kind: 'store', part: { first: 0, last: 4 } });
    expect(fieldValue(freshenedFields(part, context.head), 'content-length')).toBe('5');
  });
});
