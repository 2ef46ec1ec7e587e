// SECURITY §1: which requests the fast path takes. Whatever is in any doubt is left to node:http, whose part the rows of test/security show.
import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Reading, PlainRequests } from '../../src/proxy/plain-request.ts';
import { head } from '../security/request-row.ts';

const LIMITS = { headerBytes: 4096, headerCount: 5, urlBytes: 64 };

function read(text: string, limits: Partial<typeof LIMITS> = {}): Reading {
  return new PlainRequests({ ...LIMITS, ...limits }).read(text);
}

/** A request with the fields of each line, one of which is Host. */
function get(...lines: readonly string[]): string {
  return head('GET /a HTTP/1.1', 'Host: x', ...lines);
}

describe('RFC 9112 §3, §5: a plain request', () => {
  const target = { scheme: 'http', authority: 'x', path: '/a', query: '' };
  it.each([
    { name: 'GET', text: get(), expected: { method: 'GET', target, fields: ['host', 'x'], closes: false } },
    { name: 'HEAD', text: head('HEAD /a HTTP/1.1', 'Host: x'), expected: { method: 'HEAD', target } },
    { name: 'PURGE', text: head('PURGE /a HTTP/1.1', 'Host: x', 'Surrogate-Key: a'), expected: { method: 'PURGE', target } },
    {
      name: 'a target in its canonical form',
      text: head('GET /a%2fb?q=%c3&x HTTP/1.1', 'hOST:\tX.Test:80 '),
      expected: { target: { scheme: 'http', authority: 'x.test', path: '/a%2Fb', query: '?q=%C3&x' } },
    },
    {
      name: 'fields in their order, values without the white space around them',
      text: get('X-A: 1', 'x-b:', "X!#$%&'*+.^_`|~9: \t a\tb \t", 'x-a:2'),
      expected: { fields: ['host', 'x', 'x-a', '1', 'x-b', '', "x!#$%&'*+.^_`|~9", 'a\tb', 'x-a', '2'] },
    },
    { name: 'with keep-alive', text: get('Connection: Keep-Alive'), expected: { closes: false } },
    { name: 'with close', text: get('Connection: CLOSE'), expected: { closes: true } },
  ])('$name', ({ text, expected }) => {
    expect(read(text)).toMatchObject({ kind: 'plain', end: text.length, ...expected });
  });

  it('ends where the next one begins', () => {
    expect(read(get() + get())).toMatchObject({ kind: 'plain', end: get().length });
  });

  it('has the array of fields that another one had with the same lines', () => {
    const requests = new PlainRequests(LIMITS);
    const [first, second] = [requests.read(get('x-a: 1')), requests.read(head('HEAD /b HTTP/1.1', 'Host: x', 'x-a: 1'))];
    if (first.kind !== 'plain' || second.kind !== 'plain') throw new Error('not plain');
    expect(second.fields).toBe(first.fields);
    expect(second.target.path).toBe('/b');
  });

  it('is read the same when thousands of others were read before it', () => {
    const requests = new PlainRequests(LIMITS);
    const texts = Array.from({ length: 2_500 }, (_, i) => get(`x-a: ${i}`));
    for (const text of texts) requests.read(text);
    expect(texts.map((text) => requests.read(text))).toEqual(texts.map((text) => read(text)));
  });
});

describe('what is left to node:http', () => {
  it.each([
    ['another method', head('POST /a HTTP/1.1', 'Host: x')],
    ['a method that only begins like one', head('GETS /a HTTP/1.1', 'Host: x')],
    ['a method in lower case', head('get /a HTTP/1.1', 'Host: x')],
    ['a line break in front of it', `\r\n${get()}`],
    ['HTTP/1.0', head('GET /a HTTP/1.0', 'Host: x')],
    ['HTTP/1.2', head('GET /a HTTP/1.2', 'Host: x')],
    ['HTTP/0.9', head('GET /a', 'Host: x')],
    ['no target', head('GET HTTP/1.1', 'Host: x')],
    ['absolute-form', head('GET http://x/a HTTP/1.1', 'Host: x')],
    ['asterisk-form', head('GET * HTTP/1.1', 'Host: x')],
    ['two spaces in front of the target', head('GET  /a HTTP/1.1', 'Host: x')],
    ['two spaces behind the target', head('GET /a  HTTP/1.1', 'Host: x')],
    ['a space in the target', head('GET /a b HTTP/1.1', 'Host: x')],
    ['a space behind the version', head('GET /a HTTP/1.1 ', 'Host: x')],
    ['a tab for a space', head('GET /a\tHTTP/1.1', 'Host: x')],
    ['a fragment', head('GET /a#b HTTP/1.1', 'Host: x')],
    ['a backslash', head('GET /a\\b HTTP/1.1', 'Host: x')],
    ['a byte above ASCII in the target', head('GET /\xe9 HTTP/1.1', 'Host: x')],
    ['a dot segment', head('GET /a/../b HTTP/1.1', 'Host: x')],
    ['an encoded NUL', head('GET /a%00 HTTP/1.1', 'Host: x')],
    ['a first line that ends in LF', 'GET /a HTTP/1.1\nHost: x\r\n\r\n'],
    ['a first line that is not whole', 'GET /a HTTP/1.'],
    ['a first line in whose middle another begins', head('GET /a HTTP/1.1\rGET /b HTTP/1.1', 'Host: x')],
    ['nothing', ''],
    ['no fields', head('GET /a HTTP/1.1')],
    ['no Host', head('GET /a HTTP/1.1', 'X-A: 1')],
    ['an empty Host', head('GET /a HTTP/1.1', 'Host:')],
    ['two Hosts', get('host: x')],
    ['a Host that is none', head('GET /a HTTP/1.1', 'Host: x/y')],
    ['a space in front of a colon', get('X-A : 1')],
    ['a space in front of a name', get(' X-A: 1')],
    ['a folded line', get('X-A: 1', ' 2')],
    ['a line without a colon', get('X-A')],
    ['a line without a name', get(': 1')],
    ['a line that ends in LF', get('X-A: 1\nX-B: 2')],
    ['a bare CR in a value', get('X-A: 1\rX-B: 2')],
    ['a NUL in a value', get('X-A: a\0b')],
    ['DEL in a value', get('X-A: a\x7fb')],
    ['a byte above ASCII in a value', get('X-A: \xe9')],
    ['a byte above ASCII in a name', get('X-\xe9: 1')],
    ['parentheses in a name', get('X(A): 1')],
    ['Content-Length', get('Content-Length: 0')],
    ['Transfer-Encoding', get('Transfer-Encoding: chunked')],
    ['Trailer', get('Trailer: x-a')],
    ['TE', get('TE: trailers')],
    ['Upgrade', get('Upgrade: websocket')],
    ['HTTP2-Settings', get('HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA')],
    ['Expect', get('Expect: 100-continue')],
    ['Proxy-Connection', get('Proxy-Connection: close')],
    ['a field twice that may stand once', get('Authorization: Bearer a', 'authorization: Bearer b')],
    ['another Connection option', get('Connection: upgrade')],
    ['two Connection options', get('Connection: keep-alive, close')],
    ['two Connection fields', get('Connection: keep-alive', 'connection: close')],
    ['an empty Connection', get('Connection:')],
  ])('%s', (_, text) => {
    expect(() => read(text)).not.toThrow();
    expect(read(text)).toEqual({ kind: 'doubtful' });
  });

  it('is found out again each time', () => {
    const requests = new PlainRequests(LIMITS);
    const text = get('Upgrade: websocket');
    expect([requests.read(text), requests.read(text), requests.read(get())]).toMatchObject([
      { kind: 'doubtful' },
      { kind: 'doubtful' },
      { kind: 'plain' },
    ]);
  });
});

describe('limits, each at its bound', () => {
  const lineBytes = 'Host: x\r\nX-A: \r\n'.length;
  const long = (bytes: number) => get(`X-A: ${'a'.repeat(bytes - lineBytes)}`);

  it.each<[string, string, string, Partial<typeof LIMITS>]>([
    ['url_bytes', head(`GET /${'a'.repeat(63)} HTTP/1.1`, 'Host: x'), head(`GET /${'a'.repeat(64)} HTTP/1.1`, 'Host: x'), {}],
    ['header_count', get('a: 1', 'b: 1', 'c: 1', 'd: 1'), get('a: 1', 'b: 1', 'c: 1', 'd: 1', 'e: 1'), {}],
    ['header_bytes', long(4096), long(4097), {}],
    ['header_bytes of few', long(100), long(101), { headerBytes: 100 }],
  ])('%s', (_, within, beyond, limits) => {
    expect([read(within, limits).kind, read(beyond, limits).kind]).toEqual(['plain', 'doubtful']);
  });

  it('what node:http takes of a head', () => {
    const bytes = 'GET /a HTTP/1.1\r\nHost: x'.length;
    expect([bytes, bytes - 1].map((most) => new PlainRequests(LIMITS, most).read(get()).kind)).toEqual(['plain', 'doubtful']);
  });

  it('header_bytes of a head that is not whole', () => {
    const begun = 'GET /a HTTP/1.1';
    expect(read(begun + '\r\n'.padEnd(100, 'a'), { headerBytes: 100 })).toEqual({ kind: 'incomplete' });
    expect(read(begun + '\r\n'.padEnd(101, 'a'), { headerBytes: 100 })).toEqual({ kind: 'doubtful' });
  });
});

it('is incomplete from its first line to the last byte but one', () => {
  const text = get('X-A: 1');
  const line = 'GET /a HTTP/1.1\r\n';
  for (let bytes = 0; bytes < text.length; bytes++) {
    expect(read(text.slice(0, bytes))).toEqual({ kind: bytes < line.length ? 'doubtful' : 'incomplete' });
  }
});

it('says of any text what it is, and of a plain one where it ends', () => {
  const piece = constantFrom(
    'GET /a HTTP/1.1\r\n',
    'GET ',
    '/',
    ' HTTP/1.1',
    '\r\n',
    '\r',
    '\n',
    'Host: x',
    'X-A:',
    ' ',
    '\t',
    ':',
    '\0',
    '\xff',
    'Connection: close',
  );
  assert(
    property(array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('');
      const reading = read(text);
      if (reading.kind !== 'plain') return;
      expect(text.slice(0, reading.end)).toMatch(/^(?:GET|HEAD) \/[!-~]* HTTP\/1\.1\r\n(?:[!-9;-~]+:[\t -~]*\r\n)+\r\n$/);
    }),
  );
});
