// Which members does a path name? RFC 9535, as far as `audit.ignore` takes it.
import { describe, expect, it } from 'vitest';
import { changedPaths, pathsOutside, shownPaths } from '../../src/audit/changed-paths.ts';
import { type JsonPath, parseJsonPath } from '../../src/config/json-path.ts';

function path(text: string): JsonPath {
  const parsed = parseJsonPath(text);
  if (parsed === undefined) throw new Error(`${text} is no path`);
  return parsed;
}

function name(text: string) {
  return { kind: 'name', name: text };
}

describe('is read', () => {
  it.each([
    ['$.generated_at', [name('generated_at')]],
    ['$.a.b-c', [name('a'), name('b-c')]],
    ['$.items[*].seen_at', [name('items'), { kind: 'any' }, name('seen_at')]],
    ['$.*[3]', [{ kind: 'any' }, { kind: 'index', index: 3 }]],
    [`$['a b']["c.d"]`, [name('a b'), name('c.d')]],
    ['$.größe', [name('größe')]],
  ])('%s', (text, steps) => expect(parseJsonPath(text)).toEqual({ source: text, steps }));

  it.each(['', '$', 'generated_at', '.a', '$a', '$.', '$.a.', '$..a', '$[', '$[a]', "$['']", '$[-1]', '$[1:2]', '$.a b', '$.1', '$.a?', ' $.a'])(
    'but not %j',
    (text) => expect(parseJsonPath(text)).toBeUndefined(),
  );
});

describe('what it names may differ, and all below it', () => {
  const cases: [string, unknown, unknown, readonly string[], readonly string[]][] = [
    ['a member', { a: 1, b: 1 }, { a: 2, b: 2 }, ['$.a'], ['$.b']],
    ['a member that one lacks', { b: 1 }, { a: 2, b: 1 }, ['$.a'], []],
    ['below a member', { a: { x: 1, y: { z: 1 } } }, { a: { x: 2, y: [] } }, ['$.a'], []],
    ['no other member of the name', { a: 1, b: { a: 1 } }, { a: 2, b: { a: 2 } }, ['$.a'], ['$.b.a']],
    [
      'one in each item',
      [
        { s: 1, t: 1 },
        { s: 1, t: 1 },
      ],
      [
        { s: 2, t: 1 },
        { s: 2, t: 2 },
      ],
      ['$[*].s'],
      ['$[1].t'],
    ],
    ['one item', [1, 1, 1], [2, 1, 2], ['$[2]'], ['$[0]']],
    ['items that are too many', { a: [1] }, { a: [1, 2] }, ['$.a[*]'], []],
    ['not how many there are, where one of them counts', { a: [1] }, { a: [1, 2] }, ['$.a[0]'], ['$.a']],
    ['any member', { a: { s: 1 }, b: { s: 1 } }, { a: { s: 2 }, b: { s: 2, t: 1 } }, ['$.*.s'], ['$.b.t']],
    ['a path that leads nowhere', { a: 1 }, { a: 2 }, ['$.a.b', '$[0]', '$.c'], ['$.a']],
    ['several', { a: 1, b: 1, c: 1 }, { a: 2, b: 2, c: 1 }, ['$.a', '$.b'], []],
  ];
  it.each(cases)('%s', (_name, a, b, ignored, changed) => {
    expect(changedPaths(a, b, ignored.map(path))).toEqual(changed);
    expect(changedPaths(b, a, ignored.map(path)).toSorted()).toEqual(changed.toSorted());
  });
});

it('names that are no identifiers are not shown: they may be data', () => {
  const changed = changedPaths({ users: { 'ada@example.com': { balance: 1 }, 'a"]b': 1 } }, { users: { 'ada@example.com': { balance: 2 } } }, []);
  expect(changed).toEqual(['$.users["ada@example.com"].balance', '$.users["a\\"]b"]']);
  expect(shownPaths(changed)).toEqual(['$.users[…].balance', '$.users[…]']);
});

it.each([
  ['price', 'price'],
  ['generated_at', 'generated_at'],
  ['address-line2', 'address-line2'],
  ['_links', '_links'],
  ['unitPrice', 'unitPrice'],
  ['tok_Ab12cd34', undefined],
  ['sk_live_4eC39HqLyjWDarjtT1', undefined],
  ['a3f1c2d4-5b6a-4c7d-8e9f-0a1b2c3d4e5f', undefined],
  ['order20261127', undefined],
])('a member called %s is shown as %s', (member, shown) => {
  expect(shownPaths(changedPaths({ [member]: 1 }, { [member]: 2 }, []))).toEqual([shown === undefined ? '$[…]' : `$.${shown}`]);
});

it('paths below another are told from those beside it', () => {
  expect(pathsOutside(['$.a', '$.a.b', '$.a[1]', '$.ab', 'body'], ['$.a'])).toEqual(['$.ab', 'body']);
});
