// Readers and writers of one Freshet or of several nodes, as a seed scripts them, and what they write down. The script is the seed's; when the answers come is the machine's.
import { setTimeout as delay } from 'node:timers/promises';
import type { Fields } from '../../src/http/fields.ts';
import type { Address, Answer } from '../support/client.ts';
import { Connection } from './connection.ts';
import { bodyOf, parseEntityTag, type Stated } from './page.ts';
import { type Random, random } from './random.ts';
import type { Ack, Instants, Read, ReadKind } from './record.ts';
import type { Page, World } from './world.ts';

export const TOKEN = 'token';

/** What the pages of the world need. */
export const ROUTES = `
routes:
  - { path: /short/**, ttl: 150ms, stale_while_revalidate: 300ms, stale_if_error: 1s }
  - { path: /me/**, scope: credential }
  - { path: /registers/:name, invalidates: ["{name}"] }
`;

export interface Target {
  /** Absent where there is one process only. */
  readonly name?: string;
  readonly address: Address;
}

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

const RANGE_LAST = 9;
const SCOPES = ['u1', 'u2'];
const LANGUAGES = ['en', 'de'];
const KINDS: readonly ReadKind[] = [...Array<ReadKind>(16).fill('get'), 'conditional', 'conditional', 'head', 'range'];
/** Connections that read everything side by side. */
const SWEEPERS = 8;

interface Asking {
  readonly kind: ReadKind;
  readonly scope: string;
  readonly language: string;
  /** Entity-tags by page, scope and variant. */
  readonly seen?: Map<string, string>;
  readonly isLast?: boolean;
}

export class Clients {
  readonly reads: Read[] = [];
  readonly acks: Ack[] = [];
  /** Registers whose last write no hard purge has been confirmed for. */
  readonly owed = new Set<string>();
  /** What purges were answered that were neither confirmed nor committed. */
  readonly refusals: string[] = [];
  readonly #world: World;
  readonly #instants: Instants;
  readonly #load: Load;
  #isOver = false;
  #spared: Target | undefined;
  #begun = 0;
  #turns: (() => void)[] = [];
  #watches: (() => void)[] = [];

  constructor(world: World, instants: Instants, load: Load) {
    this.#world = world;
    this.#instants = instants;
    this.#load = load;
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
  async confirmed(more: number): Promise<void> {
    const enough = this.acks.length + more;
    while (this.acks.length < enough) await this.#more();
  }

  /** Resolves when so many more purges have been answered, whatever the answer. */
  async answered(more: number): Promise<void> {
    const enough = this.acks.length + this.refusals.length + more;
    while (this.acks.length + this.refusals.length < enough) await this.#more();
  }

  /** Reads one page until it comes from the store. */
  async untilCaching(target: Target): Promise<void> {
    const page = this.#world.pages.find(({ scoped, short }) => !scoped && !short);
    if (page === undefined) throw new Error('there is no such page');
    const connection = new Connection(target);
    while (!(await this.#read({ target, connection }, page, { kind: 'get', scope: 'u1', language: 'en' })).hit);
    await connection.close();
  }

  /** Every page once in every scope and variant. */
  async readEverything(target: Target, isLast = true): Promise<void> {
    const left = this.#world.pages.flatMap((page) =>
      (page.scoped ? SCOPES : SCOPES.slice(0, 1)).flatMap((scope) =>
        (page.varies ? LANGUAGES : LANGUAGES.slice(0, 1)).map((language) => ({ page, asking: { kind: 'get', scope, language, isLast } as const })),
      ),
    );
    const sweep = async (): Promise<void> => {
      const connection = new Connection(target);
      for (let next = left.pop(); next !== undefined; next = left.pop()) await this.#read({ target, connection }, next.page, next.asking);
      await connection.close();
    };
    await Promise.all(Array.from({ length: SWEEPERS }, sweep));
  }

  /** Writes every register: no page is what it was. Resolves when their purge is confirmed, which is asked for again when the answer says so. */
  async rewriteEverything(target: Target): Promise<void> {
    for (const register of this.#world.registers) this.#commit(register);
    const connection = new Connection(target);
    for (;;) {
      const answer = await this.#purge(connection, this.#world.registers, []);
      if (answer?.status === 200) break;
      await delay(Number(answer?.field('retry-after') ?? 1) * 1_000);
    }
    await connection.close();
  }

  /** Purges what no purge was confirmed for, once. */
  async payOwed(target: Target): Promise<void> {
    const connection = new Connection(target);
    if (this.owed.size > 0) await this.#purge(connection, [...this.owed], []);
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
      await this.#read({ target, connection }, page, { kind, scope: decide.pick(SCOPES), language: decide.pick(LANGUAGES), seen });
    }
    await connection.close();
  }

  async #writer(decide: Random): Promise<void> {
    const connections = this.#load.targets.map((target) => ({ target, connection: new Connection(target) }));
    for (;;) {
      await this.#turn();
      if (this.#isOver) break;
      const register = decide.pick(this.#world.registers);
      const { connection } = decide.pick(connections.filter(({ target }) => target !== this.#spared));
      if (decide.chance(0.2)) await this.#writeThroughProxy(connection, register);
      else await this.#writeAndPurge(connection, register, decide);
    }
    await Promise.all(connections.map(({ connection }) => connection.close()));
  }

  #target(i: number): Target {
    const target = this.#load.targets[i % this.#load.targets.length];
    if (target === undefined) throw new Error('there is nobody to ask');
    return target;
  }

  #turn(): Promise<void> {
    return this.#isOver ? Promise.resolve() : new Promise((resolve) => this.#turns.push(resolve));
  }

  /** Resolves when the next purge is answered. */
  #more(): Promise<void> {
    return new Promise((resolve) => this.#watches.push(resolve));
  }

  async #read(from: { readonly target: Target; readonly connection: Connection }, page: Page, asking: Asking): Promise<Read> {
    const { kind, seen, isLast = false } = asking;
    const scope = page.scoped ? asking.scope : 'public';
    const variant = page.varies ? asking.language : 'any';
    const key = `${page.path} ${scope} ${variant}`;
    const sentAt = this.#instants.next();
    const answer = await from.connection.ask(kind === 'head' ? 'HEAD' : 'GET', page.path, fieldsOf(page, asking, seen?.get(key)));
    const endedAt = this.#instants.next();
    const entityTag = answer?.field('etag');
    const stated = answer?.complete === true && entityTag !== undefined ? parseEntityTag(entityTag) : undefined;
    if (stated !== undefined && entityTag !== undefined) seen?.set(key, entityTag);
    const worker = answer?.field('freshet-worker');
    const read: Read = {
      kind,
      path: page.path,
      scope,
      variant,
      sentAt,
      endedAt,
      status: answer?.status ?? 0,
      complete: answer?.complete ?? false,
      stated,
      intact: answer !== undefined && stated !== undefined && isIntact(kind, answer, stated),
      ...(from.target.name !== undefined && { node: from.target.name }),
      ...(worker !== undefined && { worker: Number(worker) }),
      hit: /^freshet; ?hit/.test(answer?.field('cache-status') ?? ''),
      committedAtEpoch: Number(/now=(\d+)/.exec(answer?.field('freshet-epoch') ?? '')?.[1] ?? Number.NaN),
      isLast,
    };
    this.reads.push(read);
    if (this.reads.length % this.#load.readsAWrite === 0) this.#turns.shift()?.();
    return read;
  }

  /** The write is committed first; its purge follows, perhaps a little later. */
  async #writeAndPurge(connection: Connection, register: string, decide: Random): Promise<void> {
    this.#commit(register);
    await delay(decide.next() * 10);
    const isShared = this.#load.targets.length > 1;
    await this.#purge(
      connection,
      [register, ...(decide.chance(0.2) ? [decide.pick(this.#world.registers)] : [])],
      decide.chance(0.05)
        ? ['soft-purge', '1']
        : decide.chance(0.05)
          ? ['purge-settle', '20ms']
          : isShared && decide.chance(0.1)
            ? ['prefer', 'respond-async']
            : [],
    );
  }

  #commit(register: string): void {
    this.#world.commit(register);
    this.owed.add(register);
  }

  async #purge(connection: Connection, registers: readonly string[], how: Fields): Promise<Answer | undefined> {
    const purged = new Map(registers.map((register) => [register, this.#world.version(register)]));
    const sentAt = this.#instants.next();
    const answer = await connection.ask('PURGE', '/', ['authorization', `Bearer ${TOKEN}`, 'surrogate-key', registers.join(' '), ...how]);
    const ackedAt = this.#instants.next();
    const isSoft = how.includes('soft-purge');
    if (answer?.status !== 200 && answer?.status !== 202) this.#refused(`PURGE: ${answer?.status} ${answer?.body}`);
    // A soft purge promises nothing, so it confirms nothing here.
    else if (!isSoft) for (const [register, version] of purged) this.#acked({ register, version, sentAt, ackedAt, ...receiptOf(answer.body) });
    return answer;
  }

  async #writeThroughProxy(connection: Connection, register: string): Promise<void> {
    this.owed.add(register);
    const sentAt = this.#instants.next();
    const answer = await connection.ask('PUT', `/registers/${register}`, ['content-length', '0']);
    const isConfirmed = answer?.status === 200 && answer.field('cache-status')?.includes('purge-unconfirmed') !== true;
    if (!isConfirmed) this.#refused(`PUT: ${answer?.status} ${answer?.field('cache-status')}`);
    else this.#acked({ register, version: Number(answer.body), sentAt, ackedAt: this.#instants.next() });
  }

  #acked(ack: Ack): void {
    this.acks.push(ack);
    if (ack.boundMs === undefined && ack.version === this.#world.version(ack.register)) this.owed.delete(ack.register);
    this.#tell();
  }

  #refused(answer: string): void {
    this.refusals.push(answer);
    this.#tell();
  }

  #tell(): void {
    for (const go of this.#watches.splice(0)) go();
  }
}

function fieldsOf(page: Page, { kind, scope, language }: Asking, remembered: string | undefined): Fields {
  const fields = ['freshet-debug', TOKEN, 'accept-language', language];
  if (page.scoped) fields.push('authorization', `Bearer ${scope}`);
  if (kind === 'conditional' && remembered !== undefined) fields.push('if-none-match', remembered);
  if (kind === 'range') fields.push('range', `bytes=0-${RANGE_LAST}`);
  return fields;
}

/** What a receipt says: the epoch of one process, or the nodes of several, or until when it may take. */
function receiptOf(body: string): Pick<Ack, 'boundMs' | 'nodes' | 'epoch'> {
  const receipt: unknown = JSON.parse(body);
  const { id, bound_ms: boundMs, nodes } = receipt as { id: string; bound_ms?: number; nodes?: NonNullable<Ack['nodes']> };
  const epoch = /^[0-9a-f]+\.(\d+)$/.exec(id)?.[1];
  return { ...(boundMs !== undefined && { boundMs }), ...(nodes !== undefined && { nodes }), ...(epoch !== undefined && { epoch: Number(epoch) }) };
}

function isIntact(kind: ReadKind, answer: Answer, stated: Stated): boolean {
  if (kind === 'head' || answer.status === 304) return answer.bytes.length === 0;
  const body = bodyOf(stated);
  return answer.body === (answer.status === 206 ? body.slice(0, RANGE_LAST + 1) : body);
}
