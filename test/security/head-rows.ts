// SECURITY §1 rows 6, 7, 12 to 15 and 17 to 19: the grammar of fields, whom a request asks, and for what.
import { get, head, refusals, type RequestRow, servings } from './request-row.ts';

function host(value: string): string {
  return head('GET /a HTTP/1.1', `Host: ${value}`);
}

function target(text: string): string {
  return head(`GET ${text} HTTP/1.1`, 'Host: shop.test');
}

const grammar = refusals([
  ['1.6', 'a space before the colon', get('X-A : b')],
  ['1.6', 'a tab before the colon', get('X-A\t: b')],
  ['1.6', 'a folded field', get('X-A: a', ' b')],
  ['1.6', 'a folded field that is empty', get('X-A: a', ' ')],
  ['1.6', 'a field folded with a tab', get('X-A: a', '\tb')],
  ['1.6', 'a space before the first field', head('GET /a HTTP/1.1', ' Host: shop.test')],
  ['1.6', 'bare LF throughout', 'GET /a HTTP/1.1\nHost: shop.test\n\n'],
  ['1.6', 'one bare LF', 'GET /a HTTP/1.1\r\nHost: shop.test\nX-A: b\r\n\r\n'],
  ['1.6', 'a bare LF behind the request line', 'GET /a HTTP/1.1\nHost: shop.test\r\n\r\n'],
  ['1.6', 'a bare LF as the empty line', 'GET /a HTTP/1.1\r\nHost: shop.test\r\n\n'],
  ['1.6', 'a bare LF in a value', get('X-A: a\nb')],
  ['1.6', 'a bare CR', get('X-A: a\rb')],
  ['1.6', 'a bare CR that hides a field', get('X-A: a\rContent-Length: 40')],
  ['1.6', 'a bare CR in a name', get('X\r-A: b')],
  ['1.6', 'a bare CR as the empty line', 'GET /a HTTP/1.1\r\nHost: shop.test\r\n\rX'],
  ['1.6', 'CR CR LF', 'GET /a HTTP/1.1\r\nHost: shop.test\r\r\n\r\n'],
  ['1.6', 'a NUL in a value', get('X-A: a\0b')],
  ['1.6', 'a NUL in a name', get('X\0A: b')],
  ['1.6', 'a control byte in a value', get('X-A: a\x01b')],
  ['1.6', 'a DEL in a value', get('X-A: a\x7fb')],
  ['1.6', 'a name with a space', get('X A: b')],
  ['1.6', 'a name with obs-text', get('X-\xe9: b')],
  ['1.6', 'a name in quotes', get('"X": b')],
  ['1.6', 'an empty name', get(': b')],
  ['1.6', 'a line without a colon', get('X-A')],
]);

const hosts = refusals([
  ['1.12', 'no Host', head('GET /a HTTP/1.1', 'X-A: b')],
  ['1.12', 'an empty Host', host('')],
  ['1.13', 'two Host', head('GET /a HTTP/1.1', 'Host: shop.test', 'Host: y')],
  ['1.13', 'two equal Host', head('GET /a HTTP/1.1', 'Host: shop.test', 'Host: shop.test')],
  ['1.13', 'two Host, one in another case', head('GET /a HTTP/1.1', 'Host: shop.test', 'X-A: b', 'hOST: shop.test')],
  ['1.13', 'two Host on HTTP/1.0', head('GET /a HTTP/1.0', 'Host: shop.test', 'Host: y')],
  ['1.14', 'Host: x,y', host('x,y')],
  ['1.14', 'Host: x/../y', host('x/../y')],
  ['1.14', 'Host with a path', host('shop.test/b')],
  ['1.14', 'Host with a query', host('shop.test?b')],
  ['1.14', 'Host with a fragment', host('shop.test#b')],
  ['1.14', 'Host with a scheme', host('http://shop.test')],
  ['1.14', 'Host: a@b', host('a@b')],
  ['1.14', 'Host with a backslash', host('shop.test\\b')],
  ['1.14', 'Host with a percent', host('shop%2etest')],
  ['1.14', 'Host with a quote', host('shop.test"')],
  ['1.14', 'port 99999', host('shop.test:99999')],
  ['1.14', 'port 0', host('shop.test:0')],
  ['1.14', 'port +80', host('shop.test:+80')],
  ['1.14', 'two ports', host('shop.test:80:80')],
  ['1.14', 'Host with a space', host('x y')],
  ['1.14', 'Host with obs-text', host('caf\xe9')],
  ['1.14', 'an open bracket', host('[::1')],
  ['1.14', 'an IPv6 address without brackets', host('::1')],
  ['1.14', 'an IPv6 address that is none', host('[::1::2]')],
  ['1.14', 'an IPv6 zone', host('[fe80::1%25eth0]')],
  ['1.14', 'empty labels', host('shop..test')],
  ['1.14', 'a malformed Host on HTTP/1.0', head('GET /a HTTP/1.0', 'Host: a@b')],
]);

const targets = refusals([
  ['1.15', 'an absolute target of another host', target('http://evil/a')],
  ['1.15', 'an absolute target of another port', target('http://shop.test:81/a')],
  ['1.15', 'an absolute target of another host on HTTP/1.0', head('GET http://evil/a HTTP/1.0', 'Host: shop.test')],
  ['1.15', 'userinfo in an absolute target', target('http://a@shop.test/a')],
  ['1.15', 'an absolute target without a host', target('http:///a')],
  ['1.15', 'an absolute target without Host', head('GET http://shop.test/a HTTP/1.1')],
  ['1.15', 'https in clear', target('https://shop.test/a')],
  ['1.15', 'another scheme', target('ftp://shop.test/a')],
  ['1.15', 'a scheme without slashes', target('http:/a')],
  ['1.15', 'authority-form for GET', target('shop.test:80')],
  ['1.15', 'asterisk-form for GET', target('*')],
  ['1.17', 'no version', 'GET /a\r\n\r\n', 505],
  ['1.17', 'no version and a field', 'GET /a\r\nHost: shop.test\r\n\r\n', 505],
  ['1.17', 'HTTP/0.9', head('GET /a HTTP/0.9', 'Host: shop.test'), 505],
  ['1.17', 'HTTP/2.0', head('GET /a HTTP/2.0', 'Host: shop.test'), 505],
  ['1.17', 'the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['1.18', 'a fragment', target('/a#b')],
  ['1.18', 'a fragment of an absolute target', target('http://shop.test#b')],
  ['1.18', 'a backslash', target('/a\\b')],
  ['1.18', 'a backslash in front', target('\\a')],
  ['1.18', 'a NUL in the target', target('/a\0')],
  ['1.18', 'a control byte in the target', target('/a\x01')],
  ['1.18', 'a DEL in the target', target('/a\x7f')],
  ['1.19', 'a space in the target', head('GET /a b HTTP/1.1', 'Host: shop.test')],
  ['1.19', 'a tab in the target', target('/a\tb')],
  ['1.19', 'a tab for a space', head('GET\t/a HTTP/1.1', 'Host: shop.test')],
  ['1.19', 'a space behind the version', head('GET /a HTTP/1.1 ', 'Host: shop.test')],
  ['1.19', 'a space before the method', head(' GET /a HTTP/1.1', 'Host: shop.test')],
  ['1.19', 'a bare CR in the request line', head('GET /a\rHTTP/1.1', 'Host: shop.test')],
  ['1.19', 'a target without a slash', target('a')],
  ['1.19', 'no target', head('GET HTTP/1.1', 'Host: shop.test')],
  ['1.19', 'raw UTF-8', target('/\xc3\xa9')],
  ['1.19', 'a method in lower case', head('get /a HTTP/1.1', 'Host: shop.test')],
  ['1.19', 'a method that is none', head('G@T /a HTTP/1.1', 'Host: shop.test')],
  ['1.19', 'HTTP/1.2', head('GET /a HTTP/1.2', 'Host: shop.test')],
  ['1.19', 'HTTP/1.10', head('GET /a HTTP/1.10', 'Host: shop.test')],
  ['1.19', 'HTTP/01.1', head('GET /a HTTP/01.1', 'Host: shop.test')],
  ['1.19', 'http/1.1', head('GET /a http/1.1', 'Host: shop.test')],
  ['1.19', 'another protocol', head('GET /a SIP/1.1', 'Host: shop.test')],
  ['1.19', 'a dot segment', target('/a/../b')],
  ['1.19', 'TLS in clear', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
]);

const sound = servings('served', [
  ['1.7', 'obs-text in a value', get('X-A: caf\xe9'), { fields: ['x-a', 'caf\xe9'] }],
  ['1.7', 'obs-text of every kind', get('X-A: \x80\x85\xa0\xff|'), { fields: ['x-a', '\x80\x85\xa0\xff|'] }],
  ['1.14', 'port 0080', host('SHOP.test.:0080')],
  // RFC 9112 §3 lets a recipient take several spaces for one. Known: the parser does, and does not say so; accepted because what goes on has one of each.
  ['1.19', 'two spaces before the version', head('GET /a  HTTP/1.1', 'Host: shop.test')],
  ['1.19', 'two spaces before the target', head('GET  /a HTTP/1.1', 'Host: shop.test')],
  ['1.14', 'another spelling of an IPv6 address', host('[2001:db8:0:00::0001]:8080'), { host: '[2001:db8::1]:8080' }],
  ['1.14', 'an IPv6 address', host('[2001:DB8::1]:8080'), { host: '[2001:db8::1]:8080' }],
  ['1.15', 'an absolute target of the same host', target('http://Shop.Test:80/a?b'), { path: '/a?b' }],
  ['1.15', 'an absolute target without a path', target('http://shop.test?b'), { path: '/?b' }],
]);

const last = servings('last', [
  // Known: the parser reads RTSP/1.0 as HTTP/1.0 and does not say so; accepted because what is forwarded says HTTP/1.1, and nothing behind it is read.
  ['1.19', 'a protocol that the parser knows besides', head('GET /a RTSP/1.0', 'Host: shop.test')],
]);

export const HEAD_ROWS: readonly RequestRow[] = [...grammar, ...hosts, ...targets, ...sound, ...last];
