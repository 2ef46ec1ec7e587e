// Does the judge of the endurance run see what it is there for?
import { describe, expect, it } from 'vitest';
import { type Committed, judge, type Purged } from './evidence.ts';

const COMMITTED: readonly Committed[] = [
  { event: 1, subject: 0, after: 0 },
  { event: 2, subject: 0, after: 1 },
  { event: 3, subject: 1, after: 1 },
];

function log(...events: readonly (readonly number[])[]): readonly Purged[] {
  return events.map((named, at) => ({ number: at + 1, events: named }));
}

describe('the judge of an endurance run', () => {
  it.each([
    ['all of them in order', log([1], [2], [3]), {}],
    ['repeats', log([1], [2], [1], [2], [3]), { repeats: 2 }],
    ['a lost one', log([1], [2]), { lost: [3] }],
    ['one that came before its commit', log([1, 3], [2]), { early: [3] }],
    ['one that came before its commit and after', log([1, 3], [2], [3]), { repeats: 1 }],
    ['a rolled back one', log([1], [2], [3], [9]), { undone: [9] }],
    ['the order of a subject', log([], [2], [1], [3]), { outOfOrder: [2], overtaken: [2] }],
    ['the order of the last ones', log([1], [2], [3], [1]), { repeats: 1, overtaken: [2] }],
  ])('%s', (_, purged, expected) => {
    expect(judge(COMMITTED, [9], purged)).toEqual({ lost: [], early: [], undone: [], outOfOrder: [], overtaken: [], repeats: 0, ...expected });
  });
});
