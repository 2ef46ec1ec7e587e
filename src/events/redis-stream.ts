// A Redis stream as a source of events, read through a consumer group.
// What must stay true. An entry is acknowledged only when its purge is confirmed: until then it is pending, and whoever reads next claims it. One node reads at
// a time, by a lease in Redis, so that the order of the stream is the order of purges; who lost the lease and does not know it does harm to nobody, since a
// purge twice is a purge. What was removed before it was purged names what nobody knows any more, so everything is purged then; that it is owed stands in Redis
// from the step that notices it until it is confirmed, as bodies may that outlive every process.
import { hostname } from 'node:os';
import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Reply } from '../cluster/logged-purge.ts';
import { messageOf, RedisConnection, type RedisTarget } from '../cluster/redis-connection.ts';
import { RunError } from '../errors.ts';
import { pause } from '../pause.ts';
import { type Backlog, BacklogGauge } from './backlog.ts';
import { retryAfterMs } from './backoff.ts';
import type { Event } from './event.ts';
import type { Intake, Taken } from './intake.ts';
import type { DeadLetter, Ends, EventSource } from './source.ts';
import { Standing } from './standing.ts';
import { StreamDeliveries } from './stream-deliveries.ts';
import { StreamGroup } from './stream-group.ts';
import { StreamLetters } from './stream-letters.ts';
import { entriesOf, utf8 } from './stream-replies.ts';
import { StreamLosses } from './stream-losses.ts';
import { CLAIM, END_LEASE, ENSURE_GROUP, HOLD_LEASE, READ, SET_ASIDE, type StreamKeys, streamKeys } from './stream-scripts.ts';
import { Trouble, type TroubleLog } from './trouble.ts';

export interface StreamSettings extends RedisTarget {
  readonly stream: string;
  readonly group: string;
  /** Absent: the name of this machine. */
  readonly consumer?: string;
  /** Where a group that is not there begins: at the oldest entry, or with the next one. */
  readonly from: 'oldest' | 'next';
  /** Entries under way at once. */
  readonly batch: number;
  /** Dead letters that are kept. */
  readonly deadLetters: number;
}

export interface StreamParts {
  readonly settings: StreamSettings;
  readonly intake: Intake;
  readonly log: TroubleLog & { error(message: string, detail: Readonly<Record<string, unknown>>): void };
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Whether what another node purges is purged here too. */
  readonly sharesPurges: boolean;
}

const READY_WITHIN_MS = 1_000;
const BLOCK_MS = 1_000;
const LEASE_MS = 3_000;
const STANDBY_MS = 1_000;
/** Between two makings of a group that somebody destroys. */
const GROUP_AGAIN_MS = 100;
/** For entries that a node was given after it had lost the lease. */
const CLAIM_EVERY_MS = 10_000;

export class RedisStream implements EventSource {
  readonly name = 'redis';
  readonly #parts: StreamParts;
  readonly #keys: StreamKeys;
  readonly #consumer: string;
  readonly #holder: string;
  readonly #source: string;
  readonly #calls: RedisConnection;
  readonly #reads: RedisConnection;
  readonly #group: StreamGroup;
  readonly #losses: StreamLosses;
  readonly #letters: StreamLetters;
  readonly #trouble: Trouble;
  readonly #standing: Standing;
  readonly #gauge = new BacklogGauge();
  readonly #deliveries: StreamDeliveries;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  /** Of the connections under which the group was there and everything pending was claimed. */
  #recovered = '';
  #claimedAt = 0;
  #deadCount = 0;

  constructor(parts: StreamParts) {
    const { settings, intake, log, clock, sharesPurges } = parts;
    const { stream, group, from, consumer = hostname() } = settings;
    this.#parts = parts;
    this.#keys = streamKeys(stream, group);
    this.#consumer = consumer;
    this.#holder = `${consumer} ${randomBytes(6).toString('base64url')}`;
    this.#source = `redis:${stream}`;
    this.#calls = new RedisConnection(settings, {
      name: 'freshet-events',
      key: stream,
      scripts: [HOLD_LEASE, ENSURE_GROUP, CLAIM, SET_ASIDE, READ],
    });
    this.#reads = new RedisConnection(settings, { name: 'freshet-events-read', key: stream, blocksMs: BLOCK_MS });
    this.#group = new StreamGroup({ calls: this.#calls, keys: this.#keys, group, consumer, from });
    const take = (event: Event): Promise<Taken> => intake.take(event, this.name);
    this.#losses = new StreamLosses({ stream, group, source: this.#source, take, log, signal: this.#closing.signal });
    this.#letters = new StreamLetters({
      key: this.#keys[1],
      source: this.#source,
      ask: (name, ...args) => this.#asked(name, ...args),
      take,
    });
    this.#trouble = new Trouble({ log, clock, what: `the stream ${stream}` });
    this.#standing = new Standing({ log, what: 'the stream of events', unit: 'a group', detail: { stream, group }, sharesPurges });
    this.#deliveries = new StreamDeliveries({
      intake,
      name: this.name,
      source: this.#source,
      most: settings.batch,
      acknowledge: (ids) => this.#group.acknowledge(ids),
      setAside: async ({ id, why, fields }) => {
        await this.#script(SET_ASIDE, [group, id, settings.deadLetters, why, JSON.stringify(fields)]);
        this.#deadCount++;
      },
    });
  }

  /** Of several nodes one does. */
  get isReading(): boolean {
    return this.#standing.reads && this.#calls.isReady && this.#reads.isReady;
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
    this.#deliveries.stop();
    this.#reads.close();
    await this.#running;
    await this.#deliveries.close();
    if (this.#standing.reads) await this.#script(END_LEASE, [this.#holder]).catch(() => undefined);
    this.#calls.close();
  }

  deadLetters(most: number, from: Ends): Promise<readonly DeadLetter[]> {
    return this.#letters.list(most, from);
  }

  replay(id: string): Promise<Taken | undefined> {
    return this.#letters.replay(id);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#turn();
        this.#trouble.over();
      } catch (error) {
        if (signal.aborted) return;
        const why = messageOf(error);
        // Said where it is created again.
        if (why.startsWith('NOGROUP')) {
          this.#recovered = '';
          await pause(GROUP_AGAIN_MS, signal);
        } else {
          this.#trouble.failed(why);
          await pause(retryAfterMs(this.#trouble.failures, this.#parts.random()), signal);
        }
      }
    }
  }

  async #turn(): Promise<void> {
    await this.#calls.untilReady(READY_WITHIN_MS);
    await this.#reads.untilReady(READY_WITHIN_MS);
    await this.#deliveries.flush();
    if (!(await this.#holdsLease())) return pause(STANDBY_MS, this.#closing.signal);
    if (!(await this.#recover())) return;
    await this.#read(await this.#deliveries.hasRoom());
  }

  async #holdsLease(): Promise<boolean> {
    const [kind, holder] = await this.#script(HOLD_LEASE, [this.#holder, LEASE_MS]);
    const isTheirs = utf8(kind) === 'theirs';
    if (isTheirs) this.#group.wasSeen();
    if (!this.#standing.become(isTheirs ? 'stands-by' : 'reads', isTheirs ? { reader: utf8(holder) } : {})) return !isTheirs;
    this.#recovered = '';
    if (isTheirs) {
      this.#deliveries.abandon();
      this.#gauge.forget();
    }
    return !isTheirs;
  }

  /** On new connections, and now and then: the group is there, and what was given to whoever read before is ours, in its order and before anything new. False where it is not this node's any more. */
  async #recover(): Promise<boolean> {
    const now = this.#parts.clock.now();
    const lives = `${this.#calls.life} ${this.#reads.life}`;
    const isNew = lives !== this.#recovered;
    if (!isNew && now - this.#claimedAt < CLAIM_EVERY_MS) return true;
    if (isNew) await this.#ensureGroup();
    if (!(await this.#claim(isNew ? 0 : 2 * LEASE_MS))) return false;
    this.#claimedAt = now;
    if (!isNew) return true;
    await this.#group.forgetConsumers();
    this.#recovered = lives;
    return true;
  }

  /** What is owed stays so until it is purged, whoever dies meanwhile. */
  async #ensureGroup(): Promise<void> {
    const owed = await this.#group.ensure();
    if (owed === 'nothing') return;
    if (owed === 'group') this.#deliveries.beginAnew();
    const isPurged = owed === 'group' ? await this.#losses.ofGroup() : await this.#losses.ofEntries();
    if (isPurged) await this.#group.settle();
  }

  /** False where it is not this node's any more. */
  async #claim(idleMs: number): Promise<boolean> {
    const { batch } = this.#parts.settings;
    let cursor = '0-0';
    let isThrough = false;
    while (!isThrough) {
      const hasRoom = await this.#deliveries.hasRoom();
      await this.#deliveries.flush();
      if (this.#closing.signal.aborted || !(await this.#holdsLease())) return false;
      if (!hasRoom) continue;
      const claimed = await this.#group.claim({ idleMs, cursor, count: Math.ceil(batch / 2) });
      cursor = claimed.cursor;
      this.#deliveries.take(claimed.entries);
      // Those under way here too: whoever reads next cannot find them any more.
      if (claimed.gone.length > 0 && (await this.#losses.ofEntries(claimed.gone.length))) await this.#group.settle();
      isThrough = cursor === '0-0';
    }
    return true;
  }

  /** Where nothing is there it waits a while for what comes. */
  async #read(hasRoom: boolean): Promise<void> {
    const { stream, group } = this.#parts.settings;
    const most = hasRoom && !this.#closing.signal.aborted ? this.#deliveries.room : 0;
    const [entries, waiting, oldest, time, dead, lost, canTell, last] = await this.#script(READ, [group, this.#consumer, most]);
    const read = entriesOf(entries);
    this.#deliveries.take(read);
    const at = Number(utf8(oldest).split('-', 1)[0]);
    this.#gauge.measured({ waiting: Number(waiting), oldestMs: Number(waiting) === 0 ? 0 : Math.max(0, Number(time) - at) }, this.#parts.clock.now());
    this.#deadCount = Number(dead);
    if (Number(canTell) === 0) this.#losses.blind();
    if (Number(lost) > 0) {
      if (await this.#losses.ofEntries(Number(lost))) await this.#group.settle();
    } else if (most > 0 && read.length === 0) await this.#reads.command('XREAD', 'COUNT', 1, 'BLOCK', BLOCK_MS, 'STREAMS', stream, utf8(last));
  }

  /** For an operator. */
  async #asked(name: string, ...args: readonly (string | number)[]): Promise<Reply> {
    try {
      return await this.#calls.command(name, ...args);
    } catch (error) {
      throw new RunError(`the stream of events cannot be asked now: ${messageOf(error)}`, { cause: error });
    }
  }

  async #script(script: string, args: readonly (string | number)[]): Promise<readonly Reply[]> {
    return (await this.#calls.run(script, { keys: this.#keys, args, replicas: 0 })).reply;
  }
}
