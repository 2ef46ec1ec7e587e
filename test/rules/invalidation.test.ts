// RFC 9111 §4.4; PURGE-PROTOCOL §3.2 rule 11.
import { describe, expect, it } from 'vitest';
import type { Target } from '../../src/http/target.ts';
import { invalidatedTargets, invalidates } from '../../src/rules/invalidation.ts';

describe('which requests invalidate', () => {
  const rows: readonly [method: string, status: number | undefined, expected: boolean][] = [
    ['POST', 200, true],
    ['POST', 303, true],
    ['PUT', 204, true],
    ['DELETE', 200, true],
    ['PATCH', 200, true],
    ['M-SEARCH', 200, true],
    ['UNHEARD-OF', 200, true],
    ['post', 200, true],
    ['POST', 400, false],
    ['POST', 500, false],
    ['POST', undefined, true],
    ['GET', 200, false],
    ['GET', undefined, false],
    ['HEAD', 200, false],
    ['OPTIONS', 200, false],
    ['QUERY', 200, false],
  ];
  it.each(rows)('%s answered %s: %s', (method, status, expected) => expect(invalidates(method, status)).toBe(expected));
});

describe('what they invalidate', () => {
  const target: Target = { scheme: 'http', authority: 'shop.example', path: '/orders', query: '?a=b' };
  const invalidated = (...fields: string[]) =>
    invalidatedTargets(target, { status: 201, statusText: '', fields }).map(
      ({ scheme, authority, path, query }) => `${scheme}://${authority}${path}${query}`,
    );
  const own = 'http://shop.example/orders?a=b';
  const rows: readonly [name: string, fields: string[], expected: string[]][] = [
    ['the target', [], [own]],
    ['Location', ['location', '/orders/7'], [own, 'http://shop.example/orders/7']],
    ['Content-Location', ['content-location', 'orders/8?x'], [own, 'http://shop.example/orders/8?x']],
    ['both', ['location', '/a', 'content-location', '/b'], [own, 'http://shop.example/a', 'http://shop.example/b']],
    ['each once', ['location', '/a', 'content-location', 'http://SHOP.example:80/a'], [own, 'http://shop.example/a']],
    ['itself once', ['location', '/orders?a=b'], [own]],
    ['a URL of the public scheme', ['location', 'https://shop.example/a'], [own, 'http://shop.example/a']],
    ['not another authority', ['location', 'http://evil.example/a', 'content-location', '//shop.example:8080/a'], [own]],
    ['nothing malformed', ['location', 'http://shop.example:x/', 'content-location', 'mailto:a'], [own]],
  ];
  it.each(rows)('%s', (_, fields, expected) => expect(invalidated(...fields)).toEqual(expected));
  it('only the target, where the answer was lost', () => expect(invalidatedTargets(target, undefined)).toEqual([target]));
});
