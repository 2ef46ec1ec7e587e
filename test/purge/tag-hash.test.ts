// PURGE-PROTOCOL §3.1: implicit tags, and that no text can be written so that it is taken for another.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TagHash, type UrlSelector } from '../../src/purge/tag-hash.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const tagHash = new TagHash(Buffer.from('secret'));

function has(ids: Int32Array, wanted: Int32Array): boolean {
  for (let i = 0; i < ids.length; i += 2) if (ids[i] === wanted[0] && ids[i + 1] === wanted[1]) return true;
  return false;
}

function implicit(given: { authority?: string; path?: string; query?: string; scopeId?: string; claims?: [string, string][] } = {}): Int32Array {
  const { authority = 'shop.example', path = '/docs/a', query = '', scopeId = 'public', claims = [] } = given;
  return tagHash.implicitTags({ target: { scheme: 'http', authority, path, query }, routeName: '/docs/**', scopeId, claims });
}

describe('prefix purges reach what is below them, at segment boundaries', () => {
  const rows: readonly [prefix: string, path: string, expected: boolean][] = [
    ['/docs', '/docs', true],
    ['/docs', '/docs/', true],
    ['/docs', '/docs/a/b', true],
    ['/docs', '/docsx', false],
    ['/docs/', '/docs/a', true],
    ['/docs/*', '/docs/a', true],
    ['/docs/*', '/docs', true],
    ['/docs/a', '/docs', false],
    ['/Docs', '/docs', false],
    ['/', '/anything/at/all', true],
    ['/*', '/', true],
    ['/a'.repeat(16), '/a'.repeat(20), true],
    ['/a'.repeat(18), '/a'.repeat(20), true],
    ['/a//', '/a//b', true],
  ];
  it.each(rows)('%s of %s: %s', (prefix, path, expected) => {
    for (const authority of ['shop.example', undefined]) {
      expect(has(implicit({ path }), tagHash.prefixIds({ authority, path: prefix }))).toBe(expected);
    }
  });

  it('stays on its host', () => {
    expect(has(implicit(), tagHash.prefixIds({ authority: 'other.example', path: '/docs' }))).toBe(false);
    expect(has(implicit(), tagHash.prefixIds({ authority: 'other.example', path: '/' }))).toBe(false);
  });

  it('property: a prefix of whole segments always reaches the path', () => {
    const segments = fc.array(fc.constantFrom('', 'a', 'b', '*', '%2F'), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(segments, fc.nat(19), (parts, cut) => {
        const path = `/${parts.join('/')}`;
        const prefix = `/${parts.slice(0, cut).join('/')}`;
        expect(has(implicit({ path }), tagHash.prefixIds({ authority: 'shop.example', path: prefix }))).toBe(true);
      }),
    );
  });
});

const kept = (authority: string, path: string) => implicit({ authority, path });
const named = (authority: string | undefined, path: string): UrlSelector => ({ authority, path, query: '' });

/** What a purge may write otherwise than the request did: SECURITY S3 keeps the forms apart in keys, a purge must find them all. */
describe('other forms of the same', () => {
  const rows: readonly [name: string, kept: Int32Array, selector: UrlSelector, expected: boolean][] = [
    ['the port of https', kept('shop.example:443', '/a'), named('shop.example', '/a'), true],
    ['the port of http', kept('shop.example', '/a'), named('shop.example:80', '/a'), true],
    ['the port of the other scheme', kept('shop.example:443', '/a'), named('shop.example:80', '/a'), true],
    ['another port', kept('shop.example:8443', '/a'), named('shop.example', '/a'), false],
    ['digits that are no port', kept('shop.example443', '/a'), named('shop.example', '/a'), false],
    ['an unreserved character encoded in the request', kept('shop.example', '/%61'), named('shop.example', '/a'), true],
    ['an unreserved character encoded in the purge', kept('shop.example', '/a'), named('shop.example', '/%61'), true],
    ['on any host', kept('shop.example', '/%61'), named(undefined, '/a'), true],
    ['a reserved character', kept('shop.example', '/%2F'), named('shop.example', '//'), false],
    ['encoded twice', kept('shop.example', '/%2561'), named('shop.example', '/a'), false],
  ];
  it.each(rows)('a URL: %s', (_name, ids, selector, expected) => expect(has(ids, tagHash.urlIds(selector))).toBe(expected));
  it.each(rows)('a prefix: %s', (_name, ids, selector, expected) => expect(has(ids, tagHash.prefixIds(selector))).toBe(expected));

  it('everything on a host, and a group of it', () => {
    expect(has(kept('shop.example:443', '/a'), tagHash.prefixIds({ authority: 'shop.example', path: '/' }))).toBe(true);
    expect(tagHash.groupIds('shop.example:443', ['g'])).toEqual(tagHash.groupIds('shop.example', ['g']));
  });
});

describe('the other selectors', () => {
  const url: UrlSelector = { authority: 'shop.example', path: '/docs/a', query: '?x=1' };
  const rows: readonly [name: string, ids: Int32Array, wanted: Int32Array, expected: boolean][] = [
    ['a URL', implicit({ query: '?x=1' }), tagHash.urlIds(url), true],
    ['a URL on any host', implicit({ query: '?x=1' }), tagHash.urlIds({ ...url, authority: undefined }), true],
    ['a URL of another query', implicit(), tagHash.urlIds(url), false],
    ['an empty query is not none', implicit({ query: '?' }), tagHash.urlIds({ ...url, query: '' }), false],
    ['a claim', implicit({ claims: [['sub', 'u7']] }), tagHash.claimIds([['sub', 'u7']]), true],
    ['a claim of another name', implicit({ claims: [['tenant', 'u7']] }), tagHash.claimIds([['sub', 'u7']]), false],
    ['a group is bound to its origin', tagHash.groupIds('a.example', ['g']), tagHash.groupIds('b.example', ['g']), false],
    ['a group is no tag', tagHash.groupIds('a.example', ['g']), tagHash.tagIds(['g']), false],
    ['another secret, other marks', new TagHash(Buffer.from('other')).tagIds(['a']), tagHash.tagIds(['a']), false],
  ];
  it.each(rows)('%s', (_name, ids, wanted, expected) => expect(has(ids, wanted)).toBe(expected));

  it('no tag can be written that hits an implicit tag', () => {
    const forged = ['hshop.example', 'u12:shop.example7:/docs/a', 'shop.example', 'P/docs', 'public', 'spublic', 't', '1:a'];
    const ids = implicit();
    for (const tag of forged) expect(has(ids, tagHash.tagIds([tag]))).toBe(false);
  });

  it('property: parts cannot be shifted into one another', () => {
    const text = fc.stringMatching(/^[0-9:a]{0,4}$/);
    fc.assert(
      fc.property(text, text, text, text, (a, b, c, d) => {
        fc.pre(a !== c || b !== d);
        expect(has(tagHash.claimIds([[a, b]]), tagHash.claimIds([[c, d]]))).toBe(false);
      }),
    );
  });
});

describe('ids', () => {
  it('are the same with and without the memo, however many were asked for in between', () => {
    const before = tagHash.tagIds(['product:42']);
    for (let i = 0; i < 20_000; i++) tagHash.tagIds([`filler:${i}`]);
    expect(tagHash.tagIds(['product:42'])).toEqual(before);
    expect(new TagHash(Buffer.from('secret')).tagIds(['product:42'])).toEqual(before);
  });

  it('are remembered in little room', () => {
    const asked = new TagHash(Buffer.from('secret'));
    const before = heapBytes();
    for (let i = 0; i < 100_000; i++) asked.tagIds([`${i}`.padStart(250, 'x')]);
    expect(heapBytes() - before).toBeLessThan(16 * 1024 ** 2);
    expect(asked.tagIds(['a'])).toEqual(tagHash.tagIds(['a']));
  });

  it('join in order', () => {
    const [a, b] = [tagHash.tagIds(['a']), tagHash.tagIds(['b', 'c'])];
    expect(tagHash.join(a, b)).toEqual(tagHash.tagIds(['a', 'b', 'c']));
    expect(tagHash.join()).toEqual(new Int32Array(0));
  });
});
