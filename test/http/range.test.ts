// RFC 9110 §14.1.2, §14.4.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatContentRange, parseContentRange, parseRange, type RangeRequest } from '../../src/http/range.ts';

const MAX = Number.MAX_SAFE_INTEGER;

describe('Range', () => {
  const rows: readonly [value: string | undefined, expected: RangeRequest][] = [
    [undefined, { kind: 'none' }],
    ['bytes=0-1', { kind: 'range', first: 0, last: 1 }],
    ['BYTES=0-0', { kind: 'range', first: 0, last: 0 }],
    ['bytes=5-', { kind: 'range', first: 5, last: undefined }],
    ['bytes=-5', { kind: 'suffix', length: 5 }],
    ['bytes=-0', { kind: 'suffix', length: 0 }],
    ['bytes= 0-1 ,', { kind: 'range', first: 0, last: 1 }],
    ['bytes=0-99999999999999999999', { kind: 'range', first: 0, last: MAX }],
    ['bytes=0-1,3-4', { kind: 'multiple' }],
    ['bytes=0-1,-1', { kind: 'multiple' }],
    ['bytes=9-1', { kind: 'invalid' }],
    ['bytes=0-1,9-1', { kind: 'invalid' }],
    ['bytes=-', { kind: 'invalid' }],
    ['bytes=', { kind: 'invalid' }],
    ['bytes', { kind: 'invalid' }],
    ['', { kind: 'invalid' }],
    ['bytes=a-b', { kind: 'invalid' }],
    ['bytes=0x1-2', { kind: 'invalid' }],
    ['bytes=0 - 1', { kind: 'invalid' }],
    ['bytes=--1', { kind: 'invalid' }],
    ['bytes=1', { kind: 'invalid' }],
    ['items=0-1', { kind: 'invalid' }],
    ['bytes="0-1"', { kind: 'invalid' }],
  ];
  it.each(rows)('%j', (value, expected) => expect(parseRange(value)).toEqual(expected));

  it('never throws and never yields a position that cannot be counted with', () => {
    const unit = fc.constantFrom('b', 'bytes=', '0', '9', '-', ',', ' ', '"', '99999999999999999999');
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit })), (value) => {
        const range = parseRange(value);
        if (range.kind === 'suffix') expect(Number.isSafeInteger(range.length)).toBe(true);
        if (range.kind === 'range') expect(range.first <= (range.last ?? MAX) && Number.isSafeInteger(range.first)).toBe(true);
      }),
    );
  });
});

describe('Content-Range', () => {
  const rows: readonly [value: string | undefined, expected: ReturnType<typeof parseContentRange>][] = [
    ['bytes 0-4/10', { first: 0, last: 4, completeBytes: 10 }],
    ['Bytes 4-9/10', { first: 4, last: 9, completeBytes: 10 }],
    ['bytes 0-4/*', { first: 0, last: 4, completeBytes: undefined }],
    [undefined, undefined],
    ['', undefined],
    ['bytes */10', undefined],
    ['bytes 4-0/10', undefined],
    ['bytes 0-10/10', undefined],
    ['bytes 0-4', undefined],
    ['bytes 0-/10', undefined],
    ['bytes=0-4/10', undefined],
    ['items 0-4/10', undefined],
    ['bytes 0-9007199254740992/*', undefined],
    ['bytes 0-4/9007199254740992', undefined],
    ['bytes 0-4/10, bytes 0-4/10', undefined],
  ];
  it.each(rows)('%j', (value, expected) => expect(parseContentRange(value)).toEqual(expected));

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => void parseContentRange(value)));
  });

  it('round-trips', () => {
    const range = fc.tuple(fc.nat(), fc.nat(), fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }));
    fc.assert(
      fc.property(range, ([first, length, rest]) => {
        const given = { first, last: first + length, completeBytes: rest === undefined ? undefined : first + length + rest };
        expect(parseContentRange(formatContentRange(given))).toEqual(given);
      }),
    );
  });
});
