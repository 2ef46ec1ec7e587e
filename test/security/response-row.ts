// A row of SECURITY §2: what an origin sends on a request, to the byte, and what becomes of it for two clients that share the fetch. Characters are bytes.
import type { Fields } from '../../src/http/fields.ts';
import type { Reason } from '../../src/rules/reasons.ts';

export interface ResponseRow {
  /** In SECURITY: `2.3` is row 3 of the table in section 2. */
  readonly row: string;
  readonly name: string;
  readonly bytes: string;
  /** What the origin does then. It leaves a connection open unless it says otherwise: Freshet must not wait for its end. */
  readonly end: End;
  readonly expected: Expected;
}

export type End = 'open' | 'fin' | 'reset';

type Expected =
  /** 502 for both, nothing is stored, and the connection is not used again. */
  | { readonly kind: 'refused'; readonly reason: Reason }
  /** Both see that what they got is not whole; nothing is stored, and the connection is not used again. */
  | { readonly kind: 'cut' }
  /** Passed on whole, but not stored, and the connection is not used again. */
  | { readonly kind: 'overrun'; readonly shown: Shown }
  /** Passed on whole, and not stored. */
  | { readonly kind: 'passed'; readonly shown: Shown }
  | { readonly kind: 'stored'; readonly shown: Shown };

/** What both clients are shown: 200, `ok`, and no fields but those of the caching, unless it is said here. */
export interface Shown {
  readonly status?: number;
  readonly body?: string;
  /** All but what Freshet says itself, framing, and the response's own Cache-Control. */
  readonly fields?: Fields;
  /** 1xx that the one is shown who asked first. */
  readonly informational?: readonly { readonly status: number; readonly fields: Fields }[];
}

export const FRESH = 'Cache-Control: public, max-age=60';

export function message(startLine: string, fields: readonly string[], body = ''): string {
  return `${[startLine, ...fields].join('\r\n')}\r\n\r\n${body}`;
}

/** A fresh 200 with these fields and this body, whether or not they fit. */
export function ok(body: string, ...fields: readonly string[]): string {
  return message('HTTP/1.1 200 OK', [FRESH, ...fields], body);
}

/** Fresh, with a body of two bytes. */
export function two(startLine: string, ...fields: readonly string[]): string {
  return message(startLine, [FRESH, ...fields, 'Content-Length: 2'], 'ok');
}

export function chunked(body: string, ...fields: readonly string[]): string {
  return ok(body, ...fields, 'Transfer-Encoding: chunked');
}

type Refused = readonly [row: string, name: string, bytes: string, end?: End, reason?: Reason];

export function refusals(rows: readonly Refused[]): readonly ResponseRow[] {
  return rows.map(([row, name, bytes, end = 'open', reason = 'origin-malformed']) => ({
    row,
    name,
    bytes,
    end,
    expected: { kind: 'refused', reason },
  }));
}

export function cuts(rows: readonly (readonly [row: string, name: string, bytes: string, end?: End])[]): readonly ResponseRow[] {
  return rows.map(([row, name, bytes, end = 'open']) => ({ row, name, bytes, end, expected: { kind: 'cut' } }));
}

type Passed = readonly [row: string, name: string, bytes: string, shown?: Shown, end?: End];

export function passages(kind: 'overrun' | 'passed' | 'stored', rows: readonly Passed[]): readonly ResponseRow[] {
  return rows.map(([row, name, bytes, shown = {}, end = 'open']) => ({ row, name, bytes, end, expected: { kind, shown } }));
}
