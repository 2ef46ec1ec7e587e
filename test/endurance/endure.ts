// Thousands of events while Freshet, their source and the connections between are killed at points that a seed decides. Two nodes share purges: one fetches
// the events and is killed, the other only holds entries, and must have none that is older than the data when all is over. The Redis in which they number
// their purges is never touched: its log is the evidence.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { deriveKey } from '../../src/cluster/cluster-secret.ts';
import { decodeEntry, listOf, type Reply } from '../../src/cluster/logged-purge.ts';
import { TagHash } from '../../src/purge/tag-hash.ts';
import { type Random, random } from '../history/random.ts';
import { type FreshetChild, startFreshet } from '../support/child-process.ts';
import { get } from '../support/client.ts';
import { ScriptedOrigin } from '../support/origin.ts';
import { RedisServer } from '../support/redis.ts';
import { type Committed, judge, type Purged, type Verdict } from './evidence.ts';
import { HttpSide } from './http-side.ts';
import { PostgresSide } from './postgres-side.ts';
import { RedisSide } from './redis-side.ts';
import type { Planned, Side } from './side.ts';

export type SourceName = 'http' | 'postgres' | 'redis';

export interface Wanted {
  readonly source: SourceName;
  readonly events: number;
  readonly faults: number;
  readonly seed: number;
  readonly say?: (text: string) => void;
}

export interface Outcome extends Verdict {
  readonly events: number;
  readonly rolledBack: number;
  /** How often each happened. */
  readonly faults: Readonly<Record<string, number>>;
  /** Items whose entry at the node that was not killed is older than the data. */
  readonly stale: readonly number[];
  /** Of that node: reads that came from its cache. */
  readonly hits: number;
  readonly tookMs: number;
}

const WRITERS = 4;
const SUBJECTS = 40;
const ITEMS = 200;
const ROLLED_BACK = 0.03;
const HELD_OPEN = 0.1;
const LONGEST_OPEN_MS = 30;
const SAY_EVERY_MS = 2_000;
const LOOK_EVERY_MS = 20;
const READ_EVERY_MS = 5;
/** After a fault, before the next one. */
const PURGES_BETWEEN = 20;
const LONGEST_BETWEEN_MS = 10_000;
const SECRET = 'endurance-endurance-endurance-endurance';
const CLUSTER = 'endurance';

export function startSide(source: SourceName): Promise<Side> {
  switch (source) {
    case 'http':
      return Promise.resolve(new HttpSide());
    case 'postgres':
      return PostgresSide.start();
    case 'redis':
      return RedisSide.start();
  }
}

export async function endure(wanted: Wanted): Promise<Outcome> {
  await using run = await Run.start(wanted);
  return await run.outcome();
}

class Run implements AsyncDisposable {
  readonly #wanted: Wanted;
  readonly #side: Side;
  readonly #log: RedisServer;
  readonly #origin: ScriptedOrigin;
  readonly #folder = mkdtempSync(join(tmpdir(), 'freshet-endurance-'));
  readonly #random: Random;
  readonly #versions = Array.from({ length: ITEMS }, () => 0);
  readonly #committed: Committed[] = [];
  readonly #rolledBack: number[] = [];
  readonly #faulted: Record<string, number> = {};
  #reader!: FreshetChild;
  #witness!: FreshetChild;
  #faulting: Promise<void> | undefined;
  #hits = 0;
  #isOver = false;

  static async start(wanted: Wanted): Promise<Run> {
    const side = await startSide(wanted.source);
    const run = new Run(wanted, { side, log: await RedisServer.start(), origin: await ScriptedOrigin.start() });
    run.#witness = await run.#startNode('witness', '');
    run.#reader = await run.#startReader();
    return run;
  }

  private constructor(wanted: Wanted, { side, log, origin }: { side: Side; log: RedisServer; origin: ScriptedOrigin }) {
    this.#wanted = wanted;
    this.#side = side;
    this.#log = log;
    this.#origin = origin;
    this.#random = random(wanted.seed);
    for (let item = 0; item < ITEMS; item++) {
      origin.on(`/item/${item}`, {
        fields: ['cache-control', 'max-age=3600', 'surrogate-key', `item:${item}`],
        body: () => String(this.#versions[item]),
      });
    }
  }

  async outcome(): Promise<Outcome> {
    const startedAt = performance.now();
    const { events } = this.#wanted;
    const beside = [this.#read(), this.#sayProgress()];
    // What ends the run early is told first.
    for (const one of beside) one.catch(() => undefined);
    const plans = this.#plans();
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => this.#writeAll(plans.filter(({ subject }) => subject % WRITERS === writer))));
    await this.#faulting;
    while (!(await this.#side.isDrained())) await delay(LOOK_EVERY_MS);
    this.#isOver = true;
    await Promise.all(beside);
    const stale = await this.#staleItems();
    const verdict = judge(this.#committed, this.#rolledBack, await this.#purged());
    const tookMs = performance.now() - startedAt;
    return { ...verdict, events, rolledBack: this.#rolledBack.length, faults: this.#faulted, stale, hits: this.#hits, tookMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled([this.#reader.stop(), this.#witness.stop()]);
    await Promise.allSettled([this.#side, this.#log, this.#origin].map((one) => one[Symbol.asyncDispose]()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #plans(): readonly Planned[] {
    return Array.from({ length: this.#wanted.events }, (_, event) => ({
      event,
      subject: event % SUBJECTS,
      item: this.#random.below(ITEMS),
      isRolledBack: this.#random.chance(ROLLED_BACK),
      openMs: this.#random.chance(HELD_OPEN) ? this.#random.below(LONGEST_OPEN_MS) : 0,
    }));
  }

  /** One after the other, so that the order of a subject is that of its numbers. */
  async #writeAll(plans: readonly Planned[]): Promise<void> {
    const faultsAt = this.#faultPoints(plans.length);
    for (const [nth, planned] of plans.entries()) {
      const { event, item, subject, isRolledBack } = planned;
      if (faultsAt.has(nth)) await this.#strike();
      if (!isRolledBack) this.#versions[item] = (this.#versions[item] ?? 0) + 1;
      let after = 0;
      await this.#side.write(planned, async () => {
        after = await this.#lastPurge();
      });
      if (isRolledBack) this.#rolledBack.push(event);
      else this.#committed.push({ event, subject, after });
    }
  }

  #faultPoints(plans: number): ReadonlySet<number> {
    return new Set(Array.from({ length: Math.round(this.#wanted.faults / WRITERS) }, () => this.#random.below(plans)));
  }

  /** The writer goes on meanwhile, but begins no second one: between two of them purges come through. */
  async #strike(): Promise<void> {
    while (this.#faulting !== undefined) await this.#faulting;
    const kinds = { freshet: () => this.#killReader(), ...this.#side.faults };
    const [name, fault] = this.#random.pick(Object.entries(kinds));
    this.#faulted[name] = (this.#faulted[name] ?? 0) + 1;
    this.#faulting = fault()
      .then(() => this.#untilProgress())
      .finally(() => (this.#faulting = undefined));
  }

  async #untilProgress(): Promise<void> {
    const wanted = (await this.#lastPurge()) + PURGES_BETWEEN;
    const deadline = AbortSignal.timeout(LONGEST_BETWEEN_MS);
    while (!deadline.aborted && !this.#isOver && (await this.#lastPurge()) < wanted) await delay(LOOK_EVERY_MS);
  }

  async #killReader(): Promise<void> {
    process.kill(this.#reader.pid, 'SIGKILL');
    await this.#reader.stop();
    this.#reader = await this.#startReader();
  }

  async #startReader(): Promise<FreshetChild> {
    const reader = await this.#startNode(
      'reader',
      `events:\n  rules: [{ on: item.changed, purge: ["event:{n}", "item:{item}"] }]\n  ${this.#side.yaml}\n`,
    );
    this.#side.reaches?.(reader.adminUrl);
    return reader;
  }

  #startNode(name: string, events: string): Promise<FreshetChild> {
    const config = join(this.#folder, `${name}.yaml`);
    writeFileSync(
      config,
      `origins: { o: { url: "http://127.0.0.1:${this.#origin.port}" } }\nlog: { level: warn, access: off }\nredis: { url: "${this.#log.url}", cluster: ${CLUSTER}, secret: ${SECRET} }\n${events}`,
    );
    const asked = { args: ['--config', config], env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'freshet-tests-compile-cache') } };
    // A machine with much else to do may need longer than is waited for once.
    return startFreshet(asked).catch(() => startFreshet(asked));
  }

  /** Entries of the witness, old and new, all the time. */
  async #read(): Promise<void> {
    const pick = random(this.#wanted.seed + 1);
    while (!this.#isOver) {
      await this.#versionAt(pick.below(ITEMS));
      await delay(READ_EVERY_MS);
    }
  }

  async #versionAt(item: number): Promise<number> {
    const { hostname: host, port } = new URL(this.#witness.url);
    const answer = await get({ host, port: Number(port) }, `/item/${item}`);
    if (/\bhit\b/.test(answer.field('cache-status') ?? '')) this.#hits++;
    return Number(answer.body);
  }

  async #staleItems(): Promise<readonly number[]> {
    const stale: number[] = [];
    for (const [item, version] of this.#versions.entries()) if ((await this.#versionAt(item)) !== version) stale.push(item);
    return stale;
  }

  async #lastPurge(): Promise<number> {
    const [last] = listOf(await this.#command('XREVRANGE', '+', '-', 'COUNT', 1));
    return last === undefined ? 0 : (decodeEntry(last)?.seq ?? 0);
  }

  /** By the ids of tags, which nobody can make without the secret. */
  async #purged(): Promise<readonly Purged[]> {
    const tagHash = new TagHash(Buffer.from(deriveKey(SECRET, 'tags')));
    const eventOf = new Map(Array.from({ length: this.#wanted.events }, (_, event) => [tagHash.tagIds([`event:${event}`]).join(), event]));
    return listOf(await this.#command('XRANGE', '-', '+')).flatMap((reply): Purged[] => {
      const entry = decodeEntry(reply);
      if (entry === undefined) return [];
      const { tagIds } = entry.purge;
      const events = Array.from({ length: tagIds.length / 2 }, (_, at) => eventOf.get(tagIds.subarray(2 * at, 2 * at + 2).join()) ?? []).flat();
      return [{ number: entry.seq, events }];
    });
  }

  async #command(name: string, ...args: readonly (string | number)[]): Promise<Reply> {
    return (await this.#log.client.callBuffer(name, `{freshet:${CLUSTER}}:log`, ...args)) as Reply;
  }

  async #sayProgress(): Promise<void> {
    const { say, events } = this.#wanted;
    if (say === undefined) return;
    while (!this.#isOver) {
      await delay(SAY_EVERY_MS);
      const faults = Object.entries(this.#faulted).map(([name, count]) => `${count} ${name}`);
      say(
        `${this.#committed.length + this.#rolledBack.length} of ${events} written, ${await this.#lastPurge()} purges, faults: ${faults.join(', ') || 'none'}`,
      );
    }
  }
}
