// A race on a leash: an origin that stands at barriers, Freshet in front of it, and purges that land meanwhile. PURGE-PROTOCOL §3.2, §6.
// Nothing sleeps: `noticed` proves that Freshet has handled whatever was sent to it before, since it reads what is readable before it reads again.
import { Barrier, type Place, type Reply, ScriptedOrigin } from '../support/origin.ts';
import { type Address, type Answer, get, RawClient } from '../support/client.ts';
import { SettableClock } from '../support/clock.ts';
import { RunningFreshet } from '../support/freshet.ts';
import type { Lease } from '../../src/purge/lease.ts';
import { expect } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';

const TOKEN = 'purge-token';
const ADMIN_TOKEN = 'admin-token';

export const TAGGED: Fields = ['cache-control', 'max-age=1000', 'surrogate-key', 'product:1'];

/** A request under way that Freshet has begun to handle. */
export interface Asked {
  answer(): Promise<Answer>;
  /** The client goes away. */
  leave(): Promise<void>;
}

interface Asking {
  readonly method?: string;
  readonly fields?: Fields;
  readonly body?: string;
}

export interface Purging {
  readonly tags?: readonly string[];
  readonly path?: string;
  readonly fields?: Fields;
}

/** Threads that serve in the races that start from now on. With several, requests go to the first and purges to the second: each race is one between threads. */
let threads = 1;

export function raceWith(workers: number): void {
  threads = workers;
}

/** Whether what a thread has checked it writes before anything else is published: not where another publishes. */
export function isOneThread(): boolean {
  return threads === 1;
}

const REQUESTS = 1;
const PURGES = 2;

/** A connection that this worker has accepted, where there are several. */
async function connectTo(address: Address, worker: number): Promise<RawClient> {
  for (;;) {
    const client = await RawClient.connect(address);
    if (threads === 1) return client;
    client.send(wireRequest('/nowhere', { fields: ['cache-control', 'only-if-cached', ...DEBUG] }));
    if (Number((await client.answer())?.field('freshet-worker')) === worker) return client;
    await client[Symbol.asyncDispose]();
  }
}

export class Race implements AsyncDisposable {
  readonly origin: ScriptedOrigin;
  readonly freshet: RunningFreshet;
  readonly clock: SettableClock;
  readonly #pinger: RawClient;
  readonly #clients: RawClient[] = [];

  /** `routes` is YAML of routes, `defaults` of the settings of all of them. */
  static async start(settings: { readonly defaults?: string; readonly routes?: string; readonly lease?: Lease } = {}): Promise<Race> {
    const origin = await ScriptedOrigin.start();
    const clock = new SettableClock();
    const yaml = [
      `workers: ${threads}`,
      `origins: { shop: { url: "${origin.url}" } }`,
      `admin: { listen: "127.0.0.1:0", token: ${ADMIN_TOKEN} }`,
      `purge: { token: ${TOKEN}, rate: 100000/s }`,
      'log: { level: silent, access: off }',
      `defaults: { ${settings.defaults ?? ''} }`,
      `routes: [${settings.routes ?? ''}]`,
    ].join('\n');
    const freshet = await RunningFreshet.start(yaml, { clock, ...(settings.lease === undefined ? {} : { lease: settings.lease }) });
    return new Race(origin, freshet, clock, await connectTo(freshet.address, REQUESTS));
  }

  private constructor(origin: ScriptedOrigin, freshet: RunningFreshet, clock: SettableClock, pinger: RawClient) {
    this.origin = origin;
    this.freshet = freshet;
    this.clock = clock;
    this.#pinger = pinger;
  }

  /** The nth fetch of `path` gets `always` with the nth of `replies` over it; its body says which fetch it was. */
  serve(path: string, always: Reply, ...replies: readonly Reply[]): void {
    this.origin.on(path, (_request, nth) => ({ body: `fetch ${nth}`, ...always, ...replies[nth - 1] }));
  }

  /** Sends a request and resolves when Freshet has begun to handle it. */
  async ask(path: string, asking: Asking = {}): Promise<Asked> {
    const client = await this.connect(REQUESTS);
    this.#clients.push(client);
    client.send(wireRequest(path, asking));
    await this.noticed();
    return {
      answer: async () => {
        const answer = await client.answer(asking.method);
        if (answer === undefined) throw new Error(`${path}: the connection ended without an answer`);
        return answer;
      },
      leave: async () => {
        await client[Symbol.asyncDispose]();
        await this.noticed();
      },
    };
  }

  /** A connection to the worker that takes requests, or to that which takes purges. */
  connect(worker: number): Promise<RawClient> {
    return connectTo(this.freshet.address, worker);
  }

  /** A whole exchange. */
  async get(path: string, asking: Asking = {}): Promise<Answer> {
    await using client = await this.connect(asking.method === 'PURGE' ? PURGES : REQUESTS);
    client.send(wireRequest(path, asking));
    const answer = await client.answer(asking.method);
    if (answer === undefined) throw new Error(`${path}: the connection ended without an answer`);
    return answer;
  }

  /** What `path` is answered with now: the body. */
  async body(path: string, asking: Asking = {}): Promise<string> {
    return (await this.get(path, asking)).body;
  }

  /** Of an answer asked for with DEBUG: the epoch its entry was fetched at (its request arrived at, where it is no hit), and the one its head was written at. */
  epochs(answer: Answer): { readonly asOf: number; readonly now: number } {
    const [, asOf, now] = /(?:as-of|arrived)=(\d+), now=(\d+)/.exec(answer.field('freshet-epoch') ?? '') ?? [];
    return { asOf: Number(asOf), now: Number(now) };
  }

  /** PURGE on the listener of the clients, confirmed. Tags, or the URL of `path`. */
  async purge({ tags, path = '/', fields = [] }: Purging): Promise<Answer> {
    const answer = await this.get(path, { method: 'PURGE', fields: purgeFields(tags, fields) });
    expect(answer.status).toBe(200);
    return answer;
  }

  /** `POST /v1/purge`, confirmed. */
  async purgeBy(order: object): Promise<Answer> {
    const answer = await get(this.freshet.adminAddress, '/v1/purge', {
      method: 'POST',
      fields: ['authorization', `Bearer ${ADMIN_TOKEN}`, 'content-type', 'application/json'],
      body: JSON.stringify(order),
    });
    expect([answer.status, answer.body]).toEqual([200, expect.stringContaining('confirmed')]);
    return answer;
  }

  /** The lines of /metrics that `pattern` finds. */
  async metrics(pattern: RegExp): Promise<readonly string[]> {
    const { body } = await get(this.freshet.adminAddress, '/metrics', { fields: ['authorization', `Bearer ${ADMIN_TOKEN}`] });
    return body.split('\n').filter((line) => pattern.test(line));
  }

  /** Resolves when Freshet has read all that was sent to it before: twice, since a connection's bytes are read a turn after it was accepted. */
  async noticed(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) {
      this.#pinger.send(wireRequest('/nowhere', { fields: ['cache-control', 'only-if-cached'] }));
      expect((await this.#pinger.answer())?.status).toBe(504);
    }
  }

  /** Resolves when the origin stands at `barrier` and Freshet has handled what it sent before. */
  async standsAt(barrier: Barrier): Promise<void> {
    await barrier.reached;
    await this.noticed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of [this.#pinger, ...this.#clients]) await client[Symbol.asyncDispose]();
    await this.origin[Symbol.asyncDispose]();
    await this.freshet.close();
  }
}

/** A reply that stands at `place` until the barrier opens. Only a chunked body has an end apart from its last byte. */
export function heldAt(place: Place): { readonly barrier: Barrier; readonly reply: Reply } {
  const barrier = new Barrier();
  return { barrier, reply: { barriers: { [place]: barrier }, ...(place === 'before-end' && { framing: 'chunked' }) } };
}

/** Resolves when Freshet has begun to handle `count` requests for `path`. */
export async function askMany(race: Race, path: string, count: number): Promise<Asked[]> {
  const asked: Asked[] = [];
  while (asked.length < count) asked.push(await race.ask(path));
  return asked;
}

export function bodies(asked: readonly Asked[]): Promise<string[]> {
  return Promise.all(asked.map(async (one) => (await one.answer()).body));
}

export const DEBUG: Fields = ['freshet-debug', ADMIN_TOKEN];

export function purgeFields(tags: readonly string[] | undefined, more: Fields = []): Fields {
  return ['authorization', `Bearer ${TOKEN}`, ...(tags === undefined ? [] : ['surrogate-key', tags.join(' ')]), ...more];
}

export function wireRequest(path: string, { method = 'GET', fields = [], body }: Asking = {}): string {
  const lines = [`${method} ${path} HTTP/1.1`, 'host: shop.example'];
  for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  if (body !== undefined) lines.push(`content-length: ${body.length}`);
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}
