// SECURITY §2 as data.
import { chunked, cuts, FRESH, message, ok, passages, refusals, type ResponseRow, two } from './response-row.ts';

const OK = 'HTTP/1.1 200 OK';
const TWO = 'Content-Length: 2';
const HINTS = message('HTTP/1.1 103 Early Hints', ['Link: </a>']);
const HINT = { status: 103, fields: ['link', '</a>'] };
const NO_HINT = { status: 103, fields: [] };
const CHUNKS = '2\r\nok\r\n0\r\n\r\n';

function hinting(...fields: readonly string[]): string {
  return message('HTTP/1.1 103 Early Hints', fields) + two(OK);
}

function filler(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `a${i}: b`);
}

const unfinished = cuts([
  ['2.1', 'a length that is not reached', ok('abcd', 'Content-Length: 10'), 'fin'],
  ['2.1', 'a length that is not reached, reset', ok('abcd', 'Content-Length: 10'), 'reset'],
  ['2.1', 'a length and nothing', ok('', 'Content-Length: 10'), 'fin'],
  ['2.1', 'chunks without the last one', chunked('2\r\nok\r\n'), 'fin'],
  ['2.1', 'chunks without the last one, reset', chunked('2\r\nok\r\n'), 'reset'],
  ['2.1', 'a chunk cut', chunked('5\r\nok'), 'fin'],
  ['2.1', 'a last chunk cut', chunked('2\r\nok\r\n0\r\n'), 'fin'],
  ['2.1', 'no chunk at all', chunked(''), 'fin'],
  ['2.3', 'chunk lines with LF only', chunked('2\nok\n0\n\n')],
  ['2.3', 'a bare LF in a chunk extension', chunked('2;a\nb\r\nok\r\n0\r\n\r\n')],
  ['2.3', 'chunk size 0x2', chunked('0x2\r\nok\r\n0\r\n\r\n')],
  ['2.3', 'chunk size +2', chunked('+2\r\nok\r\n0\r\n\r\n')],
  ['2.3', 'a space after the chunk size', chunked('2 \r\nok\r\n0\r\n\r\n')],
  ['2.3', 'a chunk size over 64 bits', chunked('FFFFFFFFFFFFFFFFF\r\nok\r\n0\r\n\r\n')],
  ['2.3', 'a chunk longer than its size', chunked('2\r\nokay\r\n0\r\n\r\n')],
  ['2.12', 'Content-Length as a trailer', chunked('2\r\nok\r\n0\r\nContent-Length: 5\r\n\r\n')],
  ['2.12', 'a malformed trailer', chunked('2\r\nok\r\n0\r\nX-T : 1\r\n\r\n')],
  ['2.12', 'trailers of 70 KiB', chunked(`2\r\nok\r\n0\r\nX-T: ${'a'.repeat(70 * 1024)}\r\n\r\n`)],
]);

const lengths = refusals([
  ['2.3', 'Content-Length and Transfer-Encoding', ok(CHUNKS, TWO, 'Transfer-Encoding: chunked')],
  ['2.3', 'Transfer-Encoding and Content-Length', ok(CHUNKS, 'Transfer-Encoding: chunked', 'Content-Length: 12')],
  ['2.3', 'two equal Content-Length', ok('ok', TWO, TWO)],
  ['2.3', 'two different Content-Length', ok('ok', TWO, 'Content-Length: 3')],
  ['2.3', 'Content-Length: 2, 2', ok('ok', 'Content-Length: 2, 2')],
  ['2.3', 'Content-Length: +2', ok('ok', 'Content-Length: +2')],
  ['2.3', 'Content-Length: -2', ok('ok', 'Content-Length: -2')],
  ['2.3', 'Content-Length: 0x2', ok('ok', 'Content-Length: 0x2')],
  ['2.3', 'Content-Length: 2a', ok('ok', 'Content-Length: 2a')],
  ['2.3', 'Content-Length without a value', ok('ok', 'Content-Length:')],
  ['2.3', 'Content-Length over 64 bits', ok('ok', 'Content-Length: 18446744073709551618')],
  ['2.3', 'a space before the colon of Content-Length', ok('ok', 'Content-Length : 2')],
  ['2.4', 'Transfer-Encoding: gzip, chunked', ok(CHUNKS, 'Transfer-Encoding: gzip, chunked')],
  ['2.4', 'Transfer-Encoding: chunked, gzip', ok('ok', 'Transfer-Encoding: chunked, gzip')],
  ['2.4', 'Transfer-Encoding: gzip', ok('ok', 'Transfer-Encoding: gzip')],
  ['2.4', 'Transfer-Encoding: identity', ok('ok', 'Transfer-Encoding: identity')],
  ['2.4', 'Transfer-Encoding: chunked;q=1', ok(CHUNKS, 'Transfer-Encoding: chunked;q=1')],
  ['2.4', 'Transfer-Encoding without a value', ok('ok', 'Transfer-Encoding:')],
  ['2.4', 'a vertical tab before chunked', ok(CHUNKS, 'Transfer-Encoding: \x0bchunked')],
  ['2.4', 'Transfer-Encoding twice', ok(CHUNKS, 'Transfer-Encoding: gzip', 'Transfer-Encoding: chunked')],
  ['2.4', 'chunked twice', ok(CHUNKS, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')],
]);

const grammar = refusals([
  ['2.3', 'a folded field', two(OK, 'X-A: a', ' b')],
  ['2.3', 'bare LF throughout', two(OK).replaceAll('\r\n', '\n')],
  ['2.3', 'a bare LF behind the status line', two(OK).replace('OK\r\n', 'OK\n')],
  ['2.3', 'a bare LF behind a field', two(OK, 'X-A: a').replace('a\r\n', 'a\n')],
  ['2.3', 'a bare LF as the empty line', two(OK).replace('\r\n\r\n', '\r\n\n')],
  ['2.3', 'a bare CR in a value', two(OK, 'X-A: a\rSet-Cookie: b')],
  ['2.3', 'a NUL in a value', two(OK, 'X-A: a\0b')],
  ['2.3', 'a control byte in a value', two(OK, 'X-A: a\x01b')],
  ['2.3', 'a DEL in a value', two(OK, 'X-A: a\x7fb')],
  ['2.3', 'a space before the colon', two(OK, 'X-A : a')],
  ['2.3', 'a name with a space', two(OK, 'X A: a')],
  ['2.3', 'a name with obs-text', two(OK, 'X-\xe9: a')],
  ['2.3', 'an empty name', two(OK, ': a')],
  ['2.3', 'a line without a colon', two(OK, 'X-A')],
  ['2.3', 'a bare CR in the reason phrase', two('HTTP/1.1 200 O\rK')],
  ['2.3', 'something before the status line', `X${two(OK)}`],
  ['2.3', 'another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ['2.3', 'the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['2.3', 'HTTP/1.2', two('HTTP/1.2 200 OK')],
  ['2.3', 'http/1.1', two('http/1.1 200 OK')],
  ['2.3', 'two spaces before the status', two('HTTP/1.1  200 OK')],
  ['2.3', 'nothing', '', 'fin', 'origin-reset'],
  ['2.3', 'nothing, reset', '', 'reset', 'origin-reset'],
  ['2.3', 'half a head', 'HTTP/1.1 200 OK\r\nX-A: ', 'fin', 'origin-reset'],
]);

const statuses = refusals([
  ['2.5', '101 unasked', message('HTTP/1.1 101 Switching Protocols', ['Connection: upgrade', 'Upgrade: websocket'])],
  ['2.5', '101 and then 200', message('HTTP/1.1 101 Switching Protocols', []) + two(OK)],
  ['2.6', '100 unasked', message('HTTP/1.1 100 Continue', []) + two(OK)],
  ['2.6', '1001 times 103', HINTS.repeat(1001) + two(OK)],
  ['2.6', '103 with a body', message('HTTP/1.1 103 Early Hints', [TWO], 'no') + two(OK)],
  ['2.6', '102 and nothing', message('HTTP/1.1 102 Processing', []), 'fin', 'origin-reset'],
  ['2.7', '204 with a length and a body', two('HTTP/1.1 204 No Content')],
  ['2.7', '204 in chunks', message('HTTP/1.1 204 No Content', [FRESH, 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
  ['2.8', '304 unasked', message('HTTP/1.1 304 Not Modified', [FRESH])],
  ['2.8', '304 unasked, with a length and a body', two('HTTP/1.1 304 Not Modified')],
  ['2.8', '206 unasked', two('HTTP/1.1 206 Partial Content', 'Content-Range: bytes 0-1/9')],
  ['2.9', 'status 099', two('HTTP/1.1 099 Odd')],
  ['2.9', 'status 000', two('HTTP/1.1 000 Odd')],
  ['2.9', 'status 999', two('HTTP/1.1 999 Odd')],
  ['2.9', 'status 600', two('HTTP/1.1 600 Odd')],
  ['2.9', 'a status of two digits', two('HTTP/1.1 20 OK')],
  ['2.9', 'a status of four digits', two('HTTP/1.1 2000 OK')],
  ['2.9', 'a status below 0', two('HTTP/1.1 -20 OK')],
  ['2.10', 'a field of 70 KiB', two(OK, `X-A: ${'a'.repeat(70 * 1024)}`)],
  ['2.10', 'fields of 70 KiB together', two(OK, ...Array.from({ length: 70 }, (_, i) => `X-${i}: ${'a'.repeat(1024)}`))],
  ['2.11', '2400 filler fields and then private', message(OK, [...filler(2400), 'Cache-Control: private', TWO], 'ok')],
  ['2.11', '2400 filler fields behind max-age, and then private', two(OK, ...filler(2400), 'Cache-Control: private')],
  ['9.5', 'Connection that nominates Cache-Control', two(OK, 'Connection: cache-control'), 'open', 'connection-nominates'],
  ['9.5', 'Connection that nominates Set-Cookie', two(OK, 'Connection: x, Set-Cookie', 'Set-Cookie: a=b'), 'open', 'connection-nominates'],
  ['9.5', 'Connection that nominates Content-Length', two(OK, 'Connection: content-length'), 'open', 'connection-nominates'],
  ['9.5', '204 whose Connection nominates', message('HTTP/1.1 204 No Content', [FRESH, 'Connection: cache-control']), 'open', 'connection-nominates'],
]);

const passed = passages('passed', [
  ['2.2', 'close-delimited', ok('ok'), {}, 'fin'],
  ['2.2', 'close-delimited and empty', ok(''), { body: '' }, 'fin'],
  ['2.2', 'HTTP/1.0 without a length', message('HTTP/1.0 200 OK', [FRESH], 'ok'), {}, 'fin'],
  [
    '2.11',
    '490 filler fields and then private',
    two(OK, ...filler(490), 'Cache-Control: private'),
    { fields: filler(490).flatMap((line) => line.split(': ')) },
  ],
  ['2.9', '412 unasked', two('HTTP/1.1 412 Precondition Failed'), { status: 412 }],
]);

/** What comes with the end of a body in one read says that it was not its end. Byte by byte it comes too late, and only ends the connection. */
export const OVERRUN_ROWS = passages('overrun', [
  ['2.1', 'more than its length', ok('okay', TWO)],
  ['2.1', 'more than its chunks', chunked(`${CHUNKS}more`)],
  ['2.1', 'more than nothing', ok('more', 'Content-Length: 0'), { body: '' }],
  ['2.1', 'a response behind it', ok(`ok${ok('evil', 'Content-Length: 4')}`, TWO)],
  ['2.7', '204 with a body and no length', message('HTTP/1.1 204 No Content', [FRESH], 'ok'), { status: 204, body: '' }],
]);

const stored = passages('stored', [
  ['2.1', 'its length', two(OK)],
  ['2.1', 'its chunks', chunked(CHUNKS)],
  ['2.1', 'its length, and an end of the connection', two(OK), {}, 'fin'],
  ['2.2', 'HTTP/1.0 with a length', two('HTTP/1.0 200 OK'), {}, 'fin'],
  // Known: undici tells no version; accepted because whatever it was, its end was seen.
  ['2.2', 'chunked on HTTP/1.0', message('HTTP/1.0 200 OK', [FRESH, 'Transfer-Encoding: chunked'], CHUNKS)],
  ['2.2', 'HTTP/2.0 in a status line', two('HTTP/2.0 200 OK')],
  ['2.3', 'leading zeros in Content-Length', ok('ok', 'Content-Length: 002')],
  ['2.3', 'obs-text', two(OK, 'X-A: caf\xe9\x80'), { fields: ['x-a', 'caf\xe9\x80'] }],
  ['2.3', 'empty lines before the status line', `\r\n\r\n${two(OK)}`],
  ['2.3', 'no reason phrase', two('HTTP/1.1 200')],
  ['2.3', 'a control byte in the reason phrase', two('HTTP/1.1 200 O\x01K')],
  ['2.3', 'a chunk extension', chunked('2;a=b\r\nok\r\n0;c\r\n\r\n')],
  ['2.4', 'chunked in any case', ok(CHUNKS, 'Transfer-Encoding: CHUNKED')],
  ['2.6', '103 and then 200', HINTS + two(OK), { informational: [HINT] }],
  [
    '2.6',
    '102 and 103 and then 200',
    message('HTTP/1.1 102 Processing', []) + HINTS + two(OK),
    { informational: [{ status: 102, fields: [] }, HINT] },
  ],
  ['2.6', '1000 times 103', HINTS.repeat(1000) + two(OK), { informational: Array.from({ length: 8 }, () => HINT) }],
  ['2.6', '103 with a length', hinting(TWO), { informational: [NO_HINT] }],
  ['2.6', '103 in chunks', hinting('Transfer-Encoding: chunked'), { informational: [NO_HINT] }],
  ['2.6', '103 with obs-text', hinting('Link: </caf\xe9>'), { informational: [{ status: 103, fields: ['link', '</caf\xe9>'] }] }],
  [
    '2.6',
    '103 that is private',
    hinting('Cache-Control: private', 'Set-Cookie: a=b'),
    { informational: [{ status: 103, fields: ['cache-control', 'private', 'set-cookie', 'a=b'] }] },
  ],
  ['2.7', '204 with length 0', message('HTTP/1.1 204 No Content', [FRESH, 'Content-Length: 0']), { status: 204, body: '' }],
  ['2.10', 'a field of 20 KiB', two(OK, `X-A: ${'a'.repeat(20 * 1024)}`), { fields: ['x-a', 'a'.repeat(20 * 1024)] }],
  [
    '2.12',
    'trailers that would mean something as fields',
    chunked('2\r\nok\r\n0\r\nSet-Cookie: a=b\r\nCache-Control: private\r\nX-T: 1\r\n\r\n', 'Trailer: X-T'),
  ],
  ['9.5', '103 whose Connection nominates Set-Cookie', hinting('Connection: set-cookie', 'Set-Cookie: a=b')],
  [
    '9.5',
    'fields that end at the hop',
    two(OK, 'Connection: x-a, close', 'X-A: b', 'Keep-Alive: timeout=9', 'Proxy-Authenticate: Basic', 'Upgrade: h2c'),
  ],
]);

export const RESPONSE_ROWS: readonly ResponseRow[] = [...unfinished, ...lengths, ...grammar, ...statuses, ...passed, ...stored];
