// Families of tags: the rule as a table, and what must be true of every tag.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, familyOf, familyOfTemplate } from '../../src/rules/tag-families.ts';

describe('the family of a tag', () => {
  it.each([
    ['product:42', 'product:*'],
    ['catalog', 'catalog'],
    ['customer:7:orders', 'customer:*:orders'],
    ['node-5', 'node-*'],
    ['cat_p_123', 'cat_p_*'],
    ['v2', 'v2'],
    ['v2:item:9', 'v2:item:*'],
    ['category:tea', 'category:tea'],
    ['order:3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'order:*'],
    ['order:3F2504E0-4F89-11D3-9A0C-0305E82C3301:lines', 'order:*:lines'],
    ['blob:deadbeef', 'blob:deadbeef'],
    ['blob:deadbee1', 'blob:*'],
    ['blob:dead1', 'blob:dead1'],
    ['user:01ARZ3NDEKTSV4RRFFQ69G5FAV', 'user:*'],
    ['accessibilityofthings', 'accessibilityofthings'],
    ['day:2026-11-27', 'day:*-*-*'],
  ])('%s is of %s', (tag, family) => expect(familyOf(tag)).toBe(family));

  it.each([
    ['product:{id}', 'product:*'],
    ['p{id}:{query.lang}', 'p*:*'],
    ['tenant:{claim.tenant}:2026', 'tenant:*:*'],
    ['catalog', 'catalog'],
  ])('of the template %s: %s', (template, family) => expect(familyOfTemplate(template)).toBe(family));
});

describe('a family covers', () => {
  it.each([
    ['product:*', 'product:*', true],
    ['product:*', 'product:42', true],
    ['category:*', 'category:tea', true],
    ['category:tea', 'category:*', false],
    ['product:*', 'product:', false],
    ['customer:*', 'customer:*:orders', false],
    ['customer:*:orders', 'customer:7:orders', true],
    ['product:*', 'products:*', false],
    ['p*', 'p42', true],
    ['*-*', 'a-b-c', true],
    ['*-*', '-a', false],
    ['*a', 'ba', true],
    ['*a', 'baa', true],
    ['*ab', 'aaab', true],
    ['*', 'a:b', false],
  ])('%s and %s: %s', (pattern, family, expected) => expect(covers(pattern, family)).toBe(expected));
});

const tag = fc.string({ unit: fc.constantFrom(...'abcdef0123456789:-_.*zZ'.split('')), minLength: 1, maxLength: 60 });
const word = fc.stringMatching(/^[a-z]{2,7}$/);
const id = fc.oneof(fc.nat().map(String), fc.uuid(), fc.stringMatching(/^[0-9a-f]{7,30}[0-9]$/), fc.ulid());

describe('whatever the tag', () => {
  it('the family of a family is itself', () =>
    fc.assert(
      fc.property(tag, (text) => {
        expect(familyOf(familyOf(text))).toBe(familyOf(text));
      }),
    ));
  it('its family covers it', () =>
    fc.assert(
      fc.property(tag, (text) => {
        expect(covers(familyOf(text), text)).toBe(true);
      }),
    ));
  it('a family covers itself', () =>
    fc.assert(
      fc.property(tag, (text) => {
        expect(covers(text, text)).toBe(true);
      }),
    ));
  it('ids of any kind in one place make one family', () =>
    fc.assert(
      fc.property(word, id, id, word, (name, one, other, last) => {
        expect(familyOf(`${name}:${one}:${last}`)).toBe(`${name}:*:${last}`);
        expect(familyOf(`${name}:${one}`)).toBe(familyOf(`${name}:${other}`));
        expect(familyOfTemplate(`${name}:{id}`)).toBe(familyOf(`${name}:${one}`));
      }),
    ));
  it('a long one of stars takes no time', () => expect(covers('*a'.repeat(300), `${'a'.repeat(1000)}b`)).toBe(false));
});
