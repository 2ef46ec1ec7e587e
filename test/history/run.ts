// One history by hand: `node test/history/run.ts --seed 7 --reads 30000 [--inflight strict] [--workers 2]`. A seed repeats the script, not the timing.
import { parseArgs } from 'node:util';
import { check } from './check.ts';
import { drive, type Script } from './drive.ts';
import { summary } from './summary.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    reads: { type: 'string', default: '30000' },
    inflight: { type: 'string', default: 'retry' },
    workers: { type: 'string' },
  },
});
const script: Script = {
  seed: Number(values.seed),
  reads: Number(values.reads),
  inflight: values.inflight === 'strict' ? 'strict' : 'retry',
  ...(values.workers !== undefined && { workers: Number(values.workers) }),
};
const startedAt = performance.now();
const verdict = check(await drive(script));
console.log(summary(script, verdict, performance.now() - startedAt));
for (const violation of verdict.violations.slice(0, 20)) console.log(`  ${violation}`);
// A thread may write after the answer to a purge what it checked before it.
const isStrict = script.inflight === 'strict' && script.workers === undefined;
process.exitCode = verdict.violations.length === 0 && !(isStrict && verdict.i2 > 0) ? 0 : 1;
