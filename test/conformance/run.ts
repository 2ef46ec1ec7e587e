// Runs http-cache-tests against the real server with config/conformance.yaml. `--id X` shows the exchange of one test; `--checks` lists the checks too.
import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startFreshet } from '../support/child-process.ts';
import { withReader } from '../support/reader.ts';
import { EXPECTED_FAILURES, OTHER_KINDS } from './expected-failures.ts';
import { describeFault, type Judgement, judge } from './judge.ts';
import { type Outcome, parseOutcomes, readTests, runSuiteClient, type SuiteTest, startSuiteOrigin } from './suite.ts';

const CONFIG = fileURLToPath(new URL('../../config/conformance.yaml', import.meta.url));

const { values: options } = parseArgs({ options: { id: { type: 'string', default: '' }, checks: { type: 'boolean', default: false } } });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.exitCode = await (options.id === '' ? runAll() : showOne(options.id)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  return 1;
});

async function runAll(): Promise<number> {
  const tests = await readTests();
  const outcomes = parseOutcomes(await printedBy(''));
  const judgement = judge({ tests, outcomes, expected: EXPECTED_FAILURES, otherKinds: OTHER_KINDS });
  printJudgement(judgement);
  if (options.checks) printChecks(tests, outcomes);
  const { required, optimal } = judgement.tallies;
  console.log(`conformance: ${required.passed + optimal.passed} passed, ${judgement.faults.length} failed`);
  return judgement.faults.length === 0 ? 0 : 1;
}

async function showOne(id: string): Promise<number> {
  const test = (await readTests()).find((candidate) => candidate.id === id);
  if (test === undefined) {
    console.error(`http-cache-tests has no test called ${id}`);
    return 2;
  }
  console.log(`${test.id} (${test.kind}): ${test.name}\n`);
  console.log(await printedBy(id));
  return 0;
}

/** What the suite's client prints with Freshet between it and the suite's origin. */
async function printedBy(id: string): Promise<string> {
  await using origin = await startSuiteOrigin();
  using folder = mkdtempDisposableSync(join(tmpdir(), 'freshet-conformance-'));
  const config = join(folder.path, 'freshet.yaml');
  writeFileSync(config, withReader(readFileSync(CONFIG, 'utf8')));
  await using freshet = await startFreshet({ args: ['--config', config, '--origin', origin.url] });
  const printed = await runSuiteClient({ base: freshet.url, id });
  for (const child of [origin, freshet]) {
    if (child.hasExited()) throw new Error(`${child.name} ended during the run:\n${child.output()}`);
  }
  return printed;
}

function printJudgement(judgement: Judgement): void {
  console.log('            passed  expected failures  failed');
  for (const [kind, tally] of Object.entries(judgement.tallies)) {
    const note = kind === 'check' ? '  (reported, not required)' : '';
    console.log(
      `  ${kind.padEnd(8)}${tally.passed.toString().padStart(8)}${tally.expectedFailures.toString().padStart(19)}${tally.failed.toString().padStart(8)}${note}`,
    );
  }
  for (const fault of judgement.faults) console.log(`  ✗ ${describeFault(fault)}`);
}

function printChecks(tests: readonly SuiteTest[], outcomes: ReadonlyMap<string, Outcome>): void {
  for (const test of tests) {
    if (test.kind === 'check') console.log(`  ${outcomes.get(test.id) === true ? 'yes' : 'no '} ${test.id}: ${test.name}`);
  }
}
