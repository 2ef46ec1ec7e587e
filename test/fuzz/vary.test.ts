// RFC 9111 §4.1, SECURITY §4.4: requests that select one variant are alike in every field that it varies on, and what cannot be compared is not stored.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldLines } from '../../src/http/fields.ts';
import { judgeStorability } from '../../src/rules/storability.ts';
import { axisValues, matchesRequest } from '../../src/rules/variant.ts';
import { entry, fill, strictPolicy } from '../rules/builders.ts';
import { corpus, mutated, RUNS } from './corpus.ts';

const { vary, values } = corpus('vary', ['vary', 'values']);
const plain = { ...strictPolicy, normalise: new Set<string>() };
const name = fc.constantFrom('accept-language', 'x-flavour', 'accept-encoding');
const value = fc.oneof(fc.constantFrom(...values), mutated(values));
const request = fc.array(fc.tuple(name, value), { maxLength: 5 }).map((pairs) => pairs.flat());

/** All that tells two values apart when white space and empty members do not. */
function squeezed(fields: readonly string[], axis: string): string {
  const lines = fieldLines(fields, axis);
  return lines.length === 0 ? 'absent' : `has ${lines.join(',').replace(/[ \t,]/g, '')}`;
}

describe('Vary', () => {
  it('requests that select the same variant are alike in each of its fields', () => {
    const axes = ['accept-encoding', 'accept-language', 'x-flavour'];
    fc.assert(
      fc.property(request, request, (a, b) => {
        const stored = entry({ axes, axisValues: axisValues(axes, a, plain) });
        expect(matchesRequest(stored, axes, a, plain)).toBe(true);
        if (!matchesRequest(stored, axes, b, plain)) return;
        for (const axis of axes) expect(squeezed(b, axis)).toBe(squeezed(a, axis));
      }),
      RUNS,
    );
  });

  it('a response is stored only with fields that can be compared, all of them', () => {
    fc.assert(
      fc.property(mutated(vary), request, (written, fields) => {
        const judged = judgeStorability(fill({ request: fields, fields: ['cache-control', 'max-age=60', 'vary', written], policy: plain }));
        if (judged.kind === 'refuse') return;
        const words = written
          .toLowerCase()
          .split(',')
          .map((word) => word.replace(/^[ \t]+|[ \t]+$/g, ''))
          .filter((word) => word !== '');
        expect(new Set(judged.vary)).toEqual(new Set(words));
        expect(judged.vary.every((axis) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(axis) && !['*', 'cookie', 'authorization', 'via'].includes(axis))).toBe(
          true,
        );
      }),
      RUNS,
    );
  });
});
