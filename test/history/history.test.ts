// PURGE-PROTOCOL §6: tens of thousands of reads among writes and purges over real sockets, and not one that is older than a purge confirmed before it was sent.
// A seed repeats the script, not the timing: `node test/history/run.ts --seed N` runs one again, or another.
import { describe, expect, it } from 'vitest';
import { check } from './check.ts';
import { drive, type Script } from './drive.ts';
import { summary } from './summary.ts';

const scripts: readonly Script[] = [
  { seed: 20_040, reads: 24_000, inflight: 'retry' },
  { seed: 2_927, reads: 8_000, inflight: 'strict' },
  { seed: 4_104, reads: 12_000, inflight: 'retry', workers: 2 },
];

describe('histories', () => {
  it.each(scripts)('seed $seed, $reads reads, inflight $inflight', { timeout: 180_000 }, async (script) => {
    const startedAt = performance.now();
    const verdict = check(await drive(script));
    const said = summary(script, verdict, performance.now() - startedAt);
    console.log(said);
    expect(verdict.violations.slice(0, 10), said).toEqual([]);
    if (script.inflight === 'strict') expect(verdict.i2, said).toBe(0);
    // I8: a proxy that never caches must not pass.
    expect(verdict.hitRatio, said).toBeGreaterThan(1 / 3);
    expect(verdict.purges, said).toBeGreaterThan(script.reads / 30);
    expect(verdict.answers, said).toBeGreaterThan(verdict.reads * 0.9);
  });
});
