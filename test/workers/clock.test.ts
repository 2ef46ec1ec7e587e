// Instants are compared across threads (the end of a settle window is the main thread's, when a fetch was sent a worker's): all threads have one clock.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';

const ASKED = `
const { parentPort } = require('node:worker_threads');
import(${JSON.stringify(new URL('../../src/clock.ts', import.meta.url).href)}).then(({ systemClock }) => {
  parentPort.on('message', () => parentPort.postMessage(systemClock.now()));
  parentPort.postMessage('ready');
});`;

it('a worker reads an instant between those that are read before and after it is asked', async () => {
  const worker = new Worker(ASKED, { eval: true });
  await once(worker, 'message');
  for (let nth = 0; nth < 20; nth++) {
    const before = systemClock.now();
    const answer = once(worker, 'message');
    worker.postMessage('now');
    const [at] = (await answer) as [number];
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(systemClock.now());
  }
  await worker.terminate();
});
