// A leak hunt by hand: `npm run leak-hunt -- --requests 300000 --seed 7`. A seed repeats the script, not the timing.
import { parseArgs } from 'node:util';
import { hunt } from './hunt.ts';
import { failureOf, summary } from './summary.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, requests: { type: 'string', default: '100000' }, workers: { type: 'string', default: '1' } },
});
const seed = Number(values.seed);
const requests = Number(values.requests);
const workers = Number(values.workers);
if (![seed, requests, workers].every(Number.isInteger) || requests < 1 || workers < 1)
  throw new Error('--seed, --requests and --workers take whole numbers');

const startedAt = performance.now();
const step = Math.ceil(requests / 10);
const tally = await hunt({
  seed,
  requests,
  workers,
  progress: (asked, faults) => {
    if (asked % step === 0) console.log(`${asked} requests, ${faults} faults, ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  },
});
console.log(summary(seed, tally, performance.now() - startedAt));
for (const fault of tally.faults) console.log(`  ${fault}`);
const failure = failureOf(tally);
if (failure !== undefined) console.log(`failed: ${failure}`);
process.exitCode = failure === undefined ? 0 : 1;
