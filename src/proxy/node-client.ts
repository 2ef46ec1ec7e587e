// A client over node:http: what respond says becomes bytes, and what happens to the connection becomes `gone` and `onDrain`.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { fieldsOf, hasField } from '../http/fields.ts';
import type { Fields } from '../http/fields.ts';
import type { Client, WrittenAnswer } from './client.ts';
import { Rest, type Turn } from './pace.ts';
import type { RequestBody } from './request-body.ts';

export interface NodeClientOptions {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly clock: Clock;
  readonly body: RequestBody | undefined;
  readonly expectsContinue: boolean;
  /** Whether the connection is to end with this answer. */
  readonly closing: () => boolean;
  /** Told that the answer says so. */
  readonly closes: () => void;
  /** Called once, when the answer is with the kernel or the client was cut. */
  readonly finished: (client: NodeClient) => void;
  /** Told what node:http would not send. */
  readonly faulty: (error: unknown) => void;
}

const NOTHING = Buffer.alloc(0);

export class NodeClient implements Client {
  #gone = false;
  readonly #options: NodeClientOptions;
  readonly #response: ServerResponse;
  #leavers: (() => void)[] = [];
  #drained: (() => void) | undefined;
  #closeDelimited = false;
  #written = false;
  #ended = false;
  /** While it has taken all there was and more is to come; begun with the first such moment. */
  #rest: Rest | undefined;

  constructor(options: NodeClientOptions) {
    this.#options = options;
    this.#response = options.response;
    this.#response.on('drain', () => this.#room());
    this.#response.on('finish', () => options.finished(this));
    this.#response.on('error', () => undefined);
  }

  get gone(): boolean {
    return this.#gone;
  }

  get headSent(): boolean {
    return this.#response.headersSent;
  }

  /** The whole request has arrived. */
  get requestComplete(): boolean {
    // node:http calls a request without a body complete only after it was handed over.
    return this.#options.body === undefined || this.#options.incoming.complete;
  }

  /** Its answer is not given, or not all of it. */
  get owed(): boolean {
    return !this.#ended;
  }

  /** The rest of its request is still to come, and its answer is not given. */
  get owesBody(): boolean {
    return this.owed && !this.requestComplete;
  }

  /** Its turn where it owes us bytes of its request, and somebody waits for them. */
  get sending(): Turn | undefined {
    return this.#options.body?.turn;
  }

  /** It was told more than is taken from us: whoever writes to it waits. */
  get awaitsDrain(): boolean {
    return this.#response.writableNeedDrain;
  }

  /** Its turn where not all is taken that was given to it, of which `takenBytes` of its connection are. Only for the one whose answer is due. */
  taking(takenBytes: number): Turn | undefined {
    const { writableEnded, writableNeedDrain } = this.#response;
    return writableEnded || writableNeedDrain ? { of: this, restedMs: this.#rest?.ms ?? 0, movedBytes: takenBytes } : undefined;
  }

  onGone(listener: () => void): void {
    if (this.#gone) listener();
    else this.#leavers.push(listener);
  }

  onDrain(listener: () => void): void {
    this.#drained = listener;
  }

  informational(status: number, fields: Fields): void {
    if (this.#gone || this.headSent || this.#options.incoming.httpVersionMinor === 0) return;
    if (status < 102 || status > 199) return;
    this.#whenDue(() => this.#guarded(() => this.#response.writeInformation(status, fields)));
  }

  head(status: number, statusText: string, fields: Fields): void {
    this.#head(status, statusText, fields);
    queueMicrotask(() => this.#flush());
  }

  #head(status: number, statusText: string, fields: Fields): void {
    if (this.#gone || this.headSent) return;
    const { incoming, closing } = this.#options;
    const ends = closing() || !this.requestComplete;
    if (ends) this.#options.closes();
    this.#closeDelimited = incoming.httpVersionMinor === 0 && !hasField(fields, 'content-length');
    this.#response.strictContentLength = true;
    // writeHead only reads the array, though its type does not say so.
    const flat = ends ? [...fields, 'connection', 'close'] : (fields as string[]);
    this.#guarded(() => this.#response.writeHead(status, statusText, flat));
  }

  write(chunk: Buffer): boolean {
    if (this.#gone) return true;
    this.#written = true;
    const hasRoom = this.#guarded(() => this.#response.write(chunk)) ?? true;
    if (hasRoom) this.#rest?.begin();
    else this.#rest?.end();
    return hasRoom;
  }

  end(): void {
    this.#end(undefined);
  }

  answer(status: number, statusText: string, fields: Fields, body: Buffer | undefined): void {
    if (this.#gone || this.headSent) return;
    const sized = hasField(fields, 'content-length') || status === 204 || status === 304;
    this.#head(status, statusText, sized ? fields : [...fields, 'content-length', String(body?.length ?? 0)]);
    this.#end(body);
  }

  answerLines({ status, statusText, lines, body }: WrittenAnswer): void {
    this.answer(status, statusText, fieldsOf(lines), typeof body === 'string' ? Buffer.from(body, 'latin1') : body);
  }

  destroy(): void {
    if (this.#gone || this.#ended) return;
    this.#gone = true;
    this.#leavers = [];
    const { socket } = this.#options.incoming;
    // Without a length a FIN would look like the end of the body.
    if (this.#closeDelimited && this.headSent) socket.resetAndDestroy();
    this.#cut();
    this.#options.finished(this);
  }

  /** The connection closed, or what the client sends can no longer be read: whoever works for it is told. */
  leave(): void {
    this.#gone = true;
    this.#options.body?.breakOff('the client left in the middle of its request');
    for (const listener of this.#leavers.splice(0)) listener();
  }

  /** For RequestBody: the client may send its body now. */
  continueBody(): void {
    if (this.#options.expectsContinue && !this.#gone && !this.headSent) this.#whenDue(() => this.#response.writeContinue());
  }

  /** With its turn: node:http forgets a response that is destroyed before, and its connection then says nothing more. */
  #cut(): void {
    if (this.#response.socket === null) this.#response.once('socket', (socket) => socket.destroy());
    this.#response.destroy();
  }

  /** A 1xx waits for its turn on the connection: node:http would write it behind the final head, into the body, where that is given before its turn. */
  #whenDue(write: () => void): void {
    if (this.#response.socket !== null) return write();
    this.#response.once('socket', () => {
      if (!this.#gone && !this.headSent) write();
    });
  }

  /** node:http keeps a head for the first piece of its body, which may be long in coming. (Its flushHeaders would send latin1 as UTF-8.) */
  #flush(): void {
    if (!this.#gone && !this.#written && !this.#ended) this.#guarded(() => this.#response.write(NOTHING));
  }

  #room(): void {
    this.#drained?.();
    if (this.#response.writableNeedDrain || this.#response.writableEnded) return;
    this.#rest ??= new Rest(this.#options.clock);
    this.#rest.begin();
  }

  #end(last: Buffer | undefined): void {
    if (this.#gone || this.#ended) return;
    this.#ended = true;
    const { body, expectsContinue } = this.#options;
    const nothingComes = this.requestComplete || body === undefined || (expectsContinue && !body.begun);
    if (last !== undefined && !nothingComes) this.#guarded(() => this.#response.write(last));
    if (nothingComes) this.#finish(last);
    else body.discard(() => this.#finish(undefined));
  }

  #finish(last: Buffer | undefined): void {
    if (this.#gone) return;
    this.#rest?.end();
    this.#guarded(() => (last === undefined ? this.#response.end() : this.#response.end(last)));
  }

  /** node:http throws on a value it would not send and on a length that lies: neither may reach the client as a whole answer. */
  #guarded<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      this.#options.faulty(error);
      this.#ended = true;
      this.#cut();
      this.leave();
      this.#options.finished(this);
      return undefined;
    }
  }
}
