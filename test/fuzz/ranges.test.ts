// RFC 9110 §14: a part is bytes of the whole, at the place that it names; what does not say where it belongs is not stored.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatContentRange, parseContentRange } from '../../src/http/range.ts';
import { combineParts, rangeAnswer } from '../../src/rules/ranges.ts';
import { judgeStorability } from '../../src/rules/storability.ts';
import { entry, fill, relaxedPolicy } from '../rules/builders.ts';
import { corpus, mutated, RUNS } from './corpus.ts';

const { range, contentRange } = corpus('ranges', ['range', 'contentRange']);
const WHOLE = Buffer.from('abcdefghijklmnopqrst');
const FIELDS = ['etag', '"a"'];

describe('ranges', () => {
  it('of a whole response are slices of it', () => {
    fc.assert(
      fc.property(mutated(range), (value) => {
        const answer = rangeAnswer({ method: 'GET', fields: ['range', value] }, entry({ body: WHOLE, fields: FIELDS }));
        if (answer.kind !== 'part') return;
        expect(answer.completeBytes).toBe(WHOLE.length);
        expect(answer.body.length).toBeGreaterThan(0);
        expect(answer.body.toString()).toBe(WHOLE.toString().slice(answer.first, answer.last + 1));
      }),
      RUNS,
    );
  });

  it('of a stored part are answered from it only where it holds all that was asked for', () => {
    const held = { first: 4, last: 11, completeBytes: WHOLE.length };
    const stored = entry({ status: 206, part: held, body: WHOLE.subarray(4, 12), fields: FIELDS });
    fc.assert(
      fc.property(mutated(range), (value) => {
        const answer = rangeAnswer({ method: 'GET', fields: ['range', value] }, stored);
        if (answer.kind === 'part') expect(answer.body.toString()).toBe(WHOLE.toString().slice(answer.first, answer.last + 1));
      }),
      RUNS,
    );
  });

  it('Content-Range reads as it is written, or not at all', () => {
    fc.assert(
      fc.property(mutated(contentRange), (value) => {
        const read = parseContentRange(value);
        if (read === undefined) return;
        expect(read.first).toBeLessThanOrEqual(read.last);
        expect(read.last).toBeLessThan(read.completeBytes ?? Infinity);
        expect(formatContentRange(read)).toBe(value.toLowerCase().replace(/\b0+(?=\d)/g, ''));
      }),
      RUNS,
    );
  });

  it('a 206 is stored only with a Content-Range that says where it belongs and how long it is', () => {
    const length = fc.constantFrom('4', '5', '20', '0', '4, 4', '-1', '');
    fc.assert(
      fc.property(mutated(contentRange), length, (value, bytes) => {
        const fields = ['cache-control', 'max-age=60', 'content-range', value, ...(bytes === '' ? [] : ['content-length', bytes])];
        const judged = judgeStorability(fill({ status: 206, request: ['range', 'bytes=0-3'], fields, policy: relaxedPolicy }));
        if (judged.kind === 'refuse') return;
        expect(judged.part).toEqual(parseContentRange(value));
        if (bytes !== '' && judged.part !== undefined) expect(Number(bytes)).toBe(judged.part.last - judged.part.first + 1);
      }),
      RUNS,
    );
  });

  it('two parts make only what the whole has at that place', () => {
    const piece = fc.tuple(fc.nat(19), fc.nat(19)).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
    fc.assert(
      fc.property(piece, piece, fc.boolean(), (a, b, known) => {
        const part = ({ first, last }: typeof a, order: number) =>
          entry({
            status: 206,
            order,
            fields: FIELDS,
            part: { first, last, completeBytes: known ? 20 : undefined },
            body: WHOLE.subarray(first, last + 1),
          });
        const made = combineParts(part(a, 1), part(b, 2));
        if (made === undefined) return;
        const { first, last } = made.part ?? { first: 0, last: 19 };
        expect(made.body.toString()).toBe(WHOLE.toString().slice(first, last + 1));
      }),
      RUNS,
    );
  });
});
