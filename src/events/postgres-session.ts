// One session of PostgreSQL: what is heard, locked and asked in it ends with it. Statements run one after the other; one without an answer ends the session.
import { Socket } from 'node:net';
import { userInfo } from 'node:os';
import { checkServerIdentity } from 'node:tls';
import { Client, type ClientConfig, DatabaseError } from 'pg';
import { quotedIdentifier } from './postgres-names.ts';

export interface PostgresTarget {
  /** `postgres://` with host and perhaps user, password, port and database. */
  readonly url: string;
  /** Absent: without TLS. `ca` is PEM text. */
  readonly tls?: { readonly ca?: string; readonly servername?: string; readonly rejectUnauthorized: boolean };
}

const CONNECT_TIMEOUT_MS = 5_000;
/** The server gives up a statement after this. */
export const STATEMENT_TIMEOUT_MS = 15_000;
/** And is given up itself where it has not said so by then. */
const ANSWER_TIMEOUT_MS = 20_000;
const KEEP_ALIVE_MS = 10_000;
const GOODBYE_MS = 1_000;

export class PostgresSession {
  readonly #client: Client;
  readonly #socket: Socket;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #ended = Promise.withResolvers<string>();
  #isOver = false;

  /** Rejects with an Error whose message has no credentials. */
  static async open(target: PostgresTarget): Promise<PostgresSession> {
    const session = new PostgresSession(target);
    try {
      await session.#client.connect();
    } catch (error) {
      session.abort();
      throw error;
    }
    return session;
  }

  private constructor(target: PostgresTarget) {
    this.#socket = new Socket();
    this.#client = new Client({ ...clientConfigOf(target), stream: () => this.#socket });
    this.#client.on('error', (error) => this.#end(wordsOf(error)));
    this.#client.on('end', () => this.#end('the connection was closed'));
  }

  /** Why it ended; resolves once. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Rejects with what the server said (`sqlStateOf` tells which), or with the end of the session. */
  query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const asked = this.#turn.then(() => this.#answer<Row>(text, values));
    this.#turn = asked.catch(() => undefined);
    return asked;
  }

  /** `heard` is called for each notification. */
  async listen(channel: string, heard: () => void): Promise<void> {
    this.#client.on('notification', heard);
    await this.query(`LISTEN ${quotedIdentifier(channel)}`);
  }

  /** After what is being asked. */
  async close(): Promise<void> {
    const late = setTimeout(() => this.abort(), GOODBYE_MS);
    await this.#turn;
    await this.#client.end();
    clearTimeout(late);
  }

  abort(): void {
    this.#socket.destroy();
  }

  async #answer<Row extends object>(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    const timer = setTimeout(
      () => this.#socket.destroy(new Error(`no answer from PostgreSQL within ${ANSWER_TIMEOUT_MS / 1000} s`)),
      ANSWER_TIMEOUT_MS,
    );
    try {
      return (await this.#client.query<Row>(text, [...values])).rows;
    } catch (error) {
      if (error instanceof DatabaseError && error.severity !== 'ERROR') this.#end(wordsOf(error));
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #end(why: string): void {
    this.#isOver = true;
    this.#ended.resolve(why);
  }
}

/** Of what the server refused; undefined where there was no server to refuse anything. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

/** In words for the operator; a refused connection to several addresses has none of its own. */
export function wordsOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(wordsOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

function clientConfigOf({ url, tls }: PostgresTarget): ClientConfig {
  const { hostname, port, username, password, pathname } = new URL(url);
  const user = decodeURIComponent(username);
  const database = decodeURIComponent(pathname.slice(1));
  return {
    host: decodeURIComponent(hostname).replace(/^\[|\]$/g, ''),
    port: port === '' ? 5432 : Number(port),
    ...namedUser(user),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(database !== '' && { database }),
    ssl: tls === undefined ? false : tlsOf(tls),
    application_name: 'freshet',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  };
}

/** As libpq has it: where nobody is named, whoever runs this. */
function namedUser(named: string): { readonly user?: string } {
  if (named !== '') return { user: named };
  if (process.env['PGUSER'] !== undefined) return {};
  try {
    return { user: userInfo().username };
  } catch {
    return {};
  }
}

/** pg always asks for the host as the server's name: which name its certificate must have is checked here. */
function tlsOf({ ca, servername, rejectUnauthorized }: NonNullable<PostgresTarget['tls']>): NonNullable<ClientConfig['ssl']> {
  return {
    rejectUnauthorized,
    ...(ca !== undefined && { ca }),
    ...(servername !== undefined && { checkServerIdentity: (_host, certificate) => checkServerIdentity(servername, certificate) }),
  };
}
