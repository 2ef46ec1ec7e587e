// SECURITY §4.1: the directive parser is a security parser. What prohibits storing goes on doing so, whatever stands around it.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeStorability } from '../../src/rules/storability.ts';
import { fill, relaxedPolicy } from '../rules/builders.ts';
import { corpus, mutated, RUNS } from './corpus.ts';

const { prohibited, permitted, noise } = corpus('cache-control', ['prohibited', 'permitted', 'noise']);

/** Even where a route permits everything that the standard permits. */
function isStored(lines: readonly string[], more: readonly string[] = []): boolean {
  const fields = lines.flatMap((line) => ['cache-control', line]);
  return judgeStorability(fill({ fields: [...fields, ...more], policy: relaxedPolicy })).kind === 'store';
}

describe('Cache-Control', () => {
  it.each(prohibited)('not stored: %j', (value) => expect(isStored([value])).toBe(false));
  it.each(permitted)('stored: %j', (value) => expect(isStored([value])).toBe(true));

  // Without must-understand, which outweighs no-store (RFC 9111 §5.2.2.3).
  const line = mutated(noise).filter((text) => !/must-understand/i.test(text));

  it('noise in lines of its own, before or behind, never makes storable what is not', () => {
    fc.assert(
      fc.property(fc.constantFrom(...prohibited), line, fc.boolean(), (value, made, before) => {
        expect(isStored(before ? [made, value] : [value, made])).toBe(false);
      }),
      RUNS,
    );
  });

  it('no other field lifts it, but those that are meant for caches like us', () => {
    const name = fc.constantFrom('expires', 'pragma', 'date', 'age', 'last-modified', 'etag', 'x-cache-control', 'warning');
    fc.assert(
      fc.property(fc.constantFrom(...prohibited), name, line, (value, field, made) => {
        expect(isStored([value], [field, made])).toBe(false);
      }),
      RUNS,
    );
  });

  it('a value with edits is judged without a fault', () => {
    fc.assert(
      fc.property(mutated([...prohibited, ...permitted]), (value) => {
        isStored([value]);
      }),
      RUNS,
    );
  });
});
