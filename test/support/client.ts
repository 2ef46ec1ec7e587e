// Clients for tests: one that sends exact bytes, whole or one by one, and reads what comes; and a plain request on node:http.
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { fieldsFromRaw, fieldValue } from '../../src/http/fields.ts';
import type { Fields } from '../../src/http/fields.ts';
import { ByteReader, writeInPieces } from './bytes.ts';
import type { WireHead } from './bytes.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly fields: Fields;
  readonly body: string;
  readonly bytes: Buffer;
  /** False where the body ended before its declared end, or the connection was reset. */
  readonly complete: boolean;
  readonly informational: readonly { readonly status: number; readonly fields: Fields }[];
  /** The combined value of a field. */
  field(name: string): string | undefined;
}

export class RawClient implements AsyncDisposable {
  readonly socket: Socket;
  readonly #reader: ByteReader;

  /** `localAddress`: where it comes from, such as 127.0.0.2. */
  static async connect({ host, port }: Address, from: { readonly localAddress?: string } = {}): Promise<RawClient> {
    const socket = connect({ host, port, noDelay: true, ...from });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    return new RawClient(socket);
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#reader = new ByteReader(socket);
  }

  send(bytes: string | Buffer): void {
    if (this.socket.writable) this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Every byte in a packet of its own, unless there are very many; stops where the other side has closed. */
  sendByteByByte(bytes: string | Buffer): Promise<void> {
    return writeInPieces(this.socket, typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** The next final answer; undefined where the connection ended without one. `method` is that of the request. */
  async answer(method = 'GET'): Promise<Answer | undefined> {
    const informational: { status: number; fields: Fields }[] = [];
    for (;;) {
      const head = await this.#reader.head();
      if (head === undefined) return undefined;
      const status = statusOf(head);
      if (status >= 200) return this.#read(head, method, informational);
      informational.push({ status, fields: head.fields });
    }
  }

  /** Only the next head, 1xx included. */
  async head(): Promise<{ status: number; fields: Fields } | undefined> {
    const head = await this.#reader.head();
    return head && { status: statusOf(head), fields: head.fields };
  }

  /** The next `count` bytes as they are, or fewer at the end. */
  bytes(count: number): Promise<Buffer> {
    return this.#reader.bytes(count);
  }

  /** Waits until the other side ends the connection: `end`, or an error's code. Drops what it still sends. */
  closed(): Promise<string> {
    return this.#reader.closed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.closed) return;
    await new Promise((resolve) => this.socket.once('close', resolve).destroy());
  }

  async #read(head: WireHead, method: string, informational: Answer['informational']): Promise<Answer> {
    const status = statusOf(head);
    const { body, complete } = await this.#body(head.fields, method, status);
    return answerOf({ status, statusText: head.startLine.split(' ').slice(2).join(' '), fields: head.fields, bytes: body, complete, informational });
  }

  async #body(fields: Fields, method: string, status: number): Promise<{ body: Buffer; complete: boolean }> {
    if (method === 'HEAD' || status === 204 || status === 304) return { body: Buffer.alloc(0), complete: true };
    if (fieldValue(fields, 'transfer-encoding') === 'chunked') return this.#reader.chunked();
    const length = fieldValue(fields, 'content-length');
    if (length === undefined) return { body: await this.#reader.rest(), complete: (await this.#reader.closed()) === 'end' };
    const body = await this.#reader.bytes(Number(length));
    return { body, complete: body.length === Number(length) };
  }
}

export interface Asking {
  readonly method?: string;
  /** Flat pairs; `host` is added where it is missing. */
  readonly fields?: Fields;
  readonly body?: string | Buffer;
}

/** One request on a connection of its own; rejects only where no head came. */
export function get(address: Address, path: string, { method = 'GET', fields = [], body }: Asking = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const informational: { status: number; fields: Fields }[] = [];
    const request = httpRequest({ ...address, path, method, agent: false, headers: withHost(fields, address, body), setDefaultHeaders: false });
    request.on('information', ({ statusCode, rawHeaders }) => informational.push({ status: statusCode, fields: fieldsFromRaw(rawHeaders) }));
    request.on('response', (response) => collect(response, informational, resolve)).on('error', reject);
    request.end(body);
  });
}

function withHost(fields: Fields, { host, port }: Address, body: string | Buffer | undefined): string[] {
  const headers = [...fields];
  if (!fields.includes('host')) headers.unshift('host', `${host}:${port}`);
  if (body !== undefined && fieldValue(fields, 'transfer-encoding') === undefined) headers.push('content-length', String(Buffer.byteLength(body)));
  return headers;
}

function collect(response: IncomingMessage, informational: Answer['informational'], resolve: (answer: Answer) => void): void {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  response.on('close', () => {
    const { statusCode = 0, statusMessage = '', rawHeaders, complete } = response;
    resolve(
      answerOf({
        status: statusCode,
        statusText: statusMessage,
        fields: fieldsFromRaw(rawHeaders),
        bytes: Buffer.concat(chunks),
        complete,
        informational,
      }),
    );
  });
}

function answerOf(parts: Omit<Answer, 'body' | 'field'>): Answer {
  return { ...parts, body: parts.bytes.toString(), field: (name) => fieldValue(parts.fields, name) };
}

function statusOf(head: WireHead): number {
  return Number(head.startLine.split(' ')[1]);
}
