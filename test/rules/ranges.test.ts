// RFC 9110 §14, §13.1.5; RFC 9111 §3.4; PURGE-PROTOCOL §3.2 rule 10.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHttpDate } from '../../src/http/http-date.ts';
import { combineParts, rangeAnswer } from '../../src/rules/ranges.ts';
import type { StoredResponse } from '../../src/rules/stored-response.ts';
import { entry } from './builders.ts';

function stored(given: Partial<StoredResponse> = {}): StoredResponse {
  return entry({
    fields: ['etag', '"a"'],
    body: Buffer.from('0123456789'),
    receivedAt: 0,
    freshUntil: 100,
    asOf: 1,
    order: 1,
    checkedAt: 1,
    ...given,
  });
}

/** A stored 206 whose bytes are their own positions, modulo ten. */
function part(first: number, last: number, completeBytes: number | undefined, given: Partial<StoredResponse> = {}): StoredResponse {
  const body = Buffer.from(Array.from({ length: last - first + 1 }, (_, i) => String((first + i) % 10)).join(''));
  const fields = ['etag', '"a"', 'content-range', `bytes ${first}-${last}/${completeBytes ?? '*'}`];
  return stored({ status: 206, statusText: 'Partial Content', fields, body, part: { first, last, completeBytes }, ...given });
}

function answer(range: string | undefined, held: StoredResponse, more: readonly string[] = [], method = 'GET'): string {
  const result = rangeAnswer({ method, fields: range === undefined ? more : ['range', range, ...more] }, held);
  if (result.kind === 'whole') return 'whole';
  if (result.kind === 'unsatisfiable') return `416 */${result.completeBytes}`;
  return `${result.first}-${result.last}/${result.completeBytes ?? '*'} ${result.body.toString()}`;
}

describe('ranges of a complete response', () => {
  const rows: readonly [range: string | undefined, expected: string][] = [
    [undefined, 'whole'],
    ['bytes=0-1', '0-1/10 01'],
    ['bytes=9-9', '9-9/10 9'],
    ['bytes=7-', '7-9/10 789'],
    ['bytes=8-99', '8-9/10 89'],
    ['bytes=-1', '9-9/10 9'],
    ['bytes=-99', '0-9/10 0123456789'],
    ['bytes=10-', '416 */10'],
    ['bytes=-0', '416 */10'],
    ['bytes=99999999999999999999-', '416 */10'],
    ['bytes=0-1,3-4', 'whole'],
    ['bytes=9-1', 'whole'],
    ['items=0-1', 'whole'],
  ];
  it.each(rows)('%s: %s', (range, expected) => expect(answer(range, stored())).toBe(expected));

  it('of an empty one', () => expect(answer('bytes=0-', stored({ body: Buffer.alloc(0) }))).toBe('416 */0'));
  it('not of HEAD', () => expect(answer('bytes=0-1', stored(), [], 'HEAD')).toBe('whole'));
  it.each([204, 301, 404, 500])('not of a %d', (status) => expect(answer('bytes=0-1', stored({ status }))).toBe('whole'));

  it('are what slicing gives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(25), fc.nat(25), (bytes, first, length) => {
        const body = Buffer.from(bytes);
        const result = rangeAnswer({ method: 'GET', fields: ['range', `bytes=${first}-${first + length}`] }, stored({ body }));
        if (first >= body.length) expect(result.kind).toBe('unsatisfiable');
        else expect(result.kind === 'part' && result.body.equals(body.subarray(first, first + length + 1))).toBe(true);
      }),
    );
  });
});

describe('ranges of a stored part', () => {
  const known = part(4, 8, 10);
  const unknown = part(4, 8, undefined);
  const rows: readonly [name: string, held: StoredResponse, range: string | undefined, expected: string][] = [
    ['itself', known, 'bytes=4-8', '4-8/10 45678'],
    ['within', known, 'bytes=6-7', '6-7/10 67'],
    ['before it', known, 'bytes=3-5', 'whole'],
    ['beyond it', known, 'bytes=6-', 'whole'],
    ['a suffix that reaches beyond it', known, 'bytes=-2', 'whole'],
    ['beyond the end', known, 'bytes=10-', '416 */10'],
    ['to the end', part(6, 9, 10), 'bytes=7-', '7-9/10 789'],
    ['a suffix', part(5, 9, 10), 'bytes=-5', '5-9/10 56789'],
    ['a last byte beyond the end', part(6, 9, 10), 'bytes=7-99', '7-9/10 789'],
    ['unknown length, within', unknown, 'bytes=5-6', '5-6/* 56'],
    ['unknown length, to the end', unknown, 'bytes=5-', 'whole'],
    ['unknown length, a suffix', unknown, 'bytes=-1', 'whole'],
    ['unknown length, beyond', unknown, 'bytes=99-', 'whole'],
    ['none asked for', known, undefined, 'whole'],
    ['a body that is not as long as it says', part(4, 8, 10, { body: Buffer.from('4') }), 'bytes=4-4', 'whole'],
  ];
  it.each(rows)('%s', (_, held, range, expected) => expect(answer(range, held)).toBe(expected));
});

const at = (seconds: number) => formatHttpDate(seconds * 1000);

describe('If-Range (RFC 9110 §13.1.5)', () => {
  const dated = ['last-modified', at(100), 'date', at(200)];
  const rows: readonly [name: string, condition: string, fields: string[], expected: 'part' | 'whole'][] = [
    ['the entity-tag', '"a"', ['etag', '"a"'], 'part'],
    ['another', '"b"', ['etag', '"a"'], 'whole'],
    ['a weak one asked for', 'W/"a"', ['etag', '"a"'], 'whole'],
    ['a weak one held', '"a"', ['etag', 'W/"a"'], 'whole'],
    ['none held', '"a"', dated, 'whole'],
    ['the date', at(100), dated, 'part'],
    ['a later date', at(101), dated, 'whole'],
    ['an earlier date', at(99), dated, 'whole'],
    ['a date that is weak: the same second', at(100), ['last-modified', at(100), 'date', at(100)], 'whole'],
    ['a date that is weak: no Date', at(100), ['last-modified', at(100)], 'whole'],
    ['garbage', 'x', ['last-modified', 'x', 'date', at(0)], 'whole'],
  ];
  it.each(rows)('%s: %s', (_, condition, fields, expected) => {
    expect(rangeAnswer({ method: 'GET', fields: ['range', 'bytes=0-0', 'if-range', condition] }, stored({ fields })).kind).toBe(expected);
  });
});

const shape = (response: StoredResponse | undefined) =>
  response &&
  `${response.status} ${response.part ? `${response.part.first}-${response.part.last}/${response.part.completeBytes ?? '*'} ` : ''}${response.body.toString()}`;

describe('combining parts (RFC 9111 §3.4)', () => {
  const rows: readonly [name: string, a: StoredResponse, b: StoredResponse, expected: string | undefined][] = [
    ['adjoining', part(0, 4, 10), part(5, 7, 10), '206 0-7/10 01234567'],
    ['overlapping', part(0, 4, 10), part(3, 7, 10), '206 0-7/10 01234567'],
    ['one within the other', part(0, 8, 10), part(3, 4, 10), '206 0-8/10 012345678'],
    ['complete', part(0, 4, 10), part(5, 9, 10), '200 0123456789'],
    ['the length known to one', part(0, 4, undefined), part(5, 9, 10), '200 0123456789'],
    ['the length known to none', part(0, 4, undefined), part(5, 9, undefined), '206 0-9/* 0123456789'],
    ['a complete one', stored(), part(5, 9, 10), '200 0123456789'],
    ['a gap', part(0, 4, 10), part(6, 9, 10), undefined],
    ['other lengths', part(0, 4, 10), part(5, 9, 11), undefined],
    ['beyond the length that the other knows', part(0, 9, 10), part(10, 12, undefined), undefined],
    ['another entity-tag', part(0, 4, 10), part(5, 9, 10, { fields: ['etag', '"b"'] }), undefined],
    ['weak entity-tags', part(0, 4, 10, { fields: ['etag', 'W/"a"'] }), part(5, 9, 10, { fields: ['etag', 'W/"a"'] }), undefined],
    ['no entity-tag', part(0, 4, 10, { fields: [] }), part(5, 9, 10, { fields: [] }), undefined],
    ['another epoch', part(0, 4, 10), part(5, 9, 10, { asOf: 2 }), undefined],
    ['another scope', part(0, 4, 10), part(5, 9, 10, { scopeId: 'u' }), undefined],
    ['another variant', part(0, 4, 10, { axes: ['a'], axisValues: ['1'] }), part(5, 9, 10, { axes: ['a'], axisValues: ['2'] }), undefined],
    ['another coding', part(0, 4, 10), part(5, 9, 10, { fields: ['etag', '"a"', 'content-encoding', 'br'] }), undefined],
    ['a body that is not as long as it says', part(0, 4, 10), part(5, 9, 10, { body: Buffer.from('5') }), undefined],
  ];
  it.each(rows)('%s', (_, a, b, expected) => {
    expect(shape(combineParts(a, b))).toBe(expected);
    expect(shape(combineParts(b, a))).toBe(expected);
  });

  it('takes fields and overlapping bytes of the newer, and the more careful of the rest', () => {
    const older = part(0, 4, 10, { order: 1, freshUntil: 50, neverStale: true, tags: ['x', 'y'], tagIds: Int32Array.of(1, 2, 3, 4), checkedAt: 7 });
    const newer = part(4, 8, 10, {
      order: 2,
      body: Buffer.from('ABCDE'),
      alwaysValidate: true,
      tags: ['y', 'z'],
      tagIds: Int32Array.of(3, 4, 5, 6),
      checkedAt: 6,
      fields: ['etag', '"a"', 'content-range', 'bytes 4-8/10', 'a', '2', 'content-length', '5'],
    });
    expect(combineParts(newer, older)).toMatchObject({
      order: 2,
      freshUntil: 50,
      neverStale: true,
      alwaysValidate: true,
      tags: ['x', 'y', 'z'],
      tagIds: Int32Array.of(1, 2, 3, 4, 5, 6),
      checkedAt: 6,
      body: Buffer.from('0123ABCDE'),
      fields: ['etag', '"a"', 'content-range', 'bytes 0-8/10', 'a', '2'],
    });
  });

  it('leaves no Content-Range on a complete one', () => {
    expect(combineParts(part(0, 4, 10), part(5, 9, 10))?.fields).toEqual(['etag', '"a"']);
  });

  it('any parts that cover everything give the original', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 29 }), { maxLength: 5 }).map((all) => [0, ...all.toSorted((a, b) => a - b), 30]);
    fc.assert(
      fc.property(cuts, fc.nat(3), (edges, overlap) => {
        const parts = edges.slice(0, -1).map((from, i) => part(Math.max(0, from - overlap), (edges[i + 1] ?? 30) - 1, 30, { order: i }));
        const whole = parts.reduce((a: StoredResponse | undefined, b) => a && combineParts(a, b), parts[0]);
        expect(whole?.body.toString()).toBe('0123456789'.repeat(3));
        expect(parts.length === 1 || whole?.status === 200).toBe(true);
      }),
    );
  });
});
