// Lifetimes of entries: the least and the most exactly, the middle within a factor of two, and sums of several threads.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addLifetime, joinLifetimes, type Lifetimes, medianOf, noLifetimes } from '../../src/map/lifetimes.ts';

function of(...lifetimesMs: readonly number[]): Lifetimes {
  const lifetimes = noLifetimes();
  for (const lifetimeMs of lifetimesMs) addLifetime(lifetimes, lifetimeMs);
  return lifetimes;
}

describe('the middle', () => {
  it.each([
    [[60_000], 60_000],
    [[0, 0, 0], 0],
    [[-5], 0],
    [[1_000, 1_000, 3_600_000], 1_500],
    [[5_000, 3_600_000, 3_600_000], 3_072_000],
    [[10 ** 12], 10 ** 12],
  ])('of %j is about %d ms', (lifetimes, expected) => expect(medianOf(of(...lifetimes))).toBe(expected));
});

const lifetimes = fc.array(fc.integer({ min: 0, max: 10 ** 10 }), { minLength: 1, maxLength: 50 });

describe('whatever they are', () => {
  it('the middle is within a factor of two, or of a second', () =>
    fc.assert(
      fc.property(lifetimes, (all) => {
        const middle = all.toSorted((a, b) => a - b)[Math.ceil(all.length / 2) - 1] ?? 0;
        const told = medianOf(of(...all));
        expect(told).toBeGreaterThanOrEqual(Math.min(middle / 2, middle - 1_000));
        expect(told).toBeLessThanOrEqual(Math.max(middle * 2, middle + 1_000));
      }),
    ));

  it('those of two threads are those of one', () =>
    fc.assert(
      fc.property(lifetimes, lifetimes, (one, other) => {
        const together = of(...one);
        joinLifetimes(together, of(...other));
        expect(together).toEqual(of(...one, ...other));
      }),
    ));
});
