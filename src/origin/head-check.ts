// Whether an origin's final head is one that we accept, and how its body ends (RFC 9112 §6.3; SECURITY §2). undici has refused broken
// grammar, duplicate lengths and length beside chunked by then; what it lets through is refused here.
import { fieldLines, hasField } from '../http/fields.ts';
import type { Fields } from '../http/fields.ts';
import type { ResponseHead } from '../http/message.ts';

/** `verified`: a cut of the body would be noticed. */
export type HeadVerdict = { readonly kind: 'accept'; readonly verified: boolean } | { readonly kind: 'refuse'; readonly message: string };

/** Judges `head` as the answer to the request with `method` and `fields`. */
export function checkHead(request: { readonly method: string; readonly fields: Fields }, head: ResponseHead): HeadVerdict {
  const fault = headFault(request, head);
  if (fault !== undefined) return { kind: 'refuse', message: fault };
  return { kind: 'accept', verified: endIsVisible(request.method, head) };
}

function headFault(request: { readonly fields: Fields }, head: ResponseHead): string | undefined {
  const { status, fields } = head;
  if (status < 100 || status > 599) return `status ${status} is outside 100 to 599`;
  if (fields.length / 2 > MAX_FIELDS) return `more than ${MAX_FIELDS} header fields`;
  const codings = fieldLines(fields, 'transfer-encoding');
  if (codings.length > 0 && (codings.length > 1 || codings[0]?.toLowerCase() !== 'chunked')) return 'a transfer coding other than chunked';
  if (status === 204 && (codings.length > 0 || hasContent(fields))) return 'a 204 with a body';
  if (status === 304 && !isConditional(request.fields)) return 'a 304 to an unconditional request';
  if (status === 206 && !hasField(request.fields, 'range')) return 'a 206 to a request without a range';
  return undefined;
}

/** A constant, not a setting: five times what clients may send, far below what the parser's byte limit lets through. */
const MAX_FIELDS = 500;

function hasContent(fields: Fields): boolean {
  return fieldLines(fields, 'content-length').some((length) => Number(length) !== 0);
}

function isConditional(fields: Fields): boolean {
  return hasField(fields, 'if-none-match') || hasField(fields, 'if-modified-since');
}

function endIsVisible(method: string, { status, fields }: ResponseHead): boolean {
  if (method === 'HEAD' || status === 204 || status === 304) return true;
  return hasField(fields, 'transfer-encoding') || hasField(fields, 'content-length');
}
