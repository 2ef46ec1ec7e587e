// A PostgreSQL of the test's own, which may be killed: made by initdb in a folder of its own. It refuses to run as root; there it runs as the user `postgres`.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Issued } from './certificate.ts';
import { freePort } from './free-port.ts';

interface Programs {
  readonly folder: string;
  /** Whom to be where this process is root. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

const programs = findPrograms();

/** Undefined where one can be started; else why not. */
export const noPostgresServer = typeof programs === 'string' ? programs : undefined;

if (noPostgresServer !== undefined) {
  if (process.env['FRESHET_NEEDS_POSTGRES'] !== undefined) throw new Error(`${noPostgresServer}, and FRESHET_NEEDS_POSTGRES is set`);
  process.stderr.write(`${noPostgresServer}: what needs a PostgreSQL of its own is skipped\n`);
}

const TRY_AGAIN_MS = 25;
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGQUIT');
});

export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly #programs: Programs;
  readonly #folder: string;
  readonly #settings: readonly string[];
  #child: ChildProcess;

  /** `tls`: it takes TLS beside plain connections. */
  static async start({ tls }: { readonly tls?: Issued } = {}): Promise<PostgresServer> {
    if (typeof programs === 'string') throw new Error(programs);
    const folder = mkdtempSync(join(tmpdir(), 'freshet-postgres-'));
    const { user } = programs;
    if (user !== undefined) chownSync(folder, user.uid, user.gid);
    const made = spawnSync(join(programs.folder, 'initdb'), ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '--no-sync'], {
      ...user,
      cwd: folder,
    });
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr.toString()}`);
    const server = new PostgresServer(programs, {
      folder,
      port: await freePort(),
      settings: tls === undefined ? [] : encrypting(tls, { folder, user }),
    });
    await server.untilReady();
    return server;
  }

  private constructor(found: Programs, { folder, port, settings }: { folder: string; port: number; settings: readonly string[] }) {
    this.#programs = found;
    this.#folder = folder;
    this.#settings = settings;
    this.port = port;
    this.#child = this.#spawn();
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** At once, as a crash: the next start recovers what was committed. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'close');
    this.#child.kill('SIGQUIT');
    await gone;
  }

  start(): void {
    this.#child = this.#spawn();
  }

  async untilReady(): Promise<void> {
    while (!(await answers(this.url))) await delay(TRY_AGAIN_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #spawn(): ChildProcess {
    const args = [
      '-D',
      join(this.#folder, 'data'),
      '-h',
      '127.0.0.1',
      '-p',
      String(this.port),
      '-k',
      '',
      '-c',
      'log_min_messages=fatal',
      ...this.#settings,
    ];
    const child = spawn(join(this.#programs.folder, 'postgres'), args, { ...this.#programs.user, cwd: this.#folder, stdio: 'ignore' });
    running.add(child);
    child.once('close', () => running.delete(child));
    return child;
  }
}

/** A key that others may read is refused. */
function encrypting({ cert, key }: Issued, { folder, user }: { readonly folder: string; readonly user: Programs['user'] }): readonly string[] {
  const paths = [join(folder, 'server.crt'), join(folder, 'server.key')] as const;
  for (const [at, text] of [cert, key].entries()) {
    const path = paths[at] ?? '';
    writeFileSync(path, text);
    chmodSync(path, 0o600);
    if (user !== undefined) chownSync(path, user.uid, user.gid);
  }
  return ['-c', 'ssl=on', '-c', `ssl_cert_file=${paths[0]}`, '-c', `ssl_key_file=${paths[1]}`];
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

function findPrograms(): Programs | string {
  const [initdb] = globSync('/usr/lib/postgresql/*/bin/initdb').toSorted().toReversed();
  if (initdb === undefined) return 'the programs of PostgreSQL are not installed in /usr/lib/postgresql';
  const folder = join(initdb, '..');
  if (process.getuid?.() !== 0) return { folder, user: undefined };
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, 'postgres']).stdout.toString().trim() || NaN));
  if (uid === undefined || gid === undefined || Number.isNaN(uid + gid)) return 'PostgreSQL does not run as root, and there is no user postgres';
  return { folder, user: { uid, gid } };
}
