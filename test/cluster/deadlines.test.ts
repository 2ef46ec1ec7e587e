// Deadlines come in their order, whichever of them were taken out before.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Deadlines } from '../../src/cluster/deadlines.ts';

const given = fc.array(fc.record({ until: fc.nat(100), isTakenOut: fc.boolean() }), { minLength: 5, maxLength: 60 });

it('the first is always one of those that are over next', () => {
  fc.assert(
    fc.property(given, (all) => {
      const heap = new Deadlines();
      const deadlines = all.map((each) => ({ ...each, place: 0 }));
      for (const deadline of deadlines) heap.add(deadline);
      for (const deadline of deadlines) if (deadline.isTakenOut) heap.remove(deadline);
      const left: number[] = [];
      for (let first = heap.first; first !== undefined; first = heap.first) {
        left.push(first.until);
        heap.remove(first);
      }
      const expected = all.filter(({ isTakenOut }) => !isTakenOut).map(({ until }) => until);
      expect(left).toEqual(expected.toSorted((a, b) => a - b));
    }),
    { numRuns: 500 },
  );
});
