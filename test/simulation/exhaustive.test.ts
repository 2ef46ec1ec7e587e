// PURGE-PROTOCOL §6, exhaustive small worlds: every order of one write, its purge at node a, and two requests; then each rule of §3.2 as a schedule with a name.
import { describe, expect, it } from 'vitest';
import { explore } from './explore.ts';
import { SmallWorld, type SmallWorldOptions } from './small-world.ts';

const STORED = ['nothing', 'fresh', 'stale', 'expired'] as const;
const PLACES = [
  ['b', 'b'],
  ['a', 'b'],
  ['a', 'a'],
] as const;

describe('every order', () => {
  const rows = STORED.flatMap((stored) => PLACES.map((requests): SmallWorldOptions => ({ stored, requests, lapse: 'never' })));
  // With leases that run out: without requests, whose every order would take minutes. Nobody may hold a lease without a purge that is confirmed.
  const lapsed: SmallWorldOptions = { stored: 'fresh', requests: [], lapse: 'once' };
  it.each([...rows, lapsed])('requests to $requests, stored: $stored, a lapse of leases: $lapse', { timeout: 120_000 }, (options) => {
    const { states, ends, violation } = explore(options);
    expect(violation).toBeUndefined();
    expect(states).toBeGreaterThan(50);
    expect(ends).toBeGreaterThan(5);
  });
});

/** One write, purged and confirmed, as far as node b is concerned. */
const CONFIRM = ['write', 'purge', 'a commit 1 sent', 'a commit 1 answered', 'b pushed'];

interface Schedule extends Pick<SmallWorldOptions, 'stored' | 'requests'> {
  readonly rule: string;
  /** What comes first; the rest comes as it came. */
  readonly steps: readonly string[];
  /** By request: from where, and the version that it has. */
  readonly answers: readonly string[];
}

const schedules: readonly Schedule[] = [
  {
    rule: 'rule 1: what is found purged at its head is for those who asked before, and not stored',
    stored: 'nothing',
    requests: ['b', 'b'],
    steps: ['request 1', 'b fetch 1 read', ...CONFIRM, 'b fetch 1 head', 'b fetch 1 body', 'request 2'],
    answers: ['origin 0', 'origin 1'],
  },
  {
    rule: 'rule 2: what is purged before its body ends is not stored',
    stored: 'nothing',
    requests: ['b', 'b'],
    steps: ['request 1', 'b fetch 1 read', 'b fetch 1 head', ...CONFIRM, 'b fetch 1 body', 'request 2'],
    answers: ['origin 0', 'origin 1'],
  },
  {
    rule: 'rule 3: a hit is asked of the marks',
    stored: 'fresh',
    requests: ['b', 'b'],
    steps: ['request 1', ...CONFIRM, 'request 2'],
    answers: ['hit 0', 'origin 1'],
  },
  {
    rule: 'rule 4: a fetch whose head is known is joined only where no purge has overtaken it',
    stored: 'nothing',
    requests: ['b', 'b'],
    steps: ['request 1', 'b fetch 1 read', 'b fetch 1 head', ...CONFIRM, 'request 2'],
    answers: ['origin 0', 'origin 1'],
  },
  {
    rule: 'rule 5: who joined a fetch after the purge shares a new one',
    stored: 'nothing',
    requests: ['b', 'b'],
    steps: ['request 1', 'b fetch 1 read', ...CONFIRM, 'request 2', 'b fetch 1 head'],
    answers: ['origin 0', 'origin 1'],
  },
  {
    rule: 'rule 6: stale-while-revalidate ends with the purge, and what a refresh under way confirms is not taken for it',
    stored: 'stale',
    requests: ['b', 'b'],
    steps: ['request 1', 'b fetch 1 read', ...CONFIRM, 'request 2'],
    answers: ['stale 0', 'collapsed 1'],
  },
  {
    rule: 'rule 7: a 304 that a purge has overtaken revives nothing: it is asked again without conditions',
    stored: 'expired',
    requests: ['b', 'b'],
    steps: ['request 1', 'b fetch 1 read', ...CONFIRM, 'b fetch 1 head', 'request 2'],
    answers: ['origin 1', 'collapsed 1'],
  },
  {
    rule: 'rule 7: what was purged is no validator',
    stored: 'expired',
    requests: ['b', 'b'],
    steps: [...CONFIRM, 'request 1', 'request 2'],
    answers: ['origin 1', 'collapsed 1'],
  },
];

describe('each rule as a schedule', () => {
  it.each(schedules)('$rule', ({ steps, answers, ...how }) => {
    const world = new SmallWorld({ ...how, lapse: 'never' });
    for (const step of steps) world.pick(indexOf(world, step));
    while (world.next.length > 0) world.pick(0);
    expect(world.violations).toEqual([]);
    expect(answers.map((_, i) => world.answers.get(`request ${i + 1}`))).toEqual(answers);
    expect(world.purge).toBe('confirmed');
  });
});

function indexOf(world: SmallWorld, label: string): number {
  const index = world.next.findIndex((choice) => choice.label === label);
  if (index === -1) throw new Error(`"${label}" cannot come now: ${world.next.map((choice) => choice.label).join(', ')}`);
  return index;
}
