// RFC 9111 §2; SECURITY §3: what is keyed is what is forwarded.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Target } from '../../src/http/target.ts';
import { keyedTarget, primaryKey } from '../../src/rules/key.ts';
import type { QueryRule } from '../../src/rules/policy.ts';

const target: Target = { scheme: 'http', authority: 'x', path: '/', query: '' };

const include = (...patterns: string[]): QueryRule => ({ kind: 'include', patterns });
const exclude = (...patterns: string[]): QueryRule => ({ kind: 'exclude', patterns });

describe('the primary key', () => {
  const unit = fc.constantFrom('a', '/', '?', ':', ' ', '1', '.');
  const targets: fc.Arbitrary<Target> = fc.record({
    scheme: fc.constantFrom('http' as const, 'https' as const),
    authority: fc.constantFrom('', 'a', 'a:1', 'a.1', '[::1]'),
    path: fc.oneof(
      fc.constant('*'),
      fc.string({ unit: fc.constantFrom('a', '/', ':', '1') }).map((rest) => `/${rest}`),
    ),
    query: fc.oneof(
      fc.constant(''),
      fc.string({ unit: fc.constantFrom('a', '/', '?', '1') }).map((rest) => `?${rest}`),
    ),
  });

  const keyed = fc.tuple(fc.string({ unit, maxLength: 4 }), targets, fc.constantFrom(undefined, 'a', 'a1', 'http'));

  it('is equal exactly where scope, target and origin are', () => {
    fc.assert(
      fc.property(keyed, keyed, (a, b) => {
        expect(primaryKey(...a) === primaryKey(...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
        expect(primaryKey(...a)).toBe(primaryKey(a[0], { ...a[1] }, a[2]));
      }),
    );
  });

  it('tells apart the origins of one URL', () => expect(primaryKey('', target, 'b')).not.toBe(primaryKey('', target)));

  const pairs: readonly [name: string, a: [string, Partial<Target>], b: [string, Partial<Target>]][] = [
    ['another scope', ['u1', {}], ['u2', {}]],
    ['a scope that looks like the next field', ['', { authority: 'a' }], [' http://a', { authority: '' }]],
    ['another host', ['', { authority: 'a' }], ['', { authority: 'b' }]],
    ['another scheme', ['', { scheme: 'http' }], ['', { scheme: 'https' }]],
    ['an empty query', ['', { query: '' }], ['', { query: '?' }]],
    ['another order of parameters', ['', { query: '?a=1&b=2' }], ['', { query: '?b=2&a=1' }]],
    ['an encoded slash', ['', { path: '/a/b' }], ['', { path: '/a%2Fb' }]],
    ['another case', ['', { path: '/account' }], ['', { path: '/ACCOUNT' }]],
    ['a doubled slash', ['', { path: '/a' }], ['', { path: '//a' }]],
    ['a path parameter', ['', { path: '/a' }], ['', { path: '/a;x.css' }]],
  ];
  it.each(pairs)('tells apart %s', (_, [scopeA, a], [scopeB, b]) =>
    expect(primaryKey(scopeA, { ...target, ...a })).not.toBe(primaryKey(scopeB, { ...target, ...b })),
  );
});

describe('the query rule of a route', () => {
  const rows: readonly [name: string, rule: QueryRule, query: string, expected: string][] = [
    ['as received', { kind: 'as-received' }, '?b=2&&a=1', '?b=2&&a=1'],
    ['ignore', { kind: 'ignore' }, '?a=1', ''],
    ['ignore of an empty query', { kind: 'ignore' }, '?', ''],
    ['include', include('page', 'currency'), '?utm=1&page=2&currency=eur', '?currency=eur&page=2'],
    ['include nothing that came', include('page'), '?utm=1', ''],
    ['exclude', exclude('utm_*', 'fbclid'), '?z=1&utm_source=a&a=2&fbclid=3', '?a=2&z=1'],
    ['a glob takes its beginning alone', exclude('utm_*'), '?utm_=1&utm=2', '?utm=2'],
    ['every name', include('*'), '?b&a', '?a&b'],
    ['one name keeps its order', include('*'), '?a=2&b=1&a=1', '?a=2&a=1&b=1'],
    ['also where it is encoded', include('*'), '?%61=2&b=1&a=1', '?%61=2&a=1&b=1'],
    ['an encoded name is excluded', exclude('utm_*'), '?utm%5Fsource=1&a=1', '?a=1'],
    ['an encoded name is included, as it came', include('page'), '?%70age=2', '?%70age=2'],
    ['a plus in a name is a space', exclude('a b'), '?a+b=1&a%20b=2&c', '?c'],
    ['no value is not an empty value', include('a'), '?a&a=', '?a&a='],
    ['empty parameters go', include('*'), '?&a=1&&', '?a=1'],
    ['a name that is no UTF-8 is compared as it stands', exclude('%FF'), '?%FF=1&%FE=2', '?%FE=2'],
    ['malformed percent', include('%zz'), '?%zz=1&a=2', '?%zz=1'],
    ['a semicolon separates nothing: it goes with its parameter', exclude('utm'), '?utm=1;callback=x', ''],
    ['and stays with it', include('page'), '?page=1;callback=x', '?page=1;callback=x'],
    ['brackets', include('a[]'), '?a[]=2&a%5B%5D=1', '?a[]=2&a%5B%5D=1'],
    ['names of Object.prototype', exclude('a'), '?__proto__=1&constructor=2&a=3', '?__proto__=1&constructor=2'],
  ];
  it.each(rows)('%s', (_, rule, query, expected) => expect(keyedTarget({ ...target, query }, rule).query).toBe(expected));

  it('is idempotent, and invents no parameter', () => {
    const query = fc.array(fc.constantFrom('a=1', 'a', '%61=2', 'b=1', 'utm_x=1', 'utm%5Fx', '', '%FF', 'c;d=1')).map((all) => `?${all.join('&')}`);
    const rule: fc.Arbitrary<QueryRule> = fc.constantFrom({ kind: 'ignore' }, include('a', 'b'), exclude('utm_*'), include('*'), exclude());
    fc.assert(
      fc.property(query, rule, (given, applied) => {
        const once = keyedTarget({ ...target, query: given }, applied);
        expect(keyedTarget(once, applied)).toEqual(once);
        const came = given.slice(1).split('&');
        expect(
          once.query === '' ||
            once.query
              .slice(1)
              .split('&')
              .every((text) => came.includes(text)),
        ).toBe(true);
      }),
    );
  });
});
