// Which route a request takes, and the tags its templates make.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Target } from '../../src/http/target.ts';
import { compilePattern, expandTemplates, matchRoute, orderBySpecificity, type PathPattern, type Route } from '../../src/rules/routes.ts';
import { strictPolicy } from './builders.ts';

function pattern(path: string): PathPattern {
  const compiled = compilePattern(path);
  if (compiled.kind === 'refuse') throw new Error(compiled.message);
  return compiled.pattern;
}

/** `GET,POST host/path`; methods and host may be left out. */
function route(text: string): Route {
  const [, methods, host, path = ''] = /^(?:([A-Z,]+) )?([^/]*)(\/.*)$/.exec(text) ?? [];
  return {
    name: text,
    origin: 'o',
    upgrade: false,
    audited: true,
    maxRequestBodyBytes: 64 * 1024 ** 2,
    policy: strictPolicy,
    query: { kind: 'as-received' },
    scope: { kind: 'public' },
    tags: [],
    invalidates: [],
    pattern: pattern(path),
    ...(host === undefined || host === '' ? {} : { host }),
    ...(methods === undefined ? {} : { methods: new Set(methods.split(',')) }),
  };
}

const fallback = route('/default');

function matched(routes: readonly string[], request: string) {
  const [, method = 'GET', authority = 'x', path = ''] = /^(?:([A-Za-z]+) )?([^/*]*)(.*)$/.exec(request) ?? [];
  const target: Target = { scheme: 'http', authority: authority === '' ? 'x' : authority, path, query: '' };
  const match = matchRoute(orderBySpecificity(routes.map(route)), fallback, { method, target });
  return [match.route.name, Object.fromEntries(match.parameters)];
}

describe('path patterns', () => {
  it('compile', () => {
    expect(pattern('/a/:id/*/b%2f%61/**').segments).toEqual([
      { kind: 'literal', text: 'a' },
      { kind: 'parameter', name: 'id' },
      { kind: 'any' },
      { kind: 'literal', text: 'b%2Fa' },
      { kind: 'rest' },
    ]);
  });

  const refused: readonly [path: string, message: RegExp][] = [
    ['', /must start with \//],
    ['products', /must start with \//],
    ['/**/a', /\*\* before its end/],
    ['/a*', /stand alone/],
    ['/***', /stand alone/],
    ['/:', /malformed parameter ":"/],
    ['/:id.json', /malformed parameter ":id.json"/],
    ['/:1', /malformed parameter/],
    ['/:id/x/:id', /:id twice/],
    ['/a?b', /character in "a\?b"/],
    ['/a b', /character/],
    ['/a#b', /character/],
    ['/a\\b', /character/],
    ['/ä', /character/],
    ['/%zz', /character/],
    ['/a/../b', /dot segment/],
    ['/%2E', /dot segment/],
  ];
  it.each(refused)('%j is refused', (path, message) => {
    const compiled = compilePattern(path);
    expect(compiled.kind === 'refuse' ? compiled.message : '').toMatch(message);
  });
});

describe('matching', () => {
  const rows: readonly [name: string, routes: readonly string[], request: string, expected: string, parameters?: Record<string, string>][] = [
    ['literal', ['/a/b'], '/a/b', '/a/b'],
    ['root', ['/', '/**'], '/', '/'],
    ['none', ['/a'], '/b', '/default'],
    ['longer path', ['/a'], '/a/b', '/default'],
    ['shorter path', ['/a/b'], '/a', '/default'],
    ['a slash more is another path', ['/a'], '/a/', '/default'],
    ['case matters', ['/a'], '/A', '/default'],
    ['parameter', ['/p/:id'], '/p/42', '/p/:id', { id: '42' }],
    ['parameters stay encoded', ['/p/:id'], '/p/a%2Fb%20c', '/p/:id', { id: 'a%2Fb%20c' }],
    ['no empty parameter', ['/p/:id'], '/p/', '/default'],
    ['a parameter called __proto__', ['/p/:__proto__'], '/p/1', '/p/:__proto__'],
    ['any', ['/p/*/x'], '/p/1/x', '/p/*/x'],
    ['no empty any', ['/p/*'], '/p/', '/default'],
    ['rest', ['/me/**'], '/me/a/b', '/me/**'],
    ['rest is nothing', ['/me/**'], '/me', '/me/**'],
    ['a parameter before it is something', ['/p/:id/**'], '/p', '/default'],
    ['any before it is something', ['/p/*/**'], '/p', '/default'],
    ['rest is an empty segment', ['/me/**'], '/me/', '/me/**'],
    ['rest is not the end of a word', ['/me/**'], '/mean', '/default'],
    ['encoded unreserved characters are themselves', ['/me/**'], '/%6D%65/x', '/me/**'],
    ['encoded reserved ones are not', ['/a/b'], '/a%2Fb', '/default'],
    ['an encoded literal', ['/a%2fb'], '/a%2Fb', '/a%2fb'],
    ['literal before parameter', ['/p/:id', '/p/new'], '/p/new', '/p/new'],
    ['parameter before rest', ['/p/**', '/p/:id'], '/p/1', '/p/:id', { id: '1' }],
    ['the earlier segment decides', ['/:a/b', '/a/:b'], '/a/b', '/a/:b', { b: 'b' }],
    ['end before rest', ['/a/**', '/a'], '/a', '/a'],
    ['a rest with a literal before a shorter one', ['/**', '/a/**'], '/a/x', '/a/**'],
    ['back to a wider route', ['/a/b', '/:x/c'], '/a/c', '/:x/c', { x: 'a' }],
    ['first of equals', ['/p/:a', '/p/:b'], '/p/1', '/p/:a', { a: '1' }],
    ['method', ['GET /a', '/a'], 'POST /a', '/a'],
    ['method before none', ['/a', 'POST /a'], 'POST /a', 'POST /a'],
    ['HEAD takes the route of GET', ['GET /a'], 'HEAD /a', 'GET /a'],
    ['GET does not take that of HEAD', ['HEAD /a'], 'GET /a', '/default'],
    ['methods are case-sensitive', ['GET /a'], 'get /a', '/default'],
    ['host before path', ['/a', 'api.example/**'], 'api.example/a', 'api.example/**'],
    ['another host', ['api.example/a'], 'x/a', '/default'],
    ['a host takes any port', ['api.example/a'], 'api.example:8080/a', 'api.example/a'],
    ['a host with a port takes that one', ['api.example:1/a'], 'api.example:11/a', '/default'],
    ['a host in any case', ['API.example/a'], 'api.example/a', 'API.example/a'],
    ['OPTIONS * takes none', ['/**'], 'OPTIONS *', '/default'],
    ['an empty first segment', ['/:a/b'], '//b', '/default'],
  ];
  it.each(rows)('%s', (_, routes, request, expected, parameters = {}) => {
    expect(matched(routes, request)[0]).toBe(expected);
    if (!expected.includes('__proto__')) expect(matched(routes, request)[1]).toEqual(parameters);
  });

  it('agrees with trying every route in order', () => {
    const segment = fc.constantFrom('a', 'b', ':p', '*', '');
    const path = fc.tuple(fc.array(segment, { minLength: 1, maxLength: 3 }), fc.boolean()).map(([segments, rest]) => {
      const named = segments.map((text, i) => (text === ':p' ? `:p${i}` : text));
      return `/${[...named, ...(rest ? ['**'] : [])].join('/')}`;
    });
    const routeText = fc.tuple(fc.constantFrom('', 'GET ', 'POST,PUT '), fc.constantFrom('', 'x', 'y:1'), path).map((parts) => parts.join(''));
    const asked = fc.record({
      method: fc.constantFrom('GET', 'HEAD', 'POST'),
      authority: fc.constantFrom('x', 'x:2', 'y', 'y:1'),
      path: fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join('/')}`),
    });
    fc.assert(
      fc.property(fc.array(routeText, { maxLength: 6 }), asked, (texts, { method, authority, path: given }) => {
        const routes = orderBySpecificity(texts.map(route));
        const target: Target = { scheme: 'http', authority, path: given, query: '' };
        expect(matchRoute(routes, fallback, { method, target }).route).toBe(
          routes.find((one) => naivelyTakes(one, method, authority, given)) ?? fallback,
        );
      }),
    );
  });

  it('orders any routes the same way, whatever order they came in, but for equals', () => {
    const texts = ['/a', '/a/**', '/:x', '/**', 'GET /a', 'h/a', 'h/**', '/a/:b', '/a/b'];
    const sorted = orderBySpecificity(texts.map(route)).map(({ name }) => name);
    expect(sorted).toEqual(['h/a', 'h/**', '/a/b', '/a/:b', 'GET /a', '/a', '/a/**', '/:x', '/**']);
    fc.assert(
      fc.property(fc.shuffledSubarray(texts, { minLength: texts.length }), (shuffled) => {
        expect(orderBySpecificity(shuffled.map(route)).map(({ name }) => name)).toEqual(sorted);
      }),
    );
  });
});

/** The same question as a regular expression. */
function naivelyTakes(one: Route, method: string, authority: string, path: string): boolean {
  const source = one.pattern.source
    .replace(/\/\*\*$/, '(?:/.*)?')
    .replaceAll(/\/\*(?=\/|$|\()/g, '/[^/]+')
    .replaceAll(/:p\d/g, '[^/]+');
  const hostTaken = one.host === undefined || authority === one.host || (!one.host.includes(':') && authority.split(':')[0] === one.host);
  const methodTaken = one.methods === undefined || one.methods.has(method === 'HEAD' ? 'GET' : method);
  return hostTaken && methodTaken && new RegExp(`^${source}$`).test(path);
}

const expand = (template: string, parameters: Record<string, string> = {}, query = '') =>
  expandTemplates([template], { parameters: new Map(Object.entries(parameters)) }, { query });

describe('tag templates', () => {
  const rows: readonly [name: string, template: string, parameters: Record<string, string>, query: string, expected: string | undefined][] = [
    ['no placeholder', 'catalog', {}, '', 'catalog'],
    ['path parameter', 'product:{id}', { id: '42' }, '', 'product:42'],
    ['decoded', 'product:{id}', { id: 'a%2Fb' }, '', 'product:a/b'],
    ['twice', '{a}-{b}-{a}', { a: '1', b: '2' }, '', '1-2-1'],
    ['query', 'list:{query.page}', {}, '?x=1&page=2', 'list:2'],
    ['query, encoded', 'list:{query.page}', {}, '?%70age=%41', 'list:A'],
    ['a dollar sign is itself', 'p:{id}', { id: '$&' }, '', 'p:$&'],
    ['a brace that closes nothing', 'a}b{c', {}, '', 'a}b{c'],
    ['no such parameter', 'product:{id}', {}, '', undefined],
    ['not one of the query', 'product:{id}', {}, '?id=1', undefined],
    ['no such query parameter', '{query.page}', {}, '?pages=1', undefined],
    ['an empty one', '{query.page}', {}, '?page=', undefined],
    ['one without a value', '{query.page}', {}, '?page', undefined],
    ['two of them: the origin may take either', '{query.page}', {}, '?page=1&page=2', undefined],
    ['a space', 'p:{id}', { id: 'a%20b' }, '', undefined],
    ['a plus in a query is a space', '{query.q}', {}, '?q=a+b', undefined],
    ['a comma', 'p:{id}', { id: 'a,b' }, '', undefined],
    ['a line break', 'p:{id}', { id: 'a%0Ab' }, '', undefined],
    ['UTF-8', 'p:{id}', { id: '%C3%A4' }, '', undefined],
    ['no UTF-8', 'p:{id}', { id: '%FF' }, '', undefined],
    ['too long a value', 'p:{id}', { id: 'a'.repeat(1025) }, '', undefined],
    ['too long together', 'p:{id}', { id: 'a'.repeat(1024) }, '', undefined],
    ['a claim, which this version does not have', '{claim.sub}', {}, '', undefined],
    ['nothing between the braces', '{}', {}, '', undefined],
  ];
  it.each(rows)('%s', (_, template, parameters, query, expected) => {
    const expansion = expand(template, parameters, query);
    expect(expansion.kind === 'tags' ? expansion.tags : undefined).toEqual(expected === undefined ? undefined : [expected]);
  });

  it('are all made or none, and the fault is named', () => {
    const match = { parameters: new Map([['id', '1']]) };
    expect(expandTemplates(['a:{id}', 'catalog'], match, { query: '' })).toEqual({ kind: 'tags', tags: ['a:1', 'catalog'] });
    expect(expandTemplates(['a:{id}', 'b:{x}'], match, { query: '' })).toEqual({ kind: 'missing', template: 'b:{x}', name: 'x' });
  });

  it('never throw', () => {
    const unit = fc.constantFrom('{', '}', 'query.', 'a', '%', 'F', '=', '&', '?');
    fc.assert(
      fc.property(
        fc.string({ unit }),
        fc.string({ unit }),
        fc.string({ unit }),
        (template, value, query) => void expand(template, { a: value }, query),
      ),
    );
  });
});
