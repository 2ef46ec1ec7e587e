// A real redis-server for a test: its own port, folder and life, nothing kept on disk. Where the program is missing, `hasRedis` is false.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';

/** CI sets FRESHET_NEEDS_REDIS, so that there a missing program fails and is not passed over. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
if (!hasRedis) {
  if (process.env['FRESHET_NEEDS_REDIS'] !== undefined) throw new Error('redis-server is not installed, and FRESHET_NEEDS_REDIS is set');
  process.stderr.write('redis-server is not installed: what needs it is skipped\n');
}

/** To find a port that nobody takes meanwhile. */
const ATTEMPTS = 5;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface RedisFiles {
  /** Written into the folder of the server first. */
  readonly files?: Readonly<Record<string, string>>;
  /** Of these, the one that is its configuration. */
  readonly config?: string;
  /** PEM text: the test itself speaks TLS then. */
  readonly ca?: string;
}

export class RedisServer implements AsyncDisposable {
  readonly port: number;
  /** Of the test itself, beside the one under test. */
  readonly client: Redis;
  readonly #settings: readonly string[];
  readonly #folder: string;
  readonly #isEncrypted: boolean;
  readonly #config: readonly string[];
  #child: ChildProcess;

  /** `settings` are flags of redis-server. Resolves when it answers. */
  static async start(settings: readonly string[] = [], options: RedisFiles = {}): Promise<RedisServer> {
    for (let attempt = 1; ; attempt++) {
      const server = new RedisServer(await freePort(), settings, options);
      if (await server.#answers()) return server;
      await server[Symbol.asyncDispose]();
      if (attempt === ATTEMPTS) throw new Error(`redis-server ${settings.join(' ')} does not start`);
    }
  }

  private constructor(port: number, settings: readonly string[], { config, files = {}, ca }: RedisFiles) {
    this.port = port;
    this.#settings = settings;
    this.#isEncrypted = ca !== undefined;
    this.#config = config === undefined ? [] : [config];
    this.#folder = mkdtempSync(join(tmpdir(), 'freshet-redis-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.#folder, name), text);
    this.#child = this.#spawn();
    this.client = new Redis({
      host: '127.0.0.1',
      port,
      protocol: 2,
      maxRetriesPerRequest: null,
      retryStrategy: () => 20,
      ...(ca !== undefined && { tls: { ca } }),
    });
    this.client.on('error', () => {});
  }

  get url(): string {
    return `redis${this.#isEncrypted ? 's' : ''}://127.0.0.1:${this.port}`;
  }

  /** With what it held gone: nothing is on disk. */
  async restart(): Promise<void> {
    do {
      await this.kill();
      this.start();
    } while (!(await this.#answers()));
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await gone;
  }

  start(): void {
    this.#child = this.#spawn();
  }

  /** Takes nothing and answers nothing until it is resumed; connections stay. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Resolves when it has everything of the server at `port`. */
  async replicate(port: number): Promise<void> {
    await this.client.call('REPLICAOF', '127.0.0.1', port);
    while (!/master_link_status:up/.test(await this.client.info('replication')));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.disconnect();
    this.resume();
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #spawn(): ChildProcess {
    const port = this.#isEncrypted ? ['--port', '0', '--tls-port', String(this.port)] : ['--port', String(this.port)];
    const args = [
      ...this.#config,
      ...port,
      '--bind',
      '127.0.0.1',
      '--dir',
      this.#folder,
      '--save',
      '',
      '--appendonly',
      'no',
      '--repl-diskless-sync-delay',
      '0',
    ];
    const child = spawn('redis-server', [...args, ...this.#settings], { cwd: this.#folder, stdio: ['ignore', 'ignore', 'inherit'] });
    running.add(child);
    child.once('close', () => running.delete(child));
    return child;
  }

  /** Whether it does: its port may have gone to somebody else before it had it, and another redis-server would answer just as well. */
  async #answers(): Promise<boolean> {
    const child = this.#child;
    const ended = once(child, 'close').then(() => '');
    const said = await Promise.race([this.client.info('server').catch(() => ''), ended]);
    return said.includes(`process_id:${child.pid}\r\n`);
  }
}
