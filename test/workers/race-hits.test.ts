// The races of test/purge/race-hits.test.ts between threads: requests go to one worker, purges to another.
import { raceWith } from '../purge/race.ts';

raceWith(2);
await import('../purge/race-hits.test.ts');
