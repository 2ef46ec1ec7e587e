// Seeds that are known to catch a mutant of test/mutants/clusters.ts, each with what it catches; unbroken, none of them finds anything.
import { expect, it } from 'vitest';
import { judge } from './judge.ts';
import type { WorldOptions } from './world.ts';

const rows: readonly [seed: number, mode: WorldOptions['mode'], catches: string][] = [
  [
    1,
    'lease',
    'confirming before COMMIT, or before all have acknowledged; asOf at the head; no gates; followers that join unconditionally; purged and stale',
  ],
  [2, 'lease', 'renewing without catching up; gaps in what is pushed; a new incarnation that empties nobody'],
  [4, 'lease', 'a bound that is too short'],
  [6, 'lease', 'hits without a lease'],
  [7, 'lease', 'a lease that is kept on leaving'],
  [9, 'lease', 'confirming fast in a new incarnation; joining an earlier fetch without a lease; claims of confirmations that never came'],
  [11, 'lease', 'taking silence for the end of a lease too early'],
  [20, 'lease', 'a 304 that revives what was purged'],
  [26, 'lease', 'a lease that counts from the answer'],
  [43, 'lease', 'a lost list of nodes'],
  [72, 'lease', 'a lease that counts from the answer'],
  [189, 'lease', 'time between the gate of a hit and its head'],
  [333, 'lease', 'ignoring the result of WAIT'],
  [213, 'lease', 'a lease that outlives its log'],
  [391, 'lease', 'a minority of an odd number of replicas'],
  [1470, 'lease', 'a lease by the wall clock alone'],
  [368, 'mixed', 'a purge that is named by its number alone'],
];

it.each(rows)('seed %i, mode %s: %s', (seed, mode) => {
  expect(judge({ seed, mode, faults: 'many' }).violations).toEqual([]);
});
