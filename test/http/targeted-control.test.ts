import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSurrogateControl, parseTargetedControl } from '../../src/http/targeted-control.ts';

const latin1 = fc.nat(255).map((code) => String.fromCharCode(code));

describe('RFC 9213 §2.1: targeted fields', () => {
  it.each([
    { name: 'absent', given: undefined },
    { name: 'empty', given: '' },
    { name: 'an unknown type', given: 'max-age=10000, &&&&&' },
    { name: 'a string for a number', given: 'max-age="10000"' },
    { name: 'a fraction for a number', given: 'max-age=1.5' },
    { name: 'a boolean for a number', given: 'max-age' },
    { name: 'a list for a number', given: 'max-age=(1 2)' },
    { name: 'upper case', given: 'MaX-aGe=3600' },
    { name: 'a space before the =', given: 'max-age =100' },
    { name: 'a trailing comma', given: 'max-age=100,' },
  ])('ignores a field that is $name', ({ given }) => {
    expect(parseTargetedControl(given)).toBeUndefined();
  });

  it.each([
    { name: 'a number', given: 'max-age=60', has: ['max-age'], seconds: 60, malformed: false },
    { name: 'a huge number', given: 'max-age=99999999999', has: ['max-age'], seconds: 2 ** 31, malformed: false },
    { name: 'an extension', given: 'foobar, max-age=60;x=y', has: ['foobar', 'max-age'], seconds: 60, malformed: false },
    { name: 'only an extension', given: 'foo', has: ['foo'], seconds: undefined, malformed: false },
    { name: 'a negative number', given: 'max-age=-1', has: ['max-age'], seconds: undefined, malformed: true },
    {
      name: 'a prohibition, whatever its value',
      given: 'private="x", no-store=?0',
      has: ['private', 'no-store'],
      seconds: undefined,
      malformed: false,
    },
  ])('reads $name', ({ given, has, seconds, malformed }) => {
    const directives = parseTargetedControl(given);
    expect(has.every((name) => directives?.has(name))).toBe(true);
    expect([directives?.seconds('max-age'), directives?.malformed]).toEqual([seconds, malformed]);
  });

  it('takes no permission that is denied', () => {
    expect(parseTargetedControl('public=?0, max-age=1')?.has('public')).toBe(false);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: latin1 }), (text) => void parseTargetedControl(text)));
  });
});

describe('Surrogate-Control', () => {
  it.each([
    { name: 'to nobody', given: 'max-age=60', seconds: 60 },
    { name: 'to us', given: 'max-age=60;freshet', seconds: 60 },
    { name: 'to others', given: 'max-age=60;other', seconds: undefined },
    { name: 'to us among others', given: 'max-age=60;other;freshet', seconds: 60 },
    { name: 'to us, beside the same to nobody', given: 'max-age=5, max-age=60;freshet', seconds: 60 },
    { name: 'to nobody, beside the same to others', given: 'max-age=60, max-age=5;other', seconds: 60 },
    { name: 'with a semicolon in quotes', given: 'content="a;b", max-age=60', seconds: 60 },
    { name: 'with a space before the =', given: 'max-age =60', seconds: undefined },
  ])('counts what is addressed $name', ({ given, seconds }) => {
    expect(parseSurrogateControl([given]).seconds('max-age')).toBe(seconds);
  });

  it.each([
    ['a', 'content="a;b"', 'a;b'],
    ['a, behind an escaped quote', 'content="a\\";b"', 'a";b'],
    ['another one, addressed to others', 'content="a;b";other', undefined],
  ])('%s semicolon in quotes addresses nobody: %s', (_, given, value) => {
    expect(parseSurrogateControl([given]).value('content')).toBe(value);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('"', '\\', ',', ';', '=', 'a', ' ') }), (text) => void parseSurrogateControl([text])));
  });
});
