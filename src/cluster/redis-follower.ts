// New entries of the log as soon as they are there: a blocking read on a connection of its own. PURGE-PROTOCOL §4.3. Only for speed: renewals deliver all.
// The connection may end up at another Redis than the one that numbers our purges, so each new one says first which it is.
import { setTimeout as delay } from 'node:timers/promises';
import type { LogEntry, Position } from './coordination-log.ts';
import { decodeEntry, listOf, type Reply } from './logged-purge.ts';
import type { RedisConnection } from './redis-connection.ts';

/** For one read. */
export const BLOCK_MS = 1000;
const ENTRIES_READ = 1000;
/** After anything that failed. */
const PAUSE_MS = 250;

export class RedisFollower {
  readonly #connection: RedisConnection;
  readonly #log: string;
  readonly #closed = new AbortController();
  #position: Position | undefined;
  #applied = 0;
  #pushed: (entries: readonly LogEntry[]) => void = () => {};
  #running: Promise<void> | undefined;
  /** The life of the connection whose server is known, and that server. */
  #asked = { life: 0, server: '' };

  constructor(connection: RedisConnection, log: string) {
    this.#connection = connection;
    this.#log = log;
  }

  follow(position: Position, pushed: (entries: readonly LogEntry[]) => void): void {
    this.#position = position;
    this.#applied = position.applied;
    this.#pushed = pushed;
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#connection.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      const isFine = await this.#read().catch(() => false);
      if (!isFine) await delay(PAUSE_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** False where there is nothing to be read now. */
  async #read(): Promise<boolean> {
    if (!this.#connection.isReady || !(await this.#isOurs())) return false;
    const position = this.#position;
    const from = `${this.#applied}-0`;
    const reply = await this.#connection.command('XREAD', 'COUNT', ENTRIES_READ, 'BLOCK', BLOCK_MS, 'STREAMS', this.#log, from);
    const found = listOf(listOf(listOf(reply)[0])[1]);
    return position !== this.#position || found.length === 0 || this.#push(found);
  }

  /** False where none of it is ours: it would be found again at once. */
  #push(found: readonly Reply[]): boolean {
    const entries = found.flatMap((entry) => decodeEntry(entry) ?? []);
    if (entries.length === 0) return false;
    this.#applied = entries.at(-1)?.seq ?? this.#applied;
    this.#pushed(entries);
    return true;
  }

  async #isOurs(): Promise<boolean> {
    const { life } = this.#connection;
    if (this.#asked.life !== life) this.#asked = { life, server: await this.#connection.server() };
    return this.#asked.server === this.#position?.server;
  }
}
