// Do two answers say the same? JSON by value, everything else by bytes, and never by how it is spelled.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Content, differencesOf, isIdentical } from '../../src/audit/content.ts';
import { canonicalNumber } from '../../src/audit/json-value.ts';
import { type JsonPath, parseJsonPath } from '../../src/config/json-path.ts';

const JSON_TYPE = 'application/json';

function content(body: string | Buffer, rest: Partial<Content> = {}): Content {
  return { status: 200, type: JSON_TYPE, coding: '', body: Buffer.from(body), ...rest };
}

function latin(text: string): Content {
  return content(Buffer.from(text, 'latin1'));
}

function ignoring(...texts: string[]): JsonPath[] {
  return texts.flatMap((text) => parseJsonPath(text) ?? []);
}

function deep(leaf: string): string {
  return `${'{"a":'.repeat(120)}${leaf}${'}'.repeat(120)}`;
}

function endless(leaf: string): string {
  return '['.repeat(100_000) + leaf + ']'.repeat(100_000);
}

describe('JSON is compared by value', () => {
  it.each([
    ['members in another order', '{"a":1,"b":{"c":2,"d":3}}', '{"b":{"d":3,"c":2},"a":1}'],
    ['white space', '{"a":[1,2]}', ' {"a" : [ 1,\n2 ] }\n'],
    ['spellings of a number', '[1, 1.0, 1e2, 0.10, -0, 1E+2]', '[1.0, 1, 100, 1e-1, 0.0, 100.00]'],
    ['spellings of a long number', '[12345678901234567890, 0.12345678901234567890]', '[1.234567890123456789e19, 12345678901234567890e-20]'],
    ['spellings of a number beyond a double', '[1e999, 1e-999]', '[10e998, 0.1e-998]'],
    ['a long spelling of a short number', '[100000000000000000000]', '[1e20]'],
    ['escapes', '"\\u00e9\\/"', '"é/"'],
  ])('%s', (_name, a, b) => expect(differencesOf(content(a), content(b), [])).toEqual([]));

  const different: [string, string, string, readonly string[]][] = [
    ['a member', '{"price":1,"name":"a"}', '{"price":2,"name":"a"}', ['$.price']],
    ['one that is missing', '{"a":1}', '{}', ['$.a']],
    ['null and nothing', '{"a":null}', '{}', ['$.a']],
    ['a number and its text', '{"a":1}', '{"a":"1"}', ['$.a']],
    ['the order of items', '[1,2]', '[2,1]', ['$[0]', '$[1]']],
    ['how many items', '{"a":[1,2]}', '{"a":[1]}', ['$.a']],
    ['an array and an object', '{"a":[]}', '{"a":{}}', ['$.a']],
    ['the whole', '1', '2', ['$']],
    ['digits beyond a double', '{"id":12345678901234567890}', '{"id":12345678901234567891}', ['$.id']],
    ['numbers beyond a double', '[1e999]', '[1e998]', ['$[0]']],
    ['__proto__', '{"__proto__":{"a":1}}', '{"__proto__":{"a":2}}', ['$.__proto__.a']],
    ['what is no JSON', '{"a":1', '{"a":2', ['body']],
  ];
  it.each(different)('%s differs', (_name, a, b, expected) => expect(differencesOf(content(a), content(b), [])).toEqual(expected));

  it('however deep it is', () => {
    expect(differencesOf(content(deep('1')), content(deep(' 1 ')), [])).toEqual([]);
    expect(differencesOf(content(deep('1')), content(deep('2')), [])).toEqual([`$${'.a'.repeat(100)}`]);
    expect(differencesOf(content(endless('1')), content(endless('2')), [])).toHaveLength(1);
    expect(differencesOf(content(endless('1e0')), content(endless('2')), [])).toHaveLength(1);
  });

  it.each(['application/json; charset=utf-8', 'application/problem+json', 'APPLICATION/JSON'])('where it is %s', (type) =>
    expect(differencesOf(content('{"a":1}', { type }), content('{"a": 1}', { type }), [])).toEqual([]),
  );

  it.each(['text/plain', 'application/jsonp', 'application/x-ndjson', ''])('not where it is %j', (type) =>
    expect(differencesOf(content('{"a":1}', { type }), content('{"a": 1}', { type }), ignoring('$.a'))).toEqual(['body']),
  );
});

it('JSON that is no UTF-8 is compared by its bytes', () => {
  expect(differencesOf(latin('"Caf\xe9"'), latin('"Caf\xe8"'), [])).toEqual(['body']);
});

describe('status and type count too', () => {
  it.each([
    ['a status', { status: 404 }, ['status']],
    ['a type', { type: 'text/plain' }, ['content-type']],
    ['the spelling of a type', { type: 'Application/JSON' }, []],
  ])('%s', (_name, rest, expected) => expect(differencesOf(content('{}'), content('{}', rest), [])).toEqual(expected));

  it('and parameters, but not how they are spelled', () => {
    const [a, b] = ['text/html; charset=utf-8', 'text/html;charset="UTF-8"'];
    expect(differencesOf(content('x', { type: a }), content('x', { type: b }), [])).toEqual([]);
    expect(differencesOf(content('x', { type: a }), content('x', { type: 'text/html; charset=latin1' }), [])).toEqual(['content-type']);
  });
});

it('what is sent with another coding is not identical, nor what differs in anything', () => {
  const a = content('{}');
  expect(isIdentical(a, content('{}'))).toBe(true);
  expect(
    [content('{ }'), content('{}', { coding: 'gzip' }), content('{}', { status: 201 }), content('{}', { type: 'a/b' })].map((b) => isIdentical(a, b)),
  ).toEqual([false, false, false, false]);
});

describe('properties', () => {
  const document = fc.jsonValue({ maxDepth: 4 });

  it('everything says the same as itself', () => {
    fc.assert(
      fc.property(document, (value) => differencesOf(content(JSON.stringify(value)), content(JSON.stringify(value, null, 1)), []).length === 0),
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => differencesOf(content(Buffer.from(bytes)), content(Buffer.from(bytes)), []).length === 0));
  });

  it('a leaf that changed differs, unless it is ignored', () => {
    const name = fc.stringMatching(/^[a-z]{1,4}$/);
    const rest = fc.dictionary(name, document);
    fc.assert(
      fc.property(rest, fc.array(name, { minLength: 1, maxLength: 4 }), fc.tuple(fc.integer(), fc.integer()), (others, path, [was, is]) => {
        fc.pre(was !== is);
        const withLeaf = (leaf: number): string => JSON.stringify(path.reduceRight<unknown>((below, step) => ({ ...others, [step]: below }), leaf));
        const [a, b, at] = [content(withLeaf(was)), content(withLeaf(is)), `$.${path.join('.')}`];
        expect(differencesOf(a, b, [])).toEqual([at]);
        expect(differencesOf(a, b, ignoring(at))).toEqual([]);
        expect(differencesOf(a, b, ignoring(`${at}.below`, '$.zzzzz'))).toEqual([at]);
      }),
    );
  });

  it('a number has one form, whatever its spelling', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 30n }), fc.nat(20), fc.nat(20), (digits, zeros, shift) => {
        const plain = canonicalNumber(`${digits}`);
        expect(canonicalNumber(`${digits}${'0'.repeat(zeros)}e-${zeros}`)).toBe(plain);
        expect(canonicalNumber(`${digits}.0${'0'.repeat(zeros)}`)).toBe(plain);
        expect(canonicalNumber(`-${digits}e+${shift}`)).toBe(`-${canonicalNumber(`${digits * 10n ** BigInt(shift)}`)}`);
      }),
    );
  });
});
