// Where clients connect: node:http with every limit set, and only requests that passed request-head.ts go on to the handler.
import { createServer, STATUS_CODES } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';
import { listenError } from '../config/address.ts';
import type { LimitConfig, ListenAddress } from '../config/config.ts';
import { RunError } from '../errors.ts';
import { FastPath } from './fast-path.ts';
import { fieldLines, hasField } from '../http/fields.ts';
import type { Request } from '../http/message.ts';
import type { Observer } from '../observe/observer.ts';
import type { Client } from './client.ts';
import { Connection } from './connection.ts';
import { Connections } from './connections.ts';
import { NodeClient } from './node-client.ts';
import { refusalAnswer, refusalEnd, refusalOf, refuse } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { RequestBody } from './request-body.ts';
import { readHead } from './request-head.ts';
import type { RequestHead } from './request-head.ts';

export interface ListenerOptions {
  readonly limits: LimitConfig;
  /** Whether plain requests may take the fast path; false: all are read by node:http. */
  readonly fastPath: boolean;
  readonly clock: Clock;
  /** Whether a peer speaks for many clients. */
  readonly trusted: (address: string) => boolean;
  readonly observer: Pick<Observer, 'requestEnded' | 'limitReached' | 'warn' | 'error'>;
  /** Follows the request to its end. A throw ends the request with a 500. */
  readonly handle: (request: Request, client: Client) => void;
  /** Whether a WebSocket handshake may become a tunnel; else it is served as a plain request. */
  readonly mayUpgrade: (request: Request) => boolean;
  /** Owns the socket from here on. */
  readonly upgrade: (request: Request, connection: UpgradeConnection) => void;
}

export interface UpgradeConnection {
  readonly incoming: IncomingMessage;
  readonly socket: Duplex;
  /** Bytes that came after the request's head. */
  readonly head: Buffer;
}

export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #connections: Connections;
  /** What node:http does with a connection. Taken from it, so that the fast path comes first and every limit of the server still counts. */
  readonly #readByNode: (socket: Socket) => void;
  /** Undefined where all requests are node:http's. */
  readonly #fast: FastPath | undefined;
  #limits: LimitConfig;
  #draining = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.#connections = new Connections(options.limits, options);
    this.#server = createServer({
      maxHeaderSize: options.limits.headerBytes + options.limits.urlBytes,
      insecureHTTPParser: false,
      requireHostHeader: false,
      joinDuplicateHeaders: false,
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(1000, options.limits.headersTimeoutMs),
      noDelay: true,
      shouldUpgradeCallback: (incoming) => this.#mayUpgrade(incoming),
    });
    const [readByNode] = this.#server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
    if (readByNode === undefined) throw new Error('node:http does not read what its server accepts');
    this.#server.removeAllListeners('connection');
    this.#readByNode = (socket) => readByNode.call(this.#server, socket);
    this.#fast = options.fastPath ? this.#fastPath() : undefined;
    this.reconfigure(options.limits);
    this.#listen();
  }

  /** Resolves when connections are accepted; rejects with a RunError. A port is shared with other threads (SO_REUSEPORT), or this listener's alone. */
  open({ host, port }: ListenAddress, { shared }: { readonly shared: boolean } = { shared: false }): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => reject(listenError('listen', { host, port }, error));
      this.#server.once('error', fail);
      this.#server.listen({ host, port, reusePort: shared }, () => {
        this.#server.off('error', fail).on('error', this.#faulty);
        resolve();
      });
    });
  }

  /** Where it listens. Valid after `open`. */
  get address(): ListenAddress {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new RunError('the listener is not open');
    return { host: address.address, port: address.port };
  }

  /** Open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Applies to new requests, but for the size of a head, which the server keeps from its start. */
  reconfigure(limits: LimitConfig): void {
    this.#limits = limits;
    this.#connections.reconfigure(limits);
    this.#fast?.reconfigure(limits);
    // dropMaxConnection is missing from the types.
    const server: Server & { dropMaxConnection?: boolean } = this.#server;
    server.headersTimeout = limits.headersTimeoutMs;
    server.keepAliveTimeout = limits.idleTimeoutMs;
    server.timeout = limits.stallTimeoutMs;
    // Counted by request-head.ts: node:http calls too many fields by the name of too many bytes.
    server.maxHeadersCount = 0;
    server.maxConnections = limits.connections;
    server.dropMaxConnection = true;
  }

  /** To be called once every stall timeout: cuts clients that are slower than limits.min_rate. */
  cutLaggards(): void {
    this.#connections.cutLaggards();
  }

  /** Stops accepting, lets what is in flight end, and cuts what is left after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#connections.end();
    const timer = setTimeout(() => this.#connections.cut(), timeoutMs);
    await closed;
    this.#fast?.close();
    clearTimeout(timer);
  }

  #listen(): void {
    const serve = (incoming: IncomingMessage, response: ServerResponse): void => this.#serve(incoming, response);
    this.#server
      .on('connection', (socket: Socket) => this.#accept(socket))
      .on('request', serve)
      .on('checkContinue', serve)
      .on('checkExpectation', serve)
      .on('connect', (incoming) => this.#connectAsked(incoming))
      .on('upgrade', (incoming, socket, head) => this.#upgrade(incoming, socket, head))
      .on('clientError', (error: NodeJS.ErrnoException, socket) => this.#parserFailed(error.code ?? '', socket))
      .on('timeout', (socket) => this.#connections.quiet(socket))
      .on('drop', (dropped) => this.#connections.dropped(dropped?.remoteAddress ?? ''));
  }

  #accept(accepted: Socket): void {
    const address = this.#connections.admit(accepted);
    if (address === undefined) return;
    const fast = this.#fast?.take(accepted);
    if (fast !== undefined) {
      this.#connections.add(fast.socket, address, fast);
    } else {
      this.#connections.add(accepted, address, new Connection(accepted));
      this.#readByNode(accepted);
    }
  }

  #fastPath(): FastPath {
    const { clock, limits, observer } = this.#options;
    return new FastPath({
      clock,
      limits,
      handle: (request, client) => this.#handle(request, client),
      handOver: (socket) => {
        this.#connections.replace(socket, new Connection(socket));
        this.#readByNode(socket);
      },
      refused: (refusal) => this.#refused(refusal, undefined),
      limitReached: (limit) => observer.limitReached(limit),
      impossible: () =>
        observer.warn('this version of Node makes its sockets otherwise: all requests are read by node:http, which is slower', {
          node: process.version,
        }),
      faulty: this.#faulty,
    });
  }

  #connectAsked(incoming: IncomingMessage): void {
    this.#refused(CONNECT_REFUSED, incoming);
    this.#connections.of(incoming.socket)?.refuse(CONNECT_REFUSED);
  }

  #serve(incoming: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.of(incoming.socket);
    if (connection === undefined) return;
    if (connection.deaf) {
      if (!connection.ignore(this.#limits.pipelined)) this.#options.observer.limitReached('limits.pipelined');
      return;
    }
    incoming.on('error', () => undefined);
    const head = connection.isOwed(this.#limits.pipelined) ? TOO_MANY : readHead(rawHead(incoming), this.#limits);
    if (head.kind === 'refuse') {
      this.#refused(head, incoming);
      this.#refuse(head, connection, { incoming, response });
      return;
    }
    // node:http loses what came in one packet behind an Upgrade that it serves as a plain request, and would then read on in the middle;
    // and it closes behind an expectation that was not met, as none is without a body.
    const last = hasField(head.fields, 'upgrade') || (head.expectsContinue && head.body.kind === 'none');
    const body: RequestBody | undefined =
      head.body.kind === 'none' ? undefined : new RequestBody(incoming, { clock: this.#options.clock, firstRead: () => client.continueBody() });
    const client: NodeClient = new NodeClient({
      incoming,
      response,
      clock: this.#options.clock,
      body,
      expectsContinue: head.expectsContinue,
      closing: () => last || (this.#draining && connection.isLast(client)),
      closes: () => connection.hearNoMore(),
      finished: (done) => connection.finished(done),
      faulty: this.#faulty,
    });
    if (last) connection.hearNoMore();
    connection.add(client);
    this.#handle(requestOf(head, incoming, body), client);
  }

  /** Through the response object, so that it keeps its place behind the answers that are due. */
  #refuse(refusal: Refusal, connection: Connection, { incoming, response }: { incoming: IncomingMessage; response: ServerResponse }): void {
    const client = new NodeClient({
      incoming,
      response,
      clock: this.#options.clock,
      body: new RequestBody(incoming, { clock: this.#options.clock, firstRead: () => undefined }),
      expectsContinue: false,
      closing: () => true,
      closes: () => connection.hearNoMore(),
      finished: (done) => connection.finished(done),
      faulty: this.#faulty,
    });
    connection.hearNoMore();
    connection.add(client);
    const { fields, body } = refusalAnswer(refusal);
    client.answer(refusal.status, STATUS_CODES[refusal.status] ?? '', fields, Buffer.from(body));
  }

  readonly #faulty = (error: unknown): void => {
    this.#options.observer.error('the listener failed', { error: String(error) });
  };

  #handle(request: Request, client: Client): void {
    try {
      this.#options.handle(request, client);
    } catch (error) {
      this.#options.observer.error('a request ended in an impossible state', { error: String(error), path: request.target.path });
      if (client.headSent) client.destroy();
      else client.answer(500, 'Internal Server Error', ['cache-status', 'freshet; detail=internal'], undefined);
    }
  }

  #mayUpgrade(incoming: IncomingMessage): boolean {
    const request = this.#handshake(incoming);
    return request !== undefined && this.#options.mayUpgrade(request);
  }

  /** The request, where it is a WebSocket handshake alone on its connection. */
  #handshake(incoming: IncomingMessage): Request | undefined {
    const connection = this.#connections.of(incoming.socket);
    if (this.#draining || connection === undefined || connection.deaf || !connection.idle) return undefined;
    const head = readHead(rawHead(incoming), this.#limits);
    if (head.kind === 'refuse' || head.method !== 'GET' || head.version === '1.0' || head.body.kind !== 'none') return undefined;
    const upgrade = fieldLines(head.fields, 'upgrade');
    return upgrade.length === 1 && upgrade[0]?.toLowerCase() === 'websocket' ? requestOf(head, incoming, undefined) : undefined;
  }

  #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    const request = this.#handshake(incoming);
    this.#connections.release(incoming.socket);
    if (request === undefined) socket.destroy();
    else this.#options.upgrade(request, { incoming, socket, head });
  }

  #parserFailed(code: string, socket: Duplex): void {
    // Data after a request with `Connection: close` is not ours to judge: the answer that is due ends the connection.
    if (code === 'HPE_CLOSED_CONNECTION') return;
    const connection = this.#connections.of(socket);
    const refusal = refusalOf(code);
    if (connection === undefined || refusal === undefined) {
      socket.destroy();
    } else if (connection.listens) {
      this.#refused(refusal, undefined);
      connection.refuse(refusal);
    }
  }

  #refused(refusal: Refusal, incoming: IncomingMessage | undefined): void {
    const { observer } = this.#options;
    if (refusal.limit !== undefined) observer.limitReached(refusal.limit);
    observer.requestEnded(refusalEnd(refusal, incoming));
  }
}

const CONNECT_REFUSED = refuse(405, 'this is not a forward proxy');

const TOO_MANY: Refusal = {
  ...refuse(429, 'too many requests of this connection wait for their answers'),
  reason: 'too-many-pipelined',
  limit: 'limits.pipelined',
};

function rawHead({ method = '', url = '', httpVersion, rawHeaders }: IncomingMessage): Parameters<typeof readHead>[0] {
  return { method, requestTarget: url, version: httpVersion, rawFields: rawHeaders };
}

function requestOf(head: RequestHead, incoming: IncomingMessage, body: RequestBody | undefined): Request {
  const { method, target, fields, version } = head;
  return {
    method,
    target,
    fields,
    version,
    ...(body !== undefined && { body }),
    ...(head.body.kind === 'length' && { bodyBytes: head.body.bytes }),
    peerAddress: (incoming.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, ''),
  };
}
