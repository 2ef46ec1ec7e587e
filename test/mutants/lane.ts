// A vitest that stays, in a copy of Freshet: it runs the files it is sent and answers with how that went. One that starts anew for each mutant takes three times as long.
import { resolve } from 'node:path';
import { createVitest } from 'vitest/node';

export interface Run {
  /** Of the tests, from the copy's folder; none but these run. */
  readonly files: readonly string[];
  /** The file that was changed for this run; by the next one it is as it was. */
  readonly changed?: string;
}

export interface Outcome {
  /** No test failed, and there was no error that is no test's. */
  readonly passed: boolean;
  readonly total: number;
}

/** A mutant may leave a test waiting for ever; on a busy machine a property that notices nothing takes more than 5 s. */
const TEST_TIMEOUT_MS = 15_000;

const vitest = await createVitest({ watch: false, bail: 1, testTimeout: TEST_TIMEOUT_MS, reporters: ['dot'] });
await vitest.standalone();
let changedBefore: string | undefined;
process.on('message', (run: Run) => void answer(run));
process.on('disconnect', () => void vitest.close().then(() => process.exit()));

async function answer({ files, changed }: Run): Promise<void> {
  for (const file of [changedBefore, changed]) if (file !== undefined) vitest.invalidateFile(resolve(file));
  changedBefore = changed;
  process.send?.(await outcomeOf(files));
}

async function outcomeOf(files: readonly string[]): Promise<Outcome> {
  const specifications = await vitest.globTestSpecifications([...files]);
  const asked = new Set(specifications.map(({ moduleId }) => moduleId));
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
  // A result has the modules of earlier runs as well.
  const modules = testModules.filter(({ moduleId }) => asked.has(moduleId));
  const total = modules.reduce((sum, { children }) => sum + [...children.allTests()].length, 0);
  // One that --bail ended is neither passed nor failed.
  return { passed: unhandledErrors.length === 0 && modules.every((module) => ['passed', 'skipped'].includes(module.state())), total };
}
