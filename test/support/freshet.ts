// Freshet itself, started in the test's process from a YAML text, on ports of its own.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Freshet, startFreshet } from '../../src/app.ts';
import type { Clock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Lease } from '../../src/purge/lease.ts';
import type { Address } from './client.ts';
import { withReader } from './reader.ts';

// Each worker loads Freshet anew; what was compiled for one is good for the next.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'freshet-tests-compile-cache');

export class RunningFreshet implements AsyncDisposable {
  readonly #freshet: Freshet;
  #closing: Promise<void> | undefined;

  /** `yaml` needs no `listen` and no `admin`: they are put on free ports of the loopback unless it names them. */
  static async start(yaml: string, options: { clock?: Clock; lease?: Lease } = {}): Promise<RunningFreshet> {
    return new RunningFreshet(await startFreshet({ config: configOf(yaml), ...options }));
  }

  private constructor(freshet: Freshet) {
    this.#freshet = freshet;
  }

  get address(): Address {
    return this.#freshet.address;
  }

  get adminAddress(): Address {
    const { adminAddress } = this.#freshet;
    if (adminAddress === undefined) throw new Error('there is no admin listener');
    return adminAddress;
  }

  reload(yaml: string): Promise<void> {
    return this.#freshet.reload(configOf(yaml));
  }

  /** Threads that serve. */
  get threads(): number {
    return this.#freshet.threads;
  }

  /** Ends a worker as a crash would; resolves when another has taken its place. */
  replaceWorker(worker: number): Promise<void> {
    return this.#freshet.replaceWorker(worker);
  }

  /** Drains and closes; harmless when repeated. */
  close(): Promise<void> {
    this.#closing ??= this.#freshet.close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function configOf(yaml: string): ReturnType<typeof loadConfig> {
  const named = (key: string): boolean => new RegExp(`^${key}:`, 'm').test(yaml);
  return loadConfig({
    text: withReader(yaml),
    env: {},
    overrides: {
      ...(!named('listen') && { listen: '127.0.0.1:0' }),
      ...(!named('admin') && { admin: '127.0.0.1:0' }),
    },
  });
}
