// PURGE-PROTOCOL §6, seeded simulation: many small clusters in virtual time, with faults, and not one read that a confirmed purge forbids.
// `npm run check-history` runs more of them, and a failing seed again.
import { expect, it } from 'vitest';
import { judge } from './judge.ts';
import type { WorldOptions } from './world.ts';

const SEEDS_A_TEST = 100;

interface Row extends Omit<WorldOptions, 'seed'> {
  readonly first: number;
}

const rows: readonly Row[] = [
  ...hundreds(6, { mode: 'lease', faults: 'many', purges: 'hard' }),
  ...hundreds(4, { mode: 'barrier', faults: 'many', purges: 'hard' }),
  ...hundreds(4, { mode: 'mixed', faults: 'many', purges: 'hard' }),
  ...hundreds(1, { mode: 'lease', faults: 'none', purges: 'hard' }),
  ...hundreds(1, { mode: 'barrier', faults: 'none', purges: 'hard' }),
  ...hundreds(2, { mode: 'lease', faults: 'many', purges: 'every' }),
  ...hundreds(1, { mode: 'barrier', faults: 'many', purges: 'every' }),
  ...hundreds(1, { mode: 'mixed', faults: 'many', purges: 'every' }),
  ...hundreds(1, { mode: 'lease', faults: 'none', purges: 'every' }),
];

function hundreds(count: number, how: Omit<Row, 'first'>): Row[] {
  return Array.from({ length: count }, (_, i) => ({ ...how, first: 1 + i * SEEDS_A_TEST }));
}

it.each(rows)(`$mode, faults: $faults, purges: $purges, ${SEEDS_A_TEST} seeds from $first on`, { timeout: 120_000 }, ({ first, ...how }) => {
  let hits = 0;
  let reads = 0;
  for (let seed = first; seed < first + SEEDS_A_TEST; seed++) {
    const judged = judge({ seed, ...how });
    expect(judged.violations, `npm run check-history -- --seed ${seed} --mode ${how.mode} --faults ${how.faults} --purges ${how.purges}`).toEqual([]);
    hits += judged.hits;
    reads += judged.reads;
  }
  expect(hits / reads).toBeGreaterThan(1 / 3);
});
