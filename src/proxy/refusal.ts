// What a connection is told that sent something which is not a request we take; it is closed afterwards (SECURITY S4).
import { STATUS_CODES } from 'node:http';

export interface Refusal {
  readonly kind: 'refuse';
  readonly status: number;
  readonly message: string;
}

export const REFUSAL_CACHE_STATUS = 'freshet; detail=bad-request';

/** Which answer an error of node:http's parser deserves; undefined where the connection is beyond answering. `code` is empty for none. */
export function refusalOf(code: string): Refusal | undefined {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { kind: 'refuse', status: 431, message: 'the request head is too large' };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { kind: 'refuse', status: 413, message: 'the chunk extensions are too large' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { kind: 'refuse', status: 408, message: 'the request head did not arrive in time' };
    default:
      return code.startsWith('HPE_') ? { kind: 'refuse', status: 400, message: 'malformed request' } : undefined;
  }
}

/** Its fields, flat, and its body. The one who sends it says that the connection closes. */
export function refusalAnswer({ message }: Refusal): { readonly fields: string[]; readonly body: string } {
  const body = `${message}\n`;
  const fields = ['content-type', 'text/plain; charset=utf-8', 'content-length', String(Buffer.byteLength(body))];
  return { fields: [...fields, 'cache-status', REFUSAL_CACHE_STATUS], body };
}

/** The answer as bytes, for a connection without a response object. */
export function refusalBytes(refusal: Refusal, now: Date): string {
  const { fields, body } = refusalAnswer(refusal);
  const lines = [`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`, `date: ${now.toUTCString()}`, 'connection: close'];
  for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
