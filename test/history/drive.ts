// Readers and writers against Freshet over real sockets, as a seed scripts them. The script is the seed's; when the answers come is the machine's.
import { setTimeout as delay } from 'node:timers/promises';
import type { Address, Answer } from '../support/client.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { ScriptedOrigin } from '../support/origin.ts';
import { Connection } from './connection.ts';
import { bodyOf, parseEntityTag, type Stated } from './page.ts';
import { type Random, random } from './random.ts';
import { type Ack, type History, type Read, type ReadKind, Ticks } from './record.ts';
import { type Page, World } from './world.ts';

export interface Script {
  readonly seed: number;
  readonly reads: number;
  readonly inflight: 'retry' | 'strict';
  /** Threads that serve; 1 where absent. */
  readonly workers?: number;
}

const READERS = 80;
const WRITERS = 6;
/** Writers keep step with the readers, so that the share of hits is the cache's doing and not the machine's. */
const READS_A_WRITE = 11;
const TOKEN = 'token';
const RANGE_LAST = 9;

/** Runs the script, then reads every page once more in every scope and variant. */
export async function drive(script: Script): Promise<History> {
  await using origin = await ScriptedOrigin.start();
  const ticks = new Ticks();
  const world = new World(script.seed, ticks);
  origin.on('*', (request) => world.reply(request));
  await using freshet = await RunningFreshet.start(configOf(origin.url, script));
  const run = new Run(script, world, ticks, freshet.address);
  const readers = Array.from({ length: READERS }, (_, i) => run.reader(random(script.seed * 1000 + i)));
  const writers = Array.from({ length: WRITERS }, (_, i) => run.writer(random(script.seed * 1000 + READERS + i)));
  await Promise.all(readers);
  run.end();
  await Promise.all(writers);
  await run.readEverything();
  return { reads: run.reads, writes: world.writes, acks: run.acks };
}

function configOf(originUrl: string, { inflight, workers = 1 }: Script): string {
  return `
workers: ${workers}
origins: { shop: { url: "${originUrl}" } }
admin: { listen: "127.0.0.1:0", token: ${TOKEN} }
purge: { token: ${TOKEN}, rate: 100000/s }
log: { level: silent, access: off }
defaults: { inflight: ${inflight} }
routes:
  - { path: /short/**, ttl: 150ms, stale_while_revalidate: 300ms, stale_if_error: 1s }
  - { path: /me/**, scope: credential }
  - { path: /registers/:name, invalidates: ["{name}"] }
`;
}

class Run {
  readonly reads: Read[] = [];
  readonly acks: Ack[] = [];
  #over = false;
  readonly #script: Script;
  readonly #world: World;
  readonly #ticks: Ticks;
  readonly #address: Address;
  #begun = 0;
  #turns: (() => void)[] = [];

  constructor(script: Script, world: World, ticks: Ticks, address: Address) {
    this.#script = script;
    this.#world = world;
    this.#ticks = ticks;
    this.#address = address;
  }

  async reader(decide: Random): Promise<void> {
    const connection = new Connection(this.#address);
    const seen = new Map<string, string>();
    while (this.#begun++ < this.#script.reads) {
      const page = this.#world.pages[Math.floor(decide.next() ** 2 * this.#world.pages.length)];
      if (page === undefined) throw new Error('there is no such page');
      const kind = decide.pick(KINDS);
      await this.#read(connection, page, { kind, scope: decide.pick(['u1', 'u2']), language: decide.pick(['en', 'de']), seen });
    }
    await connection.close();
  }

  async writer(decide: Random): Promise<void> {
    const connection = new Connection(this.#address);
    for (;;) {
      await this.#turn();
      if (this.#over) break;
      const register = decide.pick(this.#world.registers);
      if (decide.chance(0.2)) await this.#writeThroughProxy(connection, register);
      else await this.#writeAndPurge(connection, register, decide);
    }
    await connection.close();
  }

  /** Lets the writers end. */
  end(): void {
    this.#over = true;
    for (const go of this.#turns.splice(0)) go();
  }

  async readEverything(): Promise<void> {
    const connection = new Connection(this.#address);
    for (const page of this.#world.pages) {
      for (const scope of page.scoped ? ['u1', 'u2'] : ['u1']) {
        for (const language of page.varies ? ['en', 'de'] : ['en'])
          await this.#read(connection, page, { kind: 'get', scope, language, seen: new Map() });
      }
    }
    await connection.close();
  }

  #turn(): Promise<void> {
    return this.#over ? Promise.resolve() : new Promise((resolve) => this.#turns.push(resolve));
  }

  async #read(
    connection: Connection,
    page: Page,
    how: { readonly kind: ReadKind; readonly scope: string; readonly language: string; readonly seen: Map<string, string> },
  ): Promise<void> {
    const scope = page.scoped ? how.scope : 'public';
    const variant = page.varies ? how.language : 'any';
    const remembered = how.seen.get(`${page.path} ${scope} ${variant}`);
    const fields: string[] = ['freshet-debug', TOKEN, 'accept-language', how.language];
    if (page.scoped) fields.push('authorization', `Bearer ${scope}`);
    if (how.kind === 'conditional' && remembered !== undefined) fields.push('if-none-match', remembered);
    if (how.kind === 'range') fields.push('range', `bytes=0-${RANGE_LAST}`);

    const sentAt = this.#ticks.next();
    const answer = await connection.ask(how.kind === 'head' ? 'HEAD' : 'GET', page.path, fields);
    const endedAt = this.#ticks.next();
    const entityTag = answer?.field('etag');
    const stated = answer?.complete === true && entityTag !== undefined ? parseEntityTag(entityTag) : undefined;
    if (stated !== undefined && entityTag !== undefined) how.seen.set(`${page.path} ${scope} ${variant}`, entityTag);
    this.reads.push({
      kind: how.kind,
      path: page.path,
      scope,
      variant,
      sentAt,
      endedAt,
      status: answer?.status ?? 0,
      complete: answer?.complete ?? false,
      stated,
      intact: answer !== undefined && stated !== undefined && isIntact(how.kind, answer, stated),
      ...(this.#script.workers !== undefined && { worker: Number(answer?.field('freshet-worker')) }),
      hit: /^freshet; ?hit/.test(answer?.field('cache-status') ?? ''),
      committedAtEpoch: Number(/now=(\d+)/.exec(answer?.field('freshet-epoch') ?? '')?.[1] ?? Number.NaN),
    });
    if (this.reads.length % READS_A_WRITE === 0) this.#turns.shift()?.();
  }

  /** The write is committed first; its purge follows, perhaps a little later. A soft purge promises nothing, so it confirms nothing here. */
  async #writeAndPurge(connection: Connection, register: string, decide: Random): Promise<void> {
    this.#world.commit(register);
    await delay(decide.next() * 10);
    const purged = new Map(
      [register, ...(decide.chance(0.2) ? [decide.pick(this.#world.registers)] : [])].map((tag) => [tag, this.#world.version(tag)]),
    );
    const soft = decide.chance(0.05);
    const settle = !soft && decide.chance(0.05);
    const answer = await connection.ask('PURGE', '/', [
      'authorization',
      `Bearer ${TOKEN}`,
      'surrogate-key',
      [...purged.keys()].join(' '),
      ...(soft ? ['soft-purge', '1'] : []),
      ...(settle ? ['purge-settle', '20ms'] : []),
    ]);
    if (answer?.status !== 200) throw new Error(`PURGE was answered ${answer?.status}`);
    const ackedAt = this.#ticks.next();
    const epoch = Number(/"id":"[0-9a-f]+\.(\d+)"/.exec(answer.body)?.[1]);
    if (!soft) for (const [tag, version] of purged) this.acks.push({ register: tag, version, ackedAt, epoch });
  }

  async #writeThroughProxy(connection: Connection, register: string): Promise<void> {
    const answer = await connection.ask('PUT', `/registers/${register}`, ['content-length', '0']);
    if (answer?.status !== 200) throw new Error(`PUT was answered ${answer?.status}`);
    this.acks.push({ register, version: Number(answer.body), ackedAt: this.#ticks.next() });
  }
}

const KINDS: readonly ReadKind[] = [...Array<ReadKind>(16).fill('get'), 'conditional', 'conditional', 'head', 'range'];

function isIntact(kind: ReadKind, answer: Answer, stated: Stated): boolean {
  if (kind === 'head' || answer.status === 304) return answer.bytes.length === 0;
  const body = bodyOf(stated);
  return answer.body === (answer.status === 206 ? body.slice(0, RANGE_LAST + 1) : body);
}
