// A client for many requests at little cost: exact bytes out, whole messages in, one connection kept open and pipelined at will.
import { connect, type Socket } from 'node:net';
import { type Fields, fieldValue } from '../../src/http/fields.ts';
import type { Address } from './client.ts';

export interface Got {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Buffer;
  /** False where the body ended before its declared end, or its end was not a clean one. */
  readonly whole: boolean;
}

type Framing = { readonly kind: 'none' | 'chunked' | 'close' } | { readonly kind: 'length'; readonly bytes: number };

interface Reading {
  readonly method: string;
  readonly resolve: (got: Got | undefined) => void;
  head?: { readonly status: number; readonly fields: Fields; readonly framing: Framing };
  readonly parts: Buffer[];
  /** Of the body or the chunk under way, its line end included. */
  left: number;
  inTrailers: boolean;
}

/**
 * An answer that takes longer than so many looks is one that does not come. Between two looks what has come is read, however long the machine takes for
 * both: a process that it gives no time has not been kept waiting by anybody.
 */
const SILENT_LOOKS = 150;
const LOOK_EVERY_MS = 100;

export class KeepAlive {
  readonly #socket: Socket;
  readonly #waiting: Reading[] = [];
  #buffer: Buffer = Buffer.alloc(0);
  /** Since something came, or was asked. */
  #looks = 0;
  /** Bytes that answer no request: there must be none. */
  surplus = 0;
  /** Whether the other side said nothing for too long while it owed an answer. */
  wasSilent = false;
  closed = false;

  /** `localAddress`: where it comes from, such as 127.0.0.2. */
  static async connect({ host, port }: Address, from: { readonly localAddress?: string } = {}): Promise<KeepAlive> {
    const socket = connect({ host, port, noDelay: true, ...from });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    return new KeepAlive(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#looks = 0;
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
      this.#pump();
    });
    socket.on('error', () => this.#end(false)).on('end', () => this.#end(true));
    const looking = setInterval(() => this.#look(), LOOK_EVERY_MS);
    socket.on('close', () => {
      clearInterval(looking);
      this.#end(false);
    });
  }

  /** Undefined where the connection ended without a head. Several may be asked before the first is answered. */
  ask(method: string, bytes: string | Buffer): Promise<Got | undefined> {
    if (this.closed) return Promise.resolve(undefined);
    this.#looks = 0;
    return new Promise((resolve) => {
      this.#waiting.push({ method, resolve, parts: [], left: 0, inTrailers: false });
      this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    });
  }

  /** Leaves at once, whatever is under way. */
  destroy(): void {
    this.#socket.destroy();
    this.#end(false);
  }

  #look(): void {
    if (this.#waiting.length === 0 || ++this.#looks < SILENT_LOOKS) return;
    this.wasSilent = true;
    this.#socket.destroy();
  }

  #pump(): void {
    for (;;) {
      const reading = this.#waiting[0];
      if (reading === undefined) {
        this.surplus += this.#take(this.#buffer.length).length;
        return;
      }
      if (!this.#readHead(reading) || !this.#readBody(reading)) return;
      this.#answer(reading, true);
    }
  }

  #readHead(reading: Reading): boolean {
    while (reading.head === undefined) {
      const end = this.#buffer.indexOf('\r\n\r\n');
      if (end === -1) return false;
      const head = headOf(this.#take(end + 4).toString('latin1', 0, end), reading.method);
      if (head.status < 200) continue;
      reading.head = head;
      if (head.framing.kind === 'length') reading.left = head.framing.bytes;
    }
    return true;
  }

  #readBody(reading: Reading): boolean {
    const kind = reading.head?.framing.kind;
    if (kind === 'chunked') return this.#readChunks(reading);
    if (kind === 'length') return this.#readBytes(reading);
    if (kind === 'close') reading.parts.push(this.#take(this.#buffer.length));
    return kind === 'none';
  }

  #readBytes(reading: Reading): boolean {
    const bytes = this.#take(Math.min(reading.left, this.#buffer.length));
    reading.parts.push(bytes);
    reading.left -= bytes.length;
    return reading.left === 0;
  }

  #readChunks(reading: Reading): boolean {
    for (;;) {
      if (reading.left > 2) {
        const bytes = this.#take(Math.min(reading.left - 2, this.#buffer.length));
        reading.parts.push(bytes);
        reading.left -= bytes.length;
        if (reading.left > 2) return false;
      }
      const end = this.#buffer.indexOf('\r\n');
      if (end === -1) return false;
      const line = this.#take(end + 2).toString('latin1', 0, end);
      if (reading.left === 2 && line === '') reading.left = 0;
      else if (reading.inTrailers && line === '') return true;
      else if (!reading.inTrailers && /^[0-9a-f]+$/i.test(line)) this.#beginChunk(reading, Number.parseInt(line, 16));
      else if (!reading.inTrailers) return this.#broken();
    }
  }

  #beginChunk(reading: Reading, size: number): void {
    reading.inTrailers = size === 0;
    reading.left = size === 0 ? 0 : size + 2;
  }

  #broken(): false {
    this.#socket.destroy();
    return false;
  }

  #take(count: number): Buffer {
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  #answer(reading: Reading, whole: boolean): void {
    this.#waiting.shift();
    const { head, parts } = reading;
    reading.resolve(
      head && { status: head.status, fields: head.fields, body: parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts), whole },
    );
  }

  #end(clean: boolean): void {
    this.closed = true;
    for (let reading = this.#waiting[0]; reading !== undefined; reading = this.#waiting[0]) {
      this.#answer(reading, clean && reading.head?.framing.kind === 'close');
    }
  }
}

function headOf(text: string, method: string): NonNullable<Reading['head']> {
  const [startLine = '', ...lines] = text.split('\r\n');
  const status = Number(startLine.split(' ')[1]);
  const fields = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status, fields, framing: framingOf(fields, method, status) };
}

function framingOf(fields: Fields, method: string, status: number): Framing {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' };
  if (fieldValue(fields, 'transfer-encoding') === 'chunked') return { kind: 'chunked' };
  const length = fieldValue(fields, 'content-length');
  return length === undefined ? { kind: 'close' } : { kind: 'length', bytes: Number(length) };
}
