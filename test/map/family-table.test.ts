// Families of tags in bounded room: nothing is lost but what is counted, and every tag is under a family that covers it.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FamilyTable, Naming } from '../../src/map/family-table.ts';
import { covers } from '../../src/rules/tag-families.ts';

const table = (most: number, declared: readonly string[]): FamilyTable<{ count: number }> =>
  new FamilyTable({ most, declared: new Set(declared), make: () => ({ count: 0 }), join: (into, from) => void (into.count += from.count) });

function fill(tags: readonly string[], { most = 64, declared = [] }: { readonly most?: number; readonly declared?: readonly string[] } = {}) {
  const families = table(most, declared);
  const naming = new Naming(declared);
  for (const tag of tags) {
    const family = families.find(naming.nameOf(tag));
    if (family !== undefined) family.count++;
  }
  return families;
}

const counts = (families: FamilyTable<{ count: number }>): Readonly<Record<string, number>> =>
  Object.fromEntries(Array.from(families.entries, ([family, { count }]) => [family, count]));
const users = (many: number, suffix = ''): readonly string[] =>
  Array.from({ length: many }, (_, i) => `customer:${'abcdefghijklmnop'[i] ?? ''}x${suffix}`);

describe('families', () => {
  it.each([
    ['by their spelling', ['product:1', 'product:2', 'catalog'], [], { 'product:*': 2, catalog: 1 }],
    ['by what the configuration names', ['category:tea', 'category:ware'], ['category:*'], { 'category:*': 2 }],
    ['by the most literal of several', ['a:b:c'], ['a:*:*', 'a:b:*'], { 'a:b:*': 1 }],
    ['each of several that are named', ['a:b:c', 'a:x:c', 'a:b:d'], ['a:*:*', 'a:b:*'], { 'a:b:*': 2, 'a:*:*': 1 }],
    ['words that are few', users(11), [], Object.fromEntries(users(11).map((tag) => [tag, 1]))],
    ['words that are many', users(12), [], { 'customer:*': 12 }],
    ['words that are many, beside one that is named', users(13), ['customer:ax'], { 'customer:ax': 1, 'customer:*': 12 }],
    ['and what comes then', [...users(12), 'customer:zed'], [], { 'customer:*': 13 }],
    ['words in the middle', users(12, ':orders'), [], { 'customer:*:orders': 12 }],
    ['with other separators', users(12).map((tag) => tag.replace(':', '_')), [], { 'customer_*': 12 }],
    ['numbers alone beside names', ['frontpage', '42', 'catalog', '43'], [], { frontpage: 1, '*': 2, catalog: 1 }],
    ['words beside ids', ['product:list', 'product:7', 'product:lsit'], [], { 'product:list': 1, 'product:*': 1, 'product:lsit': 1 }],
    ['the first word never', Array.from({ length: 20 }, (_, i) => `${'abcdefghijklmnopqrst'[i] ?? ''}:x`), [], undefined],
  ])('%s', (_, tags, declared, expected) => {
    const families = counts(fill(tags, { declared }));
    if (expected === undefined) expect(Object.keys(families)).toHaveLength(tags.length);
    else expect(families).toEqual(expected);
  });

  it('more than fit are counted', () => {
    const families = fill(['a', 'b', 'c', 'b', 'd', 'd'], { most: 2 });
    expect([counts(families), families.unplaced]).toEqual([{ a: 1, b: 2 }, 3]);
  });
});

const word = fc.stringMatching(/^[a-z]{1,4}$/);
const tag = fc.oneof(
  fc.tuple(word, word).map((words) => words.join(':')),
  fc.tuple(word, fc.nat(), word).map((words) => words.join('-')),
  fc.tuple(fc.constantFrom('a', 'b'), word, fc.constantFrom('x', 'y')).map((words) => words.join(':')),
);

describe('whatever is seen', () => {
  it('every tag is counted once, or as one too many, and the room is never exceeded', () =>
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (tags, most) => {
        const families = fill(tags, { most });
        const placed = [...families.entries.values()].reduce((sum, { count }) => sum + count, 0);
        expect(placed + families.unplaced).toBe(tags.length);
        expect(families.entries.size).toBeLessThanOrEqual(most);
        expect([...families.entries.values()].every(({ count }) => count > 0)).toBe(true);
      }),
    ));

  it('where there is room, each is under a family that covers it, and no family covers another', () =>
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 100 }), (tags) => {
        const names = [...fill(tags, { most: 1_000 }).entries.keys()];
        for (const one of tags) expect(names.some((family) => covers(family, one))).toBe(true);
      }),
    ));
});
