// An origin that keeps what it is sent to the byte, and reads it as strictly as can be: what two parsers could read differently is a fault.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Fields, fieldLines, fieldValue, hasField } from '../../src/http/fields.ts';
import type { Framing } from './request-row.ts';

export interface WireRequest {
  readonly method: string;
  /** As in the request line. */
  readonly path: string;
  /** Names as they came. */
  readonly fields: Fields;
  readonly framing: Framing;
  readonly body: string;
  /** Which of the origin's connections, counted from 1. */
  readonly connection: number;
}

/** What is written when a request is whole, and `end` where the connection then closes. */
export interface WireAnswer {
  readonly bytes: string;
  readonly end?: true;
}

export type Answering = (request: WireRequest, socket: Socket) => WireAnswer | undefined;

export class WireOrigin implements AsyncDisposable {
  /** In the order in which they became whole. */
  readonly requests: WireRequest[] = [];
  /** What no strict reader would have taken. */
  readonly faults: string[] = [];
  /** Of each connection, what came and has not become a request. */
  readonly unread: string[] = [];
  readonly #open = new Map<number, Socket>();
  #wake: (() => void)[] = [];
  answering: Answering = named;
  /** Told of all that has come of a request that is not whole yet: the moment to answer early. */
  hearing: (text: string, socket: Socket) => void = () => undefined;
  readonly #server: Server = createServer({ noDelay: true }, (socket) => this.#serve(socket));

  static async start(): Promise<WireOrigin> {
    const origin = new WireOrigin();
    origin.#server.listen(0, '127.0.0.1');
    await once(origin.#server, 'listening');
    return origin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Accepted so far. */
  get connections(): number {
    return this.unread.length;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#open.size;
  }

  /** Writes on every connection that is open, unasked. */
  say(bytes: string): void {
    for (const socket of this.#open.values()) socket.write(bytes, 'latin1');
  }

  /** Until `total` requests have come in all. */
  async seen(total: number): Promise<void> {
    while (this.requests.length < total) await this.#change();
  }

  /** Resolves when no connection is open on which a request was begun and not ended. */
  async halvesGone(): Promise<void> {
    while ([...this.#open.keys()].some((connection) => this.unread[connection - 1] !== '')) {
      await this.#change();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open.values()) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    const connection = this.unread.push('');
    this.#open.set(connection, socket);
    socket.on('error', () => undefined).on('close', () => this.#closed(connection));
    socket.on('data', (chunk) => {
      this.unread[connection - 1] += chunk.toString('latin1');
      this.#read(socket, connection);
    });
  }

  #closed(connection: number): void {
    this.#open.delete(connection);
    this.#changed();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  #read(socket: Socket, connection: number): void {
    for (;;) {
      const text = this.unread[connection - 1] ?? '';
      const read = requestIn(text, (fault) => this.faults.push(fault));
      if (read === undefined) {
        if (text !== '') this.hearing(text, socket);
        return;
      }
      this.unread[connection - 1] = text.slice(read.length);
      const request = { ...read.request, connection };
      this.requests.push(request);
      this.#changed();
      const answer = this.answering(request, socket);
      if (answer === undefined) continue;
      socket.write(answer.bytes, 'latin1');
      if (answer.end) socket.end();
    }
  }
}

/** An answer that names what it answers, so that nobody else's passes for it. */
export function named({ method, path }: WireRequest): WireAnswer {
  const body = `${method} ${path}`;
  return { bytes: `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${method === 'HEAD' ? '' : body}` };
}

type Told = (fault: string) => void;

/** The request that `text` begins with, once it is whole. */
function requestIn(text: string, tell: Told): { readonly request: Omit<WireRequest, 'connection'>; readonly length: number } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [line = '', ...lines] = text.slice(0, end).split('\r\n');
  const fields = lines.flatMap((field) => fieldIn(field, tell));
  const framing = framingOf(fields, tell);
  const body = bodyIn(text.slice(end + 4), fields, framing, tell);
  if (body === undefined) return undefined;
  const parts = /^([A-Z][A-Z-]*) (\S+) HTTP\/1\.1$/.exec(line);
  if (parts === null) tell(`request line ${JSON.stringify(line)}`);
  judgeFields(fields, tell);
  const [, method = '', path = ''] = parts ?? [];
  return { request: { method, path, fields, framing, body: body.text }, length: end + 4 + body.length };
}

function fieldIn(line: string, tell: Told): readonly string[] {
  const parts = /^([!#$%&'*+.^_`|~0-9a-z-]+): ?([\t\x20-\x7e\x80-\xff]*)$/.exec(line);
  if (parts !== null) return [parts[1] ?? '', parts[2] ?? ''];
  tell(`field line ${JSON.stringify(line)}`);
  return [];
}

function framingOf(fields: Fields, tell: Told): Framing {
  const lengths = fieldLines(fields, 'content-length');
  const codings = fieldLines(fields, 'transfer-encoding');
  if (lengths.length + codings.length > 1) tell(`${lengths.length} Content-Length and ${codings.length} Transfer-Encoding`);
  if (codings.length > 0) {
    if (codings[0] !== 'chunked') tell(`Transfer-Encoding: ${codings[0]}`);
    return 'chunked';
  }
  if (lengths.length === 0) return 'none';
  if (!/^(?:0|[1-9]\d{0,14})$/.test(lengths[0] ?? '')) tell(`Content-Length: ${lengths[0]}`);
  return 'length';
}

function bodyIn(text: string, fields: Fields, framing: Framing, tell: Told): { readonly text: string; readonly length: number } | undefined {
  if (framing === 'chunked') return chunksIn(text, tell);
  const length = Number(fieldValue(fields, 'content-length') ?? 0);
  return text.length < length ? undefined : { text: text.slice(0, length), length };
}

/** Nothing but sizes, bytes and line breaks: no extensions and no trailers. */
function chunksIn(text: string, tell: Told): { readonly text: string; readonly length: number } | undefined {
  let body = '';
  for (let at = 0; ; ) {
    const end = text.indexOf('\r\n', at);
    if (end === -1) return undefined;
    const line = text.slice(at, end);
    if (!/^[0-9a-f]{1,8}$/i.test(line)) tell(`chunk line ${JSON.stringify(line)}`);
    const size = Number.parseInt(line, 16);
    const next = end + 2 + size + 2;
    if (text.length < next) return undefined;
    if (text.slice(next - 2, next) !== '\r\n') tell(`behind a chunk ${JSON.stringify(text.slice(next - 2, next))}`);
    if (size === 0) return { text: body, length: next };
    body += text.slice(end + 2, next - 2);
    at = next;
  }
}

/** Once at most each; none that ends at a hop but undici's own `connection: keep-alive`. */
const ONCE = ['host', 'connection', 'content-length', 'transfer-encoding', 'authorization', 'content-type', 'via', 'cdn-loop', 'x-forwarded-for'];
const NEVER = ['keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'proxy-authorization', 'expect', 'http2-settings'];

function judgeFields(fields: Fields, tell: Told): void {
  for (const name of ONCE) if (fieldLines(fields, name).length > 1) tell(`more than one ${name}`);
  for (const name of NEVER) if (hasField(fields, name)) tell(`${name} was forwarded`);
  if (fields[0] !== 'host') tell(`the first field is ${fields[0]}`);
  for (const name of ['via', 'cdn-loop']) if (!hasField(fields, name)) tell(`no ${name}`);
  const connection = fieldValue(fields, 'connection');
  if (connection !== 'keep-alive' && connection !== 'close') tell(`connection: ${connection}`);
}
