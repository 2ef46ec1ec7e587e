// A listener with a handler of the test's own, and a record of what reached it.
import type { Duplex } from 'node:stream';
import type { LimitConfig } from '../../src/config/config.ts';
import { pathAndQuery } from '../../src/http/target.ts';
import type { Request } from '../../src/http/message.ts';
import type { Limit } from '../../src/observe/limits.ts';
import type { RequestEnd } from '../../src/observe/observer.ts';
import type { Client } from '../../src/proxy/client.ts';
import { Listener } from '../../src/proxy/listener.ts';
import type { ListenerOptions, UpgradeConnection } from '../../src/proxy/listener.ts';
import type { Address } from '../support/client.ts';
import { SettableClock } from '../support/clock.ts';
import { FAST_PATH } from '../support/reader.ts';

export type Handler = (request: Request, client: Client) => void;

export const LIMITS: LimitConfig = {
  headerBytes: 16 * 1024,
  headerCount: 100,
  urlBytes: 8 * 1024,
  headersTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  stallTimeoutMs: 30_000,
  minBytesPerSecond: 1000,
  connections: 1000,
  connectionsPerAddress: 1000,
  pipelined: 100,
  lookupsPerAddress: 1000,
  verificationsPerAddress: 1000,
  drainTimeoutMs: 10_000,
};

/** For a listener that never gets a request. */
export const NO_OPTIONS: Omit<ListenerOptions, 'limits'> = {
  fastPath: FAST_PATH,
  clock: new SettableClock(),
  trusted: () => false,
  observer: { requestEnded: () => undefined, limitReached: () => undefined, warn: () => undefined, error: () => undefined },
  handle: () => undefined,
  mayUpgrade: () => false,
  upgrade: () => undefined,
};

export class Listening implements AsyncDisposable {
  readonly seen: Request[] = [];
  readonly ends: RequestEnd[] = [];
  readonly faults: string[] = [];
  readonly limits: Limit[] = [];
  readonly upgraded: Request[] = [];
  /** Open until their client closes them. */
  readonly tunnels: Duplex[] = [];
  readonly clock = new SettableClock();
  /** A peer that speaks for many. */
  trusted = '';
  readonly #listener: Listener;

  static async start(handler: Handler = echo, limits: Partial<LimitConfig> = {}, { fastPath = FAST_PATH } = {}): Promise<Listening> {
    const listening = new Listening(handler, { ...LIMITS, ...limits }, fastPath);
    await listening.#listener.open({ host: '127.0.0.1', port: 0 });
    return listening;
  }

  private constructor(handler: Handler, limits: LimitConfig, fastPath: boolean) {
    this.#listener = new Listener({
      limits,
      fastPath,
      clock: this.clock,
      trusted: (address) => address === this.trusted,
      observer: {
        requestEnded: (end) => this.ends.push(end),
        limitReached: (limit) => this.limits.push(limit),
        warn: (message, detail) => this.faults.push(`${message} ${JSON.stringify(detail)}`),
        error: (message) => this.faults.push(message),
      },
      handle: (request, client) => {
        this.seen.push(request);
        handler(request, client);
      },
      mayUpgrade: (request) => request.target.path === '/socket',
      upgrade: (request, connection) => this.#upgrade(request, connection),
    });
  }

  get address(): Address {
    return this.#listener.address;
  }

  reconfigure(limits: Partial<LimitConfig>): void {
    this.#listener.reconfigure({ ...LIMITS, ...limits });
  }

  /** Ends a window: what app.ts does once every stall timeout. */
  look(): void {
    this.#listener.cutLaggards();
  }

  close(timeoutMs: number): Promise<void> {
    return this.#listener.close(timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener.close(0);
  }

  #upgrade(request: Request, { socket, head }: UpgradeConnection): void {
    this.upgraded.push(request);
    this.tunnels.push(socket);
    socket
      .on('error', () => undefined)
      .on('end', () => socket.end())
      .resume();
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhead=${head.toString()}`);
  }
}

/** Answers with what it was asked, when the body is whole. */
export function echo(request: Request, client: Client): void {
  const chunks: Buffer[] = [];
  const answer = (): void => {
    const { method, target, fields } = request;
    const text = JSON.stringify({ method, authority: target.authority, path: pathAndQuery(target), fields, body: Buffer.concat(chunks).toString() });
    client.answer(200, 'OK', ['content-type', 'application/json'], Buffer.from(text));
  };
  if (request.body === undefined) answer();
  else request.body.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', answer);
}
