// Where a value stands in an answer.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonPath, select } from '../../src/validate/json-path.ts';
import { fill, namesIn } from '../../src/validate/template.ts';

const BODY = JSON.stringify({
  name: 'Assam',
  'a name': 1,
  none: null,
  orders: [
    { id: 1, note: 'a' },
    { id: 2, note: 'b' },
    { id: '2', note: 'c' },
  ],
  byId: { 1: { note: 'd' } },
});

describe('select', () => {
  const rows: readonly [path: string, expected: readonly unknown[]][] = [
    ['$.name', ['Assam']],
    ["$['a name']", [1]],
    ['$.none', [null]],
    ['$.orders[0].note', ['a']],
    ['$.orders[-1].note', ['c']],
    ['$.orders[-3].note', ['a']],
    ['$.orders[3].note', []],
    ['$.orders[*].note', ['a', 'b', 'c']],
    ['$.byId[*].note', ['d']],
    ['$.orders[?id={key}].note', ['b', 'c']],
    ['$.orders[?id=1].note', ['a']],
    ['$.orders[?id=7].note', []],
    ["$.byId['1'].note", ['d']],
    ['$.toString', []],
    ['$.name.length', []],
    ['$.name[0]', []],
    ['$.orders.note', []],
  ];
  it.each(rows)('%s', (path, expected) => {
    expect(select(BODY, pathOf(path), { key: '2' })).toEqual(expected);
  });

  it('what is no JSON is one text', () => {
    expect(select('Assam', pathOf('$'), {})).toEqual(['Assam']);
    expect(select('Assam', pathOf('$.name'), {})).toEqual([]);
    expect(select('7', pathOf('$'), {})).toEqual([7]);
  });
});

function pathOf(text: string) {
  return parseJsonPath(text) ?? expect.fail(text);
}

const PIECES = ['$', '.', '[', ']', '*', '?', '=', "'", 'a', 'b', '1', '0', '-', '{', '}', ' '];

describe('parseJsonPath', () => {
  it.each(['', 'name', '$name', '$.', '$..a', '$[', '$[a]', '$[?id]', '$[?=1]', '$.a b', '$[1.5]'])('refuses %j', (text) => {
    expect(parseJsonPath(text)).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...PIECES) }), (text) => void parseJsonPath(`$${text}`)));
  });
});

describe('templates', () => {
  it('fill what is named, leave the rest, and fill nothing twice', () => {
    expect(fill('/p/{key}/{b}{c}', { key: 'a b', b: '{key}' }, encodeURIComponent)).toBe('/p/a%20b/%7Bkey%7D{c}');
    expect(fill('{toString}', {})).toBe('{toString}');
  });

  it('name their holes', () => expect(namesIn('{a}/{b}{a}{}{ c }')).toEqual(['a', 'b', 'a']));
});
