import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import type { StoredResponse } from '../../src/rules/stored-response.ts';
import { axisValues, matchesRequest, unionAxes, variantSelector, varyNames } from '../../src/rules/variant.ts';
import { entry, relaxedPolicy, strictPolicy } from './builders.ts';

/** As a fill would store it: for a response that varies on `axes`, asked for with `request`. */
function variant(axes: readonly string[], request: Fields, rest: Partial<StoredResponse> = {}): StoredResponse {
  return entry({ axes, axisValues: axisValues(axes, request, relaxedPolicy), ...rest });
}

function matches(axes: readonly string[], stored: Fields, asked: Fields): boolean {
  return matchesRequest(variant(axes, stored), axes, asked, relaxedPolicy);
}

const language = (value: string): Fields => ['accept-language', value];
const encoding = (value: string): Fields => ['accept-encoding', value];

describe('RFC 9111 §4.1: selecting a stored response', () => {
  it.each([
    { name: 'no axis', axes: [], stored: ['foo', '1'], asked: [], expected: true },
    { name: 'the same', axes: ['foo'], stored: ['foo', '1'], asked: ['foo', '1'], expected: true },
    { name: 'another', axes: ['foo'], stored: ['foo', '1'], asked: ['foo', '2'], expected: false },
    { name: 'absent then', axes: ['foo'], stored: [], asked: ['foo', '1'], expected: false },
    { name: 'absent now', axes: ['foo'], stored: ['foo', '1'], asked: [], expected: false },
    { name: 'absent both times', axes: ['bar', 'foo'], stored: ['foo', '1'], asked: ['foo', '1'], expected: true },
    { name: 'empty is not absent', axes: ['foo'], stored: ['foo', ''], asked: [], expected: false },
    { name: 'other fields do not count', axes: ['foo'], stored: ['foo', '1', 'other', '2'], asked: ['other', '3', 'foo', '1'], expected: true },
    { name: 'two axes, one differs', axes: ['bar', 'foo'], stored: ['foo', '1', 'bar', 'a'], asked: ['foo', '1', 'bar', 'b'], expected: false },
    { name: 'two axes exchanged', axes: ['bar', 'foo'], stored: ['foo', 'a', 'bar', 'b'], asked: ['foo', 'b', 'bar', 'a'], expected: false },
    { name: 'lines combined', axes: ['foo'], stored: ['foo', '1, 2'], asked: ['foo', '1', 'foo', '2'], expected: true },
    { name: 'white space', axes: ['foo'], stored: ['foo', '1,2'], asked: ['foo', '1, 2'], expected: true },
    { name: 'white space in quotes', axes: ['foo'], stored: ['foo', '"1,2"'], asked: ['foo', '"1, 2"'], expected: false },
    { name: 'order of unknown values', axes: ['foo'], stored: ['foo', '1,2'], asked: ['foo', '2,1'], expected: false },
    { name: 'case of unknown values', axes: ['foo'], stored: ['foo', 'a'], asked: ['foo', 'A'], expected: false },

    { name: 'language order', axes: ['accept-language'], stored: language('en, de'), asked: language('de, en'), expected: true },
    { name: 'language case', axes: ['accept-language'], stored: language('en, de'), asked: language('eN, De'), expected: true },
    { name: 'language white space', axes: ['accept-language'], stored: language('en, de'), asked: language('en ,   de'), expected: true },
    { name: 'language quality', axes: ['accept-language'], stored: language('en, de'), asked: language('en, de;q=0.9'), expected: false },
    { name: 'language quality of one', axes: ['accept-language'], stored: language('en;q=1.000'), asked: language('en'), expected: true },
    {
      name: 'language quality in other digits',
      axes: ['accept-language'],
      stored: language('en, de;q=0.50'),
      asked: language('de; q=0.5, en'),
      expected: true,
    },
    {
      name: 'a malformed language, as it stands',
      axes: ['accept-language'],
      stored: language('en;q=x, de'),
      asked: language('de, en;q=x'),
      expected: false,
    },

    {
      name: 'encoding order and quality',
      axes: ['accept-encoding'],
      stored: encoding('gzip;q=0.5, br'),
      asked: encoding('BR;q=0.1,gzip'),
      expected: true,
    },
    { name: 'an alias', axes: ['accept-encoding'], stored: encoding('x-gzip'), asked: encoding('gzip'), expected: true },
    {
      name: 'identity, which is always taken',
      axes: ['accept-encoding'],
      stored: encoding('gzip, identity'),
      asked: encoding('gzip'),
      expected: true,
    },
    { name: 'identity refused', axes: ['accept-encoding'], stored: encoding('gzip'), asked: encoding('gzip, identity;q=0'), expected: false },
    { name: 'a coding more', axes: ['accept-encoding'], stored: encoding('gzip, br'), asked: encoding('gzip'), expected: false },
    { name: 'a coding refused', axes: ['accept-encoding'], stored: encoding('gzip, br'), asked: encoding('gzip, br;q=0'), expected: false },
    { name: 'no encoding stated', axes: ['accept-encoding'], stored: encoding('identity'), asked: [], expected: false },
  ])('$name: $expected', ({ axes, stored, asked, expected }) => {
    expect(matches(axes, stored, asked)).toBe(expected);
  });

  it('normalises only what the route says', () => {
    const axes = ['accept-language'];
    const stored = entry({ axes, axisValues: axisValues(axes, language('en, de'), strictPolicy) });
    expect(matchesRequest(stored, axes, language('de, en'), strictPolicy)).toBe(false);
  });
});

describe('negotiating with Content-Language', () => {
  const axes = ['accept-language'];
  const german = variant(axes, language('en, de'), { language: 'de' });
  it.each([
    { given: 'fr;q=0.5, de;q=1.0', expected: true },
    { given: 'DE', expected: true },
    { given: 'de, fr', expected: false },
    { given: 'fr, de;q=0.9', expected: false },
    { given: 'de-at', expected: false },
    { given: '*', expected: false },
    { given: 'de;q=0', expected: false },
    { given: 'de;q=x', expected: false },
  ])('$given: $expected', ({ given, expected }) => {
    expect(matchesRequest(german, axes, language(given), relaxedPolicy)).toBe(expected);
  });

  it('needs the setting, and the other axes to match', () => {
    expect(matchesRequest(german, axes, language('de'), strictPolicy)).toBe(false);
    const both = ['accept-language', 'foo'];
    const stored = variant(both, [...language('en, de'), 'foo', '1'], { language: 'de' });
    expect(matchesRequest(stored, both, [...language('de'), 'foo', '1'], relaxedPolicy)).toBe(true);
    expect(matchesRequest(stored, both, [...language('de'), 'foo', '2'], relaxedPolicy)).toBe(false);
  });
});

describe('SECURITY §4.4: the union of axes', () => {
  it('reads Vary', () => {
    expect(varyNames(['vary', 'Foo,, bar', 'vary', 'foo'])).toEqual(['bar', 'foo']);
    expect(varyNames([])).toEqual([]);
    expect(varyNames(['vary', 'foo, *'])).toContain('*');
  });

  it('joins, sorts and drops repetitions', () => {
    expect(unionAxes(['b', 'd'], ['c', 'b', 'a'])).toEqual(['a', 'b', 'c', 'd']);
    expect(unionAxes(['b'], [])).toEqual(['b']);
  });

  it('does not let a response with fewer axes answer', () => {
    expect(matchesRequest(variant([], []), ['foo'], [], relaxedPolicy)).toBe(false);
    expect(matchesRequest(variant(['foo'], []), ['bar', 'foo'], [], relaxedPolicy)).toBe(false);
    expect(matchesRequest(variant(['foo'], []), [], [], relaxedPolicy)).toBe(false);
  });

  it('compares the axes, not only their number', () => {
    expect(matchesRequest(variant(['bar'], ['bar', '1']), ['foo'], ['foo', '1'], relaxedPolicy)).toBe(false);
  });

  it('asks the same of several', () => {
    const axes = ['accept-language'];
    const stored = [variant(axes, language('de')), variant(axes, language('fr')), variant(axes, language('en'), { language: 'de' }), entry()];
    expect(stored.map(variantSelector(axes, language('de'), relaxedPolicy))).toEqual([true, false, true, false]);
    expect(stored.map(variantSelector([], language('de'), relaxedPolicy))).toEqual([false, false, false, true]);
  });
});

describe('properties', () => {
  const name = fc.constantFrom('foo', 'bar', 'accept-encoding', 'accept-language');
  const value = fc.string({ unit: fc.constantFrom('a', 'b', ',', ' ', ';', 'q', '=', '1', '0', '.', '"', '*'), maxLength: 12 });
  const fields = fc.array(fc.tuple(name, value)).map((pairs) => pairs.flat());
  const axes = fc.uniqueArray(name).map((names) => names.toSorted());

  it('equal inputs choose the same variant, whatever else the request has', () => {
    fc.assert(fc.property(axes, fields, (on, request) => matches(on, request, ['other', 'x', ...request, 'more', 'y'])));
  });

  it('matches the same way in both directions', () => {
    fc.assert(fc.property(axes, fields, fields, (on, a, b) => matches(on, a, b) === matches(on, b, a)));
  });

  it('a union does not depend on the order of its parts', () => {
    fc.assert(fc.property(axes, fc.array(name), (a, b) => unionAxes(a, b).join() === unionAxes(unionAxes([], b), a).join()));
  });
});
