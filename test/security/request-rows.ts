// SECURITY §1 as data: all its rows, and here those of sizes, repeated fields, bodies where none is due, and several requests on one connection.
import { HEAD_ROWS } from './head-rows.ts';
import { LENGTH_ROWS } from './length-rows.ts';
import { answers, CANARY, chunked, get, head, post, refusals, type RequestRow, servings } from './request-row.ts';

const X = '1\r\nx\r\n0\r\n\r\n';

function filler(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `a${i}: b`);
}

const sizes = refusals([
  ['1.20', '101 fields', get(...filler(100)), 431],
  ['1.20', '2500 fields and then an Authorization', get(...filler(2500), 'Authorization: Bearer t'), 431],
  ['1.20', '2500 fields of three bytes and then a Cookie', get(...Array.from({ length: 2500 }, () => 'a:b'), 'Cookie: a=b'), 431],
  ['1.21', 'a field of 20 KiB', get(`X-A: ${'a'.repeat(20_000)}`), 431],
  ['1.21', 'a field of 40 KiB', get(`X-A: ${'a'.repeat(40_000)}`), 431],
  ['1.21', 'fields of 20 KiB together', get(...Array.from({ length: 20 }, (_, i) => `X-${i}: ${'a'.repeat(1000)}`)), 431],
  ['1.21', 'a name of 20 KiB', get(`${'a'.repeat(20_000)}: b`), 431],
  ['1.21', 'a target of 9000 bytes', head(`GET /${'a'.repeat(9000)} HTTP/1.1`, 'Host: shop.test'), 414],
  ['1.21', 'a target of 40 KiB', head(`GET /${'a'.repeat(40_000)} HTTP/1.1`, 'Host: shop.test'), 431],
  ['1.21', 'a method of 40 KiB', head(`${'A'.repeat(40_000)} /a HTTP/1.1`, 'Host: shop.test')],
]);

const singles = refusals([
  ['1.22', 'an Expect that only contains 100-continue', post('a', 'Content-Length: 1', 'Expect: y 100-continue'), 417],
  ['1.22', 'an Expect that begins with 100-continue', post('a', 'Content-Length: 1', 'Expect: 100-continue, x'), 417],
  ['1.22', 'an Expect with a parameter', post('a', 'Content-Length: 1', 'Expect: 100-continue;q=1'), 417],
  ['1.22', 'an Expect without a value', post('a', 'Content-Length: 1', 'Expect:'), 417],
  ['1.22', 'two Expect', post('a', 'Content-Length: 1', 'Expect: 100-continue', 'Expect: 100-continue'), 417],
  ['1.22', 'another expectation', post('a', 'Content-Length: 1', 'Expect: 200-ok'), 417],
  ['1.22', 'an expectation on a GET', get('Expect: x'), 417],
  ['1.24', 'two Authorization', get('Authorization: Bearer a', 'Authorization: Bearer b')],
  ['1.24', 'two equal Authorization, one in another case', get('Authorization: Bearer a', 'aUTHORIZATION: Bearer a')],
  ['1.24', 'two Proxy-Authorization', get('Proxy-Authorization: a', 'Proxy-Authorization: b')],
  ['1.24', 'two Content-Type', post('a', 'Content-Length: 1', 'Content-Type: text/a', 'Content-Type: text/b')],
  ['1.24', 'two If-Modified-Since', get('If-Modified-Since: a', 'If-Modified-Since: b')],
  ['1.24', 'two If-Unmodified-Since', get('If-Unmodified-Since: a', 'If-Unmodified-Since: b')],
  ['1.24', 'two If-Range', get('If-Range: "a"', 'If-Range: "b"')],
  ['1.24', 'two Range', get('Range: bytes=0-1', 'Range: bytes=2-3')],
  ['1.24', 'two Max-Forwards', get('Max-Forwards: 1', 'Max-Forwards: 2')],
  ['1.24', 'two Date', get('Date: a', 'Date: b')],
]);

const others = refusals([
  ['9.4', 'CONNECT', head('CONNECT shop.test:443 HTTP/1.1', 'Host: shop.test:443'), 405],
  ['9.4', 'CONNECT with a path', head('CONNECT /a HTTP/1.1', 'Host: shop.test'), 405],
  ['9.4', 'CONNECT with a body', head('CONNECT shop.test:443 HTTP/1.1', 'Host: shop.test:443', 'Content-Length: 3') + 'abc', 405],
  // Their bodies are not read, so that nothing behind them is.
  ['1.16', 'a PURGE with a body', head('PURGE /a HTTP/1.1', 'Host: shop.test', `Content-Length: ${CANARY.length}`) + CANARY, 405, 'purge-disabled'],
  ['1.16', 'a GET with a body that is a loop', get('Cdn-Loop: freshet', `Content-Length: ${CANARY.length}`) + CANARY, 508, 'loop'],
  ['1.16', 'a GET with a chunked body that is a loop', get('Cdn-Loop: freshet', 'Transfer-Encoding: chunked') + X, 508, 'loop'],
  ['1.16', 'a GET with a body whose Connection nominates Host', get('Connection: host', 'Content-Length: 3') + 'abc', 400, 'connection-nominates'],
]);

const sound = servings('served', [
  [
    '1.20',
    'exactly 100 fields',
    get(...filler(98), 'Authorization: Bearer t'),
    { fields: [...filler(98).flatMap((line) => line.split(': ')), 'authorization', 'Bearer t'] },
  ],
  ['1.22', 'Expect on a chunked body sent at once', chunked(X, 'Expect: 100-CONTINUE'), { body: 'x', framing: 'chunked' }],
  [
    '1.24',
    'fields that may repeat',
    head(
      'PUT /a HTTP/1.1',
      'Host: shop.test',
      'X-A: 1',
      'x-a: 2',
      'If-None-Match: "a"',
      'If-None-Match: "b"',
      'If-Match: "c"',
      'if-match: "d"',
      'X-A: 1',
    ),
    {
      framing: 'length',
      fields: ['x-a', '1', 'x-a', '2', 'if-none-match', '"a"', 'if-none-match', '"b"', 'if-match', '"c"', 'if-match', '"d"', 'x-a', '1'],
    },
  ],
  ['1.16', 'a GET with a body', get('Content-Length: 3') + 'abc', { body: 'abc', framing: 'length' }],
  ['1.16', 'a GET with a chunked body', get('Transfer-Encoding: chunked') + X, { body: 'x', framing: 'chunked' }],
  ['1.16', 'a GET whose body is a request', get(`Content-Length: ${CANARY.length}`) + CANARY, { body: CANARY, framing: 'length' }],
  ['1.16', 'a GET with an empty body', get('Content-Length: 0')],
  ['1.16', 'a HEAD with a body', head('HEAD /a HTTP/1.1', 'Host: shop.test', 'Content-Length: 3') + 'abc', { body: 'abc', framing: 'length' }],
  ['1.16', 'a DELETE with a body', head('DELETE /a HTTP/1.1', 'Host: shop.test', 'Content-Length: 3') + 'abc', { body: 'abc', framing: 'length' }],
  ['1.16', 'an OPTIONS with a body', head('OPTIONS /a HTTP/1.1', 'Host: shop.test', 'Content-Length: 3') + 'abc', { body: 'abc', framing: 'length' }],
  ['1.16', 'a POST whose body is a request', post(CANARY, `Content-Length: ${CANARY.length}`), { body: CANARY, framing: 'length' }],
  ['1.16', 'a POST without a body', post(''), { framing: 'length' }],
  ['1.25', 'leading empty lines', `\r\n\r\n${get()}`],
]);

const last = servings('last', [
  ['1.23', 'Upgrade with a body', post('abc', 'Connection: upgrade', 'Upgrade: websocket', 'Content-Length: 3'), { body: 'abc', framing: 'length' }],
  [
    '1.23',
    'Upgrade with a chunked body on a GET',
    get('Connection: upgrade', 'Upgrade: websocket', 'Transfer-Encoding: chunked') + X,
    { body: 'x', framing: 'chunked' },
  ],
  ['1.23', 'an h2c offer', get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__')],
  [
    '1.23',
    'a WebSocket handshake on a route without upgrade',
    get('Connection: upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'),
    { fields: ['sec-websocket-version', '13'] },
  ],
  ['1.23', 'Upgrade that Connection does not name', get('Upgrade: websocket')],
  ['1.25', 'Connection: close', get('Connection: close')],
  ['1.25', 'Connection: close in a list', get('Connection: x, close, keep-alive')],
  ['1.22', 'Expect without a body', get('Expect: 100-continue')],
  ['1.25', 'HTTP/1.0', head('GET /a HTTP/1.0', 'Host: shop.test')],
]);

const answered = answers([
  // undici has no asterisk-form.
  ['1.15', 'asterisk-form for OPTIONS', head('OPTIONS * HTTP/1.1', 'Host: shop.test'), 400, 'bad-request'],
  ['6.1', 'PURGE that is not enabled', head('PURGE /a HTTP/1.1', 'Host: shop.test'), 405, 'purge-disabled'],
  ['9.5', 'a Connection that nominates Authorization', get('Connection: authorization'), 400, 'connection-nominates'],
  ['9.7', 'a loop', get('Cdn-Loop: freshet'), 508, 'loop'],
]);

export const REQUEST_ROWS: readonly RequestRow[] = [...LENGTH_ROWS, ...HEAD_ROWS, ...sizes, ...singles, ...others, ...sound, ...last, ...answered];
