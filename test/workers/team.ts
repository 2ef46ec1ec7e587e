// Freshet with workers in front of a scripted origin, and connections to a worker of one's choice.
import { expect } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { type Address, type Answer, get, RawClient } from '../support/client.ts';
import type { SettableClock } from '../support/clock.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { metricIn } from '../support/metrics.ts';
import { ScriptedOrigin } from '../support/origin.ts';

export const TOKEN = 'token';
export const DEBUG: Fields = ['freshet-debug', TOKEN];

interface Asking {
  readonly method?: string;
  readonly fields?: Fields;
}

/** A connection that one worker accepted. */
export class WorkerClient implements AsyncDisposable {
  readonly #client: RawClient;

  /** Connects until the system gives the connection to `worker`, which says so itself. */
  static async connect(address: Address, worker: number, token = TOKEN): Promise<WorkerClient> {
    for (;;) {
      const client = new WorkerClient(await RawClient.connect(address));
      if ((await client.worker(token)) === worker) return client;
      await client[Symbol.asyncDispose]();
    }
  }

  private constructor(client: RawClient) {
    this.#client = client;
  }

  /** Which one it is. */
  async worker(token = TOKEN): Promise<number> {
    const answer = await this.ask('/nowhere', { fields: ['cache-control', 'only-if-cached', 'freshet-debug', token] });
    return Number(answer.field('freshet-worker'));
  }

  send(path: string, { method = 'GET', fields = [] }: Asking = {}): void {
    const lines = [`${method} ${path} HTTP/1.1`, 'host: shop.example', ...(method === 'PUT' ? ['content-length: 0'] : [])];
    for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
    this.#client.send(`${lines.join('\r\n')}\r\n\r\n`);
  }

  async answer(method?: string): Promise<Answer> {
    const answer = await this.#client.answer(method);
    if (answer === undefined) throw new Error('the connection ended without an answer');
    return answer;
  }

  ask(path: string, asking: Asking = {}): Promise<Answer> {
    this.send(path, asking);
    return this.answer(asking.method);
  }

  async body(path: string): Promise<string> {
    return (await this.ask(path)).body;
  }

  /** Confirmed. */
  async purge(tag: string, fields: Fields = []): Promise<Answer> {
    const answer = await this.ask('/', { method: 'PURGE', fields: ['authorization', `Bearer ${TOKEN}`, 'surrogate-key', tag, ...fields] });
    expect([answer.status, answer.body]).toEqual([200, expect.stringContaining('"authority":"workers"')]);
    return answer;
  }

  /** When the other side has ended it. */
  closed(): Promise<string> {
    return this.#client.closed();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client[Symbol.asyncDispose]();
  }
}

export class Team implements AsyncDisposable {
  readonly origin: ScriptedOrigin;
  readonly freshet: RunningFreshet;
  readonly #clients: WorkerClient[] = [];

  static async start(given: { readonly yaml?: string; readonly workers?: number; readonly clock?: SettableClock } = {}): Promise<Team> {
    const origin = await ScriptedOrigin.start();
    const team = await RunningFreshet.start(yamlOf(origin, given), given.clock === undefined ? {} : { clock: given.clock });
    return new Team(origin, team);
  }

  private constructor(origin: ScriptedOrigin, freshet: RunningFreshet) {
    this.origin = origin;
    this.freshet = freshet;
  }

  async client(worker: number): Promise<WorkerClient> {
    const client = await WorkerClient.connect(this.freshet.address, worker);
    this.#clients.push(client);
    return client;
  }

  /** One to each of the first two. */
  async pair(): Promise<readonly [WorkerClient, WorkerClient]> {
    return [await this.client(1), await this.client(2)];
  }

  /** The nth fetch of `path` says so. */
  serve(path: string, fields: Fields = ['cache-control', 'max-age=1000', 'surrogate-key', 'a']): void {
    this.origin.on(path, (_request, nth) => ({ body: `fetch ${nth}`, fields }));
  }

  reload(yaml: string): Promise<void> {
    return this.freshet.reload(yamlOf(this.origin, { yaml }));
  }

  admin(path: string, fields: Fields = []): Promise<Answer> {
    return get(this.freshet.adminAddress, path, { fields: ['authorization', `Bearer ${TOKEN}`, ...fields] });
  }

  /** The sum of the lines of /metrics that begin so. */
  async metric(start: string): Promise<number> {
    return metricIn((await this.admin('/metrics')).body, start);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
    await this.origin[Symbol.asyncDispose]();
    await this.freshet.close();
  }
}

function yamlOf(origin: ScriptedOrigin, { yaml = '', workers = 2 }: { readonly yaml?: string; readonly workers?: number }): string {
  return [
    `workers: ${workers}`,
    `origins: { shop: { url: "${origin.url}" } }`,
    `admin: { listen: "127.0.0.1:0", token: ${TOKEN} }`,
    `purge: { token: ${TOKEN}, rate: 100000/s }`,
    'log: { level: silent, access: off }',
    yaml,
  ].join('\n');
}
