// DESIGN section 2 (tags), RFC 9875, SECURITY §6 and §7.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTag, purgeRequestedBy, responseTags, statedVersions } from '../../src/purge/surrogate-keys.ts';

const SETTINGS = { headers: ['surrogate-key', 'cache-tag', 'xkey', 'cache-groups', 'x-tags'], maxBytes: 16 * 1024, maxCount: 256 };
const OVER = { kind: 'refused', reason: 'tags-over-limit' };
const TOO_LONG = { ...OVER, limit: 'tags.max_bytes' };
const TOO_MANY = { ...OVER, limit: 'tags.max_count' };
const MALFORMED = { kind: 'refused', reason: 'tag-malformed' };
const tags = (...names: string[]) => ({ kind: 'tags', tags: names, groups: [] });
const groups = (...names: string[]) => ({ kind: 'tags', tags: [], groups: names });
const numbered = (count: number, length = 4) => Array.from({ length: count }, (_, i) => String(i).padStart(length, '0')).join(' ');

describe('the tags of a response', () => {
  const rows: readonly [name: string, fields: string[], expected: object][] = [
    ['none', ['content-type', 'text/plain'], tags()],
    ['Surrogate-Key by spaces', ['surrogate-key', 'a  b\tc'], tags('a', 'b', 'c')],
    ['xkey by spaces', ['xkey', 'a b'], tags('a', 'b')],
    ['Cache-Tag by commas', ['cache-tag', 'a, b ,c,,'], tags('a', 'b', 'c')],
    ['a header of the user by either', ['x-tags', 'a, b c'], tags('a', 'b', 'c')],
    ['several lines', ['surrogate-key', 'a', 'surrogate-key', 'b'], tags('a', 'b')],
    ['all headers together, each tag once', ['xkey', 'a c', 'cache-tag', 'b,a', 'surrogate-key', 'a b'], tags('a', 'b', 'c')],
    ['the same tag a thousand times', ['surrogate-key', 'a '.repeat(1000)], tags('a')],
    ['case and punctuation as they are', ['surrogate-key', 'Product:42 {f} * [x]?'], tags('Product:42', '{f}', '*', '[x]?')],
    ['a header that is not configured', ['x-key', 'a'], tags()],
    ['a comma in a tag', ['surrogate-key', 'a,b'], MALFORMED],
    ['a space in a tag', ['cache-tag', 'a b, c'], MALFORMED],
    ['obs-text', ['surrogate-key', 'caf\u00e9'], MALFORMED],
    ['a control character', ['surrogate-key', 'a\u0001'], MALFORMED],
    ['256 tags', ['surrogate-key', numbered(256)], tags(...numbered(256).split(' '))],
    ['257 tags', ['surrogate-key', numbered(257)], TOO_MANY],
    ['257 tags and groups', ['surrogate-key', numbered(256), 'cache-groups', '"g"'], TOO_MANY],
    ['5,000 tags', ['surrogate-key', numbered(5000)], TOO_LONG],
    ['over 16 KiB in one header', ['surrogate-key', 'a'.repeat(16 * 1024 + 1)], TOO_LONG],
    ['over 16 KiB in all headers', ['surrogate-key', 'a '.repeat(5000), 'xkey', 'a '.repeat(5000)], TOO_LONG],
    ['a tag of 1 KiB', ['surrogate-key', 'a'.repeat(1024)], tags('a'.repeat(1024))],
    ['a longer tag', ['surrogate-key', 'a'.repeat(1025)], OVER],
    ['groups: RFC 9875 §2', ['cache-groups', '"a b", "c"'], groups('a b', 'c')],
    ['groups over two lines, parameters ignored', ['cache-groups', '"a";x=1', 'cache-groups', '"b", "a"'], groups('a', 'b')],
    ['groups: not a list of strings', ['cache-groups', 'token'], MALFORMED],
    ['groups: an inner list', ['cache-groups', '("a")'], MALFORMED],
    ['groups: unparsable', ['cache-groups', '"a'], MALFORMED],
    ['a malformed version', ['surrogate-key', 'a', 'surrogate-version', 'a=x'], MALFORMED],
  ];
  it.each(rows)('%s', (_name, fields, expected) => expect(responseTags(fields, SETTINGS)).toEqual(expected));

  it('property: never throws; what is given is in the grammar and within the limits', () => {
    const name = fc.constantFrom(...SETTINGS.headers, 'surrogate-version');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string({ unit: 'binary' })), { maxLength: 5 }), (lines) => {
        const result = responseTags(lines.flat(), { ...SETTINGS, maxCount: 5 });
        if (result.kind === 'refused') return;
        expect(result.tags.every((tag) => isTag(tag) && tag.length <= 1024)).toBe(true);
        expect(result.tags.length + result.groups.length).toBeLessThanOrEqual(5);
      }),
    );
  });

  it('property: tags in the grammar survive the trip', () => {
    const tag = fc.stringMatching(/^[\x21-\x2b\x2d-\x7e]{1,20}$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(tag, { maxLength: 20 }),
        fc.constantFrom(['surrogate-key', ' '] as const, ['cache-tag', ','] as const),
        (names, [header, by]) => {
          expect(responseTags([header, names.join(by)], SETTINGS)).toEqual(tags(...names));
        },
      ),
    );
  });
});

describe('stated versions (§3.6)', () => {
  const rows: readonly [value: string[], expected: [string, number][]][] = [
    [[], []],
    [['product:42=17'], [['product:42', 17]]],
    [
      ['a=1, b=2'],
      [
        ['a', 1],
        ['b', 2],
      ],
    ],
    [
      ['a=1', 'b=2'],
      [
        ['a', 1],
        ['b', 2],
      ],
    ],
    [['a=b=3'], [['a=b', 3]]],
    [['a=5, a=3'], [['a', 3]]],
    [['a=-1'], []],
    [['a=1e3'], []],
    [['a=1234567890123456'], []],
    [['a=1,,b=2'], []],
    [['=1'], []],
  ];
  it.each(rows)('%j', (values, expected) => {
    expect([...statedVersions(values.flatMap((value) => ['surrogate-version', value]))]).toEqual(expected);
  });
});

describe("what a write's response asks to be purged", () => {
  const rows: readonly [name: string, fields: string[], expected: object][] = [
    ['nothing', ['surrogate-key', 'a'], { tags: [], groups: [] }],
    ['tags', ['surrogate-key-purge', 'a b', 'surrogate-key-purge', 'b c'], { tags: ['a', 'b', 'c'], groups: [] }],
    ['what is no tag is left out, the rest is purged', ['surrogate-key-purge', 'a,b c'], { tags: ['c'], groups: [] }],
    ['groups: RFC 9875 §3', ['cache-group-invalidation', '"a", "b c";p'], { tags: [], groups: ['a', 'b c'] }],
    ['a malformed list of groups is ignored', ['cache-group-invalidation', 'a b', 'surrogate-key-purge', 'x'], { tags: ['x'], groups: [] }],
  ];
  it.each(rows)('%s', (_name, fields, expected) => expect(purgeRequestedBy(fields, SETTINGS)).toEqual(expected));

  it('takes no groups where none are stored', () => {
    expect(purgeRequestedBy(['cache-group-invalidation', '"a"'], { ...SETTINGS, headers: ['xkey'] }).groups).toEqual([]);
  });
});
