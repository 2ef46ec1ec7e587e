// Scenarios as tests, some side by side (maxConcurrency): most of their time is that of leases. `npm run check-history -- --live --scenario NAME` runs one by hand.
import { describe, it } from 'vitest';
import { hasRedis } from '../support/redis.ts';
import { judge } from './judge.ts';
import { live } from './live.ts';
import { nameOf, type Scenario, SCENARIOS } from './scenarios.ts';

const TIMEOUT_MS = 120_000;

export function describeLive(where: keyof typeof SCENARIOS): void {
  const rows = SCENARIOS[where].map((scenario: Scenario, i) => [nameOf(scenario), scenario, i + 1] as const);
  describe.skipIf(!hasRedis)(`live histories: ${where}`, () => {
    it.concurrent.for(rows)('%s', { timeout: TIMEOUT_MS }, async ([, scenario, seed], { expect }) => {
      const { violations, summary } = judge(scenario, await live(scenario, seed));
      console.log(`live: ${summary}`);
      expect(violations.slice(0, 10), summary).toEqual([]);
    });
  });
}
