// RFC 9112 §3.2, RFC 3986 §5, SECURITY §1 rows 12 to 19 and §3.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget, parseUrlSelector, pathAndQuery, resolveReference, type Target, type TargetInput } from '../../src/http/target.ts';
import { primaryKey } from '../../src/rules/key.ts';

function parse(given: Partial<TargetInput>) {
  return parseTarget({ requestTarget: '/', hosts: ['x'], method: 'GET', scheme: 'http', version: '1.1', ...given });
}

function spelled(target: Target): string {
  return `${target.scheme}://${target.authority} ${pathAndQuery(target)}`;
}

function outcome(given: Partial<TargetInput>): string {
  const result = parse(given);
  return result.kind === 'target' ? spelled(result.target) : `400 ${result.message}`;
}

describe('request targets (RFC 9112 §3.2)', () => {
  const rows: readonly [name: string, given: Partial<TargetInput>, expected: string | RegExp][] = [
    ['origin-form', { requestTarget: '/a/b?c=d' }, 'http://x /a/b?c=d'],
    ['an empty query is kept', { requestTarget: '/a?' }, 'http://x /a?'],
    ['hex in upper case, nothing decoded', { requestTarget: '/%2f%5c%61?%2f' }, 'http://x /%2F%5C%61?%2F'],
    ['malformed percent as it is', { requestTarget: '/%zz%' }, 'http://x /%zz%'],
    ['slashes not merged', { requestTarget: '//account//x' }, 'http://x //account//x'],
    ['path parameters and case as they are', { requestTarget: '/ACCOUNT;x.js' }, 'http://x /ACCOUNT;x.js'],
    ['absolute-form', { requestTarget: 'HTTP://X:80/a?b' }, 'http://x /a?b'],
    ['absolute-form without a path', { requestTarget: 'http://x' }, 'http://x /'],
    ['absolute-form without a path, with a query', { requestTarget: 'http://x?q' }, 'http://x /?q'],
    ['absolute-form, HTTP/1.0 without Host', { requestTarget: 'http://y/a', hosts: [], version: '1.0' }, 'http://y /a'],
    ['absolute-form of OPTIONS without a path is *', { requestTarget: 'http://x', method: 'OPTIONS' }, 'http://x *'],
    ['asterisk-form', { requestTarget: '*', method: 'OPTIONS' }, 'http://x *'],
    ['an encoded line break in a query is data', { requestTarget: '/graphql?query=%7B%0aa%7D' }, 'http://x /graphql?query=%7B%0Aa%7D'],
    ['dots that are no segment', { requestTarget: '/.well-known/..x/a..?/../' }, 'http://x /.well-known/..x/a..?/../'],
    ['asterisk-form of GET', { requestTarget: '*' }, /^400/],
    ['another authority than Host', { requestTarget: 'http://evil/a' }, '400 Host differs from the request target'],
    ['another scheme', { requestTarget: 'https://x/a' }, /^400/],
    ['another scheme of URI', { requestTarget: 'ftp://x/a' }, /^400/],
    ['absolute-form with userinfo', { requestTarget: 'http://a@x/' }, /^400/],
    ['absolute-form with userinfo, HTTP/1.0 without Host', { requestTarget: 'http://a@x/', hosts: [], version: '1.0' }, /^400/],
    ['absolute-form without authority', { requestTarget: 'http:///a' }, /^400/],
    ['absolute-form without Host in HTTP/1.1', { requestTarget: 'http://x/', hosts: [] }, '400 no Host field'],
    ['authority-form', { requestTarget: 'x:80', method: 'CONNECT' }, /^400/],
    ['no slash', { requestTarget: 'a' }, /^400/],
    ['empty', { requestTarget: '' }, /^400/],
    ['fragment', { requestTarget: '/a#b' }, /^400/],
    ['fragment of an absolute-form', { requestTarget: 'http://x#b' }, /^400/],
    ['backslash', { requestTarget: '/a\\b' }, /^400/],
    ['backslash in the query', { requestTarget: '/a?\\' }, /^400/],
    ['space', { requestTarget: '/a b' }, /^400/],
    ['control', { requestTarget: '/a\u0001' }, /^400/],
    ['line break', { requestTarget: '/a\n' }, /^400/],
    ['raw UTF-8', { requestTarget: '/ä' }, /^400/],
    ['encoded NUL', { requestTarget: '/account%00.css' }, /^400/],
    ['encoded LF', { requestTarget: '/account%0a.css' }, /^400/],
    ['encoded CR', { requestTarget: '/account%0D.css' }, /^400/],
    ['dot segment', { requestTarget: '/a/./b' }, /^400/],
    ['dot segment at the end', { requestTarget: '/a/..' }, /^400/],
    ['dot segment before a query', { requestTarget: '/..?x' }, /^400/],
    ['encoded dot segment', { requestTarget: '/static/%2e%2E/account' }, /^400/],
    ['half-encoded dot segment', { requestTarget: '/static/.%2e/account' }, /^400/],
    ['dot segment before an encoded slash', { requestTarget: '/static/..%2faccount' }, /^400/],
    ['dot segment between encoded slashes', { requestTarget: '/static%2F..%2Faccount' }, /^400/],
    ['dot segment behind an encoded slash', { requestTarget: '/static%2f.' }, /^400/],
    ['dot segment between encoded backslashes', { requestTarget: '/static%5c%2e%2e%5Caccount' }, /^400/],
    ['dot segment with a parameter', { requestTarget: '/static/..;/account' }, /^400/],
    ['dot segment with an encoded parameter', { requestTarget: '/static/..%3Bx/account' }, /^400/],
    ['dots beside encoded slashes that are no segment', { requestTarget: '/a%2F..b%2F...%2Fc..%2F.d;..' }, 'http://x /a%2F..b%2F...%2Fc..%2F.d;..'],
    ['dot segment of an absolute-form', { requestTarget: 'http://x/../a' }, /^400/],
  ];
  it.each(rows)('%s', (_, given, expected) => expect(outcome(given)).toMatch(typeof expected === 'string' ? exactly(expected) : expected));
});

function exactly(text: string): RegExp {
  return new RegExp(`^${RegExp.escape(text)}$`);
}

describe('Host (RFC 9110 §7.2)', () => {
  const rows: readonly [hosts: readonly string[], expected: string | undefined][] = [
    [['EXAMPLE.com'], 'example.com'],
    [['example.com.'], 'example.com'],
    [['example.com:80'], 'example.com'],
    [['example.com.:0080'], 'example.com'],
    [['example.com:'], 'example.com'],
    [['example.com:443'], 'example.com:443'],
    [['example.com:08080'], 'example.com:8080'],
    [['[::1]:80'], '[::1]'],
    [['[2001:DB8::1]:81'], '[2001:db8::1]:81'],
    [['[0::1]'], '[::1]'],
    [['[0:0:0:0:0:0:0:1]:80'], '[::1]'],
    [['[2001:db8:0000::0001]:81'], '[2001:db8::1]:81'],
    [['[2001:db8:0:0:1::]'], '[2001:db8:0:0:1::]'],
    [['[::FFFF:192.0.2.1]'], '[::ffff:c000:201]'],
    [['127.0.0.1:8080'], '127.0.0.1:8080'],
    [['xn--bcher-kva.example'], 'xn--bcher-kva.example'],
    [['my_service'], 'my_service'],
    [[], undefined],
    [['x', 'x'], undefined],
    [['x', 'y'], undefined],
    [[''], undefined],
    [['.'], undefined],
    [['a..b'], undefined],
    [['example.com..'], undefined],
    [['x,y'], undefined],
    [['x/../y'], undefined],
    [['a@b'], undefined],
    [['a b'], undefined],
    [['x:99999'], undefined],
    [['x:0'], undefined],
    [['x:80:80'], undefined],
    [['x:+80'], undefined],
    [['::1'], undefined],
    [['[::1'], undefined],
    [['[x]'], undefined],
    [['[::1::]'], undefined],
    [['[1:2:3:4:5:6:7:8:9]'], undefined],
    [['[:::]'], undefined],
    [['[127.0.0.1]'], undefined],
    [['[::1%25eth0]'], undefined],
    [['x%2ey'], undefined],
    [['b\u00fccher.example'], undefined],
    [['a'.repeat(254)], undefined],
  ];
  it.each(rows)('%j', (hosts, expected) => {
    const result = parse({ hosts });
    expect(result.kind === 'target' ? result.target.authority : undefined).toBe(expected);
  });

  it('may be absent in HTTP/1.0', () => expect(outcome({ hosts: [], version: '1.0' })).toBe('http:// /'));
  it('keeps the default port of the other scheme', () => expect(outcome({ hosts: ['x:80'], scheme: 'https' })).toBe('https://x:80 /'));
});

const text = fc.string({
  unit: fc.constantFrom('/', '.', '%', '2', 'e', 'E', 'f', '0', 'a', '?', '#', '\\', ':', '@', '&', '=', ' ', 'ä', 'h', 't', 'p'),
});

describe('canonical form', () => {
  it('never throws, and is a fixed point', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          text.map((rest) => `/${rest}`),
          fc.string({ unit: 'binary' }),
        ),
        fc.oneof(text, fc.domain(), fc.constant('X.:080')),
        (requestTarget, host) => {
          const once = parse({ requestTarget, hosts: [host] });
          if (once.kind === 'refuse') return;
          expect(parse({ requestTarget: pathAndQuery(once.target), hosts: [once.target.authority] })).toEqual(once);
        },
      ),
    );
  });

  it('gives equal keys exactly where the forwarded bytes are equal', () => {
    const path = fc.string({ unit: fc.constantFrom('a', '%61', '%2f', '%2F', '/', '?', '&') }).map((rest) => `/${rest}`);
    const host = fc.constantFrom('x', 'X', 'x.', 'x:80', 'x:8080', 'X:08080', 'y');
    fc.assert(
      fc.property(path, host, path, host, (pathA, hostA, pathB, hostB) => {
        const a = parse({ requestTarget: pathA, hosts: [hostA] });
        const b = parse({ requestTarget: pathB, hosts: [hostB] });
        if (a.kind === 'refuse' || b.kind === 'refuse') return;
        const forwardedAlike = a.target.authority === b.target.authority && pathAndQuery(a.target) === pathAndQuery(b.target);
        expect(primaryKey('s', a.target) === primaryKey('s', b.target)).toBe(forwardedAlike);
      }),
    );
  });
});

describe('references (RFC 3986 §5)', () => {
  const base: Target = { scheme: 'http', authority: 'a', path: '/b/c/d;p', query: '?q' };
  const rows: readonly [reference: string, expected: string | undefined][] = [
    // RFC 3986 §5.4.1
    ['g', 'http://a /b/c/g'],
    ['./g', 'http://a /b/c/g'],
    ['g/', 'http://a /b/c/g/'],
    ['/g', 'http://a /g'],
    ['//g', 'http://g /'],
    ['?y', 'http://a /b/c/d;p?y'],
    ['g?y', 'http://a /b/c/g?y'],
    ['#s', 'http://a /b/c/d;p?q'],
    ['g#s', 'http://a /b/c/g'],
    ['g?y#s', 'http://a /b/c/g?y'],
    [';x', 'http://a /b/c/;x'],
    ['', 'http://a /b/c/d;p?q'],
    ['.', 'http://a /b/c/'],
    ['./', 'http://a /b/c/'],
    ['..', 'http://a /b/'],
    ['../', 'http://a /b/'],
    ['../g', 'http://a /b/g'],
    ['../..', 'http://a /'],
    ['../../g', 'http://a /g'],
    // RFC 3986 §5.4.2
    ['../../../g', 'http://a /g'],
    ['/./g', 'http://a /g'],
    ['/../g', 'http://a /g'],
    ['g.', 'http://a /b/c/g.'],
    ['..g', 'http://a /b/c/..g'],
    ['./g/.', 'http://a /b/c/g/'],
    ['g/./h', 'http://a /b/c/g/h'],
    ['g/../h', 'http://a /b/c/h'],
    ['g?y/../x', 'http://a /b/c/g?y/../x'],
    // ours
    ['HTTPS://B:443/x%2f', 'https://b /x%2F'],
    ['http://a', 'http://a /'],
    ['g{|}', 'http://a /b/c/g{|}'],
    ['mailto:x@y', undefined],
    ['g:h', undefined],
    ['http:g', undefined],
    ['http://u@a/x', undefined],
    ['/a b', undefined],
    ['/a\\b', undefined],
    ['/%2e%2e/x', undefined],
    ['/%00', undefined],
    ['http://a:99999/', undefined],
  ];
  it.each(rows)('%j', (reference, expected) => {
    const target = resolveReference(base, reference);
    expect(target === undefined ? undefined : spelled(target)).toBe(expected);
  });

  it('names nothing below *', () => expect(resolveReference({ ...base, path: '*', query: '' }, 'g')).toBeUndefined());

  it('agrees with the WHATWG parser where that changes no character', () => {
    const segment = fc.constantFrom('.', '..', 'a', 'b;c', '');
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 6 }), fc.boolean(), (segments, rooted) => {
        const reference = `${rooted ? '/r/' : 'r/'}${segments.join('/')}`;
        const expected = new URL(reference, 'http://a/b/c/d;p?q');
        expect(resolveReference(base, reference)).toEqual({ scheme: 'http', authority: expected.host, path: expected.pathname, query: '' });
      }),
    );
  });

  it.each(['//', '///a', 'http://', 'http:///a'])('names nothing by an empty authority: %s', (reference) => {
    expect(resolveReference(base, reference)).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary' }), fc.webUrl()), (reference) => {
        const target = resolveReference(base, reference);
        if (target !== undefined)
          expect(outcome({ requestTarget: pathAndQuery(target), hosts: [target.authority], scheme: target.scheme })).toBe(spelled(target));
        parseUrlSelector(reference);
      }),
    );
  });
});

describe('what a purge may name', () => {
  const rows: readonly [text: string, expected: ReturnType<typeof parseUrlSelector>][] = [
    ['http://Shop.example:80/a?b', { authority: 'shop.example', path: '/a', query: '?b' }],
    ['https://shop.example:443/a', { authority: 'shop.example', path: '/a', query: '' }],
    ['//shop.example:8080/%2f', { authority: 'shop.example:8080', path: '/%2F', query: '' }],
    ['http://shop.example', { authority: 'shop.example', path: '/', query: '' }],
    ['/a?b', { authority: undefined, path: '/a', query: '?b' }],
    ['a', undefined],
    ['', undefined],
    ['?b', undefined],
    ['/a#b', undefined],
    ['/a/../b', undefined],
    ['http:///a', undefined],
    ['///a', undefined],
    ['http:/a', undefined],
    ['ftp://x/a', undefined],
    ['/a b', undefined],
    ['*', undefined],
  ];
  it.each(rows)('%j', (given, expected) => expect(parseUrlSelector(given)).toEqual(expected));
});
