// The two heads of an exchange, as data. Bodies travel beside them.
import type { Readable } from 'node:stream';
import type { Fields } from './fields.ts';
import type { Target } from './target.ts';

/** A body on its way in. */
export interface Body extends Readable {
  /** One that proves longer than this is broken off. */
  bound(maxBytes: number): void;
}

/** A client's request after its framing was verified. */
export interface Request {
  /** As received, case-sensitive (RFC 9110 §9.1). */
  readonly method: string;
  readonly target: Target;
  readonly fields: Fields;
  readonly version: '1.0' | '1.1';
  /** The body to be streamed; absent where the request has none (no Content-Length above 0 and no Transfer-Encoding). */
  readonly body?: Body;
  /** Content-Length of the body where it was declared, else the body is chunked. */
  readonly bodyBytes?: number;
  /** The peer's address on the connection, not what any field claims. */
  readonly peerAddress: string;
}

/** A response's head: final unless `status` < 200. */
export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly fields: Fields;
}

/** RFC 9110 §9.2.1. A method not listed here is treated as unsafe. */
export function isSafe(method: string): boolean {
  return SAFE_METHODS.has(method);
}

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY']);

/** For Allow (RFC 9110 §10.2.1): what any origin may be asked through here; others are passed on too. */
export const METHODS_SERVED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
