// SECURITY §1 rows 1 to 5 and 8 to 11: where a request's body ends.
import { chunked, get, head, post, refusals, type RequestRow, servings } from './request-row.ts';

const NONE = '0\r\n\r\n';
const X = '1\r\nx\r\n0\r\n\r\n';

const lengths = refusals([
  ['1.1', 'Content-Length and Transfer-Encoding', post(NONE, 'Content-Length: 6', 'Transfer-Encoding: chunked')],
  ['1.1', 'Transfer-Encoding and Content-Length', post(NONE, 'Transfer-Encoding: chunked', 'Content-Length: 6')],
  ['1.1', 'Content-Length: 0 and Transfer-Encoding', post(NONE, 'Content-Length: 0', 'Transfer-Encoding: chunked')],
  ['1.2', 'two equal Content-Length', post('a', 'Content-Length: 1', 'Content-Length: 1')],
  ['1.2', 'two different Content-Length', post('a', 'Content-Length: 1', 'Content-Length: 2')],
  ['1.2', 'Content-Length: 1, 1', post('a', 'Content-Length: 1, 1')],
  ['1.2', 'Content-Length: 1 1', post('a', 'Content-Length: 1 1')],
  ['1.2', 'Content-Length: +1', post('a', 'Content-Length: +1')],
  ['1.2', 'Content-Length: 0x1', post('a', 'Content-Length: 0x1')],
  ['1.2', 'Content-Length: -1', post('a', 'Content-Length: -1')],
  ['1.2', 'Content-Length: 1e1', post('a', 'Content-Length: 1e1')],
  ['1.2', 'Content-Length without a value', post('', 'Content-Length:')],
  ['1.2', 'Content-Length of 16 digits', post('a', `Content-Length: ${'1'.repeat(16)}`)],
  ['1.2', 'Content-Length of 16 digits, most of them 0', post('a', 'Content-Length: 0000000000000001')],
  ['1.2', 'Content-Length over 64 bits', post('a', 'Content-Length: 18446744073709551617')],
  ['1.2', 'Content-Length over 64 bits by far', post('a', `Content-Length: ${'9'.repeat(400)}`)],
  ['1.2', 'Content-Length on a GET, twice', get('Content-Length: 0', 'Content-Length: 0')],
]);

const codings = refusals([
  ['1.3', 'Transfer-Encoding: x, chunked', post(NONE, 'Transfer-Encoding: x, chunked')],
  ['1.3', 'Transfer-Encoding: gzip, chunked', post(NONE, 'Transfer-Encoding: gzip, chunked')],
  ['1.3', 'Transfer-Encoding: gzip', post('a', 'Transfer-Encoding: gzip')],
  ['1.3', 'Transfer-Encoding: chunked, chunked', post(NONE, 'Transfer-Encoding: chunked, chunked')],
  ['1.3', 'Transfer-Encoding: "chunked"', post(NONE, 'Transfer-Encoding: "chunked"')],
  ['1.3', 'Transfer-Encoding: chunked;q=1', post(NONE, 'Transfer-Encoding: chunked;q=1')],
  ['1.3', 'Transfer-Encoding: ,chunked', post(NONE, 'Transfer-Encoding: ,chunked')],
  ['1.3', 'Transfer-Encoding: chunked,', post(NONE, 'Transfer-Encoding: chunked,')],
  ['1.3', 'Transfer-Encoding without a value', post('', 'Transfer-Encoding:')],
  ['1.4', 'Transfer-Encoding: chunked, identity', post(NONE, 'Transfer-Encoding: chunked, identity')],
  ['1.4', 'Transfer-Encoding: identity', post('', 'Transfer-Encoding: identity')],
  ['1.4', 'identity and a length', post('a', 'Transfer-Encoding: identity', 'Content-Length: 1')],
  ['1.4', 'Transfer-Encoding twice', post(NONE, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')],
  ['1.4', 'Transfer-Encoding twice, once of something else', post(NONE, 'Transfer-Encoding: x', 'Transfer-Encoding: chunked')],
  ['1.4', 'a vertical tab before chunked', post(NONE, 'Transfer-Encoding: \x0bchunked')],
  ['1.4', 'a form feed behind chunked', post(NONE, 'Transfer-Encoding: chunked\x0c')],
  ['1.4', 'a no-break space behind chunked', post(NONE, 'Transfer-Encoding: chunked\xa0')],
  ['1.4', 'Transfer-Encoding by a folded line', post(NONE, 'Transfer-Encoding:', ' chunked')],
  ['1.4', 'Transfer-Encoding on a folded line', post(NONE, 'X-A: b', ' Transfer-Encoding: chunked')],
  ['1.4', 'a space before the colon of Transfer-Encoding', post(NONE, 'Transfer-Encoding : chunked')],
  ['1.4', 'a tab before the colon of Transfer-Encoding', post(NONE, 'Transfer-Encoding\t: chunked')],
  ['1.4', 'a vertical tab in the name of Transfer-Encoding', post(NONE, 'Transfer-Encoding\x0b: chunked')],
  ['1.5', 'chunked on HTTP/1.0', head('POST /a HTTP/1.0', 'Host: shop.test', 'Transfer-Encoding: chunked') + NONE],
  [
    '1.5',
    'chunked and keep-alive on HTTP/1.0',
    head('POST /a HTTP/1.0', 'Host: shop.test', 'Connection: keep-alive', 'Transfer-Encoding: chunked') + NONE,
  ],
  ['1.5', 'chunked and a length on HTTP/1.0', head('POST /a HTTP/1.0', 'Host: shop.test', 'Content-Length: 5', 'Transfer-Encoding: chunked') + NONE],
]);

const chunks = refusals([
  ['1.8', 'a chunk extension of 17,000 bytes', chunked(`1;${'a'.repeat(17_000)}\r\nx\r\n0\r\n\r\n`), 413],
  ['1.9', 'a chunk extension with a bare LF', chunked('1;a\nb\r\n0\r\n\r\n')],
  ['1.9', 'a chunk extension with a bare CR', chunked('1;a\rb\r\nx\r\n0\r\n\r\n')],
  ['1.9', 'a line break in a quoted chunk extension', chunked('1;a="\r\n"\r\nx\r\n0\r\n\r\n')],
  ['1.9', 'a bare LF in a quoted chunk extension', chunked('1;a="\n"\r\nx\r\n0\r\n\r\n')],
  ['1.9', 'chunk lines with LF only', chunked('1\na\n0\n\n')],
  ['1.9', 'LF behind the chunk size', chunked('1\na\r\n0\r\n\r\n')],
  ['1.9', 'LF behind the chunk', chunked('1\r\na\n0\r\n\r\n')],
  ['1.9', 'CR behind the chunk', chunked('1\r\na\r0\r\n\r\n')],
  ['1.9', 'LF behind the last chunk', chunked('1\r\na\r\n0\n\r\n')],
  ['1.9', 'LF as the end', chunked('1\r\na\r\n0\r\n\n')],
  ['1.9', 'CR and anything behind the chunk size', chunked('1\rX\r\na\r\n0\r\n\r\n')],
  ['1.9', 'chunk size 0x1', chunked('0x1\r\na\r\n0\r\n\r\n')],
  ['1.9', 'chunk size +1', chunked('+1\r\na\r\n0\r\n\r\n')],
  ['1.9', 'chunk size -1', chunked('-1\r\na\r\n0\r\n\r\n')],
  ['1.9', 'chunk size 1_0', chunked('1_0\r\n0123456789abcdef\r\n0\r\n\r\n')],
  ['1.9', 'no chunk size', chunked('\r\na\r\n0\r\n\r\n')],
  ['1.9', 'a chunk extension without a size', chunked(';a\r\na\r\n0\r\n\r\n')],
  ['1.9', 'a space after the chunk size', chunked('1 \r\na\r\n0\r\n\r\n')],
  ['1.9', 'a tab after the chunk size', chunked('1\t\r\na\r\n0\r\n\r\n')],
  ['1.9', 'a space before the chunk size', chunked(' 1\r\na\r\n0\r\n\r\n')],
  ['1.9', 'a chunk size over 64 bits', chunked('10000000000000001\r\na\r\n0\r\n\r\n')],
  ['1.9', 'a chunk size over 64 bits by far', chunked(`${'F'.repeat(100)}\r\na\r\n0\r\n\r\n`)],
  ['1.9', 'a chunk longer than its size', chunked('1\r\nabc\r\n0\r\n\r\n')],
  ['1.9', 'a chunk two bytes longer than its size', chunked('1\r\naXX0\r\n\r\n')],
  ['1.9', 'a chunk shorter than its size', chunked('5\r\na\r\n0\r\n\r\n')],
  ['1.9', 'no line break at the end', chunked('1\r\na\r\n0\r\n')],
  ['1.11', 'Content-Length as a trailer', chunked('0\r\nContent-Length: 5\r\n\r\n')],
  ['1.11', 'Transfer-Encoding as a trailer', chunked('0\r\nTransfer-Encoding: chunked\r\n\r\n')],
  ['1.11', 'a malformed trailer', chunked('0\r\nX-T : 1\r\n\r\n')],
  ['1.11', 'a trailer with a bare LF', chunked('0\r\nX-T: 1\n\r\n')],
  ['1.11', 'trailers of 26,000 bytes', chunked(`0\r\nX-T: ${'a'.repeat(26_000)}\r\n\r\n`), 431],
]);

const sound = servings('served', [
  ['1.2', 'leading zeros in Content-Length', post('a', 'Content-Length: 001'), { body: 'a', framing: 'length' }],
  ['1.2', 'white space around a length', post('a', 'Content-Length: \t 1 \t '), { body: 'a', framing: 'length' }],
  // Dropped: an origin of the CGI family would read them as those that frame.
  ['1.4', 'Transfer_Encoding and Content-Length', post('a', 'Transfer_Encoding: chunked', 'Content-Length: 1'), { body: 'a', framing: 'length' }],
  [
    '1.2',
    'Content_Length and Transfer-Encoding',
    chunked(X, 'Content_Length: 9', 'content-length_: 9'),
    { body: 'x', framing: 'chunked', fields: ['content-length_', '9'] },
  ],
  ['1.4', 'chunked in any case', post(X, 'transfer-ENCODING: \tCHUNKED '), { body: 'x', framing: 'chunked' }],
  ['1.5', 'HTTP/1.0 that stays', head('GET /a HTTP/1.0', 'Host: shop.test', 'Connection: keep-alive')],
  ['1.8', 'a chunk extension', chunked('1;a=b\r\nx\r\n0\r\n\r\n'), { body: 'x', framing: 'chunked' }],
  ['1.8', 'a quoted chunk extension', chunked('1;a="b c"\r\nx\r\n0;d\r\n\r\n'), { body: 'x', framing: 'chunked' }],
  [
    '1.9',
    'chunk sizes in either case, with zeros in front',
    chunked('00A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n'),
    { body: '01234567890123456789', framing: 'chunked' },
  ],
  ['1.11', 'a harmless trailer', chunked('1\r\nx\r\n0\r\nX-T: 1\r\n\r\n', 'Trailer: X-T'), { body: 'x', framing: 'chunked' }],
  [
    '1.11',
    'trailers that would mean something as fields',
    chunked('1\r\nx\r\n0\r\nAuthorization: Bearer t\r\nSet-Cookie: a=b\r\nHost: evil\r\nSurrogate-Key: k\r\n\r\n'),
    { body: 'x', framing: 'chunked' },
  ],
]);

const last = servings('last', [
  ['1.5', 'HTTP/1.0 with a length', head('POST /a HTTP/1.0', 'Host: shop.test', 'Content-Length: 1') + 'x', { body: 'x', framing: 'length' }],
]);

export const LENGTH_ROWS: readonly RequestRow[] = [...lengths, ...codings, ...chunks, ...sound, ...last];
