// PURGE-PROTOCOL §6, seeded simulation: many small clusters in virtual time, with faults, and not one read that a confirmed purge forbids.
// `npm run check-history` runs more of them, and a failing seed again.
import { expect, it } from 'vitest';
import { judge } from './judge.ts';
import type { WorldOptions } from './world.ts';

const SEEDS_A_TEST = 100;

interface Row extends Pick<WorldOptions, 'mode' | 'faults'> {
  readonly first: number;
}

const rows: readonly Row[] = [
  ...hundreds(6, { mode: 'lease', faults: 'many' }),
  ...hundreds(4, { mode: 'barrier', faults: 'many' }),
  ...hundreds(4, { mode: 'mixed', faults: 'many' }),
  ...hundreds(1, { mode: 'lease', faults: 'none' }),
  ...hundreds(1, { mode: 'barrier', faults: 'none' }),
];

function hundreds(count: number, how: Pick<WorldOptions, 'mode' | 'faults'>): Row[] {
  return Array.from({ length: count }, (_, i) => ({ ...how, first: 1 + i * SEEDS_A_TEST }));
}

it.each(rows)(`$mode, faults: $faults, ${SEEDS_A_TEST} seeds from $first on`, { timeout: 120_000 }, ({ first, mode, faults }) => {
  let hits = 0;
  let reads = 0;
  for (let seed = first; seed < first + SEEDS_A_TEST; seed++) {
    const judged = judge({ seed, mode, faults });
    expect(judged.violations, `npm run check-history -- --seed ${seed} --mode ${mode} --faults ${faults}`).toEqual([]);
    hits += judged.hits;
    reads += judged.reads;
  }
  expect(hits / reads).toBeGreaterThan(1 / 3);
});
