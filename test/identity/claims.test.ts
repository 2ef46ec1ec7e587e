// Which values of claims are one scope, and which are never? SECURITY §5, third row.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readClaims } from '../../src/identity/claims.ts';
import type { JsonObject } from '../../src/identity/strict-json.ts';

/** As it comes out of a token: JSON, so that `__proto__` is a member. */
const parsed = (text: string): JsonObject => JSON.parse(text) as JsonObject;

function tupleOf(token: JsonObject, names: readonly string[] = ['a'], issuer = 'i'): string | undefined {
  const claims = readClaims(issuer, token, names);
  return claims.kind === 'claims' ? claims.tuple : undefined;
}

describe('each of these is a scope of its own', () => {
  const tokens = [
    '{}',
    '{"a":null}',
    '{"a":""}',
    '{"a":"1"}',
    '{"a":1}',
    '{"a":-1}',
    '{"a":0}',
    '{"a":true}',
    '{"a":"true"}',
    '{"a":false}',
    '{"a":[]}',
    '{"a":[""]}',
    '{"a":["1"]}',
    '{"a":[1]}',
    '{"a":["a","b"]}',
    '{"a":"a,b"}',
    '{"a":["a,b"]}',
    '{"a":["a","b","c"]}',
    '{"a":"s1"}',
    '{"a":"-"}',
    '{"a":"z"}',
    '{"a":"A"}',
    '{"a":"a"}',
    '{"a":"\\u00e9"}',
    '{"a":"e\\u0301"}',
    '{"a":"a\\u0000"}',
    '{"a":" a"}',
    '{"a":"1:a2:sb"}',
  ];
  it('all of them', () => {
    expect(new Set(tokens.map((text) => tupleOf(parsed(text)))).size).toBe(tokens.length);
  });

  it('and of its issuer, its names and their order of saying', () => {
    const token = parsed('{"a":"x","b":"y","ab":"x"}');
    const tuples = [
      tupleOf(token),
      tupleOf(token, ['a'], 'j'),
      tupleOf(token, ['a'], 'i1'),
      tupleOf(token, ['b']),
      tupleOf(token, ['ab']),
      tupleOf(token, ['a', 'b']),
      tupleOf(token, ['b', 'a']),
    ];
    expect(new Set(tuples).size).toBe(tuples.length);
  });
});

describe('a list is a set', () => {
  it.each([
    ['["a","b"]', '["b","a"]'],
    ['["a","a"]', '["a"]'],
    ['[1,"1",true]', '[true,"1",1,1]'],
  ])('%s is %s', (one, other) => {
    expect(tupleOf(parsed(`{"a":${one}}`))).toBe(tupleOf(parsed(`{"a":${other}}`)));
  });
});

describe('what selects nobody', () => {
  it.each([
    ['an object', '{}'],
    ['a list of lists', '[["a"]]'],
    ['a list with nothing', '[null]'],
    ['a list of objects', '[{"b":1}]'],
    ['a fraction', '1.5'],
    ['a number that is rounded', '9007199254740993'],
    ['a number past all', '1e999'],
    ['half a character', '"\\ud800"'],
    ['half a character in a list', '["\\udc00"]'],
    ['a very long list', JSON.stringify(Array.from({ length: 257 }, (_, i) => i))],
  ])('%s', (_, text) => {
    expect(readClaims('i', parsed(`{"a":${text}}`), ['a'])).toEqual({ kind: 'unusable', name: 'a' });
  });
});

describe('where a claim stands', () => {
  const token = parsed(
    '{"realm_access":{"roles":["r2","r1"]},"a.b":"whole","a":{"b":"path"},"https://x.example/t.u":"uri","list":["x"],"__proto__":{"roles":"p"},"text":"s"}',
  );
  it.each([
    [
      'realm_access.roles',
      [
        ['realm_access.roles', 'r2'],
        ['realm_access.roles', 'r1'],
      ],
    ],
    ['a.b', [['a.b', 'path']]],
    ['https://x.example/t.u', [['https://x.example/t.u', 'uri']]],
    ['__proto__.roles', [['__proto__.roles', 'p']]],
    ['constructor', []],
    ['constructor.name', []],
    ['toString', []],
    ['text.length', []],
    ['list.0', []],
    ['list.length', []],
    ['missing.too', []],
  ])('%s', (name, pairs) => {
    expect(readClaims('i', token, [name])).toMatchObject({ kind: 'claims', pairs });
  });

  it('a prototype is no member', () => {
    expect(tupleOf(parsed('{}'), ['__proto__'])).toBe(tupleOf(parsed('{"b":1}'), ['__proto__']));
    expect(tupleOf(parsed('{"__proto__":"x"}'), ['__proto__'])).not.toBe(tupleOf(parsed('{}'), ['__proto__']));
  });
});

it('texts are those of claims with one value', () => {
  const claims = readClaims('i', parsed('{"s":"x","n":7,"b":true,"l":["x"],"z":null}'), ['s', 'n', 'b', 'l', 'z', 'none']);
  expect(claims.kind === 'claims' && Object.fromEntries(claims.texts)).toEqual({ s: 'x', n: '7', b: 'true' });
});

/** Equal in the sense of the page: lists as sets, all else to the type. */
const meaning = (token: JsonObject): string =>
  JSON.stringify(
    ['a', 'b'].map((name) => {
      const found = token[name];
      return Array.isArray(found) ? [...new Set(found.map((member) => JSON.stringify(member)))].toSorted() : [typeof found, found ?? null];
    }),
  );

describe('properties', () => {
  const scalar = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', '1', ':', 's', 'n', '-', ',', '"', '\u0000', 'é') }),
    fc.maxSafeInteger(),
    fc.boolean(),
  );
  const value = fc.oneof(scalar, fc.constant(null), fc.array(scalar, { maxLength: 4 }));
  const claims = fc.record({ a: value, b: value }, { requiredKeys: [] });
  it('two tokens have one tuple exactly if they say the same', () => {
    fc.assert(
      fc.property(claims, claims, (one, other) => {
        expect(tupleOf(one, ['a', 'b']) === tupleOf(other, ['a', 'b'])).toBe(meaning(one) === meaning(other));
      }),
      { numRuns: 2000 },
    );
  });

  it('nothing makes it throw', () => {
    fc.assert(fc.property(fc.json(), fc.string(), (text, name) => void readClaims('i', parsed(`{"a":${text}}`), [name, 'a', `a.${name}`])));
  });
});
