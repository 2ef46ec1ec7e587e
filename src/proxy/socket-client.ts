// A client on the fast path: what respond says becomes the bytes of one HTTP/1.1 answer, written to its socket as node:http would write them.
// A length that lies never reaches the client as a whole answer: what is told beyond it, or short of it, cuts the connection.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { type Fields, fieldValue, hasField } from '../http/fields.ts';
import type { Client, WrittenAnswer } from './client.ts';
import { Rest, type Turn } from './pace.ts';
import { answerHead, writtenHead } from './answer-head.ts';
import { writeWhole } from './one-buffer.ts';

/** The connection it is a client of. */
export interface Line {
  readonly socket: Socket;
  readonly clock: Clock;
  /** Whether the connection is to end with this answer. */
  readonly isLast: boolean;
  /** As Keep-Alive tells the client. */
  readonly keepAliveSeconds: number;
  /** Called once, when the whole answer is with the kernel. */
  finished(): void;
  /** Told what is not sent. */
  faulty(error: unknown): void;
}

const NOTHING = Buffer.alloc(0);

export class SocketClient implements Client {
  #gone = false;
  #headSent = false;
  /** All was told. */
  #ended = false;
  readonly #line: Line;
  readonly #isHead: boolean;
  #leavers: (() => void)[] | undefined;
  #drained: (() => void) | undefined;
  /** A head that waits for the first piece of its body, where that comes in the same step. */
  #unsent = '';
  #isChunked = false;
  /** Of the declared length. */
  #bytesLeft = 0;
  /** It was told more than is taken from us. */
  #awaitsDrain = false;
  /** While it has taken all there was and more is to come; begun with the first such moment. */
  #rest: Rest | undefined;

  constructor(line: Line, method: string) {
    this.#line = line;
    this.#isHead = method === 'HEAD';
  }

  get gone(): boolean {
    return this.#gone;
  }

  get headSent(): boolean {
    return this.#headSent;
  }

  /** Somebody who writes to it waits. */
  get awaitsDrain(): boolean {
    return this.#awaitsDrain;
  }

  /** Its turn where not all is taken that was given to it, of which `takenBytes` of its connection are. */
  taking(takenBytes: number): Turn | undefined {
    return this.#ended || this.#awaitsDrain ? { of: this, restedMs: this.#rest?.ms ?? 0, movedBytes: takenBytes } : undefined;
  }

  onGone(listener: () => void): void {
    if (this.#gone) listener();
    else (this.#leavers ??= []).push(listener);
  }

  onDrain(listener: () => void): void {
    this.#drained = listener;
  }

  informational(status: number, fields: Fields): void {
    if (this.#gone || this.#headSent || status < 102 || status > 199) return;
    const statusText = STATUS_CODES[status] ?? 'unknown';
    this.#guarded(() => this.#line.socket.write(answerHead({ status, statusText, fields, framing: 'none' }), 'latin1'));
  }

  head(status: number, statusText: string, fields: Fields): void {
    if (this.#gone || this.#headSent) return;
    this.#guarded(() => {
      this.#unsent = this.#headText(status, statusText, fields);
    });
    queueMicrotask(() => this.#flush());
  }

  write(chunk: Buffer): boolean {
    if (this.#gone || this.#ended || this.#isHead || chunk.length === 0) return true;
    if (!this.#isChunked && !this.#counts(chunk.length)) return true;
    const { socket } = this.#line;
    const head = this.#unsent;
    this.#unsent = '';
    const isBelowMark = this.#isChunked ? writeChunk(socket, head, chunk) : writeWhole(socket, head, chunk);
    // A piece as large as the mark is above it even where the kernel took it at once.
    this.#awaitsDrain = !isBelowMark && socket.writableLength > 0;
    if (this.#awaitsDrain) this.#rest?.end();
    else this.#rest?.begin();
    return !this.#awaitsDrain;
  }

  end(): void {
    if (this.#gone || this.#ended) return;
    if (this.#bytesLeft > 0) return this.#fail(new Error(`${this.#bytesLeft} bytes fewer than the declared length were told`));
    const last = this.#unsent + (this.#isChunked ? '0\r\n\r\n' : '');
    this.#unsent = '';
    if (last !== '') this.#line.socket.write(last, 'latin1');
    this.#finish();
  }

  answer(status: number, statusText: string, fields: Fields, body: Buffer | undefined): void {
    if (this.#gone || this.#headSent) return;
    const sized = hasField(fields, 'content-length') || status === 204 || status === 304;
    const all = sized ? fields : [...fields, 'content-length', String(body?.length ?? 0)];
    this.#guarded(() => {
      const text = this.#headText(status, statusText, all);
      if (body === undefined || this.#isHead) this.#line.socket.write(text, 'latin1');
      else if (this.#counts(body.length)) writeWhole(this.#line.socket, text, body);
      this.end();
    });
  }

  answerLines({ status, statusText, lines, body }: WrittenAnswer): void {
    if (this.#gone || this.#headSent) return;
    const text = writtenHead({ status, statusText, lines, line: this.#line });
    this.#headSent = true;
    if (body === undefined || this.#isHead) this.#line.socket.write(text, 'latin1');
    else writeWhole(this.#line.socket, text, body);
    this.#finish();
  }

  destroy(): void {
    if (this.#gone || this.#ended) return;
    this.#gone = true;
    this.#leavers = undefined;
    this.#line.socket.destroy();
  }

  /** The connection closed: whoever works for it is told. */
  leave(): void {
    this.#gone = true;
    const leavers = this.#leavers ?? [];
    this.#leavers = undefined;
    for (const listener of leavers) listener();
  }

  /** The socket has taken all that was written. */
  room(): void {
    this.#awaitsDrain = false;
    this.#drained?.();
    if (this.#awaitsDrain || this.#ended) return;
    this.#rest ??= new Rest(this.#line.clock);
    this.#rest.begin();
  }

  #flush(): void {
    const text = this.#unsent;
    this.#unsent = '';
    if (text !== '' && !this.#gone) this.#line.socket.write(text, 'latin1');
  }

  #headText(status: number, statusText: string, fields: Fields): string {
    const length = fieldValue(fields, 'content-length');
    const hasBody = !this.#isHead && status !== 204 && status !== 304;
    const isChunked = hasBody && length === undefined;
    const text = answerHead({ status, statusText, fields, framing: isChunked ? 'chunked' : 'none', line: this.#line });
    this.#headSent = true;
    this.#isChunked = isChunked;
    this.#bytesLeft = hasBody && length !== undefined ? Number(length) : 0;
    return text;
  }

  /** False: it is more than was declared, and nothing more is sent. */
  #counts(bytes: number): boolean {
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft >= 0) return true;
    this.#fail(new Error(`${-this.#bytesLeft} bytes more than the declared length were told`));
    return false;
  }

  #finish(): void {
    this.#ended = true;
    this.#rest?.end();
    const { socket } = this.#line;
    if (socket.writableLength === 0) return this.#line.finished();
    socket.write(NOTHING, (error) => {
      if (error === undefined || error === null) this.#line.finished();
    });
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#line.faulty(error);
    this.#ended = true;
    this.#line.socket.destroy();
    this.leave();
  }
}

/** RFC 9112 §7.1, behind `head`. As `socket.write`. */
function writeChunk(socket: Socket, head: string, chunk: Buffer): boolean {
  socket.cork();
  socket.write(`${head}${chunk.length.toString(16)}\r\n`, 'latin1');
  socket.write(chunk);
  const isBelowMark = socket.write('\r\n', 'latin1');
  socket.uncork();
  return isBelowMark;
}
