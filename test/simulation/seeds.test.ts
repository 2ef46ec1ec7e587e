// Seeds that are known to catch mutants, most of them of test/mutants/clusters.ts, each with what it catches; unbroken, none of them finds anything.
import { expect, it } from 'vitest';
import { judge } from './judge.ts';
import type { WorldOptions } from './world.ts';

const rows: readonly [seed: number, mode: WorldOptions['mode'], purges: WorldOptions['purges'], catches: string][] = [
  [
    1,
    'lease',
    'hard',
    'confirming before COMMIT, or before all have acknowledged; asOf at the head; no gates; followers that join unconditionally; purged and stale',
  ],
  [2, 'lease', 'hard', 'renewing without catching up; gaps in what is pushed; a new incarnation that empties nobody'],
  [4, 'lease', 'hard', 'a bound that is too short'],
  [6, 'lease', 'hard', 'hits without a lease'],
  [7, 'lease', 'hard', 'a lease that is kept on leaving'],
  [9, 'lease', 'hard', 'confirming fast in a new incarnation; joining an earlier fetch without a lease; claims of confirmations that never came'],
  [11, 'lease', 'hard', 'taking silence for the end of a lease too early'],
  [20, 'lease', 'hard', 'a 304 that revives what was purged'],
  [26, 'lease', 'hard', 'a lease that counts from the answer'],
  [43, 'lease', 'hard', 'a lost list of nodes'],
  [72, 'lease', 'hard', 'a lease that counts from the answer'],
  [189, 'lease', 'hard', 'time between the gate of a hit and its head'],
  [333, 'lease', 'hard', 'ignoring the result of WAIT'],
  [213, 'lease', 'hard', 'a lease that outlives its log'],
  [391, 'lease', 'hard', 'a minority of an odd number of replicas'],
  [1470, 'lease', 'hard', 'a lease by the wall clock alone'],
  [368, 'mixed', 'hard', 'a purge that is named by its number alone'],
  [1, 'lease', 'every', 'soft purges that are none, or leave the windows where they were'],
  [5, 'lease', 'every', 'a soft purge of everything that is none'],
  [9, 'lease', 'every', 'settle windows that hold nothing or end too early; versions that are not demanded'],
  [42, 'lease', 'every', 'what a soft purge overtook, taken for fresh'],
  [46, 'lease', 'every', 'a settle window of everything that holds nothing'],
  [177, 'barrier', 'every', 'settle windows and versions that are lost on catching up'],
  [192, 'lease', 'every', 'a late old fill in the place of a newer one'],
  [262, 'lease', 'every', 'a settle window that lets in what comes after it'],
  [390, 'lease', 'every', 'settle windows and versions that whoever joins does not know'],
];

it.each(rows)('seed %i, mode %s, purges %s: %s', (seed, mode, purges) => {
  expect(judge({ seed, mode, purges, faults: 'many' }).violations).toEqual([]);
});
