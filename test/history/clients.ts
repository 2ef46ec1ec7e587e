// Readers and writers of one Freshet or of several nodes, as a seed scripts them, and what they write down. The script is the seed's; when the answers come is the machine's.
import { setTimeout as delay } from 'node:timers/promises';
import type { Fields } from '../../src/http/fields.ts';
import { Connection, type Target } from './connection.ts';
import { type Random, random } from './random.ts';
import { type Asking, read } from './reading.ts';
import type { Ack, Instants, Read, ReadKind } from './record.ts';
import type { World } from './world.ts';
import { Writing } from './writing.ts';

/** What the pages of the world need. */
export const ROUTES = `
routes:
  - { path: /short/**, ttl: 150ms, stale_while_revalidate: 300ms, stale_if_error: 1s }
  - { path: /me/**, scope: credential }
  - { path: /registers/:name, invalidates: ["{name}"] }
`;

export interface Load {
  readonly seed: number;
  /** Each reader keeps to one of them, in turn; a writer asks any. */
  readonly targets: readonly Target[];
  readonly readers: number;
  readonly writers: number;
  /** Until `end` where absent. */
  readonly reads?: number;
  /** Writers keep step with the readers, so that the share of hits is the cache's doing and not the machine's. */
  readonly readsAWrite: number;
  /** Readers wait for up to so long before each read. */
  readonly pauseMs?: number;
}

const SCOPES = ['u1', 'u2'];
const LANGUAGES = ['en', 'de'];
const KINDS: readonly ReadKind[] = [...Array<ReadKind>(16).fill('get'), 'conditional', 'conditional', 'head', 'range'];
/** Connections that read everything side by side. */
const SWEEPERS = 8;

/** How purges are asked for. Most wait until they are confirmed; some not at all, or no longer than a second. */
const MANNERS: readonly Fields[] = [
  ...Array.from({ length: 14 }, (): Fields => []),
  ['soft-purge', '1'],
  ['purge-settle', '20ms'],
  ['prefer', 'respond-async'],
  ['prefer', 'respond-async'],
  ['prefer', 'wait=1'],
  ['prefer', 'respond-async, wait=1'],
];

export class Clients {
  readonly reads: Read[] = [];
  readonly #world: World;
  readonly #instants: Instants;
  readonly #load: Load;
  readonly #writing: Writing;
  #isOver = false;
  #spared: Target | undefined;
  #begun = 0;
  #turns: (() => void)[] = [];

  constructor(world: World, instants: Instants, load: Load) {
    this.#world = world;
    this.#instants = instants;
    this.#load = load;
    this.#writing = new Writing(world, instants);
  }

  get acks(): readonly Ack[] {
    return this.#writing.acks;
  }

  /** What purges were answered that were neither confirmed nor committed, and writes whose purge was not confirmed. */
  get refusals(): readonly string[] {
    return this.#writing.refusals;
  }

  /** Resolves when all reads are done, or soon after `end`. */
  async run(): Promise<void> {
    const { seed, readers, writers } = this.#load;
    const reading = Array.from({ length: readers }, (_, i) => this.#reader(this.#target(i), random(seed * 1000 + i)));
    const writing = Array.from({ length: writers }, (_, i) => this.#writer(random(seed * 1000 + readers + i)));
    await Promise.all(reading);
    this.end();
    await Promise.all(writing);
  }

  end(): void {
    this.#isOver = true;
    for (const go of this.#turns.splice(0)) go();
  }

  /** From now on nothing is written or purged through it. */
  spare(target: Target): void {
    this.#spared = target;
  }

  /** Resolves when so many more purges have been confirmed. */
  confirmed(more: number): Promise<void> {
    return this.#writing.confirmed(more);
  }

  /** Resolves when so many more purges have been answered for good, whatever the answer. */
  answered(more: number): Promise<void> {
    return this.#writing.answered(more);
  }

  /** Reads one page until it comes from the store. */
  async untilCaching(target: Target): Promise<void> {
    const page = this.#world.pages.find(({ scoped, short }) => !scoped && !short);
    if (page === undefined) throw new Error('there is no such page');
    const connection = new Connection(target);
    while (!(await this.#read(connection, { page, kind: 'get', scope: 'u1', language: 'en' })).hit);
    await connection.close();
  }

  /** Every page once in every scope and variant. */
  async readEverything(target: Target, isLast = true): Promise<void> {
    const left = this.#world.pages.flatMap((page) =>
      (page.scoped ? SCOPES : SCOPES.slice(0, 1)).flatMap((scope) =>
        (page.varies ? LANGUAGES : LANGUAGES.slice(0, 1)).map((language) => ({ page, kind: 'get', scope, language, isLast }) as const),
      ),
    );
    const sweep = async (): Promise<void> => {
      const connection = new Connection(target);
      for (let next = left.pop(); next !== undefined; next = left.pop()) await this.#read(connection, next);
      await connection.close();
    };
    await Promise.all(Array.from({ length: SWEEPERS }, sweep));
  }

  /** Writes every register: no page is what it was. Resolves when their purge is confirmed, which is asked for again when the answer says so. `how`: fields of it. */
  async rewriteEverything(target: Target, how: Fields = []): Promise<void> {
    for (const register of this.#world.registers) this.#writing.commit(register);
    const connection = new Connection(target);
    for (;;) {
      const answer = await this.#writing.purge(connection, this.#world.registers, how);
      if (answer?.status === 200) break;
      await delay(Number(answer?.field('retry-after') ?? 1) * 1_000);
    }
    await connection.close();
  }

  /** Purges what no purge was confirmed for, once. */
  async payOwed(target: Target): Promise<void> {
    const connection = new Connection(target);
    const { owed } = this.#writing;
    if (owed.length > 0) await this.#writing.purge(connection, owed);
    await connection.close();
  }

  async #reader(target: Target, decide: Random): Promise<void> {
    const { reads: most = Infinity, pauseMs } = this.#load;
    const connection = new Connection(target);
    const seen = new Map<string, string>();
    while (!this.#isOver && this.#begun < most) {
      this.#begun++;
      if (pauseMs !== undefined) await delay(decide.next() * pauseMs);
      const page = this.#world.pages[Math.floor(decide.next() ** 2 * this.#world.pages.length)];
      if (page === undefined) throw new Error('there is no such page');
      const kind = decide.pick(KINDS);
      await this.#read(connection, { page, kind, scope: decide.pick(SCOPES), language: decide.pick(LANGUAGES), seen });
    }
    await connection.close();
  }

  async #writer(decide: Random): Promise<void> {
    const connections = this.#load.targets.map((target) => new Connection(target));
    for (;;) {
      await this.#turn();
      if (this.#isOver) break;
      const register = decide.pick(this.#world.registers);
      const connection = decide.pick(connections.filter(({ target }) => target !== this.#spared));
      if (decide.chance(0.2)) await this.#writing.throughProxy(connection, register);
      else await this.#writeAndPurge(connection, register, decide);
    }
    await Promise.all(connections.map((connection) => connection.close()));
  }

  #target(i: number): Target {
    const target = this.#load.targets[i % this.#load.targets.length];
    if (target === undefined) throw new Error('there is nobody to ask');
    return target;
  }

  #turn(): Promise<void> {
    return this.#isOver ? Promise.resolve() : new Promise((resolve) => this.#turns.push(resolve));
  }

  async #read(connection: Connection, asking: Asking): Promise<Read> {
    const done = await read(connection, asking, this.#instants);
    this.reads.push(done);
    if (this.reads.length % this.#load.readsAWrite === 0) this.#turns.shift()?.();
    return done;
  }

  /** The write is committed first; its purge follows, perhaps a little later. */
  async #writeAndPurge(connection: Connection, register: string, decide: Random): Promise<void> {
    this.#writing.commit(register);
    await delay(decide.next() * 10);
    const more = decide.chance(0.2) ? [decide.pick(this.#world.registers)] : [];
    await this.#writing.purge(connection, [register, ...more], decide.pick(MANNERS));
  }
}
