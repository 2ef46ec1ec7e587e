// A small system to validate: an API with its cache in one server, right or with one fault. `/values/KEY` is everybody's, `/mine` is of whom `user` names.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Faults {
  /** Writes end nothing that is cached. */
  readonly forgets?: boolean;
  /** What one user was answered others are answered too. */
  readonly mixes?: boolean;
  /** Reads are answered by what was there before the last write, past the cache. */
  readonly lags?: boolean;
  /** The statuses of writes, one after the other, the last for good; 0: the connection is cut, and the write happens. */
  readonly writes?: readonly number[];
  /** So many reads are answered, and all later ones with 503. */
  readonly reads?: number;
  /** The answer to a purge. */
  readonly purge?: { readonly status: number; readonly body: string };
}

export class System implements AsyncDisposable {
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #faults: Faults;
  readonly #values = new Map<string, unknown>();
  readonly #cached = new Map<string, unknown>();
  readonly #before = new Map<string, unknown>();
  /** What came in, as `METHOD path body`. */
  readonly asked: string[] = [];
  #writes = 0;
  #reads = 0;

  static async start(faults: Faults = {}): Promise<System> {
    const system = new System(faults);
    system.#server.listen(0, '127.0.0.1');
    await once(system.#server, 'listening');
    return system;
  }

  private constructor(faults: Faults) {
    this.#faults = faults;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  set(path: string, value: unknown): void {
    this.#values.set(path, value);
  }

  get(path: string): unknown {
    return this.#values.get(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const body = await text(request);
    this.asked.push([method, url, body].join(' ').trim());
    const place = url === '/mine' ? `/mine/${String(headers['user'])}` : url;
    if (method === 'GET') return this.#read(response, place, { key: this.#faults.mixes === true ? url : place, headers });
    if (url === '/v1/purge') return this.#purge(response, JSON.parse(body) as { tags: string[] });
    this.#write(response, place, body);
  }

  #read(response: ServerResponse, place: string, { key, headers }: { key: string; headers: IncomingMessage['headers'] }): void {
    if (++this.#reads > (this.#faults.reads ?? Infinity)) return void response.writeHead(503).end('gone');
    const isFresh = headers['cache-control'] !== 'no-cache';
    const before = this.#before.get(place);
    if (this.#faults.lags === true && before !== undefined) return send(response, before, 'fwd=miss');
    if (this.#cached.has(key) && isFresh) return send(response, this.#cached.get(key), 'hit');
    const value = this.#values.get(place);
    if (isFresh) this.#cached.set(key, value);
    send(response, value, 'fwd=uri-miss; stored');
  }

  #write(response: ServerResponse, place: string, body: string): void {
    const statuses = this.#faults.writes ?? [204];
    const status = statuses[Math.min(this.#writes++, statuses.length - 1)] ?? 204;
    if (status === 0 || status < 300) {
      this.#before.set(place, this.#values.get(place));
      this.#values.set(place, (JSON.parse(body) as { value: unknown }).value);
    }
    const isForgotten = this.#faults.forgets === true || this.#faults.purge !== undefined;
    if (!isForgotten) for (const key of [place, '/mine']) this.#cached.delete(key);
    if (status === 0) return void response.destroy();
    response.writeHead(status, { 'cache-status': 'freshet; fwd=method' }).end();
  }

  #purge(response: ServerResponse, { tags }: { tags: string[] }): void {
    const { status = 200, body = '' } = this.#faults.purge ?? {};
    if (status < 300) for (const tag of tags) this.#cached.delete(`/values/${tag}`);
    response.writeHead(status).end(body);
  }
}

function send(response: ServerResponse, value: unknown, said: string): void {
  response.writeHead(200, { 'cache-status': `freshet; ${said}`, 'surrogate-key': 'a b', age: '3' }).end(JSON.stringify({ value }));
}
