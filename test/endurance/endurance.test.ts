// Few events and few faults of what `npm run check-events` does with ten thousand.
import { describe, expect, it } from 'vitest';
import { noPostgresServer } from '../support/postgres-server.ts';
import { hasRedis } from '../support/redis.ts';
import { endure, type SourceName } from './endure.ts';

const EVENTS = 200;
const FAULTS = 4;
const SEED = 3;
const TIMEOUT_MS = 120_000;

const CASES: readonly (readonly [SourceName, boolean])[] = [
  ['http', hasRedis],
  ['redis', hasRedis],
  ['postgres', hasRedis && noPostgresServer === undefined],
];

describe('events of a source while it and Freshet are killed', () => {
  for (const [source, isThere] of CASES) {
    it.skipIf(!isThere)(
      `${source}: each is purged, after its commit, in order, and no entry is older than the data`,
      { timeout: TIMEOUT_MS },
      async () => {
        const { lost, early, undone, outOfOrder, overtaken, stale, faults, hits } = await endure({
          source,
          events: EVENTS,
          faults: FAULTS,
          seed: SEED,
        });
        expect({ lost, early, undone, outOfOrder, overtaken, stale }).toEqual({
          lost: [],
          early: [],
          undone: [],
          outOfOrder: [],
          overtaken: [],
          stale: [],
        });
        expect(Object.values(faults).reduce((sum, count) => sum + count, 0)).toBe(FAULTS);
        expect(hits).toBeGreaterThan(0);
      },
    );
  }
});
