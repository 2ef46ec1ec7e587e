// Which routes a purge of a prefix or of a scope may have ended something of, as tables.
import { describe, expect, it } from 'vitest';
import { mayBeOf, mayBeUnder } from '../../src/map/reach.ts';
import { compilePattern, type ScopeRule } from '../../src/rules/routes.ts';

function routeAt(path: string, host?: string): Parameters<typeof mayBeUnder>[0] {
  const compiled = compilePattern(path);
  if (compiled.kind === 'refuse') throw new Error(path);
  return { pattern: compiled.pattern, ...(host === undefined ? {} : { host }) };
}

describe('a URL of the route may be under the prefix', () => {
  it.each([
    ['/products/:id', '/products', true],
    ['/products/:id', '/products/*', true],
    ['/products/:id', '/products/', true],
    ['/products/:id', '/products/7', true],
    ['/products/:id', '/products/7/prices', false],
    ['/products/:id', '/product', false],
    ['/products/:id', '/', true],
    ['/products', '/products/7', false],
    ['/:kind/list', '/products/list', true],
    ['/:kind/list', '/products/latest', false],
    ['/docs/**', '/docs/a/b/c', true],
    ['/docs/**', '/blog', false],
    ['/**', '/anything', true],
  ] as const)('%s and %s: %s', (path, prefix, expected) => {
    expect(mayBeUnder(routeAt(path), { authority: undefined, path: prefix })).toBe(expected);
  });

  it.each([
    ['api.example', 'api.example', true],
    ['API.example', 'api.example:8080', true],
    ['api.example', 'www.example', false],
    [undefined, 'www.example', true],
    ['api.example', undefined, true],
  ] as const)('host %s and %s: %s', (host, authority, expected) => {
    expect(mayBeUnder(routeAt('/a', host), { path: '/a', authority })).toBe(expected);
  });
});

describe('an answer of the route may be of the scope', () => {
  const CLAIMS: ScopeRule = { kind: 'claims', names: ['tenant', 'tier'], required: true };
  it.each<readonly [string, ScopeRule, readonly string[], boolean]>([
    ['claims, one of them', CLAIMS, ['tenant'], true],
    ['claims, all of them', CLAIMS, ['tier', 'tenant'], true],
    ['claims, another too', CLAIMS, ['tenant', 'sub'], false],
    ['looked up, any', { kind: 'lookup', path: '/me' }, ['sub'], true],
    ['public', { kind: 'public' }, ['sub'], false],
    ['credential', { kind: 'credential', sources: [{ kind: 'authorization' }] }, ['sub'], false],
  ])('%s', (_, scope, names, expected) => {
    expect(mayBeOf({ scope }, names)).toBe(expected);
  });
});
