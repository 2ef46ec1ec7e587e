// One exchange with an origin: what is sent, and what the caller is told, in order. undici is behind it (origin/pool.ts).
import type { Readable } from 'node:stream';
import type { Fields } from '../http/fields.ts';
import type { ResponseHead } from '../http/message.ts';
import type { OriginError } from '../errors.ts';

export interface OriginRequest {
  readonly method: string;
  /** Path and query, sent as given. */
  readonly path: string;
  /** End-to-end fields with `host`, without hop-by-hop fields and content-length: forwarding.ts makes them. */
  readonly fields: Fields;
  readonly body?: Readable;
  /** Declared length of `body`; without it the body is sent chunked. */
  readonly bodyBytes?: number;
}

/** How the end of a message was told: by its framing; by the end of the connection, so that a cut would look the same; by its framing, and yet more came. */
export type BodyEnd = 'verified' | 'close-delimited' | 'overrun';

/** Called in this order: sent, informational*, head, data*, then exactly one of end and failed (failed may come at any point). */
export interface OriginHandler {
  /** Just before the first byte is written, perhaps before `fetch` returns; `at` is the request time of RFC 9111 §4.2.3. Called again where the request is retried. */
  sent(at: number): void;
  /** A 102, 103 or other 1xx but 100 and 101; at most 8, the rest is dropped. */
  informational(head: ResponseHead): void;
  /** The final head: framing verified, names in lower case, hop-by-hop fields still there. `at` is the response time. */
  head(head: ResponseHead, at: number): void;
  /** A piece of the body. False: pause until `OriginCall.resume()`. */
  data(chunk: Buffer): boolean;
  /** The message is complete. */
  end(how: BodyEnd): void;
  failed(error: OriginError): void;
}

export interface OriginCall {
  resume(): void;
  /** Ends the exchange and its connection; `failed` is not called after it. Idempotent. */
  abort(): void;
}

/** The origins of the configuration, by name. */
export interface Origins {
  /** Never throws: every failure arrives at `handler.failed`, after `fetch` has returned. */
  fetch(origin: string, request: OriginRequest, handler: OriginHandler): OriginCall;
}

/** What a request's `body` is destroyed with when its client breaks it off, so that the failure is not put down to the origin. */
export class RequestBodyError extends Error {
  override readonly name = 'RequestBodyError';
}
