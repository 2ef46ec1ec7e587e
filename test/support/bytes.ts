// Bytes off a socket as awaited reads, and the HTTP/1.1 messages in them: the tests' own reading, independent of the parsers under test.
import type { Socket } from 'node:net';

export interface WireHead {
  readonly startLine: string;
  /** Flat pairs, names in lower case, in the order received. */
  readonly fields: string[];
}

const MOST_PIECES = 4096;

/** Single bytes; where that would be too many pieces, several bytes each. */
export function piecesOf(bytes: Buffer): Buffer[] {
  const size = Math.ceil(bytes.length / MOST_PIECES);
  return Array.from({ length: Math.ceil(bytes.length / Math.max(1, size)) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

/** Each piece in a packet of its own, as far as the kernel lets us say; stops where the other side has closed. */
export async function writeInPieces(socket: Socket, bytes: Buffer): Promise<void> {
  for (const piece of piecesOf(bytes)) {
    if (!socket.writable) return;
    await new Promise((resolve) => socket.write(piece, resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export class ByteReader {
  #buffered: Buffer = Buffer.alloc(0);
  #ended = false;
  /** How the other side went: `end` for a FIN, else the error's code. */
  #closedBy: string | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    socket.on('data', (chunk) => {
      this.#buffered = Buffer.concat([this.#buffered, typeof chunk === 'string' ? Buffer.from(chunk) : chunk]);
      this.#signal();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => this.#close(error.code ?? 'error'));
    socket.on('end', () => this.#close('end'));
    socket.on('close', () => this.#close('close'));
  }

  /** Up to and without the next LF (and a CR before it); undefined at the end. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const at = this.#buffered.indexOf(0x0a);
      if (at >= 0)
        return this.#take(at + 1)
          .toString('latin1')
          .replace(/\r?\n$/, '');
      if (!(await this.#more())) return undefined;
    }
  }

  /** `count` bytes, or fewer where the end came first. */
  async bytes(count: number): Promise<Buffer> {
    while (this.#buffered.length < count && (await this.#more()));
    return this.#take(Math.min(count, this.#buffered.length));
  }

  async rest(): Promise<Buffer> {
    while (await this.#more());
    return this.#take(this.#buffered.length);
  }

  /** Waits for the end, dropping what comes before it. */
  async closed(): Promise<string> {
    await this.rest();
    return this.#closedBy ?? 'end';
  }

  async head(): Promise<WireHead | undefined> {
    let startLine = await this.line();
    if (startLine === '') startLine = await this.line();
    if (startLine === undefined) return undefined;
    const fields: string[] = [];
    for (;;) {
      const line = await this.line();
      if (line === undefined) return undefined;
      if (line === '') return { startLine, fields };
      const colon = line.indexOf(':');
      fields.push(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
  }

  /** A chunked body; `complete` is false where it was cut. */
  async chunked(): Promise<{ body: Buffer; complete: boolean }> {
    const chunks: Buffer[] = [];
    for (;;) {
      const size = Number.parseInt((await this.line()) ?? '', 16);
      if (Number.isNaN(size)) return { body: Buffer.concat(chunks), complete: false };
      if (size === 0) break;
      const chunk = await this.bytes(size);
      chunks.push(chunk);
      if (chunk.length < size || (await this.line()) === undefined) return { body: Buffer.concat(chunks), complete: false };
    }
    let line = await this.line();
    while (line !== '' && line !== undefined) line = await this.line();
    return { body: Buffer.concat(chunks), complete: line === '' };
  }

  #take(count: number): Buffer {
    const taken = this.#buffered.subarray(0, count);
    this.#buffered = this.#buffered.subarray(count);
    return taken;
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const before = this.#buffered.length;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    return this.#buffered.length > before || !this.#ended;
  }

  #close(how: string): void {
    this.#closedBy ??= how;
    this.#ended = true;
    this.#signal();
  }

  #signal(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
