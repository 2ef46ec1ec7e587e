// The command as a shell runs it: its exit code and what it printed; or, while it runs, the next line that matches.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** To its end. */
export async function runFreshet(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return await new Running(args, env).ended;
}

export class Running implements AsyncDisposable {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #out = '';
  #err = '';
  #unread = 0;
  #changed = Promise.withResolvers<void>();

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => (this.#out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      this.#err += chunk.toString();
      this.#wake();
    });
    this.ended = once(child, 'close').then(() => {
      this.#wake();
      return { code: child.exitCode, out: this.#out, err: this.#err };
    });
  }

  /** Reads no further what it prints. */
  leaveOutput(): void {
    this.#child.stdout?.destroy();
  }

  signal(name: 'SIGTERM' | 'SIGINT' | 'SIGHUP'): void {
    this.#child.kill(name);
  }

  /** The first match in standard error after the last one that was asked for. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#err.slice(this.#unread));
      if (match !== null) {
        this.#unread += match.index + match[0].length;
        return match;
      }
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw new Error(`ended without saying ${pattern}:\n${this.#err}`);
      await this.#changed.promise;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}
