// A database of its own for a test, on the PostgreSQL that FRESHET_TEST_POSTGRES names (127.0.0.1:5432 unless told), and dropped when it is disposed of.
// Where no server answers, `hasPostgres` is false.
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { outboxSql } from '../../src/events/outbox-sql.ts';

const SERVER = process.env['FRESHET_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const OUTBOX = { schema: 'public', table: 'freshet_outbox', channel: 'freshet_outbox' };

const missing = await connected(SERVER).then(
  async (client) => {
    await client.end();
    return undefined;
  },
  (error: unknown) => String(error),
);

/** CI sets FRESHET_NEEDS_POSTGRES, so that there a missing server fails and is not passed over. */
export const hasPostgres = missing === undefined;
if (!hasPostgres) {
  const why = `no PostgreSQL at ${new URL(SERVER).host} (${missing})`;
  if (process.env['FRESHET_NEEDS_POSTGRES'] !== undefined) throw new Error(`${why}, and FRESHET_NEEDS_POSTGRES is set`);
  process.stderr.write(`${why}: what needs it is skipped\n`);
}

export class TestDatabase implements AsyncDisposable {
  readonly url: string;
  readonly name: string;
  /** Of the test itself, beside the one under test. */
  readonly client: Client;
  readonly #server: string;

  /** With an outbox unless `bare`; `more`: of CREATE DATABASE. */
  static async create({ server = SERVER, bare = false, more = '' }: { server?: string; bare?: boolean; more?: string } = {}): Promise<TestDatabase> {
    const name = `freshet_test_${randomBytes(6).toString('hex')}`;
    await once(server, `CREATE DATABASE ${name} ${more}`);
    const url = new URL(server);
    url.pathname = `/${name}`;
    const database = new TestDatabase(name, { url: url.href, server, client: await connected(url.href) });
    if (!bare) await database.client.query(outboxSql(OUTBOX));
    return database;
  }

  private constructor(name: string, { url, server, client }: { url: string; server: string; client: Client }) {
    this.name = name;
    this.url = url;
    this.#server = server;
    this.client = client;
  }

  async rows(text: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    return (await this.client.query<Record<string, unknown>>(text, [...values])).rows;
  }

  /** Another session, for what happens at the same time. */
  connect(): Promise<Client> {
    return connected(this.url);
  }

  /** Ends every session of Freshet in it, as an operator or a restart would. */
  async cut(): Promise<void> {
    await this.client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'freshet'", [
      this.name,
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end().catch(() => undefined);
    await once(this.#server, `DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`);
  }
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function once(url: string, text: string): Promise<void> {
  const client = await connected(url);
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
