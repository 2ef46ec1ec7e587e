// Does the check see what it is there for? One read too many in a history that is otherwise permitted.
import { describe, expect, it } from 'vitest';
import { check, type Checked } from './check.ts';
import { History, type Read } from './history.ts';
import type { Page } from './origin.ts';

const page: Page = { name: 'page', registers: [0], scoped: false, weak: false, freshMs: 500, staleMs: 100 };

function read(version: number, more: Partial<Read> = {}): Read {
  const stated = { page, scope: 'public', versions: [version] };
  const at = { sentAt: 40, committedAt: 41, endedAt: 42, fetchedAt: 15, receivedAt: 16 };
  return { node: 'a', page: 'page', scope: 'u1', ...at, underLease: true, stated, from: 'hit', whole: true, ...more };
}

/** Version 1 is written at 10, version 2 at 20; a purge of the first is confirmed at 30. */
function checked(reads: readonly Read[], history = new History(0)): Checked {
  history.writes.push({ register: 0, version: 1, at: 10 }, { register: 0, version: 2, at: 20 });
  history.acks.push({ register: 0, version: 1, at: 30 });
  history.reads.push(...reads);
  const { violations, ...counts } = check(history);
  return { violations: violations.map((violation) => violation.slice(0, 2)), ...counts };
}

const EARLIER = { sentAt: 28, committedAt: 31, endedAt: 32 };

it.each<[what: string, reads: readonly Read[], violations: readonly string[]]>([
  ['what was purged or is newer', [read(1), read(2, { from: 'origin', sentAt: 50, committedAt: 51, endedAt: 52 })], []],
  ['I1: an older version after the confirmation', [read(0)], ['I1', 'I2']],
  ['I2: the same from a store, asked for before it', [read(0, EARLIER)], ['I2']],
  ['I4: an answer of another scope', [read(1, { stated: { page, scope: 'u2', versions: [1] } })], ['I4']],
  ['I5: another page', [read(1, { page: 'other' })], ['I5']],
  ['I5: half a body', [read(1, { whole: false })], ['I5']],
  ['I6: older than what the node gave from its store before', [read(2), read(1, { sentAt: 43, endedAt: 44 })], ['I6']],
  ['I6 is of one after the other', [read(2), read(1, { sentAt: 41, endedAt: 44 })], []],
  ['I7: a version that comes true after it was read', [read(2, { sentAt: 5, committedAt: 6, endedAt: 7 })], ['I7']],
])('%s', (_, reads, violations) => {
  expect(checked(reads).violations).toEqual(violations);
});

it.each(['origin', 'collapsed'] as const)('I2 is counted where nothing promises it: %s', (from) => {
  expect(checked([read(0, { ...EARLIER, from })])).toEqual({ violations: [], late: 1, backwards: 0 });
});

it('I2 is counted behind a barrier', () => {
  expect(checked([read(0, { ...EARLIER, underLease: false })])).toEqual({ violations: [], late: 1, backwards: 0 });
});

it('I6 across nodes is counted', () => {
  expect(checked([read(2), read(1, { node: 'b', sentAt: 43, endedAt: 44 })])).toEqual({ violations: [], late: 0, backwards: 1 });
});

it('what a fetch gave before it was stored binds nobody', () => {
  expect(checked([read(2, { from: 'origin' }), read(1, { sentAt: 43, endedAt: 44 })]).violations).toEqual([]);
});

describe('an origin that lags', () => {
  it.each<[what: string, more: Partial<Read>, violations: readonly string[]]>([
    ['may say what is older once it was asked after the write', { from: 'origin' }, []],
    ['may not be believed where it was asked before', { from: 'collapsed', fetchedAt: 9 }, ['I1']],
    ['excuses no store', { from: 'hit' }, ['I1', 'I2']],
  ])('%s', (_, more, violations) => {
    expect(checked([read(0, more)], new History(300)).violations).toEqual(violations);
  });

  it('goes back by itself', () => {
    expect(checked([read(2), read(1, { sentAt: 43, endedAt: 44 })], new History(300))).toEqual({ violations: [], late: 0, backwards: 0 });
  });
});

function sent(at: number): Partial<Read> {
  return { sentAt: at, committedAt: at + 1, endedAt: at + 2 };
}

describe('rule 8, where version 2 was softly purged at 50', () => {
  it.each<[what: string, more: Partial<Read>, violations: readonly string[]]>([
    ['fresh before it', sent(49), []],
    ['fresh after it', sent(51), ['ru']],
    ['stale within its window', { ...sent(151), from: 'stale' }, []],
    ['stale after its window', { ...sent(153), from: 'stale' }, ['ru']],
    ['stale within the window of what came after it', { ...sent(153), from: 'stale', receivedAt: 60 }, []],
    ['stale after its window, in place of an error', { ...sent(153), from: 'stale-if-error' }, []],
    ['fresh at another node', { ...sent(51), node: 'b' }, []],
  ])('%s', (_, more, violations) => {
    const history = new History(0);
    history.softenings.push({ node: 'a', register: 0, version: 2, at: 50 });
    expect(checked([read(1, more)], history).violations).toEqual(violations);
  });
});
