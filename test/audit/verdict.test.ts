// What is said of an entry that differs from its origin, whatever happens between the hit, the two readings and the end of the window.
import { describe, expect, it } from 'vitest';
import { consistencyOf, type Verdicts } from '../../src/audit/consistency.ts';
import { orderOf } from '../../src/audit/order-of.ts';
import {
  type AtOnce,
  type EntryState,
  judgeFirst,
  judgeSecond,
  judgeWatched,
  type Order,
  type Readings,
  type WhileWatched,
} from '../../src/audit/verdict.ts';

const PRICE = ['$.price'];

describe('after the first reading', () => {
  const cases: [string, readonly string[], EntryState, Order, AtOnce][] = [
    ['what says the same is equal', [], 'answers', 'untold', 'equal'],
    ['whatever became of the entry', [], 'purged', 'older', 'equal'],
    ['a purge between the hit and the reading', PRICE, 'purged', 'untold', 'caught'],
    ['though the reading seems older', PRICE, 'purged', 'older', 'caught'],
    ['an entry that ended by itself meanwhile', PRICE, 'gone', 'untold', 'gone'],
    ['a replica that lags', PRICE, 'answers', 'older', 'unstable'],
    ['a difference is watched', PRICE, 'answers', 'untold', 'watch'],
    ['a newer version is watched: its purge may come', PRICE, 'answers', 'newer', 'watch'],
    ['without a lease', PRICE, 'unknown', 'untold', 'watch'],
  ];
  it.each(cases)('%s', (_name, differences, entry, order, expected) => expect(judgeFirst({ differences, entry, order })).toBe(expected));
});

describe('while it is watched', () => {
  const cases: [EntryState, boolean, WhileWatched][] = [
    ['answers', false, 'watch'],
    ['answers', true, 'read-again'],
    ['purged', false, 'caught'],
    ['purged', true, 'caught'],
    ['gone', false, 'gone'],
    ['unknown', false, 'watch'],
    ['unknown', true, 'failed'],
  ];
  it.each(cases)('%s, due %s: %s', (entry, isDue, expected) => expect(judgeWatched({ entry, isDue })).toBe(expected));
});

describe('after the second reading', () => {
  const missed: Readings = { first: PRICE, second: PRICE, between: [], orders: ['untold', 'untold'], entry: 'answers' };
  const cases: [string, Partial<Readings>, string, readonly string[]][] = [
    ['both differ alike', {}, 'missed', PRICE],
    ['purged while it was read', { entry: 'purged' }, 'caught', PRICE],
    ['ended while it was read', { entry: 'gone' }, 'gone', PRICE],
    ['the lease was lost', { entry: 'unknown' }, 'failed', PRICE],
    ['the second says what the entry says', { second: [], between: PRICE }, 'unstable', PRICE],
    ['each differs from each', { between: PRICE }, 'unstable', PRICE],
    [
      'what differs from itself beside what lasts',
      { first: ['$.now', '$.price'], second: ['$.now', '$.price'], between: ['$.now'] },
      'missed',
      PRICE,
    ],
    ['only what differs from itself, below what the entry lacks', { first: ['$.a.b'], second: ['$.a.b'], between: ['$.a'] }, 'unstable', ['$.a.b']],
    ['a member that the entry lacks, and that differs below', { first: ['$.a'], second: ['$.a'], between: ['$.a.b'] }, 'missed', ['$.a']],
    ['a difference that the second reading does not have', { second: ['$.name'], between: ['$.name', '$.price'] }, 'unstable', ['$.name']],
    ['writes between the readings, by their versions', { between: PRICE, orders: ['newer', 'newer'] }, 'missed', PRICE],
    ['a write after the first reading', { between: PRICE, orders: ['untold', 'newer'] }, 'unstable', PRICE],
    ['a replica that lags by now', { orders: ['newer', 'older'] }, 'unstable', PRICE],
  ];
  it.each(cases)('%s', (_name, given, verdict, differences) => expect(judgeSecond({ ...missed, ...given })).toEqual({ verdict, differences }));
});

function modified(second: number): string[] {
  return ['last-modified', `Sun, 06 Nov 1994 08:49:${second} GMT`];
}

function version(text: string): string[] {
  return ['surrogate-version', text];
}

describe('which is older', () => {
  const cases: [string, readonly string[], readonly string[], Order][] = [
    ['nothing is stated', [], [], 'untold'],
    ['a lower version', version('a=1'), version('a=2'), 'older'],
    ['a higher version', version('a=3'), version('a=2'), 'newer'],
    ['one lower, one higher', version('a=1, b=9'), version('a=2, b=8'), 'older'],
    ['versions of other tags', version('b=1'), version('a=2'), 'untold'],
    ['modified earlier', modified(37), modified(38), 'older'],
    ['modified later proves nothing', modified(39), modified(38), 'untold'],
    ['one states it', modified(37), [], 'untold'],
    ['versions count before dates', [...version('a=3'), ...modified(37)], [...version('a=2'), ...modified(38)], 'newer'],
  ];
  it.each(cases)('%s', (_name, reading, stored, expected) => expect(orderOf(reading, stored)).toBe(expected));
});

describe('consistency', () => {
  const cases: [string, Verdicts, number | undefined, number | undefined][] = [
    ['nothing was judged', { skipped: 5, failed: 3, unstable: 2 }, undefined, undefined],
    ['few audits prove little', { equal: 9 }, 1, 1],
    ['more prove more', { equal: 900, caught: 90, gone: 9 }, 1, 3],
    ['a miss', { equal: 98, caught: 0, missed: 1 }, 98 / 99, Math.log10(50)],
    ['all missed', { missed: 4 }, 0, 0],
    ['what was not judged counts for nothing', { equal: 9, skipped: 1_000, failed: 1_000, unstable: 1_000 }, 1, 1],
  ];
  it.each(cases)('%s', (_name, verdicts, share, nines) => {
    expect(consistencyOf(verdicts)?.share).toBe(share);
    expect(consistencyOf(verdicts)?.nines).toBe(nines);
  });
});
