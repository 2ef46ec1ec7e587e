import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EntityTag, parseEntityTag, parseEntityTagList, strongMatch, weakMatch } from '../../src/http/entity-tag.ts';

const latin1 = fc.nat(255).map((code) => String.fromCharCode(code));

describe('RFC 9110 §8.8.3: entity-tags', () => {
  it.each([
    { given: '"abc"', expected: { weak: false, opaque: '"abc"' } },
    { given: 'W/"abc"', expected: { weak: true, opaque: '"abc"' } },
    { given: '""', expected: { weak: false, opaque: '""' } },
    { given: '"a,b\\"', expected: { weak: false, opaque: '"a,b\\"' } },
    { given: '"abcdef\u00fc"', expected: { weak: false, opaque: '"abcdef\u00fc"' } },
    { given: 'abc', expected: undefined },
    { given: 'w/"abc"', expected: undefined },
    { given: 'W\\"abc"', expected: undefined },
    { given: 'W"abc"', expected: undefined },
    { given: '"a b"', expected: undefined },
    { given: '"abc', expected: undefined },
    { given: '"a", "b"', expected: undefined },
    { given: '*', expected: undefined },
    { given: undefined, expected: undefined },
  ])('$given', ({ given, expected }) => {
    expect(parseEntityTag(given)).toEqual(expected);
  });

  it.each([
    { a: 'W/"1"', b: 'W/"1"', strong: false, weak: true },
    { a: 'W/"1"', b: 'W/"2"', strong: false, weak: false },
    { a: 'W/"1"', b: '"1"', strong: false, weak: true },
    { a: '"1"', b: '"1"', strong: true, weak: true },
  ])('§8.8.3.2: $a and $b', ({ a, b, strong, weak }) => {
    const [first, second] = [parsed(a), parsed(b)];
    expect([strongMatch(first, second), weakMatch(first, second)]).toEqual([strong, weak]);
  });

  it.each([
    { given: '*', expected: 'any' },
    { given: '"1"', expected: ['"1"'] },
    { given: '"1234" ,\tW/"abcdef",, "5678"', expected: ['"1234"', 'W/"abcdef"', '"5678"'] },
    { given: '"a,b\\", "c"', expected: ['"a,b\\"', '"c"'] },
    { given: 'junk, "c"', expected: ['"c"'] },
    { given: '"a"junk, "c"', expected: ['"c"'] },
    { given: '"a', expected: [] },
    { given: '', expected: [] },
  ])('lists $given', ({ given, expected }) => {
    const list = parseEntityTagList(given);
    expect(list.kind === 'any' ? 'any' : list.tags.map(written)).toEqual(expected);
  });

  it('reads a list back, and never throws', () => {
    const opaque = fc.string({ unit: fc.constantFrom('a', ',', '\\', 'W', '/', '!', '\u00ff') }).map((text) => `"${text}"`);
    const tag = fc.record({ weak: fc.boolean(), opaque });
    fc.assert(
      fc.property(fc.array(tag), (tags) => {
        expect(parseEntityTagList(tags.map(written).join(' , '))).toEqual({ kind: 'tags', tags });
      }),
    );
    fc.assert(fc.property(fc.string({ unit: latin1 }), (text) => void parseEntityTagList(text)));
  });
});

function parsed(text: string): EntityTag {
  const tag = parseEntityTag(text);
  expect(tag).toBeDefined();
  return tag ?? { weak: false, opaque: '' };
}

function written(tag: EntityTag): string {
  return `${tag.weak ? 'W/' : ''}${tag.opaque}`;
}
