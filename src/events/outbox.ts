// The outbox in PostgreSQL as a source of events: rows that were committed with the data are purged and then deleted.
// What must stay true. A row is deleted only when its purge is confirmed: whatever dies before that, the row is read again. Reading is always "the first that
// wait and are not under way": numbers are given before commits, so a smaller one may appear later, and no number is a mark below which all is read. One session
// listens, holds the lock that makes it the only reader, and reads: the three end together. What is said on the channel only hastens the next read.
import { hash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { RunError } from '../errors.ts';
import { pause } from '../pause.ts';
import { type Backlog, BacklogGauge } from './backlog.ts';
import { retryAfterMs } from './backoff.ts';
import { Bell } from './bell.ts';
import { InFlight } from './in-flight.ts';
import type { Intake, Taken } from './intake.ts';
import { idIn, keyOf, readOutboxRow } from './outbox-row.ts';
import { type FailedRow, type OutboxBacklog, type OutboxName, type OutboxRow, type OutboxStatements, outboxStatements } from './outbox-table.ts';
import { PostgresSession, type PostgresTarget, sqlStateOf, STATEMENT_TIMEOUT_MS, wordsOf } from './postgres-session.ts';
import { type DeadLetter, describedEvent, type Ends, type EventSource } from './source.ts';
import { Standing } from './standing.ts';
import { Trouble, type TroubleLog } from './trouble.ts';

export interface OutboxSettings extends PostgresTarget, OutboxName {
  readonly channel: string;
  /** Between two looks where nobody notifies. */
  readonly pollMs: number;
  /** Rows under way at once. */
  readonly batch: number;
}

export interface OutboxParts {
  readonly settings: OutboxSettings;
  readonly intake: Intake;
  readonly log: TroubleLog;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Whether what another node purges is purged here too. */
  readonly sharesPurges: boolean;
}

const MEASURE_EVERY_MS = 2_000;
/** Of a session that asks nothing: its node is gone, and its lock must not stay. */
const SHORTEST_SILENCE_MS = 15_000;
/** Of the server to a client that does not acknowledge what is sent. */
const GONE_AFTER_MS = 25_000;

const STANDBY = 'this server is a standby, which takes no acknowledgement: allowed is the primary';

export class Outbox implements EventSource {
  readonly name = 'postgres';
  readonly #parts: OutboxParts;
  readonly #statements: OutboxStatements;
  readonly #lock: string;
  readonly #trouble: Trouble;
  readonly #standing: Standing;
  readonly #bell = new Bell();
  readonly #gauge = new BacklogGauge();
  readonly #inFlight: InFlight;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #session: PostgresSession | undefined;
  #mayBeMore = true;
  #readAt = 0;
  #measuredAt = 0;
  #deadCount = 0;

  constructor(parts: OutboxParts) {
    const { settings, intake, log, clock, sharesPurges } = parts;
    const outbox = `${settings.schema}.${settings.table}`;
    this.#parts = parts;
    this.#statements = outboxStatements(settings);
    this.#lock = lockOf(settings);
    this.#trouble = new Trouble({ log, clock, what: `the outbox ${outbox}` });
    this.#standing = new Standing({ log, what: 'the outbox', unit: 'an outbox', detail: { outbox }, sharesPurges });
    this.#inFlight = new InFlight({ intake, name: this.name, pause, settled: () => this.#bell.ring() });
  }

  /** Of several nodes one does. */
  get isReading(): boolean {
    return this.#session !== undefined && this.#standing.reads;
  }

  get backlog(): Backlog | undefined {
    return this.#gauge.at(this.#parts.clock.now());
  }

  get deadCount(): number {
    return this.#deadCount;
  }

  open(): Promise<void> {
    this.#running ??= this.#run();
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#bell.ring();
    await this.#running;
    await this.#inFlight.close();
  }

  async deadLetters(most: number, from: Ends): Promise<readonly DeadLetter[]> {
    const { newestFailed, oldestFailed } = this.#statements;
    const rows = await this.#connected().query<FailedRow>(from === 'newest' ? newestFailed : oldestFailed, [most]);
    return rows.map((row) => letterOf(row, this.#parts.settings));
  }

  async replay(id: string): Promise<Taken | undefined> {
    if (!/^\d{1,18}$/.test(id)) return undefined;
    const [row] = await this.#connected().query<FailedRow>(this.#statements.failedOne, [id]);
    if (row === undefined) return undefined;
    const read = readOutboxRow(row, this.#parts.settings);
    if (read.kind === 'malformed') return { kind: 'rejected', faults: [{ rule: '', detail: read.detail }] };
    const taken = await this.#parts.intake.take(read.event, this.name);
    if (taken.kind !== 'rejected' && taken.kind !== 'failed') await this.#connected().query(this.#statements.remove, [[id], [keyOf(row)]]);
    return taken;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#serve(await PostgresSession.open(this.#parts.settings));
      } catch (error) {
        this.#trouble.failed(wordsOf(error));
      }
      await this.#pauseAfterFailure();
    }
  }

  async #serve(session: PostgresSession): Promise<void> {
    const { signal } = this.#closing;
    try {
      await this.#prepare(session);
      this.#session = session;
      while (!signal.aborted && !session.isOver) await this.#turn(session);
      if (session.isOver) throw new Error(await session.ended);
      await this.#inFlight.close();
      await this.#acknowledge(session);
    } finally {
      this.#session = undefined;
      this.#standing.forget();
      await session.close();
    }
  }

  /** The server must notice within a minute that this node is gone, or its lock would keep all others from reading. */
  async #prepare(session: PostgresSession): Promise<void> {
    const { channel, pollMs } = this.#parts.settings;
    const silenceMs = Math.max(SHORTEST_SILENCE_MS, 3 * pollMs);
    const settings = Object.entries({
      statement_timeout: STATEMENT_TIMEOUT_MS,
      tcp_keepalives_idle: 10,
      tcp_keepalives_interval: 5,
      tcp_keepalives_count: 3,
      tcp_user_timeout: GONE_AFTER_MS,
      idle_session_timeout: silenceMs,
    });
    // Older servers do not have all of them.
    const known =
      'SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS given (name, value) WHERE current_setting(name, true) IS NOT NULL';
    await session.query(known, [settings.map(([name]) => name), settings.map(([, value]) => String(value))]);
    const [server] = await session.query<{ readonly isStandby: boolean }>('SELECT pg_is_in_recovery() AS "isStandby"');
    if (server?.isStandby === true) throw new Error(STANDBY);
    await session.listen(channel, () => this.#wake());
    void session.ended.then(() => this.#bell.ring());
    this.#mayBeMore = true;
  }

  #wake(): void {
    this.#mayBeMore = true;
    this.#bell.ring();
  }

  async #turn(session: PostgresSession): Promise<void> {
    try {
      await this.#acknowledge(session);
      if (!this.#standing.reads) await this.#takeLock(session);
      const isRead = this.#standing.reads && (await this.#read(session));
      if (this.#standing.reads) await this.#measure(session);
      // Who has not read does not know.
      if (isRead || !this.#standing.reads) this.#trouble.over();
    } catch (error) {
      if (session.isOver) return;
      this.#mayBeMore = true;
      this.#trouble.failed(explained(error));
      await this.#pauseAfterFailure();
      return;
    }
    await this.#bell.wait(this.#parts.settings.pollMs);
  }

  /** Whoever holds it reads; it ends with the session. */
  async #takeLock(session: PostgresSession): Promise<void> {
    const [answer] = await session.query<{ readonly isOurs: boolean }>('SELECT pg_try_advisory_lock($1::bigint) AS "isOurs"', [this.#lock]);
    if (!this.#standing.become(answer?.isOurs === true ? 'reads' : 'stands-by') || this.#standing.reads) return;
    this.#inFlight.abandon();
    this.#gauge.forget();
  }

  /** Whether it did. */
  async #read(session: PostgresSession): Promise<boolean> {
    const { settings, clock } = this.#parts;
    const room = settings.batch - this.#inFlight.size;
    const isDue = this.#mayBeMore || clock.now() - this.#readAt >= settings.pollMs;
    if (!isDue || room < settings.batch / 2) return false;
    // What is said from now on is about rows that this read may not see.
    this.#mayBeMore = false;
    this.#readAt = clock.now();
    const keys = this.#inFlight.ids;
    const rows = await session.query<OutboxRow>(this.#statements.read, [keys.map(idIn), keys, room]);
    for (const row of rows) this.#inFlight.add(keyOf(row), readOutboxRow(row, settings));
    if (rows.length === room) this.#mayBeMore = true;
    return true;
  }

  async #acknowledge(session: PostgresSession): Promise<void> {
    const settled = this.#inFlight.acknowledgements();
    const { done, faulty } = settled;
    if (done.length > 0) await session.query(this.#statements.remove, [done.map(idIn), done]);
    if (faulty.length > 0) {
      const keys = faulty.map(({ id }) => id);
      await session.query(this.#statements.setAside, [keys.map(idIn), keys, faulty.map(({ why }) => escaped(why))]);
    }
    this.#inFlight.forget(settled);
    this.#deadCount += faulty.length;
  }

  async #measure(session: PostgresSession): Promise<void> {
    const now = this.#parts.clock.now();
    if (now - this.#measuredAt < MEASURE_EVERY_MS) return;
    this.#measuredAt = now;
    const [backlog] = await session.query<OutboxBacklog>(this.#statements.backlog);
    if (backlog === undefined) return;
    this.#gauge.measured({ waiting: backlog.waiting, oldestMs: backlog.oldestMs ?? 0 }, now);
    this.#deadCount = backlog.failed;
  }

  async #pauseAfterFailure(): Promise<void> {
    if (this.#trouble.failures > 0) await pause(retryAfterMs(this.#trouble.failures, this.#parts.random()), this.#closing.signal);
  }

  #connected(): PostgresSession {
    if (this.#session === undefined)
      throw new RunError(`there is no connection to the outbox now${this.#trouble.why === '' ? '' : `: ${this.#trouble.why}`}`);
    return this.#session;
  }
}

function letterOf(row: FailedRow, name: OutboxName): DeadLetter {
  const read = readOutboxRow(row, name);
  return {
    id: row.id,
    event: read.kind === 'event' ? describedEvent(read.event) : undefined,
    why: (row.failure ?? '').split('\n'),
    at: row.failedAt,
  };
}

/** One for each table, the same in every process. Locks are a database's own. */
function lockOf({ schema, table }: OutboxName): string {
  return hash('sha256', `freshet outbox ${JSON.stringify([schema, table])}`, 'buffer')
    .readBigInt64BE()
    .toString();
}

/** As every encoding of a database has it: a reason that could not be written would keep all other rows waiting. */
function escaped(why: string): string {
  return why.replaceAll(/[^\n\x20-\x7e]/g, (letter) => (letter === '…' ? '...' : `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`));
}

/** SQLSTATE classes of what is not there, is of another kind, or may not be touched. */
const OTHER_TABLE = /^(?:42|3F)/;

function explained(error: unknown): string {
  const state = sqlStateOf(error);
  return state !== undefined && OTHER_TABLE.test(state) ? `${wordsOf(error)} (freshet outbox sql prints what must be there)` : wordsOf(error);
}
