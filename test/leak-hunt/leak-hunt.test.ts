// SECURITY §14, release bar 4, in small: `npm run leak-hunt` is the same with hundreds of thousands of requests.
import { expect, it } from 'vitest';
import { hunt } from './hunt.ts';
import { failureOf, summary } from './summary.ts';

it.each([
  { workers: 1, requests: 15_000 },
  { workers: 2, requests: 8_000 },
])(
  'no answer crosses from one scope, key or variant to another, and none is mixed or short: workers $workers',
  { timeout: 120_000 },
  async (size) => {
    const seed = 3;
    const startedAt = performance.now();
    const tally = await hunt({ seed, ...size });
    const said = summary(seed, tally, performance.now() - startedAt);
    console.log(said);
    expect(tally.faults, said).toEqual([]);
    expect(failureOf(tally), said).toBeUndefined();
  },
);
