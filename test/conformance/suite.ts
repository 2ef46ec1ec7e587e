// What http-cache-tests contains, and what one run of it found. The package is run as its own programs (they keep module-wide state).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Child, startChild } from '../support/child-process.ts';

const FOLDER = dirname(createRequire(import.meta.url).resolve('http-cache-tests/package.json'));

/** `required`: the standard says must; `optimal`: the standard permits and a good cache does; `check`: a question without a wrong answer. */
export type Kind = 'required' | 'optimal' | 'check';

export interface SuiteTest {
  readonly id: string;
  readonly name: string;
  readonly kind: Kind;
}

/** `true`, or why not: `Setup` means the test could not be judged, `Assertion` that it failed. */
export type Outcome = true | readonly [string, string];

interface Suite {
  readonly tests: readonly { readonly id: string; readonly name: string; readonly kind?: Kind; readonly browser_only?: boolean }[];
}

/** Every test a non-browser run executes. */
export async function readTests(): Promise<SuiteTest[]> {
  const suites = [...(await load<readonly Suite[]>('tests/index.mjs')), await load<Suite>('tests/surrogate-control.mjs')];
  return suites
    .flatMap((suite) => suite.tests)
    .filter((test) => test.browser_only !== true)
    .map((test) => ({ id: test.id, name: test.name, kind: test.kind ?? 'required' }));
}

async function load<Shape>(path: string): Promise<Shape> {
  // The package has no types; the shapes are those of its lib/testsuite-schema.json.
  const module = (await import(pathToFileURL(join(FOLDER, path)).href)) as { default: Shape };
  return module.default;
}

/** Starts the suite's origin. It listens on every interface and never ends by itself. */
/** It listens on every address; `url` is the one of this machine. */
export async function startSuiteOrigin(): Promise<Child & { readonly url: string }> {
  const origin = startChild({
    name: 'http-cache-tests origin',
    args: ['--no-warnings', 'server/server.mjs'],
    cwd: FOLDER,
    env: suiteEnvironment({ port: 0, base: '', id: '' }),
  });
  const [, port = ''] = await origin.says(/Listening on \S+:(\d+)\/\n/);
  return { ...origin, url: `http://127.0.0.1:${port}` };
}

/** Runs all tests, or the exchange of one when `id` is not empty, against `base`. Resolves with what the client printed. */
export async function runSuiteClient(input: { readonly base: string; readonly id: string }): Promise<string> {
  const client = spawn(process.execPath, ['--no-warnings', 'cli.mjs'], {
    cwd: FOLDER,
    env: suiteEnvironment({ port: 0, ...input }),
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 180_000,
  });
  const chunks: Buffer[] = [];
  client.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(client, 'close');
  return Buffer.concat(chunks).toString('utf8');
}

/** The results in what `runSuiteClient` printed for a whole run. */
export function parseOutcomes(printed: string): ReadonlyMap<string, Outcome> {
  const start = printed.indexOf('{');
  if (start < 0) throw new Error(`http-cache-tests printed no results:\n${printed}`);
  return new Map(Object.entries(JSON.parse(printed.slice(start)) as Record<string, Outcome>));
}

/** The settings npm would hand over from its `config`, without those inherited from an npm that runs us. */
function suiteEnvironment(input: { readonly port: number; readonly base: string; readonly id: string }): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_(package_)?config_/i.test(name));
  return {
    ...Object.fromEntries(inherited),
    npm_package_config_protocol: 'http',
    npm_package_config_port: String(input.port),
    npm_package_config_pidfile: '/dev/null',
    npm_package_config_base: input.base,
    npm_package_config_id: input.id,
  };
}
