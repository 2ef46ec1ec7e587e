// A thread that reads a table of holds for as long as another writes it, and says what it saw. test/purge/hold-table.test.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { HoldTable, MOVING } from '../../src/purge/hold-table.ts';
import type { Race } from './hold-table.test.ts';

const { memory, progress, key, values } = workerData as Race;
const table = new HoldTable(memory);
const seen = { reads: 0, moving: 0, before: 0, after: 0, torn: 0 };

Atomics.store(progress, 0, 1);
Atomics.notify(progress, 0);
while (Atomics.load(progress, 0) === 1) {
  const value = table.get(...key);
  seen.reads++;
  if (value === MOVING) seen.moving++;
  else if (value === values[0]) seen.before++;
  else if (value === values[1]) seen.after++;
  else seen.torn++;
}
parentPort?.postMessage(seen);
