// A scripted origin on a port of its own: what it answers per path, where it waits, and how it fails, down to the bytes.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { fieldValue, hasField } from '../../src/http/fields.ts';
import type { Fields } from '../../src/http/fields.ts';
import { ByteReader, writeInPieces } from './bytes.ts';
import type { WireHead } from './bytes.ts';

/** What stands at a place of an exchange: a barrier, or a delay of the test's choosing. */
export interface Gate {
  pass(): Promise<void>;
}

/** Where the origin stands until the test lets it go on. */
export class Barrier implements Gate {
  readonly reached: Promise<void>;
  #arrive: () => void = () => undefined;
  #open: () => void = () => undefined;
  readonly #opened: Promise<void>;

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#arrive = resolve;
    });
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }

  pass(): Promise<void> {
    this.#arrive();
    return this.#opened;
  }
}

/** `before-read`: the request is whole, the data is not read yet; `before-head`: it is read (`body` was called), nothing is sent. A 304 has no body places. */
export type Place = 'before-read' | 'before-head' | 'after-head' | 'mid-body' | 'before-end';

export type Fault =
  /** Half of the body, then a FIN. */
  | 'truncate'
  /** Half of the body, then a RST. */
  | 'reset'
  /** A RST before any byte of the answer. */
  | 'reset-before-head'
  /** A Content-Length ten larger than the body, then a FIN. */
  | 'lie'
  /** Half of the body and no more, the connection stays open. */
  | 'stall'
  /** No answer at all, the connection stays open. */
  | 'silence';

export interface Reply {
  readonly status?: number;
  readonly statusText?: string;
  readonly fields?: Fields;
  /** A function is called after `before-read` and before `before-head`: the moment the origin reads its data. */
  readonly body?: string | Buffer | (() => string | Buffer);
  /** `length` by default. `close`: neither, the connection ends the body. */
  readonly framing?: 'length' | 'chunked' | 'close';
  readonly informational?: readonly { readonly status: number; readonly fields?: Fields }[];
  readonly barriers?: Partial<Record<Place, Gate>>;
  readonly fault?: Fault;
  /** Written as it is, in place of everything above; then the connection closes unless `keepOpen`. */
  readonly raw?: string | Buffer;
  readonly keepOpen?: boolean;
  /** `raw` with every byte in a packet of its own, unless there are very many. */
  readonly inPieces?: boolean;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly fields: Fields;
  readonly body: Buffer;
  /** False where the client broke the body off. */
  readonly complete: boolean;
  /** Which of the origin's connections, counted from 1. */
  readonly connection: number;
}

export type Script = Reply | ((request: SeenRequest, nth: number) => Reply | Promise<Reply>);

export class ScriptedOrigin implements AsyncDisposable {
  /** Every request in order of arrival, noted when it is whole. */
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #scripts = new Map<string, Script>();
  readonly #counts = new Map<string, number>();
  #connections = 0;
  #arrivals: (() => void)[] = [];

  static async start(port = 0): Promise<ScriptedOrigin> {
    const origin = new ScriptedOrigin();
    await new Promise<void>((resolve) => origin.#server.listen(port, '127.0.0.1', resolve));
    return origin;
  }

  private constructor() {
    // Each piece in a packet of its own at once, so that what was written before a barrier has arrived.
    this.#server = createServer({ noDelay: true }, (socket) => void this.#serve(socket));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connections accepted so far. */
  get connections(): number {
    return this.#connections;
  }

  /** What `path` (with its query, if there is one) is answered from now on; `*` for all others. */
  on(path: string, script: Script): this {
    this.#scripts.set(path, script);
    return this;
  }

  /** How many requests for `path` have come. */
  count(path: string): number {
    return this.#counts.get(path) ?? 0;
  }

  /** Until `total` requests have come in all. */
  async seen(total: number): Promise<void> {
    while (this.requests.length < total) await new Promise<void>((resolve) => this.#arrivals.push(resolve));
  }

  /** Until all that are connected have closed. */
  async left(): Promise<void> {
    await Promise.all([...this.#sockets].map((socket) => once(socket, 'close')));
  }

  /** Closes the connections that are open, as an idle timeout of the origin would. */
  dropConnections(how: 'end' | 'reset' = 'end'): void {
    for (const socket of this.#sockets)
      if (how === 'end') socket.end();
      else socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(socket: Socket): Promise<void> {
    const connection = ++this.#connections;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
    const reader = new ByteReader(socket);
    for (;;) {
      const head = await reader.head();
      if (head === undefined) return;
      const request = await readRequest(reader, head, connection);
      this.requests.push(request);
      for (const arrived of this.#arrivals.splice(0)) arrived();
      const reply = await this.#reply(request);
      if (!(await answer(socket, request, reply))) return;
    }
  }

  async #reply(request: SeenRequest): Promise<Reply> {
    const nth = this.count(request.path) + 1;
    this.#counts.set(request.path, nth);
    const script = this.#scripts.get(request.path) ?? this.#scripts.get('*') ?? { status: 404, body: 'no script' };
    return typeof script === 'function' ? await script(request, nth) : script;
  }
}

async function readRequest(reader: ByteReader, head: WireHead, connection: number): Promise<SeenRequest> {
  const [method = '', path = ''] = head.startLine.split(' ');
  const { body, complete } = await requestBody(reader, head.fields);
  return { method, path, fields: head.fields, body, complete, connection };
}

async function requestBody(reader: ByteReader, fields: Fields): Promise<{ body: Buffer; complete: boolean }> {
  if (hasField(fields, 'transfer-encoding')) return reader.chunked();
  const length = Number(fieldValue(fields, 'content-length') ?? 0);
  const body = await reader.bytes(length);
  return { body, complete: body.length === length };
}

/** Writes the reply; false where the connection is of no more use. */
async function answer(socket: Socket, request: SeenRequest, reply: Reply): Promise<boolean> {
  await reply.barriers?.['before-read']?.pass();
  if (reply.raw !== undefined) {
    if (reply.inPieces === true) await writeInPieces(socket, Buffer.from(reply.raw));
    else socket.write(reply.raw);
    if (reply.keepOpen !== true) socket.end();
    return reply.keepOpen === true;
  }
  const body = Buffer.from(typeof reply.body === 'function' ? reply.body() : (reply.body ?? ''));
  await reply.barriers?.['before-head']?.pass();
  if (reply.fault === 'silence') return false;
  if (reply.fault === 'reset-before-head') {
    socket.resetAndDestroy();
    return false;
  }
  for (const early of reply.informational ?? []) socket.write(wireHead(early.status, '', early.fields ?? []));
  socket.write(wireHead(reply.status ?? 200, reply.statusText ?? '', replyFields(reply, body)));
  await reply.barriers?.['after-head']?.pass();
  const bodiless = request.method === 'HEAD' || reply.status === 204 || reply.status === 304;
  if (!bodiless) await writeBody(socket, reply, body);
  return finish(socket, reply);
}

function replyFields(reply: Reply, body: Buffer): Fields {
  const given = reply.fields ?? [];
  if (reply.framing === 'chunked') return [...given, 'transfer-encoding', 'chunked'];
  if (reply.framing === 'close') return [...given, 'connection', 'close'];
  if (reply.status === 204 || reply.status === 304 || hasField(given, 'content-length')) return given;
  return [...given, 'content-length', String(body.length + (reply.fault === 'lie' ? 10 : 0))];
}

async function writeBody(socket: Socket, reply: Reply, body: Buffer): Promise<void> {
  const middle = body.length >> 1;
  writePiece(socket, reply, body.subarray(0, middle));
  await reply.barriers?.['mid-body']?.pass();
  if (reply.fault === 'truncate' || reply.fault === 'reset' || reply.fault === 'stall') return;
  writePiece(socket, reply, body.subarray(middle));
  await reply.barriers?.['before-end']?.pass();
  if (reply.framing === 'chunked') socket.write('0\r\n\r\n');
}

function writePiece(socket: Socket, reply: Reply, piece: Buffer): void {
  if (piece.length === 0) return;
  if (reply.framing !== 'chunked') socket.write(piece);
  else socket.write(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]));
}

function finish(socket: Socket, reply: Reply): boolean {
  if (reply.fault === 'reset') socket.write('', () => socket.resetAndDestroy());
  else if (reply.fault === 'truncate' || reply.fault === 'lie' || reply.framing === 'close') socket.end();
  else return reply.fault !== 'stall';
  return false;
}

function wireHead(status: number, statusText: string, fields: Fields): Buffer {
  const lines = [`HTTP/1.1 ${status} ${statusText}`];
  for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
