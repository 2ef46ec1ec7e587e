// Breaks a copy of Freshet in each of the known ways and demands that the named tests notice: `npm run mutants [part of a name]`; `npm run guards [part of a name]`
// takes the guards of guards.ts away one by one.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant } from './mutant.ts';
import { GUARD_MUTANTS } from './guards.ts';
import type { Outcome, Run } from './lane.ts';
import { MUTANTS } from './mutants.ts';

const COPIED = ['src', 'test', 'config', 'docs', 'examples', 'README.md', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
/** Copies that are worked on side by side: a mutant often leaves a test waiting, so more than there are cores. */
const LANES = 3;

interface Lane {
  readonly folder: string;
  readonly vitest: ChildProcess;
  readonly ended: Promise<Outcome>;
  /** What it printed since it was last asked. */
  output: string;
}

const wanted = process.argv.at(process.argv[2] === 'guards' ? 3 : 2) ?? '';
if (wanted.startsWith('-')) {
  console.log('npm run mutants [part of a name] | npm run guards [part of a name]');
  process.exit(2);
}
const known = process.argv[2] === 'guards' ? GUARD_MUTANTS : MUTANTS;
const mutants = known.filter(({ name }) => name.includes(wanted));
const lanes = Array.from({ length: LANES }, () => openLane(copyOf(process.cwd())));
const startedAt = performance.now();
try {
  // Where the tests themselves fail, nothing is caught by them.
  const survivors = (await isSound(lanes[0])) ? await hunt() : mutants.map(({ name }) => name);
  console.log(`mutants: ${mutants.length - survivors.length} of ${mutants.length} caught, ${Math.round((performance.now() - startedAt) / 1000)} s`);
  process.exitCode = survivors.length === 0 && mutants.length > 0 ? 0 : 1;
} finally {
  await Promise.all(lanes.map(closeLane));
}

function copyOf(repository: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-mutant-'));
  for (const name of COPIED) cpSync(join(repository, name), join(folder, name), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function openLane(folder: string): Lane {
  const vitest = fork(join(import.meta.dirname, 'lane.ts'), { cwd: folder, env: { ...process.env, NO_COLOR: '1' }, silent: true });
  const ended = once(vitest, 'exit').then((): Outcome => ({ passed: false, total: 0 }));
  const lane: Lane = { folder, vitest, ended, output: '' };
  for (const stream of [vitest.stdout, vitest.stderr]) stream?.on('data', (chunk: Buffer) => (lane.output += chunk.toString()));
  return lane;
}

async function closeLane({ folder, vitest, ended }: Lane): Promise<void> {
  if (vitest.connected) {
    vitest.disconnect();
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Unmutated, every named test passes. */
async function isSound(lane: Lane | undefined): Promise<boolean> {
  if (lane === undefined) return false;
  const { passed, total } = await runTests(lane, { files: [...new Set(mutants.flatMap(({ caughtBy }) => caughtBy))] });
  if (passed && total > 0) return true;
  console.log(lane.output);
  return false;
}

/** Names of those that no test noticed. */
async function hunt(): Promise<string[]> {
  const queue = [...mutants];
  const survivors: string[] = [];
  const work = async (lane: Lane): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const begun = performance.now();
      const missedBy = await missing(lane, mutant);
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      console.log(
        `${missedBy.length === 0 ? 'caught ' : 'MISSED '} ${mutant.name} (${seconds} s)${missedBy.map((line) => `\n        ${line}`).join('')}`,
      );
      if (missedBy.length > 0) survivors.push(mutant.name);
    }
  };
  await Promise.all(lanes.map(work));
  return survivors;
}

/** What did not notice the mutant, each of its test files by itself. */
async function missing(lane: Lane, { file: changed, text, replacement, caughtBy }: Mutant): Promise<string[]> {
  const path = join(lane.folder, changed);
  const source = readFileSync(path, 'utf8');
  if (source.split(text).length !== 2) return [`${changed} does not have its text exactly once`];
  writeFileSync(
    path,
    source.replace(text, () => replacement),
  );
  const missed: string[] = [];
  for (const file of caughtBy) {
    const { passed, total } = await runTests(lane, { files: [file], changed });
    if (total === 0) missed.push(`${file} did not run:\n${lane.output.slice(-2_000)}`);
    else if (passed) missed.push(`${file} passes`);
  }
  writeFileSync(path, source);
  return missed;
}

async function runTests(lane: Lane, run: Run): Promise<Outcome> {
  lane.output = '';
  const answered = once(lane.vitest, 'message').then(([outcome]: Outcome[]) => outcome as Outcome);
  lane.vitest.send(run);
  return Promise.race([answered, lane.ended]);
}
