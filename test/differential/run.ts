// The fast path beside node:http by hand: `npm run differential -- --requests 300000 --seed 7`. A seed repeats what is sent.
import { parseArgs } from 'node:util';
import { differ } from './differ.ts';
import { failureOf, summary } from './summary.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, requests: { type: 'string', default: '100000' } },
});
const seed = Number(values.seed);
const requests = Number(values.requests);
if (!Number.isInteger(seed) || !Number.isInteger(requests) || requests < 1) throw new Error('--seed and --requests take whole numbers');

const startedAt = performance.now();
const step = Math.ceil(requests / 20);
let told = 0;
const { tally, findings } = await differ({
  seed,
  requests,
  progress: (turns) => {
    if (turns < told + step) return;
    told = turns;
    console.log(`${turns} turns, ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  },
});
console.log(summary(tally, performance.now() - startedAt));
for (const { seed: of, turn, text } of findings) console.log(`turn ${turn} of --seed ${of} --requests ${turn} differs:\n${text}`);
const failure = findings.length > 0 ? `${findings.length} of the episodes` : failureOf(tally);
if (failure !== undefined) console.log(`failed: ${failure}`);
process.exitCode = failure === undefined ? 0 : 1;
