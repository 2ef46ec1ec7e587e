// A request's body as the origin side reads it. It stands between node:http's message and undici because destroying the message destroys
// the client's connection, and an origin that answers early, or fails, must not take the client's answer with it.
import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';
import { OriginError } from '../errors.ts';
import type { Body } from '../http/message.ts';
import { RequestBodyError } from '../origin/exchange.ts';
import { Rest, type Turn } from './pace.ts';

/** What is read and dropped of a body that nobody wanted, before the connection is closed on it (RFC 9112 §9.6). */
const LINGER_BYTES = 1024 * 1024;
const LINGER_MS = 1000;

export class RequestBody extends Readable implements Body {
  readonly #incoming: IncomingMessage;
  readonly #firstRead: () => void;
  #begun = false;
  #wanted = false;
  #received = 0;
  /** While the reader has enough. */
  readonly #rest: Rest;
  /** Bytes that may still come. */
  #left = Number.POSITIVE_INFINITY;

  /** `firstRead` is called when somebody starts to read: the moment for 100 Continue. */
  constructor(incoming: IncomingMessage, options: { readonly clock: Clock; readonly firstRead: () => void }) {
    super();
    this.#incoming = incoming;
    this.#firstRead = options.firstRead;
    this.#rest = new Rest(options.clock);
    this.on('error', () => undefined);
  }

  /** Whether anybody has started to read it. */
  get begun(): boolean {
    return this.#begun;
  }

  /** The client's turn: the reader has room and the client owes bytes. */
  get turn(): Turn | undefined {
    return this.#wanted && !this.#incoming.complete ? { of: this, restedMs: this.#rest.ms, movedBytes: this.#received } : undefined;
  }

  /** To be called before anybody reads. */
  bound(maxBytes: number): void {
    this.#left = maxBytes;
  }

  /** The client broke it off. */
  breakOff(message: string): void {
    this.destroy(new RequestBodyError(message));
  }

  /** Reads and drops the rest, within bounds, then calls `done`. */
  discard(done: () => void): void {
    this.#detach();
    this.#wanted = false;
    const incoming = this.#incoming;
    const { socket } = incoming;
    let left = LINGER_BYTES;
    const finish = (): void => {
      clearTimeout(timer);
      incoming.off('data', count).off('end', finish).off('close', finish);
      socket.off('end', finish);
      done();
    };
    const count = (chunk: Buffer): void => {
      left -= chunk.length;
      if (left < 0) finish();
    };
    const timer = setTimeout(finish, LINGER_MS);
    incoming.on('data', count).on('end', finish).on('close', finish);
    // The client has closed: nothing more comes.
    socket.on('end', finish);
    incoming.resume();
  }

  override _read(): void {
    this.#wanted = true;
    this.#rest.end();
    if (!this.#begun) this.#begin();
    else this.#incoming.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#wanted = false;
    this.#detach();
    callback(error);
  }

  #begin(): void {
    this.#begun = true;
    this.#firstRead();
    this.#incoming.on('data', this.#take).on('end', this.#end).on('close', this.#closed);
  }

  #detach(): void {
    this.#incoming.off('data', this.#take).off('end', this.#end).off('close', this.#closed);
  }

  readonly #take = (chunk: Buffer): void => {
    this.#received += chunk.length;
    this.#left -= chunk.length;
    if (this.#left < 0) {
      // Who reads it has begun to send it.
      this.destroy(new OriginError('body-too-large', 'the body of the request is larger than its route takes', { requestSent: true }));
      return;
    }
    this.#wanted = this.push(chunk);
    if (this.#wanted) return;
    this.#rest.begin();
    this.#incoming.pause();
  };

  readonly #end = (): void => {
    this.#wanted = false;
    this.push(null);
  };

  readonly #closed = (): void => {
    if (!this.#incoming.readableEnded) this.breakOff('the client left in the middle of its request');
  };
}
