// Breaks a copy of Freshet in each of the known ways and demands that the named tests notice: `npm run mutants [part of a name]`; `npm run guards [part of a name]`
// takes the guards of guards.ts away one by one.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant } from './mutant.ts';
import { GUARD_MUTANTS } from './guards.ts';
import { MUTANTS } from './mutants.ts';

const COPIED = ['src', 'test', 'config', 'docs', 'examples', 'README.md', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
/** Copies that are worked on side by side. */
const LANES = 2;
/** A mutant may leave a test waiting for ever; on a busy machine a property that notices nothing takes more than 5 s. */
const TEST_TIMEOUT_MS = 15_000;

interface Result {
  /** By the word of vitest and its exit code: a failed test may be missing from the counts of a run that it ended (--bail), and an error that is no test's is no failed test. */
  readonly passed: boolean;
  readonly total: number;
  readonly output: string;
}

const wanted = process.argv.at(process.argv[2] === 'guards' ? 3 : 2) ?? '';
if (wanted.startsWith('-')) {
  console.log('npm run mutants [part of a name] | npm run guards [part of a name]');
  process.exit(2);
}
const known = process.argv[2] === 'guards' ? GUARD_MUTANTS : MUTANTS;
const mutants = known.filter(({ name }) => name.includes(wanted));
const lanes = Array.from({ length: LANES }, () => copyOf(process.cwd()));
const startedAt = performance.now();
try {
  const survivors = (await isSound(lanes[0] ?? '')) ? await hunt() : ['the tests themselves fail'];
  console.log(`mutants: ${mutants.length - survivors.length} of ${mutants.length} caught, ${Math.round((performance.now() - startedAt) / 1000)} s`);
  process.exitCode = survivors.length === 0 && mutants.length > 0 ? 0 : 1;
} finally {
  for (const lane of lanes) rmSync(lane, { recursive: true, force: true });
}

function copyOf(repository: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-mutant-'));
  for (const name of COPIED) cpSync(join(repository, name), join(folder, name), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Unmutated, every named test passes. */
async function isSound(lane: string): Promise<boolean> {
  const { passed, total, output } = await runTests(lane, [...new Set(mutants.flatMap(({ caughtBy }) => caughtBy))]);
  if (passed && total > 0) return true;
  console.log(output);
  return false;
}

/** Names of those that no test noticed. */
async function hunt(): Promise<string[]> {
  const queue = [...mutants];
  const survivors: string[] = [];
  const work = async (lane: string): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const missedBy = await missing(lane, mutant);
      console.log(`${missedBy.length === 0 ? 'caught ' : 'MISSED '} ${mutant.name}${missedBy.map((line) => `\n        ${line}`).join('')}`);
      if (missedBy.length > 0) survivors.push(mutant.name);
    }
  };
  await Promise.all(lanes.map(work));
  return survivors;
}

/** What did not notice the mutant, each of its test files by itself. */
async function missing(lane: string, mutant: Mutant): Promise<string[]> {
  const path = join(lane, mutant.file);
  const source = readFileSync(path, 'utf8');
  if (source.split(mutant.text).length !== 2) return [`${mutant.file} does not have its text exactly once`];
  writeFileSync(
    path,
    source.replace(mutant.text, () => mutant.replacement),
  );
  const missed: string[] = [];
  for (const file of mutant.caughtBy) {
    const { passed, total, output } = await runTests(lane, [file]);
    if (total === 0) missed.push(`${file} did not run:\n${output.slice(-2_000)}`);
    else if (passed) missed.push(`${file} passes`);
  }
  writeFileSync(path, source);
  return missed;
}

async function runTests(lane: string, files: readonly string[]): Promise<Result> {
  const report = join(lane, 'report.json');
  rmSync(report, { force: true });
  const args = ['run', ...files, '--bail=1', `--testTimeout=${TEST_TIMEOUT_MS}`, '--reporter=json', '--reporter=dot', `--outputFile.json=${report}`];
  const { output, code } = await runNode([join(lane, 'node_modules/vitest/vitest.mjs'), ...args], lane);
  try {
    const read: unknown = JSON.parse(readFileSync(report, 'utf8'));
    const { success = false, numTotalTests = 0 } = read as { success?: boolean; numTotalTests?: number };
    return { passed: success && code === 0, total: numTotalTests, output };
  } catch {
    return { passed: false, total: 0, output };
  }
}

function runNode(args: readonly string[], cwd: string): Promise<{ readonly output: string; readonly code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, env: { ...process.env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject).on('close', (code) => resolve({ output, code }));
  });
}
