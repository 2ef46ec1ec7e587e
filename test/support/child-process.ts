// Programs run beside a test, the demo or the bench: started, waited for, and ended by their own id on every way out.
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const KEPT_OUTPUT_CHARS = 20_000;
const STOP_GRACE_MS = 15_000;
const SAYS_TIMEOUT_MS = 20_000;

export interface Child extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** What it printed lately, both streams. */
  output(): string;
  /** The first match in what it prints; rejects with its output when it ends first or takes longer (20 s unless told). */
  says(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>;
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
  /** A program and its first arguments, absent: this very Node (never the system's). It leads a process group, and what is left of that ends with it. */
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** By how each is ended at once. */
const running = new Map<ChildProcess, () => void>();
process.on('exit', () => {
  for (const kill of running.values()) kill();
});

export function startChild(spec: ChildSpec): Child {
  const [program = process.execPath, ...first] = spec.command ?? [];
  const child = spawn(program, [...first, ...spec.args], {
    cwd: spec.cwd,
    env: spec.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: spec.command !== undefined,
  });
  const kill = (): void => (spec.command === undefined ? void child.kill('SIGKILL') : killGroup(child.pid));
  running.set(child, kill);
  let kept = '';
  const heard = new EventEmitter();
  const keep = (chunk: Buffer): void => {
    kept = (kept + chunk.toString('utf8')).slice(-KEPT_OUTPUT_CHARS);
    heard.emit('more');
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const gone = once(child, 'close').finally(() => {
    running.delete(child);
    heard.emit('more');
  });
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const says = async (pattern: RegExp, withinMs = SAYS_TIMEOUT_MS): Promise<RegExpExecArray> => {
    const deadline = AbortSignal.timeout(withinMs);
    for (;;) {
      const match = pattern.exec(kept);
      if (match !== null) return match;
      if (hasExited()) throw new Error(`${spec.name} ended without saying ${pattern}:\n${kept}`);
      await once(heard, 'more', { signal: deadline }).catch((cause: unknown) => {
        throw new Error(`${spec.name} has not said ${pattern}:\n${kept}`, { cause });
      });
    }
  };
  const stop = async (): Promise<void> => {
    if (!hasExited()) {
      child.kill('SIGTERM');
      const insist = setTimeout(kill, STOP_GRACE_MS);
      await gone;
      clearTimeout(insist);
    }
  };
  return { name: spec.name, pid: child.pid ?? -1, output: () => kept, says, hasExited, stop, [Symbol.asyncDispose]: stop };
}

function killGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {
    // All of it is gone.
  }
}

/**
 * Starts Freshet as a user does, on this machine, and resolves when it listens. `args` are what follows the command's name. Which port it was given it says
 * itself: one that was looked for beforehand may be somebody else's by the time it is bound, who would then be sent what is meant for this child.
 */
export async function startFreshet(input: {
  readonly args: readonly string[];
  readonly command?: readonly string[];
  readonly port?: number;
  readonly env?: NodeJS.ProcessEnv;
}): Promise<FreshetChild> {
  const { command, env } = input;
  const args = [MAIN, ...input.args, '--listen', `127.0.0.1:${input.port ?? 0}`, '--admin', '127.0.0.1:0'];
  const child = startChild({ name: 'freshet', args, ...(command && { command }), ...(env && { env }) });
  const [, address = '', adminAddress = ''] = await child
    .says(/listening on ([^\s,]+)(?: with \d+ workers)?, admin on (\S+)\n/)
    .catch(async (error: unknown) => {
      await child.stop();
      throw error;
    });
  return { ...child, url: `http://${address}`, adminUrl: `http://${adminAddress}` };
}
