// One exchange from the first dispatch to its end: undici's callbacks become the calls of OriginHandler, in order and each at most once.
// A reset on a connection that served before, with no byte of an answer, is most often an idle close that crossed the request: a request
// that may be repeated is then sent once more on a connection of its own (RFC 9112 §9.3.1).
import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import { OriginError } from '../errors.ts';
import { fieldsFromRaw } from '../http/fields.ts';
import type { Fields } from '../http/fields.ts';
import type { ResponseHead } from '../http/message.ts';
import type { Permit } from './breaker.ts';
import type { BodyEnd, OriginCall, OriginHandler, OriginRequest } from './exchange.ts';
import { originFailure } from './failure.ts';
import { checkHead } from './head-check.ts';
import type { PooledHandler, SafeClient } from './safe-client.ts';

/** How an exchange ended, for the observers. `durationMs` runs from sending to the head, or to the failure where there was none. */
export interface ExchangeEnd {
  readonly origin: string;
  readonly status?: number;
  readonly failure?: OriginError['reason'];
  /** A client kept the origin waiting, with its request or with the answer. */
  readonly keptWaiting?: boolean;
  /** It was sent a second time. */
  readonly retried: boolean;
  readonly durationMs: number;
}

/** What a call asks of the pool that it belongs to. */
export interface CallHost {
  readonly clock: Clock;
  readonly name: string;
  /** Hands the request to undici; `fresh` on a connection that has served nothing. */
  dispatch(call: PoolCall, request: OriginRequest, fresh: boolean): void;
  /** Takes a retry out of the budget, if there is one. */
  takeRetry(call: PoolCall): boolean;
  /** It was given up; if it waits, it does so no longer. */
  withdraw(call: PoolCall): void;
  /** undici holds nothing of the call any more. */
  released(): void;
  /** Its final head is here; told before the handler is. */
  headed(call: PoolCall, status: number): void;
  ended(call: PoolCall, end: ExchangeEnd): void;
}

/** Who asked for what, and what let it through. */
export interface Asked {
  readonly request: OriginRequest;
  readonly handler: OriginHandler;
  /** Undefined: it is not let through, and will be shed. */
  readonly permit: Permit | undefined;
}

export class PoolCall implements OriginCall, PooledHandler {
  refused = false;
  readonly permit: Permit | undefined;
  readonly #host: CallHost;
  readonly #request: OriginRequest;
  readonly #handler: OriginHandler;
  readonly #startedAt: number;
  #client: SafeClient | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #sentAt: number | undefined;
  #headAt: number | undefined;
  #status: number | undefined;
  #informationals = 0;
  #connectionReused = false;
  #answerBegan = false;
  #retried = false;
  #verified = false;
  /** Once at least: of what came then it is not known when it was sent. */
  #paused = false;
  /** Nothing is told to the handler any more. */
  #over = false;
  #aborted = false;

  constructor(host: CallHost, { request, handler, permit }: Asked) {
    this.permit = permit;
    this.#host = host;
    this.#request = request;
    this.#handler = handler;
    this.#startedAt = host.clock.now();
  }

  start(fresh = false): void {
    this.#host.dispatch(this, this.#request, fresh);
  }

  /** Ends a call that was never handed to undici. */
  shed(error: OriginError): void {
    this.#fail(error);
  }

  /** In a microtask: undici's parser must not be resumed from inside another connection's callback. */
  resume(): void {
    queueMicrotask(() => {
      if (!this.#over) this.#controller?.resume();
    });
  }

  abort(): void {
    this.#aborted = true;
    if (this.#over) return;
    this.#finish('client-gone');
    this.#host.withdraw(this);
    this.#controller?.abort(new Error('aborted'));
  }

  assigned(client: SafeClient): void {
    this.#client = client;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#connectionReused = this.#client?.use() ?? false;
    if (this.#over) {
      controller.abort(new Error('aborted'));
      return;
    }
    this.#sentAt = this.#host.clock.now();
    this.#handler.sent(this.#sentAt);
  }

  onResponseStarted(): void {
    this.#answerBegan = true;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, statusText = ''): void {
    const head: ResponseHead = { status, statusText: plainText(statusText), fields: rawFields(controller.rawHeaders) };
    if (status >= 100 && status < 200) this.#informational(head);
    else this.#final(head);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over && !this.#handler.data(chunk)) this.#pause(controller);
  }

  #pause(controller: Dispatcher.DispatchController): void {
    this.#paused = true;
    controller.pause();
  }

  onResponseEnd(): void {
    this.#host.released();
    if (!this.#verified && this.#client?.broke === true) {
      this.#fail(new OriginError('origin-reset', 'the connection broke in a body that only its end could end', { requestSent: true }));
      return;
    }
    const client = this.#client;
    // undici looks at what stands behind a response in the same read only when it has told of its end.
    queueMicrotask(() => this.#end(client));
  }

  /** `controller` is null for a request that undici did not take, undefined for one that was never begun. */
  onResponseError(controller: Dispatcher.DispatchController | null | undefined, cause: Error): void {
    this.refused = controller === null;
    const error = originFailure(cause, { requestSent: this.#sentAt !== undefined, headSeen: this.#status !== undefined });
    if (this.#mayRetry(error)) {
      this.#retried = true;
      this.#controller = undefined;
      this.start(true);
      return;
    }
    this.#host.released();
    this.#fail(error);
  }

  #end(client: SafeClient | undefined): void {
    if (this.#over) return;
    this.#finish(undefined);
    this.#handler.end(this.#endOf(client));
  }

  #endOf(client: SafeClient | undefined): BodyEnd {
    if (!this.#verified) return 'close-delimited';
    return client?.overran === true ? 'overrun' : 'verified';
  }

  #informational(head: ResponseHead): void {
    this.#informationals++;
    if (this.#informationals <= FORWARDED_INFORMATIONALS) this.#handler.informational(head);
    else if (this.#informationals > MAX_INFORMATIONALS) this.#refuse('more informational responses than any answer needs');
  }

  #final(head: ResponseHead): void {
    const verdict = checkHead(this.#request, head);
    if (verdict.kind === 'refuse') {
      this.#refuse(verdict.message);
      return;
    }
    this.#verified = verdict.verified;
    this.#status = head.status;
    this.#headAt = this.#host.clock.now();
    this.#host.headed(this, head.status);
    this.#handler.head(head, this.#headAt);
  }

  #refuse(message: string): void {
    this.#fail(new OriginError('origin-malformed', `the origin answered with ${message}`, { requestSent: true }));
    this.#controller?.abort(new Error(message));
  }

  #mayRetry(error: OriginError): boolean {
    if (this.#over || this.#retried || this.#answerBegan || !this.#connectionReused) return false;
    if (error.reason !== 'origin-reset' || this.#request.body !== undefined) return false;
    return IDEMPOTENT_METHODS.has(this.#request.method) && this.#host.takeRetry(this);
  }

  /** The handler is told in a microtask: whoever asks for the exchange gets the call before he hears of its end. */
  #fail(error: OriginError): void {
    if (this.#over) return;
    this.#finish(error.reason);
    queueMicrotask(() => {
      if (!this.#aborted) this.#handler.failed(error);
    });
  }

  #finish(failure: OriginError['reason'] | undefined): void {
    this.#over = true;
    const end = this.#headAt ?? this.#host.clock.now();
    this.#host.ended(this, {
      origin: this.#host.name,
      ...(this.#status !== undefined && { status: this.#status }),
      ...(failure !== undefined && { failure }),
      ...((this.#paused || this.#request.body?.readableEnded === false) && { keptWaiting: true }),
      retried: this.#retried,
      durationMs: end - (this.#sentAt ?? this.#startedAt),
    });
  }
}

/** SECURITY §2: what is forwarded, and what is borne before the exchange is given up. */
const FORWARDED_INFORMATIONALS = 8;
const MAX_INFORMATIONALS = 1000;

/** RFC 9110 §9.2.2. */
const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PUT',
  'DELETE',
  'QUERY',
  'PROPFIND',
  'REPORT',
  'SEARCH',
]);

/** undici hands the raw pairs over as Buffers: parts of what it read, and as a rule of one piece of it, which is made text once. */
function rawFields(raw: unknown): Fields {
  const parts = Array.isArray(raw) ? raw.filter((part) => Buffer.isBuffer(part)) : [];
  const [first] = parts;
  const last = parts.at(-1);
  if (first === undefined || last === undefined || parts.some((part) => part.buffer !== first.buffer)) return fieldsFromRaw(parts.map(latin1));
  const start = first.byteOffset;
  const text = latin1(Buffer.from(first.buffer, start, last.byteOffset + last.length - start));
  return fieldsFromRaw(parts.map((part) => text.slice(part.byteOffset - start, part.byteOffset - start + part.length)));
}

function latin1(bytes: Buffer): string {
  return bytes.toString('latin1');
}

/** A reason phrase that can be sent on, or none. */
function plainText(text: string): string {
  return /^[\t\x20-\x7e\xa0-\xff]*$/.test(text) ? text : '';
}
