// A row of SECURITY §1: the bytes of a request and what becomes of it; behind each comes a canary on the same connection. Characters are bytes.
import type { Fields } from '../../src/http/fields.ts';
import type { Reason } from '../../src/rules/reasons.ts';

export interface RequestRow {
  /** In SECURITY: `1.13` is row 13 of the table in section 1. */
  readonly row: string;
  readonly name: string;
  readonly bytes: string;
  readonly expected: Expected;
}

type Expected =
  /** Answered so by Freshet, and the connection is closed: nothing behind it is read. */
  | { readonly kind: 'refused'; readonly status: number; readonly reason: Reason }
  /** Forwarded, and what is behind it too. */
  | { readonly kind: 'served'; readonly seen: Seen }
  /** Forwarded as the last of its connection. */
  | { readonly kind: 'last'; readonly seen: Seen }
  /** Unambiguous, and answered so by Freshet itself; what is behind it is served. */
  | { readonly kind: 'answered'; readonly status: number; readonly reason: Reason };

/** What the origin gets: /a of shop.test without a body and without further fields, but for what is said here. */
export interface Seen {
  /** Path and query. */
  readonly path?: string;
  readonly host?: string;
  readonly body?: string;
  readonly framing?: Framing;
  /** All but Host, framing and what Freshet says of the hop. */
  readonly fields?: Fields;
}

/** How the end of a body is told; `none`: there is no body. */
export type Framing = 'none' | 'length' | 'chunked';

export const CANARY = 'GET /canary HTTP/1.1\r\nHost: shop.test\r\n\r\n';

/** A head from its lines; the empty line is added. */
export function head(...lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

export function get(...fields: readonly string[]): string {
  return head('GET /a HTTP/1.1', 'Host: shop.test', ...fields);
}

export function post(body: string, ...fields: readonly string[]): string {
  return head('POST /a HTTP/1.1', 'Host: shop.test', ...fields) + body;
}

export function chunked(body: string, ...fields: readonly string[]): string {
  return post(body, 'Transfer-Encoding: chunked', ...fields);
}

type Refusal = readonly [row: string, name: string, bytes: string, status?: number, reason?: Reason];

/** What a refusal is called that is not for something malformed or ambiguous. */
const REASONS: Readonly<Record<number, Reason>> = { 413: 'body-too-large', 414: 'url-too-long', 431: 'head-too-large' };

/** With 400, and the reason of their status, unless they say otherwise. */
export function refusals(rows: readonly Refusal[]): readonly RequestRow[] {
  return rows.map(([row, name, bytes, status = 400, reason = REASONS[status] ?? 'bad-request']) => ({
    row,
    name,
    bytes,
    expected: { kind: 'refused', status, reason },
  }));
}

export function servings(
  kind: 'served' | 'last',
  rows: readonly (readonly [row: string, name: string, bytes: string, seen?: Seen])[],
): readonly RequestRow[] {
  return rows.map(([row, name, bytes, seen = {}]) => ({ row, name, bytes, expected: { kind, seen } }));
}

type Answered = readonly [row: string, name: string, bytes: string, status: number, reason: Reason];

export function answers(rows: readonly Answered[]): readonly RequestRow[] {
  return rows.map(([row, name, bytes, status, reason]) => ({ row, name, bytes, expected: { kind: 'answered', status, reason } }));
}
