// RFC 9110 §7.6, RFC 7239, RFC 8586; SECURITY §3 and §9.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import {
  fieldsForClient,
  fieldsForOrigin,
  hopByHop,
  loops,
  trustedPeers,
  type ClientFieldOptions,
  type ForwardingContext,
} from '../../src/http/forwarding.ts';
import type { Request } from '../../src/http/message.ts';

describe('hop-by-hop fields (RFC 9110 §7.6.1)', () => {
  const all = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];
  const proxyAuthentication = ['proxy-authenticate', 'proxy-authorization', 'proxy-authentication-info'];
  it.each([...all, ...proxyAuthentication])('%s ends here', (name) => {
    expect(hopByHop(['a', '1', name, 'close', 'b', '2'])).toEqual({ kind: 'ok', fields: ['a', '1', 'b', '2'] });
  });

  it('so does what Connection lists, on any of its lines and in any case', () => {
    const fields = ['connection', 'close, X-A', 'x-a', '1', 'x-b', '2', 'x-c', '3', 'connection', ' ,x-b'];
    expect(hopByHop(fields)).toEqual({ kind: 'ok', fields: ['x-c', '3'] });
  });

  it('what other fields say takes nothing away', () => {
    const fields = ['x-note', 'x-a, authorization', 'x-a', '1'];
    expect(hopByHop(fields)).toEqual({ kind: 'ok', fields });
  });

  const kept = [
    'Host',
    'Content-Length',
    'Authorization',
    'Cookie',
    'X-Forwarded-For',
    'Cache-Control',
    'Surrogate-Key',
    'Set-Cookie',
    'Vary',
    'Via',
  ];
  const alsoKept = [
    'Age',
    'ETag',
    'If-None-Match',
    'Content-Type',
    'Cache-Tag',
    'CDN-Loop',
    'CDN-Cache-Control',
    'Freshet-Cache-Control',
    'Auth-Scope',
  ];
  it.each([...kept, ...alsoKept])('Connection may not take %s away', (name) => {
    expect(hopByHop(['connection', `close, ${name}`])).toEqual({ kind: 'nominates', name: name.toLowerCase() });
  });
});

const request: Request = {
  method: 'GET',
  target: { scheme: 'http', authority: 'shop.example', path: '/', query: '' },
  fields: [],
  version: '1.1',
  peerAddress: '192.0.2.7',
};

function sent(fields: Fields, given: Omit<Partial<ForwardingContext>, 'request'> & { request?: Partial<Request> } = {}): Map<string, string[]> {
  const context = { trusted: false, originHost: undefined, cookiesStripped: false, ...given, request: { ...request, ...given.request } };
  return grouped(fieldsForOrigin(fields, context));
}

function grouped(fields: Fields): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  for (let i = 0; i < fields.length; i += 2) lines.set(fields[i] as string, [...(lines.get(fields[i] as string) ?? []), fields[i + 1] as string]);
  return lines;
}

describe('fields for the origin', () => {
  it('Host first, then the rest as it came, then what we say', () => {
    const context = { request, trusted: false, originHost: undefined, cookiesStripped: false };
    expect(fieldsForOrigin(['accept', '*/*', 'host', 'SHOP.example:80', 'x', '1', 'x', '2'], context)).toEqual([
      'host',
      'shop.example',
      'accept',
      '*/*',
      'x',
      '1',
      'x',
      '2',
      'via',
      '1.1 freshet',
      'forwarded',
      'for=192.0.2.7;host="shop.example";proto=http',
      'x-forwarded-for',
      '192.0.2.7',
      'x-forwarded-proto',
      'http',
      'x-forwarded-host',
      'shop.example',
      'cdn-loop',
      'freshet',
      'surrogate-capability',
      'freshet="Surrogate/1.0"',
    ]);
  });

  const claims: Fields = [
    'forwarded',
    'for=203.0.113.9',
    'x-forwarded-for',
    '203.0.113.9',
    'x-forwarded-for',
    '203.0.113.10',
    'x-forwarded-proto',
    'https',
    'x-forwarded-host',
    'evil.example',
    'x-forwarded-port',
    '99',
    'x-real-ip',
    '203.0.113.9',
  ];
  it('replaces what an untrusted peer claims', () => {
    const got = sent(claims);
    expect(got.get('forwarded')).toEqual(['for=192.0.2.7;host="shop.example";proto=http']);
    expect(got.get('x-forwarded-for')).toEqual(['192.0.2.7']);
    expect(got.get('x-forwarded-proto')).toEqual(['http']);
    expect(got.get('x-forwarded-host')).toEqual(['shop.example']);
    expect(got.has('x-forwarded-port') || got.has('x-real-ip')).toBe(false);
  });
  it('continues what a trusted peer says', () => {
    const got = sent(claims, { trusted: true });
    expect(got.get('forwarded')).toEqual(['for=203.0.113.9, for=192.0.2.7;host="shop.example";proto=http']);
    expect(got.get('x-forwarded-for')).toEqual(['203.0.113.9, 203.0.113.10, 192.0.2.7']);
    expect(got.get('x-forwarded-proto')).toEqual(['https']);
    expect(got.get('x-forwarded-host')).toEqual(['evil.example']);
    expect(got.get('x-forwarded-port')).toEqual(['99']);
    expect(got.get('x-real-ip')).toEqual(['203.0.113.9']);
  });

  const overrides = [
    'x-http-method-override',
    'x-http-method',
    'x-method-override',
    'x-original-url',
    'x-rewrite-url',
    'x-host',
    'x-middleware-subrequest',
  ];
  const ours = [
    'surrogate-key',
    'cache-tag',
    'xkey',
    'cache-groups',
    'surrogate-key-purge',
    'freshet-debug',
    'auth-scope',
    'expect',
    'content-length',
  ];
  it.each([...overrides, ...ours])('%s is never forwarded', (name) => {
    expect(sent([name, 'x']).has(name)).toBe(false);
    expect(sent([name, 'x'], { trusted: true }).has(name)).toBe(false);
  });

  it.each(['authorization', 'cookie', 'accept-language', 'range', 'if-none-match', 'rsc', 'x-request-id'])('%s is', (name) =>
    expect(sent([name, 'x']).get(name)).toEqual(['x']),
  );
  it('cookies are not, where the route strips them', () => expect(sent(['cookie', 'a=b'], { cookiesStripped: true }).has('cookie')).toBe(false));
  it('continues Via and Cdn-Loop', () => {
    const got = sent(['via', '1.1 a', 'via', '1.0 b', 'cdn-loop', 'other; v=1'], { request: { version: '1.0' } });
    expect(got.get('via')).toEqual(['1.1 a, 1.0 b, 1.0 freshet']);
    expect(got.get('cdn-loop')).toEqual(['other; v=1, freshet']);
  });
  it("sends the origin's own Host where asked to", () => {
    const got = sent([], { originHost: 'backend:5000' });
    expect(got.get('host')).toEqual(['backend:5000']);
    expect(got.get('x-forwarded-host')).toEqual(['shop.example']);
  });
  it('sends no Host of a client that sent none', () => {
    const got = sent([], { request: { target: { ...request.target, authority: '' } } });
    expect(got.has('host') || got.has('x-forwarded-host')).toBe(false);
    expect(got.get('forwarded')).toEqual(['for=192.0.2.7;proto=http']);
  });
  it('quotes an IPv6 peer, and names an IPv4 peer of a dual-stack socket plainly (RFC 7239 §6)', () => {
    expect(sent([], { request: { peerAddress: '2001:db8::7' } }).get('forwarded')?.[0]).toMatch(/^for="\[2001:db8::7\]";/);
    expect(sent([], { request: { peerAddress: '::ffff:192.0.2.7' } }).get('x-forwarded-for')).toEqual(['192.0.2.7']);
  });
  it('counts Max-Forwards down for OPTIONS and TRACE alone (RFC 9110 §7.6.2)', () => {
    expect(sent(['max-forwards', '3'], { request: { method: 'OPTIONS' } }).get('max-forwards')).toEqual(['2']);
    expect(sent(['max-forwards', '3']).get('max-forwards')).toEqual(['3']);
  });
});

describe('loops (RFC 8586)', () => {
  const rows: readonly [value: string, expected: boolean][] = [
    ['freshet', true],
    ['a, Freshet ; x="y"', true],
    ['freshet-2', false],
    ['a; n="b, freshet"', false],
    ['', false],
  ];
  it.each(rows)('%j', (value, expected) => expect(loops(['cdn-loop', value])).toBe(expected));
  it('no field at all', () => expect(loops([])).toBe(false));
  it('what we forward would loop', () => expect(loops([...sent([])].flatMap(([name, [value = '']]) => [name, value]))).toBe(true));
});

describe('trusted proxies', () => {
  const rows: readonly [cidrs: readonly string[], address: string, expected: boolean][] = [
    [[], '10.0.0.1', false],
    [['10.0.0.0/8'], '10.9.9.9', true],
    [['10.0.0.0/8'], '11.0.0.1', false],
    [['10.0.0.0/8'], '::ffff:10.0.0.1', true],
    [['10.0.0.1'], '10.0.0.1', true],
    [['10.0.0.1'], '10.0.0.2', false],
    [['2001:db8::/32'], '2001:db8::1', true],
    [['2001:db8::/32'], '2001:db9::1', false],
    [['0.0.0.0/0'], '203.0.113.1', true],
    [['::1', '127.0.0.0/8'], '127.0.0.1', true],
    [['10.0.0.0/33', 'x', '10.0.0.0/', ''], '10.0.0.0', false],
    [['10.0.0.0/8'], '', false],
    [['10.0.0.0/8'], 'unix:', false],
  ];
  it.each(rows)('%j of %s', (cidrs, address, expected) => expect(trustedPeers(cidrs)(address)).toBe(expected));
  it('never throws', () => {
    fc.assert(fc.property(fc.array(fc.string()), fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (cidrs, address) => void trustedPeers(cidrs)(address)));
  });
});

describe('fields for the client', () => {
  const options: ClientFieldOptions = {
    expose: false,
    tagHeaders: new Set(['surrogate-key', 'cache-tag', 'xkey', 'cache-groups']),
    ageSeconds: undefined,
    cacheStatus: 'freshet; hit',
    cacheControl: undefined,
    contentLength: undefined,
  };
  const answered = (fields: Fields, given: Partial<ClientFieldOptions> = {}) => grouped(fieldsForClient(fields, { ...options, ...given }));

  it('adds Via and Cache-Status, and leaves the rest in order', () => {
    expect(fieldsForClient(['b', '1', 'a', '2', 'b', '3'], options)).toEqual([
      'b',
      '1',
      'a',
      '2',
      'b',
      '3',
      'via',
      '1.1 freshet',
      'cache-status',
      'freshet; hit',
    ]);
  });
  it.each(['surrogate-key', 'cache-tag', 'xkey', 'cache-groups'])('%s only where exposed', (name) => {
    expect(answered([name, 'x']).has(name)).toBe(false);
    expect(answered([name, 'x'], { expose: true }).get(name)).toEqual(['x']);
  });
  it.each(['freshet-cache-control', 'surrogate-control', 'surrogate-version', 'surrogate-key-purge', 'auth-scope'])('%s never', (name) =>
    expect(answered([name, 'x'], { expose: true }).has(name)).toBe(false),
  );
  it.each(['cdn-cache-control', 'cache-group-invalidation', 'cache-control', 'expires', 'age', 'set-cookie', 'content-range', 'content-length'])(
    '%s goes on',
    (name) => expect(answered([name, 'x']).get(name)).toEqual(['x']),
  );
  it('replaces Age, Content-Length and Cache-Control where given', () => {
    const came = ['age', '9', 'content-length', '9', 'cache-control', 'max-age=9', 'expires', 'x', 'pragma', 'x', 'cache-control', 'y'];
    const got = answered(came, { ageSeconds: 0, contentLength: 0, cacheControl: 'no-cache' });
    expect(got.get('age')).toEqual(['0']);
    expect(got.get('content-length')).toEqual(['0']);
    expect(got.get('cache-control')).toEqual(['no-cache']);
    expect(got.has('expires') || got.has('pragma')).toBe(false);
  });
  it("stands after the origin's own members", () => {
    expect(answered(['cache-status', 'inner; fwd=miss', 'via', '1.1 inner']).get('cache-status')).toEqual(['inner; fwd=miss', 'freshet; hit']);
  });
});
