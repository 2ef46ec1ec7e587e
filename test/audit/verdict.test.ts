// What is said of an entry that differs from its origin, whatever happens between the hit, the two readings and the end of the window.
import { describe, expect, it } from 'vitest';
import { consistencyOf, type Verdicts } from '../../src/audit/consistency.ts';
import { orderOf } from '../../src/audit/order-of.ts';
import {
  type AtOnce,
  type EntryState,
  type Evidence,
  entryStateOf,
  evidenceOf,
  judgeFirst,
  judgeWatched,
  type Order,
  READINGS,
  type Seen,
  weighed,
  type WhileWatched,
} from '../../src/audit/verdict.ts';
import { random } from '../history/random.ts';

const PRICE = ['$.price'];

const WINDOW_MS = 10_000;

function first(differences: readonly string[], order: Order = 'untold', flipping: readonly string[] = []): Evidence {
  return evidenceOf({ differences, order }, { at: 0, flipping });
}

describe('after the first reading', () => {
  const cases: [string, Evidence, EntryState, AtOnce][] = [
    ['what says the same is equal', first([]), 'answers', 'equal'],
    ['whatever became of the entry', first([], 'older'), 'purged', 'equal'],
    ['a purge between the hit and the reading', first(PRICE), 'purged', 'caught'],
    ['though the reading seems older', first(PRICE, 'older'), 'purged', 'caught'],
    ['an entry that ended by itself meanwhile', first(PRICE), 'gone', 'gone'],
    ['a replica that lags', first(PRICE, 'older'), 'answers', 'unstable'],
    ['a difference is watched', first(PRICE), 'answers', 'watch'],
    ['a newer version is watched: its purge may come', first(PRICE, 'newer'), 'answers', 'watch'],
    ['what is known to flip', first(PRICE, 'untold', PRICE), 'answers', 'unstable'],
    ['what is known to flip, beside what is not', first(['$.price', '$.name'], 'untold', PRICE), 'answers', 'watch'],
    ['what is known to flip, with a newer version', first(PRICE, 'newer', PRICE), 'answers', 'watch'],
    ['without a lease', first(PRICE), 'unknown', 'watch'],
  ];
  it.each(cases)('%s', (_name, evidence, entry, expected) => expect(judgeFirst({ evidence, entry })).toBe(expected));
});

describe('while it is watched', () => {
  const whole: Evidence = { ...first(PRICE), readings: READINGS };
  const nothing: Evidence = { ...first(PRICE), lasting: [] };
  const cases: [string, Evidence, EntryState, number, WhileWatched][] = [
    ['before its next reading', first(PRICE), 'answers', WINDOW_MS / (READINGS - 1) - 1, 'watch'],
    ['at its next reading', first(PRICE), 'answers', WINDOW_MS / (READINGS - 1), 'read-again'],
    ['before its last reading', { ...whole, readings: READINGS - 1 }, 'answers', WINDOW_MS - 1, 'watch'],
    ['at its last reading', { ...whole, readings: READINGS - 1 }, 'answers', WINDOW_MS, 'read-again'],
    ['when all are there', whole, 'answers', WINDOW_MS, 'missed'],
    ['when all are newer, whatever they say', { ...whole, lasting: [], isNewer: true }, 'answers', WINDOW_MS, 'missed'],
    ['what proves nothing may still be caught', nothing, 'answers', WINDOW_MS - 1, 'watch'],
    ['and is nothing then', nothing, 'answers', WINDOW_MS, 'unstable'],
    ['purged', first(PRICE), 'purged', 0, 'caught'],
    ['purged while it was read for the last time', whole, 'purged', WINDOW_MS, 'caught'],
    ['ended', first(PRICE), 'gone', 0, 'gone'],
    ['ended while it was read for the last time', whole, 'gone', WINDOW_MS, 'gone'],
    ['without a lease', first(PRICE), 'unknown', WINDOW_MS - 1, 'watch'],
    ['without a lease for too long', whole, 'unknown', WINDOW_MS, 'failed'],
  ];
  it.each(cases)('%s', (_name, evidence, entry, now, expected) =>
    expect(judgeWatched({ evidence, entry, isLate: false, now, windowMs: WINDOW_MS })).toBe(expected),
  );
});

it.each<[EntryState, WhileWatched]>([
  ['purged', 'skipped'],
  ['gone', 'skipped'],
  ['answers', 'read-again'],
])('%s when its window is over and its readings are not: %s', (entry, expected) =>
  expect(judgeWatched({ evidence: first(PRICE), entry, isLate: true, now: WINDOW_MS + 1, windowMs: WINDOW_MS })).toBe(expected),
);

it.each([
  ['ok', true, true, 'answers'],
  ['ok', false, true, 'gone'],
  ['purged', true, true, 'purged'],
  ['softened', true, true, 'purged'],
  ['purged', true, false, 'gone'],
  ['uncoordinated', true, true, 'unknown'],
] as const)('an entry that is %s by the marks, kept: %s, of this cache: %s', (gate, isKept, isOfThisCache, expected) =>
  expect(entryStateOf(gate, { isKept, isOfThisCache })).toBe(expected),
);

describe('another reading', () => {
  const cases: [string, Evidence, Partial<Seen>, Partial<Evidence>][] = [
    ['says the same', first(PRICE), {}, { lasting: PRICE, returned: [] }],
    ['of another status', first(PRICE), { differences: ['status'], between: ['status'] }, { lasting: [], returned: [] }],
    ['that is no JSON', first(PRICE), { differences: ['content-type', 'body'], between: ['content-type', 'body'] }, { lasting: [], returned: [] }],
    ['of as many items, which are others', first(['$.items']), { differences: ['$.items[0]'], between: ['$.items'] }, { lasting: [], returned: [] }],
    ['of other items, where one differed', first(['$.items[0]']), { differences: ['$.items'], between: ['$.items'] }, { lasting: [], returned: [] }],
    ['says what the entry says', first(PRICE), { differences: [], between: PRICE }, { lasting: [], returned: PRICE }],
    ['says something else again', first(PRICE), { between: PRICE }, { lasting: [], returned: [] }],
    [
      'what differs from itself beside what lasts',
      first(['$.now', '$.price']),
      { differences: ['$.now', '$.price'], between: ['$.now'] },
      { lasting: PRICE, returned: [] },
    ],
    ['only what differs from itself, below what the entry lacks', first(['$.a.b']), { differences: ['$.a.b'], between: ['$.a'] }, { lasting: [] }],
    ['a member that the entry lacks, and that differs below', first(['$.a']), { differences: ['$.a'], between: ['$.a.b'] }, { lasting: ['$.a'] }],
    ['differs elsewhere', first(PRICE), { differences: ['$.name'], between: ['$.name', '$.price'] }, { lasting: [], seen: ['$.price', '$.name'] }],
    ['a later version once more', first(PRICE, 'newer'), { between: PRICE, order: 'newer' }, { lasting: [], isNewer: true }],
    ['a later version after nothing was stated', first(PRICE), { between: PRICE, order: 'newer' }, { lasting: [], isNewer: false }],
    ['a replica that lags by now', first(PRICE, 'newer'), { order: 'older' }, { lasting: [], isNewer: false, returned: [] }],
  ];
  it.each(cases)('%s', (_name, evidence, seen, expected) =>
    expect(weighed(evidence, { differences: PRICE, between: [], order: 'untold', ...seen })).toMatchObject({ ...expected, readings: 2 }),
  );
});

/** Of an origin that says the other thing with chance `other`, whatever it said before. */
function verdictOf(next: () => number, other: number): { readonly verdict: string; readonly evidence: Evidence } {
  const entry = next() < other;
  const one = () => next() < other === entry;
  const says = one();
  let evidence = first(says ? [] : PRICE);
  let verdict: string = judgeFirst({ evidence, entry: 'answers' });
  for (let now = 0; verdict === 'watch' || verdict === 'read-again'; now += 100) {
    verdict = judgeWatched({ evidence, entry: 'answers', isLate: false, now, windowMs: WINDOW_MS });
    if (verdict !== 'read-again') continue;
    const differences = one() ? [] : PRICE;
    evidence = weighed(evidence, { differences, between: differences.length === 0 ? PRICE : [], order: 'untold' });
  }
  return { verdict, evidence };
}

describe('an origin that says two things in turn, by chance', () => {
  const TRIALS = 20_000;
  // What is stored is one of them, and all eight readings are the other: (1 - p) p^8 + p (1 - p)^8, 1 in 256 where both are alike, 1 in 23 at the worst.
  it.each([
    [0.5, 2 ** -8],
    [0.7, 0.3 * 0.7 ** 8 + 0.7 * 0.3 ** 8],
    [8 / 9, (1 / 9) * (8 / 9) ** 8 + (8 / 9) * (1 / 9) ** 8],
  ])('is hardly ever a miss: %d', (other, expected) => {
    const chance = random(42);
    let missed = 0;
    for (let trial = 0; trial < TRIALS; trial++) {
      const { verdict, evidence } = verdictOf(() => chance.next(), other);
      if (verdict === 'missed') missed++;
      // Whatever is not missed is remembered: no audit of this URL can be a miss by it then.
      if (verdict === 'unstable') expect(judgeFirst({ evidence: first(PRICE, 'untold', evidence.returned), entry: 'answers' })).toBe('unstable');
    }
    expect(missed / TRIALS).toBeLessThan(expected * 1.25);
    expect(missed / TRIALS).toBeGreaterThan(expected * 0.75);
    expect(expected).toBeLessThan(1 / 22);
  });
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
  const cases: [string, Verdicts, number, number | undefined, number | undefined][] = [
    ['nothing was judged', { skipped: 5, failed: 3, unstable: 2 }, 0, undefined, undefined],
    ['few audits prove little', { equal: 9 }, 9, 1, 1],
    ['more prove more', { equal: 900, caught: 90, gone: 9 }, 999, 1, 3],
    ['a miss', { equal: 98, caught: 0, missed: 1 }, 99, 98 / 99, Math.log10(50)],
    ['all missed', { missed: 4 }, 4, 0, 0],
    ['what was not judged counts for nothing', { equal: 9, skipped: 1_000, failed: 1_000, unstable: 1_000 }, 9, 1, 1],
    ['hits that joined an audit prove nothing more', { equal: 900 }, 9, 1, 1],
    ['a miss counts with all its hits', { equal: 9, missed: 90 }, 10, 9 / 99, Math.log10((99 + 9.9) / (90 + 9.9))],
  ];
  it.each(cases)('%s', (_name, hits, audits, share, nines) => {
    const consistency = consistencyOf({ hits, audits });
    if (share === undefined || nines === undefined) return expect(consistency).toBeUndefined();
    expect(consistency?.share).toBeCloseTo(share, 10);
    expect(consistency?.nines).toBeCloseTo(nines, 10);
  });
});
