// Whether a request's head is one that no two parsers read differently, and how its body is framed (RFC 9112 §6.3; SECURITY §1).
// node:http has refused broken grammar by then; what it lets through is refused here. Pure.
import { fieldLines, fieldsFromRaw } from '../http/fields.ts';
import type { Fields } from '../http/fields.ts';
import { parseTarget } from '../http/target.ts';
import type { Target } from '../http/target.ts';
import type { Limit } from '../observe/limits.ts';
import { type Refusal, refuse } from './refusal.ts';

export interface RawHead {
  readonly method: string;
  readonly requestTarget: string;
  /** As in the request line. */
  readonly version: string;
  readonly rawFields: readonly string[];
}

export interface HeadLimits {
  readonly headerBytes: number;
  readonly headerCount: number;
  readonly urlBytes: number;
}

export interface RequestHead {
  readonly kind: 'head';
  readonly method: string;
  readonly target: Target;
  readonly fields: Fields;
  readonly version: '1.0' | '1.1';
  /** `none` where there is no body to stream. */
  readonly body: { readonly kind: 'none' } | { readonly kind: 'chunked' } | { readonly kind: 'length'; readonly bytes: number };
  /** The client waits for 100 before it sends the body (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean;
}

/** The head in our vocabulary, or why it is refused. */
export function readHead(raw: RawHead, limits: HeadLimits): RequestHead | Refusal {
  const { method, version } = raw;
  if (version !== '1.0' && version !== '1.1') return refuse(505, 'only HTTP/1.0 and HTTP/1.1 are spoken here');
  const tooLarge = sizeFault(raw, limits);
  if (tooLarge !== undefined) return tooLarge;
  const fields = fieldsFromRaw(raw.rawFields);
  const ambiguous = fieldsFault(fields, version);
  if (ambiguous !== undefined) return ambiguous;
  const parsed = parseTarget({ requestTarget: raw.requestTarget, hosts: fieldLines(fields, 'host'), method, scheme: 'http', version });
  if (parsed.kind === 'refuse') return refuse(parsed.status, parsed.message);
  const expectsContinue = version === '1.1' && fieldLines(fields, 'expect').length > 0;
  return { kind: 'head', method, target: parsed.target, fields, version, body: bodyOf(fields), expectsContinue };
}

/** What two parsers could read differently in fields of any number. */
export function fieldsFault(fields: Fields, version: '1.0' | '1.1'): Refusal | undefined {
  return framingFault(fields, version) ?? repeatedFault(fields) ?? expectFault(fields, version);
}

function sizeFault({ requestTarget, rawFields }: RawHead, limits: HeadLimits): Refusal | undefined {
  if (requestTarget.length > limits.urlBytes) {
    return { ...refuse(414, `the request target is longer than ${limits.urlBytes} bytes`), reason: 'url-too-long', limit: 'limits.url_bytes' };
  }
  if (rawFields.length / 2 > limits.headerCount) return headTooLarge(`more than ${limits.headerCount} header fields`, 'limits.header_count');
  let bytes = 0;
  for (const part of rawFields) bytes += part.length;
  return bytes > limits.headerBytes
    ? headTooLarge(`the header fields are longer than ${limits.headerBytes} bytes`, 'limits.header_bytes')
    : undefined;
}

function headTooLarge(message: string, limit: Limit): Refusal {
  return { ...refuse(431, message), reason: 'head-too-large', limit };
}

/** RFC 9112 §6.1, §6.3. A transfer coding on HTTP/1.0, or one besides chunked, is read differently from server to server. */
function framingFault(fields: Fields, version: '1.0' | '1.1'): Refusal | undefined {
  const codings = fieldLines(fields, 'transfer-encoding');
  const lengths = fieldLines(fields, 'content-length');
  if (lengths.length > 1 || lengths.some((length) => !/^\d{1,15}$/.test(length))) return refuse(400, 'malformed Content-Length');
  if (codings.length === 0) return undefined;
  if (version === '1.0') return refuse(400, 'Transfer-Encoding on HTTP/1.0');
  if (codings.length > 1 || codings[0]?.toLowerCase() !== 'chunked') return refuse(400, 'a transfer coding other than chunked');
  return lengths.length > 0 ? refuse(400, 'both Content-Length and Transfer-Encoding') : undefined;
}

function repeatedFault(fields: Fields): Refusal | undefined {
  const seen = new Set<string>();
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (!SINGLETONS.has(name)) continue;
    if (seen.has(name)) return refuse(400, `more than one ${name} field`);
    seen.add(name);
  }
  return undefined;
}

/** Fields whose second line one server ignores and the next believes (SECURITY §1 row 24). */
const SINGLETONS: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'authorization',
  'proxy-authorization',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'range',
  'max-forwards',
  'date',
]);

/** RFC 9110 §10.1.1: anything but exactly 100-continue is refused; HTTP/1.0 clients do not know it. */
function expectFault(fields: Fields, version: '1.0' | '1.1'): Refusal | undefined {
  const expected = fieldLines(fields, 'expect');
  if (version === '1.0' || expected.length === 0) return undefined;
  if (expected.length === 1 && expected[0]?.toLowerCase() === '100-continue') return undefined;
  return refuse(417, 'an expectation other than 100-continue');
}

function bodyOf(fields: Fields): RequestHead['body'] {
  if (fieldLines(fields, 'transfer-encoding').length > 0) return { kind: 'chunked' };
  const bytes = Number(fieldLines(fields, 'content-length')[0] ?? 0);
  return bytes > 0 ? { kind: 'length', bytes } : { kind: 'none' };
}
