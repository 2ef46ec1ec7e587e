// What a connection is told that sent something which is not a request we take; it is closed afterwards (SECURITY S4).
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Limit } from '../observe/limits.ts';
import type { RequestEnd } from '../observe/observer.ts';
import { cacheStatusMember } from '../rules/cache-status.ts';
import type { Reason } from '../rules/reasons.ts';

export interface Refusal {
  readonly kind: 'refuse';
  readonly status: number;
  readonly message: string;
  readonly reason: Reason;
  /** The setting that was met. */
  readonly limit?: Limit;
}

/** Of what two parsers could read differently, or what is not spoken here. */
export function refuse(status: number, message: string): Refusal {
  return { kind: 'refuse', status, message, reason: 'bad-request' };
}

/** Which answer an error of node:http's parser deserves; undefined where the connection is beyond answering. `code` is empty for none. */
export function refusalOf(code: string): Refusal | undefined {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { ...refuse(431, 'the request head is too large'), reason: 'head-too-large', limit: 'limits.header_bytes' };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { ...refuse(413, 'the chunk extensions are too large'), reason: 'body-too-large' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { ...refuse(408, 'the request head did not arrive in time'), reason: 'request-timeout', limit: 'limits.headers_timeout' };
    default:
      return code.startsWith('HPE_') ? refuse(400, 'malformed request') : undefined;
  }
}

/** Its fields, flat, and its body. The one who sends it says that the connection closes. */
export function refusalAnswer({ message, reason }: Refusal): { readonly fields: string[]; readonly body: string } {
  const body = `${message}\n`;
  const fields = ['content-type', 'text/plain; charset=utf-8', 'content-length', String(Buffer.byteLength(body))];
  return { fields: [...fields, 'cache-status', cacheStatus(reason)], body };
}

/** The answer as bytes, for a connection without a response object. */
export function refusalBytes(refusal: Refusal, now: Date): string {
  const { fields, body } = refusalAnswer(refusal);
  const lines = [`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`, `date: ${now.toUTCString()}`, 'connection: close'];
  for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** For the observers; `incoming` is what there is of the request. */
export function refusalEnd({ status, message, reason }: Refusal, incoming: IncomingMessage | undefined): RequestEnd {
  return {
    method: incoming?.method ?? '',
    authority: '',
    path: incoming?.url?.split('?')[0]?.slice(0, 256) ?? '',
    route: '',
    outcome: 'error',
    reason,
    cacheStatus: cacheStatus(reason),
    status,
    bodyBytes: incoming?.method === 'HEAD' ? 0 : message.length + 1,
    durationMs: 0,
    collapsed: false,
    aborted: false,
  };
}

function cacheStatus(reason: Reason): string {
  return cacheStatusMember({ hit: false, detail: reason });
}
