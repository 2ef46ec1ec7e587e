// The outbox under endurance: transactions on a PostgreSQL that crashes, whose sessions are ended and whose backends are killed.
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { outboxSql } from '../../src/events/outbox-sql.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import type { Planned, Side } from './side.ts';

const NAMES = { schema: 'public', table: 'freshet_outbox', channel: 'freshet_outbox' };
const TRY_AGAIN_MS = 20;

export class PostgresSide implements Side {
  readonly faults = {
    server: () => this.#crash(),
    sessions: () => this.#end('SELECT pg_terminate_backend(pid) AS done'),
    backend: () => this.#killBackend(),
  };
  readonly #server: PostgresServer;
  readonly #idle: Client[] = [];

  static async start(): Promise<PostgresSide> {
    const side = new PostgresSide(await PostgresServer.start());
    await side.#asked(async (client) => {
      await client.query(outboxSql(NAMES));
      await client.query('CREATE TABLE written (event int PRIMARY KEY)');
    });
    return side;
  }

  private constructor(server: PostgresServer) {
    this.#server = server;
  }

  get yaml(): string {
    return `postgres: { url: "${this.#server.url}", poll: 200ms }`;
  }

  /** A COMMIT without an answer may have been carried out: the table that it wrote to knows. */
  write(planned: Planned, before: () => Promise<void>): Promise<void> {
    return this.#asked(async (client) => {
      const { event, item, subject, openMs, isRolledBack } = planned;
      if ((await client.query('SELECT FROM written WHERE event = $1', [event])).rowCount === 1) return;
      await client.query('BEGIN');
      await client.query('INSERT INTO written VALUES ($1)', [event]);
      await client.query('SELECT freshet_event($1, $2, $3)', ['item.changed', String(subject), JSON.stringify({ n: event, item })]);
      if (openMs > 0) await delay(openMs);
      await before();
      await client.query(isRolledBack ? 'ROLLBACK' : 'COMMIT');
    });
  }

  isDrained(): Promise<boolean> {
    return this.#asked(async (client) => (await client.query('SELECT FROM freshet_outbox LIMIT 1')).rowCount === 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#idle.map((client) => client.end()));
    await this.#server[Symbol.asyncDispose]();
  }

  async #crash(): Promise<void> {
    await this.#server.kill();
    this.#server.start();
    await this.#server.untilReady();
  }

  async #end(select: string): Promise<void> {
    await this.#asked(async (client) => void (await client.query(`${select} FROM pg_stat_activity WHERE application_name = 'freshet'`)));
  }

  /** PostgreSQL takes that for damage and starts all over. */
  async #killBackend(): Promise<void> {
    const pids = await this.#asked(async (client) => {
      const { rows } = await client.query<{ readonly pid: number }>("SELECT pid FROM pg_stat_activity WHERE application_name = 'freshet'");
      return rows.map(({ pid }) => pid);
    });
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await this.#server.untilReady();
  }

  /** Until it succeeds, each time on a connection that has not failed yet. */
  async #asked<T>(ask: (client: Client) => Promise<T>): Promise<T> {
    for (;;) {
      const client = this.#idle.pop() ?? new Client({ connectionString: this.#server.url });
      client.removeAllListeners('error').on('error', () => undefined);
      try {
        if (client.getTransactionStatus() === null) await client.connect();
        const answer = await ask(client);
        this.#idle.push(client);
        return answer;
      } catch {
        void client.end().catch(() => undefined);
        await delay(TRY_AGAIN_MS);
      }
    }
  }
}
