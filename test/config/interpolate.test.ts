import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpolate } from '../../src/config/interpolate.ts';
import { readDocument } from '../../src/config/document.ts';

const ENV = { NAME: 'value', EMPTY: '', YAML: 'a: {b: [c]}\nd: "e" # f' };

describe('variables', () => {
  it.each([
    ['plain', 'plain'],
    ['$NAME and $ and }', '$NAME and $ and }'],
    ['${NAME}', 'value'],
    ['<${NAME}${NAME}>', '<valuevalue>'],
    ['${NAME:-other}', 'value'],
    ['${NONE:-other}', 'other'],
    ['${EMPTY:-other}', 'other'],
    ['${NONE:-}', ''],
    ['${NONE:-http://h:1/}', 'http://h:1/'],
  ])('%j becomes %j', (text, expected) => {
    expect(interpolate(text, ENV)).toEqual({ kind: 'text', text: expected });
  });

  it.each([
    ['${NONE}', 'the environment variable NONE is not set or empty; set it, or give a default: ${NONE:-default}'],
    ['${EMPTY}', 'the environment variable EMPTY is not set or empty; set it, or give a default: ${EMPTY:-default}'],
    ['${constructor}', 'the environment variable constructor is not set or empty; set it, or give a default: ${constructor:-default}'],
    ['${NAME', 'found a malformed variable; allowed: ${NAME} or ${NAME:-default}'],
    ['${NA ME}', 'found a malformed variable; allowed: ${NAME} or ${NAME:-default}'],
    ['${}', 'found a malformed variable; allowed: ${NAME} or ${NAME:-default}'],
    ['${1A}', 'found a malformed variable; allowed: ${NAME} or ${NAME:-default}'],
  ])('%j is refused', (text, message) => {
    expect(interpolate(text, ENV)).toEqual({ kind: 'refuse', message });
  });

  it('never throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', ':', '-', 'A', ' ') }), (text) => interpolate(text, ENV).kind !== undefined),
    );
  });
});

const read = (text: string, env: Readonly<Record<string, string>> = ENV) => readDocument(text, env).data;

const holds = (value: string): void => {
  expect(read('a: ${V}\nb: { c: ${V}, d: 1 }', { V: value })).toEqual({ a: value, b: { c: value, d: 1 } });
};

describe('variables in a document', () => {
  it.each([
    ['plain', 'a: ${YAML}', { a: ENV.YAML }],
    ['quoted', 'a: "${YAML}"', { a: ENV.YAML }],
    ['in a flow map', '{ a: ${NAME}, b: [${NAME}, ${NONE:-x}] }', { a: 'value', b: ['value', 'x'] }],
    ['not in keys', '${NAME}: 1', { '${NAME}': 1 }],
    ['not in comments', 'a: 1 # ${NONE}', { a: 1 }],
    ['a number stays text', 'a: ${N}', { a: '5' }],
  ])('%s', (_, text, expected) => {
    expect(read(text, { ...ENV, N: '5' })).toEqual(expected);
  });

  it('can hold anything without becoming YAML', () => {
    fc.assert(fc.property(fc.string({ minLength: 1 }), holds));
  });
});
