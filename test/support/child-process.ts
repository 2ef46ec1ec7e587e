// Programs run beside a test, the demo or the bench: started, waited for, and ended by their own id on every way out.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const KEPT_OUTPUT_CHARS = 20_000;
const STOP_GRACE_MS = 15_000;

export interface Child extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** What it printed lately, both streams. */
  output(): string;
  hasExited(): boolean;
  /** Asks it to end, and insists after a while; resolves when it is gone. Calling it twice does no harm. */
  stop(): Promise<void>;
}

export interface FreshetChild extends Child {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  readonly adminUrl: string;
}

export interface ChildSpec {
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program on this very Node (never the system's). */
export function startChild(spec: ChildSpec): Child {
  const child = spawn(process.execPath, spec.args, {
    cwd: spec.cwd,
    env: spec.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let kept = '';
  const keep = (chunk: Buffer): void => {
    kept = (kept + chunk.toString('utf8')).slice(-KEPT_OUTPUT_CHARS);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const gone = once(child, 'close').finally(() => running.delete(child));
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const stop = async (): Promise<void> => {
    if (!hasExited()) {
      child.kill('SIGTERM');
      const insist = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await gone;
      clearTimeout(insist);
    }
  };
  return { name: spec.name, pid: child.pid ?? -1, output: () => kept, hasExited, stop, [Symbol.asyncDispose]: stop };
}

/** Starts Freshet as a user does, on free ports of this machine, and resolves when it is ready. `args` are what follows the command's name. */
export async function startFreshet(input: {
  readonly args: readonly string[];
  readonly port?: number;
  readonly env?: NodeJS.ProcessEnv;
}): Promise<FreshetChild> {
  const port = input.port ?? (await freePort());
  const adminPort = await freePort();
  const args = [MAIN, ...input.args, '--listen', `127.0.0.1:${port}`, '--admin', `127.0.0.1:${adminPort}`];
  const child = startChild({ name: 'freshet', args, ...(input.env === undefined ? {} : { env: input.env }) });
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  await untilAnswers(child, `${adminUrl}/v1/ready`);
  return { ...child, url: `http://127.0.0.1:${port}`, adminUrl };
}

/** Resolves when `url` answers 2xx; rejects with the child's output when it ends first or takes longer than 20 s. */
export async function untilAnswers(child: Child, url: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await answers(url))) {
    if (child.hasExited()) throw new Error(`${child.name} ended before it was ready:\n${child.output()}`);
    if (performance.now() > deadline) throw new Error(`${child.name} is not ready after 20 s at ${url}:\n${child.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** A port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
