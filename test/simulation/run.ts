// Histories by hand. Simulated ones: `npm run check-history -- [--seeds N] [--seed S] [--mode lease|barrier|mixed] [--faults none|many] [--purges hard|every]`. A seed replays exactly.
// Live ones, of real processes over a real Redis: `npm run check-history -- --live [--seconds N] [--scenario NAME] [--mode lease|barrier|mixed] [--seed S]`. A seed repeats the script, not the timing.
import { parseArgs } from 'node:util';
import { runLive } from '../live/run.ts';
import { judge } from './judge.ts';
import type { WorldOptions } from './world.ts';

const MODES = ['lease', 'barrier', 'mixed'] as const;
const COUNTED = ['reads', 'hits', 'purges', 'late', 'backwards'] as const;
const PROGRESS_EVERY_MS = 5_000;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    mode: { type: 'string' },
    faults: { type: 'string', default: 'many' },
    purges: { type: 'string', default: 'every' },
    live: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    scenario: { type: 'string' },
  },
});
const asked = MODES.find((known) => known === values.mode);
if (values.mode !== undefined && asked === undefined) throw new TypeError(`--mode is one of ${MODES.join(', ')}`);
const faults: WorldOptions['faults'] = values.faults === 'none' ? 'none' : 'many';
const purges: WorldOptions['purges'] = values.purges === 'hard' ? 'hard' : 'every';
const first = Number(values.seed ?? 1);
const seeds = values.seed === undefined ? Number(values.seeds) : 1;

const failures = values.live
  ? await runLive({
      seed: first,
      ...(asked !== undefined && { mode: asked }),
      ...(values.seconds !== undefined && { seconds: Number(values.seconds) }),
      ...(values.scenario !== undefined && { scenario: values.scenario }),
    })
  : simulate(asked ?? 'lease');
process.exitCode = failures === 0 ? 0 : 1;

/** How many seeds failed. */
function simulate(mode: WorldOptions['mode']): number {
  const startedAt = performance.now();
  let saidAt = startedAt;
  let failed = 0;
  const sums = { reads: 0, hits: 0, purges: 0, late: 0, backwards: 0 };
  for (let seed = first; seed < first + seeds; seed++) {
    const { violations, ...counts } = judge({ seed, mode, faults, purges });
    for (const name of COUNTED) sums[name] += counts[name];
    if (violations.length > 0) {
      failed++;
      console.log(`seed ${seed}, mode ${mode}, faults ${faults}, purges ${purges}: ${violations.length} violations`);
      for (const violation of violations.slice(0, 10)) console.log(`  ${violation}`);
    }
    if (performance.now() - saidAt > PROGRESS_EVERY_MS) {
      saidAt = performance.now();
      console.log(`${seed - first + 1} of ${seeds} seeds, ${failed} failed`);
    }
  }
  const tookMs = performance.now() - startedAt;
  console.log(
    `check-history: ${seeds} seeds in mode ${mode}, faults ${faults}, purges ${purges}: ${failed} failed; ${sums.reads} reads, ${((100 * sums.hits) / sums.reads).toFixed(1)} % hits, ` +
      `${sums.purges} purges; I2 ${sums.late} heads given away after a confirmation, I6 ${sums.backwards} answers older than another node's; ${((1_000 * seeds) / tookMs).toFixed(0)} seeds a second`,
  );
  return failed;
}
