// The responses of the truncation sweep (SECURITY §14, release bar 5), down to the byte. Each is cut at every offset.
import type { Fields } from '../../src/http/fields.ts';

export interface Cuttable {
  readonly name: string;
  readonly method?: 'GET' | 'HEAD' | 'POST';
  /** Of the request. */
  readonly fields?: Fields;
  /** Stored before and stale: what is cut is the answer to its validation. */
  readonly primed?: string;
  readonly bytes: string;
  /** How the origin goes after the cut; a FIN unless it says otherwise. */
  readonly end?: 'reset';
  /** Settings of the route. */
  readonly route?: string;
  /** Whole, it is not stored: nothing of it is what the store must be kept from. */
  readonly unstored?: true;
  /** Its end is only the end of the connection: nobody can tell a FIN that came too early (RFC 9112 §8), so that it must not be stored; a reset shows. */
  readonly closeDelimited?: true;
  /** Who collapsed onto it is told of the failure by an error of our own. */
  readonly sharesFailure?: true;
}

function message(status: string, fields: readonly string[], body = ''): string {
  return `${[`HTTP/1.1 ${status}`, ...fields].join('\r\n')}\r\n\r\n${body}`;
}

const FRESH = 'Cache-Control: public, max-age=60';
const TEN = '0123456789';
const length = (...fields: string[]): string => message('200 OK', [FRESH, ...fields, 'Content-Length: 10'], TEN);
const chunked = (body: string, ...fields: string[]): string => message('200 OK', [FRESH, ...fields, 'Transfer-Encoding: chunked'], body);
const CHUNKS = '4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n';
const RANGE: Fields = ['range', 'bytes=2-5'];
const STALE = message('200 OK', ['Cache-Control: public, max-age=0', 'ETag: "a"', 'Content-Length: 5'], 'stale');

export const REPLIES: readonly Cuttable[] = [
  { name: 'Content-Length', bytes: length() },
  { name: 'Content-Length, reset', bytes: length(), end: 'reset' },
  { name: 'chunked', bytes: chunked(CHUNKS) },
  { name: 'chunked, reset', bytes: chunked(CHUNKS), end: 'reset' },
  { name: 'chunked with an extension', bytes: chunked('a;x=y\r\n0123456789\r\n0;z\r\n\r\n') },
  { name: 'chunked with trailers', bytes: chunked('a\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n') },
  { name: 'chunked and empty', bytes: chunked('0\r\n\r\n') },
  { name: 'an empty body', bytes: message('200 OK', [FRESH, 'Content-Length: 0']) },
  { name: '103 before it', bytes: message('103 Early Hints', ['Link: </a>']) + length() },
  { name: '102 and 103 before a chunked one', bytes: message('102 Processing', []) + message('103 Early Hints', ['X-A: b']) + chunked(CHUNKS) },
  { name: 'with a variant', bytes: length('Vary: accept-language'), fields: ['accept-language', 'de'] },
  { name: 'with tags and a validator', bytes: length('Surrogate-Key: a b', 'ETag: "a"') },
  { name: 'in a scope', bytes: length(), fields: ['authorization', 'Bearer u1'], route: 'scope: credential' },
  {
    name: '206',
    bytes: message('206 Partial Content', [FRESH, 'ETag: "a"', 'Content-Range: bytes 2-5/10', 'Content-Length: 4'], '2345'),
    fields: RANGE,
    route: 'store_partial: true',
  },
  {
    name: '206, chunked',
    bytes: message(
      '206 Partial Content',
      [FRESH, 'ETag: "a"', 'Content-Range: bytes 2-5/10', 'Transfer-Encoding: chunked'],
      '4\r\n2345\r\n0\r\n\r\n',
    ),
    fields: RANGE,
    route: 'store_partial: true',
  },
  { name: '304 to a validation', primed: STALE, bytes: message('304 Not Modified', [FRESH, 'ETag: "a"']) },
  { name: '304 to a validation, reset', primed: STALE, bytes: message('304 Not Modified', [FRESH]), end: 'reset' },
  { name: '200 to a validation', primed: STALE, bytes: length('ETag: "b"') },
  { name: '404 with freshness', bytes: message('404 Not Found', [FRESH, 'Content-Length: 7'], 'nothing') },
  { name: '503 with freshness', bytes: message('503 Service Unavailable', [FRESH, 'Content-Length: 4'], 'busy'), sharesFailure: true },
  { name: '204', bytes: message('204 No Content', [FRESH]) },
  { name: '301', bytes: message('301 Moved Permanently', [FRESH, 'Location: /b', 'Content-Length: 2'], '/b') },
  { name: 'the head alone', method: 'HEAD', bytes: message('200 OK', [FRESH, 'Content-Length: 10']), unstored: true },
  { name: 'no-store', bytes: message('200 OK', ['Cache-Control: no-store', 'Content-Length: 10'], TEN), unstored: true },
  { name: 'with Set-Cookie, chunked', bytes: chunked(CHUNKS, 'Set-Cookie: a=b'), unstored: true },
  { name: 'larger than max_object', bytes: chunked(CHUNKS), route: 'max_object: 5B', unstored: true },
  {
    name: 'the answer to a POST',
    method: 'POST',
    bytes: message('200 OK', [FRESH, 'Content-Location: PATH', 'Content-Length: 10'], TEN),
    route: 'store_post: true',
  },
  { name: 'close-delimited', bytes: message('200 OK', [FRESH, 'Connection: close'], TEN), closeDelimited: true, unstored: true },
  { name: 'close-delimited, HTTP/1.0', bytes: message('200 OK', [FRESH], TEN).replace('1.1', '1.0'), closeDelimited: true, unstored: true },
  { name: 'close-delimited, reset', closeDelimited: true, bytes: message('200 OK', [FRESH, 'Connection: close'], TEN), end: 'reset', unstored: true },
  {
    name: 'close-delimited, reset, where such bodies are stored',
    closeDelimited: true,
    bytes: message('200 OK', [FRESH, 'Connection: close'], TEN),
    end: 'reset',
    route: 'store_close_delimited: true',
  },
];
