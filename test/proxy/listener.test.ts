// SECURITY §1 as data, each row whole and byte by byte over a real socket: what is not one unambiguous request is refused and its connection
// closed, so that a request smuggled behind it (the canary) is never seen.
import { describe, expect, it } from 'vitest';
import { RawClient } from '../support/client.ts';
import { echo, Listening } from './listening.ts';

const CANARY = 'GET /canary HTTP/1.1\r\nHost: shop.test\r\n\r\n';

/** A request from its lines; the empty line is added. */
function lines(...head: string[]): string {
  return `${head.join('\r\n')}\r\n\r\n`;
}

function get(...fields: string[]): string {
  return lines('GET /a HTTP/1.1', 'Host: shop.test', ...fields);
}

function post(body: string, ...fields: string[]): string {
  return lines('POST /a HTTP/1.1', 'Host: shop.test', ...fields) + body;
}

/** What it is called that is not malformed or ambiguous. */
const REASONS: Readonly<Record<number, string>> = { 413: 'body-too-large', 414: 'url-too-long', 431: 'head-too-large' };
const reasonOf = (status: number): string => REASONS[status] ?? 'bad-request';

const filler = (count: number): string[] => Array.from({ length: count }, (_, i) => `a${i}: b`);

const REFUSED: { name: string; bytes: string; status: number }[] = [
  { name: '1 Content-Length and Transfer-Encoding', bytes: post('0\r\n\r\n', 'Content-Length: 6', 'Transfer-Encoding: chunked'), status: 400 },
  { name: '1 Transfer-Encoding and Content-Length', bytes: post('0\r\n\r\n', 'Transfer-Encoding: chunked', 'Content-Length: 6'), status: 400 },
  { name: '2 two equal Content-Length', bytes: post('a', 'Content-Length: 1', 'Content-Length: 1'), status: 400 },
  { name: '2 two different Content-Length', bytes: post('a', 'Content-Length: 1', 'Content-Length: 2'), status: 400 },
  { name: '2 Content-Length: 1, 1', bytes: post('a', 'Content-Length: 1, 1'), status: 400 },
  { name: '2 Content-Length: +1', bytes: post('a', 'Content-Length: +1'), status: 400 },
  { name: '2 Content-Length: 0x1', bytes: post('a', 'Content-Length: 0x1'), status: 400 },
  { name: '2 Content-Length: -1', bytes: post('a', 'Content-Length: -1'), status: 400 },
  { name: '3 Transfer-Encoding: x, chunked', bytes: post('0\r\n\r\n', 'Transfer-Encoding: x, chunked'), status: 400 },
  { name: '3 Transfer-Encoding: gzip, chunked', bytes: post('0\r\n\r\n', 'Transfer-Encoding: gzip, chunked'), status: 400 },
  { name: '4 Transfer-Encoding: chunked, identity', bytes: post('0\r\n\r\n', 'Transfer-Encoding: chunked, identity'), status: 400 },
  { name: '4 identity and a length', bytes: post('a', 'Transfer-Encoding: identity', 'Content-Length: 1'), status: 400 },
  { name: '4 Transfer-Encoding twice', bytes: post('0\r\n\r\n', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'), status: 400 },
  { name: '4 a vertical tab before chunked', bytes: post('0\r\n\r\n', 'Transfer-Encoding: \x0bchunked'), status: 400 },
  { name: '4 Transfer-Encoding by a folded line', bytes: post('0\r\n\r\n', 'Transfer-Encoding:', ' chunked'), status: 400 },
  { name: '5 chunked on HTTP/1.0', bytes: lines('POST /a HTTP/1.0', 'Host: x', 'Transfer-Encoding: chunked') + '0\r\n\r\n', status: 400 },
  { name: '6 a space before the colon', bytes: get('X-A : b'), status: 400 },
  { name: '6 a folded field', bytes: get('X-A: a', ' b'), status: 400 },
  { name: '6 bare LF throughout', bytes: 'GET /a HTTP/1.1\nHost: x\n\n', status: 400 },
  { name: '6 one bare LF', bytes: 'GET /a HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n', status: 400 },
  { name: '6 a bare CR', bytes: get('X-A: a\rb'), status: 400 },
  { name: '6 a NUL in a value', bytes: get('X-A: a\0b'), status: 400 },
  { name: '6 a control byte in a value', bytes: get('X-A: a\x01b'), status: 400 },
  { name: '8 a chunk extension of 20 KiB', bytes: post(`1;${'a'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`, 'Transfer-Encoding: chunked'), status: 413 },
  { name: '9 a chunk extension with a bare LF', bytes: post('1;a\nb\r\n0\r\n\r\n', 'Transfer-Encoding: chunked'), status: 400 },
  { name: '9 chunk lines with LF only', bytes: post('1\na\n0\n\n', 'Transfer-Encoding: chunked'), status: 400 },
  { name: '9 chunk size 0x1', bytes: post('0x1\r\na\r\n0\r\n\r\n', 'Transfer-Encoding: chunked'), status: 400 },
  { name: '9 a space after the chunk size', bytes: post('1 \r\na\r\n0\r\n\r\n', 'Transfer-Encoding: chunked'), status: 400 },
  { name: '9 a chunk longer than its size', bytes: post('1\r\nabc\r\n0\r\n\r\n', 'Transfer-Encoding: chunked'), status: 400 },
  { name: '11 Content-Length as a trailer', bytes: post('0\r\nContent-Length: 5\r\n\r\n', 'Transfer-Encoding: chunked'), status: 400 },
  { name: '12 no Host', bytes: lines('GET /a HTTP/1.1', 'X-A: b'), status: 400 },
  { name: '13 two Host', bytes: lines('GET /a HTTP/1.1', 'Host: x', 'Host: y'), status: 400 },
  { name: '13 two equal Host', bytes: lines('GET /a HTTP/1.1', 'Host: x', 'Host: x'), status: 400 },
  { name: '14 Host: x,y', bytes: lines('GET /a HTTP/1.1', 'Host: x,y'), status: 400 },
  { name: '14 Host: x/../y', bytes: lines('GET /a HTTP/1.1', 'Host: x/../y'), status: 400 },
  { name: '14 Host: a@b', bytes: lines('GET /a HTTP/1.1', 'Host: a@b'), status: 400 },
  { name: '14 port 99999', bytes: lines('GET /a HTTP/1.1', 'Host: x:99999'), status: 400 },
  { name: '14 Host with a space', bytes: lines('GET /a HTTP/1.1', 'Host: x y'), status: 400 },
  { name: '14 Host with obs-text', bytes: lines('GET /a HTTP/1.1', 'Host: caf\xe9'), status: 400 },
  { name: '15 an absolute target of another host', bytes: lines('GET http://evil/a HTTP/1.1', 'Host: x'), status: 400 },
  { name: '17 no version', bytes: 'GET /a\r\n\r\n', status: 505 },
  { name: '17 HTTP/0.9', bytes: lines('GET /a HTTP/0.9', 'Host: x'), status: 505 },
  { name: '17 HTTP/2.0', bytes: lines('GET /a HTTP/2.0', 'Host: x'), status: 505 },
  { name: '17 the HTTP/2 preface', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 400 },
  { name: '18 a fragment', bytes: lines('GET /a#b HTTP/1.1', 'Host: x'), status: 400 },
  { name: '18 a backslash', bytes: lines('GET /a\\b HTTP/1.1', 'Host: x'), status: 400 },
  { name: '19 a space in the target', bytes: lines('GET /a b HTTP/1.1', 'Host: x'), status: 400 },
  { name: '19 a tab in the target', bytes: lines('GET /a\tb HTTP/1.1', 'Host: x'), status: 400 },
  { name: '19 a target without a slash', bytes: lines('GET a HTTP/1.1', 'Host: x'), status: 400 },
  { name: '19 raw UTF-8', bytes: lines('GET /\xc3\xa9 HTTP/1.1', 'Host: x'), status: 400 },
  { name: '19 a method in lower case', bytes: lines('get /a HTTP/1.1', 'Host: x'), status: 400 },
  { name: '19 HTTP/1.2', bytes: lines('GET /a HTTP/1.2', 'Host: x'), status: 400 },
  { name: '19 a dot segment', bytes: lines('GET /a/../b HTTP/1.1', 'Host: x'), status: 400 },
  { name: '20 101 fields', bytes: get(...filler(100)), status: 431 },
  { name: '20 2500 fields', bytes: get(...filler(2500)), status: 431 },
  { name: '21 a field of 20 KiB', bytes: get(`X-A: ${'a'.repeat(20_000)}`), status: 431 },
  { name: '21 a field of 40 KiB', bytes: get(`X-A: ${'a'.repeat(40_000)}`), status: 431 },
  { name: '21 a target of 9000 bytes', bytes: lines(`GET /${'a'.repeat(9000)} HTTP/1.1`, 'Host: x'), status: 414 },
  { name: '22 an Expect that only contains 100-continue', bytes: post('a', 'Content-Length: 1', 'Expect: y 100-continue'), status: 417 },
  { name: '22 two Expect', bytes: post('a', 'Content-Length: 1', 'Expect: 100-continue', 'Expect: 100-continue'), status: 417 },
  { name: '22 another expectation', bytes: post('a', 'Content-Length: 1', 'Expect: 200-ok'), status: 417 },
  { name: '24 two Authorization', bytes: get('Authorization: Bearer a', 'Authorization: Bearer b'), status: 400 },
  { name: '24 two Content-Type', bytes: post('a', 'Content-Length: 1', 'Content-Type: text/a', 'Content-Type: text/b'), status: 400 },
  { name: '24 two If-Modified-Since', bytes: get('If-Modified-Since: a', 'If-Modified-Since: b'), status: 400 },
  { name: '24 two Range', bytes: get('Range: bytes=0-1', 'Range: bytes=2-3'), status: 400 },
  { name: 'CONNECT', bytes: lines('CONNECT shop.test:443 HTTP/1.1', 'Host: shop.test:443'), status: 405 },
];

const ACCEPTED: { name: string; bytes: string; expected: object }[] = [
  { name: '7 obs-text in a value', bytes: get('X-A: caf\xe9'), expected: { fields: ['host', 'shop.test', 'x-a', 'caf\xe9'] } },
  { name: '8 a chunk extension', bytes: post('1;a=b\r\nx\r\n0\r\n\r\n', 'Transfer-Encoding: chunked'), expected: { body: 'x' } },
  { name: '11 a harmless trailer', bytes: post('1\r\nx\r\n0\r\nX-T: 1\r\n\r\n', 'Transfer-Encoding: chunked'), expected: { body: 'x' } },
  {
    name: '15 an absolute target of the same host',
    bytes: lines('GET http://Shop.Test:80/a?b HTTP/1.1', 'Host: shop.test'),
    expected: { authority: 'shop.test', path: '/a?b' },
  },
  { name: '16 a GET with a body', bytes: lines('GET /a HTTP/1.1', 'Host: x', 'Content-Length: 3') + 'abc', expected: { method: 'GET', body: 'abc' } },
  {
    name: '22 Expect on a chunked body sent at once',
    bytes: post('1\r\nx\r\n0\r\n\r\n', 'Transfer-Encoding: chunked', 'Expect: 100-CONTINUE'),
    expected: { body: 'x' },
  },
  {
    name: '24 a field that may repeat',
    bytes: get('X-A: 1', 'x-a: 2', 'If-None-Match: "a"', 'If-None-Match: "b"'),
    expected: { fields: ['host', 'shop.test', 'x-a', '1', 'x-a', '2', 'if-none-match', '"a"', 'if-none-match', '"b"'] },
  },
  { name: '25 leading empty lines', bytes: `\r\n\r\n${get()}`, expected: { path: '/a' } },
  { name: '20 exactly 100 fields', bytes: get(...filler(99)), expected: { path: '/a' } },
  { name: 'OPTIONS *', bytes: lines('OPTIONS * HTTP/1.1', 'Host: x'), expected: { method: 'OPTIONS', path: '*' } },
  { name: 'PURGE', bytes: lines('PURGE /a HTTP/1.1', 'Host: x'), expected: { method: 'PURGE' } },
];

/** Served, but as the last of their connection: node:http loses bytes behind them. */
const LAST: typeof ACCEPTED = [
  {
    name: '23 Upgrade with a body',
    bytes: post('abc', 'Connection: upgrade', 'Upgrade: websocket', 'Content-Length: 3'),
    expected: { method: 'POST', body: 'abc' },
  },
  {
    name: '23 an h2c offer',
    bytes: get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
    expected: { path: '/a' },
  },
  { name: '23 a WebSocket handshake on a route without upgrade', bytes: get('Connection: upgrade', 'Upgrade: websocket'), expected: { path: '/a' } },
];

/** Rows longer than this are sent in pieces: a packet a byte would only test the kernel. */
const BYTE_BY_BYTE = 2000;

async function send(client: RawClient, bytes: string, split: boolean): Promise<void> {
  if (!split) client.send(bytes);
  else if (bytes.length <= BYTE_BY_BYTE) await client.sendByteByByte(bytes);
  else for (let i = 0; i < bytes.length; i += 1000) await client.sendByteByByte(bytes.slice(i, i + 1000));
}

describe.each([
  { how: 'whole', split: false },
  { how: 'byte by byte', split: true },
])('SECURITY §1, $how', ({ split }) => {
  it.each(REFUSED)('$status for $name', async ({ bytes, status }) => {
    await using listening = await Listening.start();
    await using client = await RawClient.connect(listening.address);
    const sending = send(client, bytes + CANARY, split && bytes.length <= BYTE_BY_BYTE);
    const answer = await client.answer();
    expect(answer?.status).toBe(status);
    expect(answer?.field('connection')).toBe('close');
    expect(answer?.field('cache-status')).toBe(`freshet; detail=${reasonOf(status)}`);
    expect(await client.answer()).toBeUndefined();
    await sending;
    expect(listening.seen.map(({ target }) => target.path)).not.toContain('/canary');
    expect(listening.ends.map((end) => [end.status, end.reason])).toEqual([[status, reasonOf(status)]]);
  });

  it.each(ACCEPTED)('accepts $name', async ({ bytes, expected }) => {
    await using listening = await Listening.start();
    await using client = await RawClient.connect(listening.address);
    const sending = send(client, bytes + CANARY, split);
    expect(JSON.parse((await client.answer())?.body ?? '')).toMatchObject(expected);
    expect(JSON.parse((await client.answer())?.body ?? '')).toMatchObject({ path: '/canary' });
    await sending;
  });
});

describe.each([
  { how: 'whole', split: false },
  { how: 'byte by byte', split: true },
])('Upgrade served as a plain request, $how', ({ split }) => {
  it.each(LAST)('is the last of its connection: $name', async ({ bytes, expected }) => {
    await using listening = await Listening.start();
    await using client = await RawClient.connect(listening.address);
    const sending = send(client, bytes + CANARY, split);
    const answer = await client.answer();
    expect(JSON.parse(answer?.body ?? '')).toMatchObject(expected);
    expect(answer?.field('connection')).toBe('close');
    expect(await client.answer()).toBeUndefined();
    await sending;
    expect(listening.seen).toHaveLength(1);
  });
});

describe('RFC 9112 §9.3: one connection, several requests', () => {
  it('answers pipelined requests in order', async () => {
    const held: (() => void)[] = [];
    await using listening = await Listening.start((request, client) => {
      held.push(() => echo(request, client));
      if (held.length === 2) for (const answer of held.toReversed()) answer();
    });
    await using client = await RawClient.connect(listening.address);
    client.send(get() + CANARY);
    expect(JSON.parse((await client.answer())?.body ?? '')).toMatchObject({ path: '/a' });
    expect(JSON.parse((await client.answer())?.body ?? '')).toMatchObject({ path: '/canary' });
  });

  it('answers the first and then refuses a malformed second, whenever the first answer comes', async () => {
    const held: (() => void)[] = [];
    await using listening = await Listening.start((request, client) => held.push(() => echo(request, client)));
    await using client = await RawClient.connect(listening.address);
    client.send(`${get()}GET /b HTTP/1.1\r\nHost : x\r\n\r\n${CANARY}`);
    while (listening.ends.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (const answer of held) answer();
    expect(JSON.parse((await client.answer())?.body ?? '')).toMatchObject({ path: '/a' });
    expect((await client.answer())?.status).toBe(400);
    expect(await client.answer()).toBeUndefined();
    expect(listening.seen).toHaveLength(1);
  });

  it('survives half a request and a reset', async () => {
    await using listening = await Listening.start();
    const client = await RawClient.connect(listening.address);
    client.send('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab');
    while (listening.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const broken = new Promise((resolve) => listening.seen[0]?.body?.on('error', resolve));
    client.socket.resetAndDestroy();
    expect(await broken).toMatchObject({ name: 'RequestBodyError' });
    await using next = await RawClient.connect(listening.address);
    next.send(CANARY);
    expect((await next.answer())?.status).toBe(200);
  });

  it('hands WebSocket handshakes over on routes that permit it', async () => {
    await using listening = await Listening.start();
    await using client = await RawClient.connect(listening.address);
    client.send(`${lines('GET /socket HTTP/1.1', 'Host: x', 'Connection: upgrade', 'Upgrade: websocket')}early`);
    expect((await client.head())?.status).toBe(101);
    expect(listening.upgraded.map(({ target }) => target.path)).toEqual(['/socket']);
    expect(listening.seen).toEqual([]);
  });
});
