// A Redis stream as a source of events, read through a consumer group.
// What must stay true. An entry is acknowledged only when its purge is confirmed: until then it is pending, and whoever reads next claims it. One node reads at
// a time, by a lease in Redis, so that the order of the stream is the order of purges; who lost the lease and does not know it does harm to nobody, since a
// purge twice is a purge. What was removed before it was read names purges that nobody knows, so everything is purged then.
import { hostname } from 'node:os';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { listOf, type Reply } from '../cluster/logged-purge.ts';
import { messageOf, RedisConnection, type RedisTarget } from '../cluster/redis-connection.ts';
import { RunError } from '../errors.ts';
import { type Backlog, BacklogGauge } from './backlog.ts';
import { retryAfterMs } from './backoff.ts';
import { Bell } from './bell.ts';
import { InFlight } from './in-flight.ts';
import type { Intake, Taken } from './intake.ts';
import { PURGE_TYPE } from './rules.ts';
import type { DeadLetter, EventSource } from './source.ts';
import { readStreamEntry, type StreamEntry } from './stream-entry.ts';
import { END_LEASE, HOLD_LEASE, MEASURE, SET_ASIDE } from './stream-scripts.ts';
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
/** For entries that a node was given after it had lost the lease. */
const CLAIM_EVERY_MS = 10_000;
const MEASURE_EVERY_MS = 2_000;
/** A consumer that has nothing and was not seen for so long has another name now. */
const FORGOTTEN_AFTER_MS = 86_400_000;

export class RedisStream implements EventSource {
  readonly name = 'redis';
  readonly #parts: StreamParts;
  readonly #keys: readonly [stream: string, dead: string, lease: string];
  readonly #consumer: string;
  readonly #holder: string;
  readonly #source: string;
  readonly #calls: RedisConnection;
  readonly #reads: RedisConnection;
  readonly #trouble: Trouble;
  readonly #bell = new Bell();
  readonly #gauge = new BacklogGauge();
  readonly #inFlight: InFlight;
  /** Of those in flight. */
  readonly #entries = new Map<string, StreamEntry>();
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #flushing: Promise<void> | undefined;
  #standing: 'unknown' | 'reads' | 'stands-by' = 'unknown';
  /** Of the connections under which the group was there and everything pending was claimed. */
  #recovered = '';
  /** How often the group was lost: ids may begin anew then. */
  #lives = 0;
  #hadGroup = false;
  #lost: number | undefined;
  #claimedAt = 0;
  #measuredAt = 0;
  #deadCount = 0;

  constructor(parts: StreamParts) {
    const { settings, intake, log, clock } = parts;
    const { stream, group, consumer = hostname() } = settings;
    this.#parts = parts;
    this.#keys = [stream, `${stream}:dead`, `${stream}:${group}:reader`];
    this.#consumer = consumer;
    this.#holder = `${consumer} ${randomBytes(6).toString('base64url')}`;
    this.#source = `redis:${stream}`;
    this.#calls = new RedisConnection(settings, { name: 'freshet-events', key: stream, scripts: [HOLD_LEASE, SET_ASIDE, MEASURE] });
    this.#reads = new RedisConnection(settings, { name: 'freshet-events-read', key: stream, blocksMs: BLOCK_MS });
    this.#trouble = new Trouble({ log, clock, what: `the stream ${stream}` });
    this.#inFlight = new InFlight({ intake, name: this.name, pause, settled: () => this.#settled() });
  }

  /** Of several nodes one does. */
  get isReading(): boolean {
    return this.#standing === 'reads' && this.#calls.isReady && this.#reads.isReady;
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
    this.#reads.close();
    await this.#running;
    await this.#inFlight.close();
    await this.#flush().catch(() => undefined);
    if (this.#standing === 'reads') await this.#script(END_LEASE, [this.#holder]).catch(() => undefined);
    this.#calls.close();
  }

  async deadLetters(most: number): Promise<readonly DeadLetter[]> {
    const found = await this.#asked('XREVRANGE', this.#keys[1], '+', '-', 'COUNT', most);
    return entriesOf(found).map((letter) => this.#letterOf(letter));
  }

  async replay(id: string): Promise<Taken | undefined> {
    if (!/^\d{1,15}-\d{1,15}$/.test(id)) return undefined;
    const [letter] = entriesOf(await this.#asked('XRANGE', this.#keys[1], id, id));
    if (letter === undefined) return undefined;
    const read = this.#readAgain(letter);
    if (read.kind === 'malformed') return { kind: 'rejected', faults: [{ rule: '', detail: read.detail }] };
    const taken = await this.#parts.intake.take(read.event, this.name);
    if (taken.kind !== 'rejected' && taken.kind !== 'failed') await this.#asked('XDEL', this.#keys[1], id);
    return taken;
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
        if (why.startsWith('NOGROUP')) this.#recovered = '';
        else {
          this.#trouble.failed(why);
          await pause(retryAfterMs(this.#trouble.failures, this.#parts.random()), signal);
        }
      }
    }
  }

  async #turn(): Promise<void> {
    await this.#calls.untilReady(READY_WITHIN_MS);
    await this.#reads.untilReady(READY_WITHIN_MS);
    await this.#flush();
    if (!(await this.#holdsLease())) return this.#standBy();
    if (!(await this.#recover())) return;
    await this.#measure();
    await this.#read();
  }

  /** What is lost from its first look on counts when it reads: it serves from its cache meanwhile, and who reads now may be gone before it has noticed. */
  async #standBy(): Promise<void> {
    if (this.#lost === undefined) {
      const [kind, , , , , lost] = await this.#script(MEASURE, [this.#parts.settings.group]);
      if (utf8(kind) === 'measured') this.#lost = Math.max(0, Number(lost));
    }
    await pause(STANDBY_MS, this.#closing.signal);
  }

  async #holdsLease(): Promise<boolean> {
    const [kind, holder] = await this.#script(HOLD_LEASE, [this.#holder, LEASE_MS]);
    const standing = utf8(kind) === 'theirs' ? 'stands-by' : 'reads';
    if (standing === this.#standing) return standing === 'reads';
    this.#standing = standing;
    this.#recovered = '';
    this.#sayStanding(utf8(holder));
    return standing === 'reads';
  }

  #sayStanding(reader: string): void {
    const { log, sharesPurges, settings } = this.#parts;
    const detail = { stream: settings.stream, group: settings.group };
    if (this.#standing === 'reads') return log.info('this node reads the stream of events', detail);
    this.#inFlight.abandon();
    for (const id of this.#entries.keys()) if (!this.#inFlight.has(id)) this.#entries.delete(id);
    this.#gauge.forget();
    if (sharesPurges) return log.info('another node reads the stream of events: this one stands by', { ...detail, reader });
    log.warn(
      'another process reads the stream of events, and without redis its purges do not reach this node: a group is for one node, or for nodes that share purges',
      {
        ...detail,
        reader,
      },
    );
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
    await this.#forgetConsumers();
    this.#recovered = lives;
    return true;
  }

  async #ensureGroup(): Promise<void> {
    const { settings, log } = this.#parts;
    // What came after the group was lost is read whatever the setting: it may have been missed.
    const from = settings.from === 'oldest' || this.#hadGroup ? '0' : '$';
    try {
      await this.#calls.command('XGROUP', 'CREATE', settings.stream, settings.group, from, 'MKSTREAM');
    } catch (error) {
      if (!messageOf(error).startsWith('BUSYGROUP')) throw error;
      this.#hadGroup = true;
      return;
    }
    if (this.#hadGroup) {
      this.#lives++;
      this.#lost = undefined;
      log.error('the consumer group of the stream was gone and is there again: what was not read by then is lost', {
        stream: settings.stream,
        group: settings.group,
      });
      await this.#purgeAll('the consumer group of the stream of events was gone');
    }
    this.#hadGroup = true;
  }

  /** False where it is not this node's any more. */
  async #claim(idleMs: number): Promise<boolean> {
    const { stream, group, batch } = this.#parts.settings;
    let cursor = '0-0';
    do {
      await this.#untilRoom();
      if (this.#closing.signal.aborted || !(await this.#holdsLease())) return false;
      const reply = listOf(await this.#calls.command('XAUTOCLAIM', stream, group, this.#consumer, idleMs, cursor, 'COUNT', Math.ceil(batch / 2)));
      cursor = utf8(reply[0]);
      this.#take(reply[1]);
      // Pending, and not in the stream any more: Redis has forgotten them by now.
      const gone = listOf(reply[2]).filter((id) => !this.#inFlight.has(utf8(id)));
      if (gone.length > 0) await this.#sayLost(gone.length);
    } while (cursor !== '0-0');
    return true;
  }

  async #read(): Promise<void> {
    await this.#untilRoom();
    const { stream, group, batch } = this.#parts.settings;
    const room = batch - this.#inFlight.size;
    if (this.#closing.signal.aborted || room <= 0) return;
    const reply = await this.#reads.command('XREADGROUP', 'GROUP', group, this.#consumer, 'COUNT', room, 'BLOCK', BLOCK_MS, 'STREAMS', stream, '>');
    this.#take(listOf(listOf(reply)[0])[1]);
  }

  /** Half a batch, or a while. */
  async #untilRoom(): Promise<void> {
    while (this.#inFlight.size > this.#parts.settings.batch / 2 && !this.#closing.signal.aborted) {
      await this.#bell.wait(BLOCK_MS);
      await this.#flush();
    }
  }

  #take(found: Reply | undefined): void {
    for (const entry of entriesOf(found)) {
      if (this.#inFlight.has(entry.id)) continue;
      this.#entries.set(entry.id, entry);
      this.#inFlight.add(entry.id, readStreamEntry(entry, { source: this.#source, id: this.#idOf(entry) }));
    }
  }

  #idOf({ id }: StreamEntry): string {
    return this.#lives === 0 ? id : `${id}@${this.#lives}`;
  }

  #settled(): void {
    this.#bell.ring();
    // Where that fails the next turn does it.
    this.#flush().catch(() => undefined);
  }

  /** One at a time; what settles meanwhile rings again. */
  async #flush(): Promise<void> {
    if (this.#flushing !== undefined) return this.#flushing;
    this.#flushing = this.#acknowledge();
    try {
      await this.#flushing;
    } finally {
      this.#flushing = undefined;
    }
  }

  async #acknowledge(): Promise<void> {
    const { stream, group, deadLetters } = this.#parts.settings;
    for (;;) {
      const settled = this.#inFlight.acknowledgements();
      if (settled.done.length + settled.faulty.length === 0) return;
      if (settled.done.length > 0) await this.#calls.command('XACK', stream, group, ...settled.done);
      for (const { id, why } of settled.faulty) {
        await this.#script(SET_ASIDE, [group, id, deadLetters, why, JSON.stringify(this.#entries.get(id)?.fields ?? [])]);
        this.#deadCount++;
      }
      this.#inFlight.forget(settled);
      for (const id of [...settled.done, ...settled.faulty.map((one) => one.id)]) this.#entries.delete(id);
    }
  }

  async #measure(): Promise<void> {
    const now = this.#parts.clock.now();
    if (now - this.#measuredAt < MEASURE_EVERY_MS) return;
    this.#measuredAt = now;
    const [kind, waiting, oldest, time, dead, lost] = await this.#script(MEASURE, [this.#parts.settings.group]);
    if (utf8(kind) !== 'measured') return;
    const at = Number(utf8(oldest).split('-', 1)[0]);
    this.#gauge.measured({ waiting: Number(waiting), oldestMs: Number(waiting) === 0 ? 0 : Math.max(0, Number(time) - at) }, now);
    this.#deadCount = Number(dead);
    await this.#compareLost(Number(lost));
  }

  /** What was lost before this process looked first is not in its cache. */
  async #compareLost(lost: number): Promise<void> {
    const before = this.#lost ?? Math.max(0, lost);
    this.#lost = Math.max(before, lost);
    if (lost > before) await this.#sayLost(lost - before);
  }

  async #sayLost(count: number): Promise<void> {
    const { log, settings } = this.#parts;
    log.error('entries of the stream were removed before they were read: everything is purged, since nobody knows what they named', {
      stream: settings.stream,
      entries: count,
      remedy: 'a larger MAXLEN where they are added',
    });
    await this.#purgeAll(`${count} entries of the stream of events were removed before they were read`);
  }

  async #purgeAll(reason: string): Promise<void> {
    const event = { id: randomBytes(9).toString('base64url'), source: this.#source, type: PURGE_TYPE, data: { all: true, reason } };
    while (!this.#closing.signal.aborted) {
      const taken = await this.#parts.intake.take(event, this.name);
      if (taken.kind !== 'failed') return;
      await pause(STANDBY_MS, this.#closing.signal);
    }
  }

  /** A machine that is gone leaves its name behind. */
  async #forgetConsumers(): Promise<void> {
    const { stream, group } = this.#parts.settings;
    for (const flat of listOf(await this.#calls.command('XINFO', 'CONSUMERS', stream, group))) {
      const found = new Map(listOf(flat).flatMap((name, at, all) => (at % 2 === 0 ? [[utf8(name), all[at + 1]] as const] : [])));
      const name = utf8(found.get('name'));
      if (name !== this.#consumer && Number(found.get('pending')) === 0 && Number(found.get('idle')) > FORGOTTEN_AFTER_MS) {
        await this.#calls.command('XGROUP', 'DELCONSUMER', stream, group, name);
      }
    }
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

  #readAgain(letter: StreamEntry): ReturnType<typeof readStreamEntry> {
    const { entry, fields } = keptIn(letter);
    return readStreamEntry({ id: entry, fields }, { source: this.#source, id: `${entry}@${letter.id}` });
  }

  #letterOf(letter: StreamEntry): DeadLetter {
    const read = this.#readAgain(letter);
    const at = Number(letter.id.split('-', 1)[0]);
    return { id: letter.id, event: read.kind === 'event' ? read.event : undefined, why: keptIn(letter).why.split('\n'), at };
  }
}

function keptIn({ fields }: StreamEntry): { readonly entry: string; readonly why: string; readonly fields: readonly string[] } {
  const valueOf = (name: string): string => fields[fields.indexOf(name) + 1] ?? '';
  const kept: unknown = JSON.parse(valueOf('fields'));
  return { entry: valueOf('entry'), why: valueOf('why'), fields: Array.isArray(kept) ? kept.map(String) : [] };
}

/** Those that are still there. */
function entriesOf(found: Reply | undefined): readonly StreamEntry[] {
  return listOf(found).flatMap((entry) => {
    const [id, fields] = listOf(entry);
    return fields === null || fields === undefined ? [] : [{ id: utf8(id), fields: listOf(fields).map(utf8) }];
  });
}

function utf8(reply: Reply | undefined): string {
  return Buffer.isBuffer(reply) ? reply.toString('utf8') : typeof reply === 'number' ? String(reply) : '';
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await delay(durationMs, undefined, { signal }).catch(() => undefined);
}
