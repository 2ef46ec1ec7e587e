import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHttpDate, parseHttpDate } from '../../src/http/http-date.ts';

const latin1 = fc.nat(255).map((code) => String.fromCharCode(code));

const EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('RFC 9110 §5.6.7: dates', () => {
  it.each([
    { name: 'IMF-fixdate', given: 'Sun, 06 Nov 1994 08:49:37 GMT', expected: EXAMPLE },
    { name: 'RFC 850', given: 'Sunday, 06-Nov-94 08:49:37 GMT', expected: EXAMPLE },
    { name: 'asctime', given: 'Sun Nov  6 08:49:37 1994', expected: EXAMPLE },
    { name: 'RFC 850 in this century', given: 'Thursday, 18-Aug-50 02:01:18 GMT', expected: Date.UTC(2050, 7, 18, 2, 1, 18) },
    { name: 'a leap day', given: 'Thu, 29 Feb 2024 00:00:00 GMT', expected: Date.UTC(2024, 1, 29) },
    { name: 'a leap second', given: 'Sat, 31 Dec 2016 23:59:60 GMT', expected: Date.UTC(2017, 0, 1) },
    { name: 'the year 50', given: 'Sun, 06 Nov 0050 08:49:37 GMT', expected: new Date('0050-11-06T08:49:37Z').getTime() },
  ])('reads $name', ({ given, expected }) => {
    expect(parseHttpDate(given)).toBe(expected);
  });

  it.each([
    '0',
    '',
    '-1',
    'foo',
    'THU, 18 Aug 2050 02:01:18 GMT',
    'Thu, 18 AUG 2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 02:01:18 gMT',
    'Thu, 18 Aug 2050 02:01:18 UTC',
    'Thu, 18 Aug 50 02:01:18 GMT',
    'Thu 18 Aug 2050 02:01:18 GMT',
    'Thu, 18  Aug  2050 02:01:18 GMT',
    'Thu, 18-Aug-2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 02.01.18 GMT',
    'Thu, 18 Aug 2050 2:01:18 GMT',
    'Thu, 30 Feb 2050 02:01:18 GMT',
    'Thu, 18 Aug 2050 24:01:18 GMT',
    'Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:19 GMT',
  ])('does not read %j', (given) => {
    expect(parseHttpDate(given)).toBeUndefined();
  });

  it('reads back what it writes, to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_000_000_000, max: 253_402_300_799 }), (seconds) => {
        expect(parseHttpDate(formatHttpDate(seconds * 1000 + 1))).toBe(seconds * 1000);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: latin1 }), (text) => void parseHttpDate(text)));
  });
});
