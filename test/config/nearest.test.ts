import { describe, expect, it } from 'vitest';
import { nearest, nearestFamily } from '../../src/config/nearest.ts';

describe('nearest', () => {
  it.each([
    ['lisen', 'listen'],
    ['tll', 'ttl'],
    ['stale-if-error', 'stale_if_error'],
    ['Listen', 'listen'],
    ['max_objects', 'max_object'],
    ['ttl', 'ttl'],
    ['zzz', undefined],
    ['x', undefined],
    ['', undefined],
  ])('%j: %j', (word, expected) => {
    expect(nearest(word, ['listen', 'ttl', 'stale_if_error', 'max_object'])).toBe(expected);
  });
});

it.each([
  ['prodct:*', 'product:*'],
  ['u:*', undefined],
  ['id:*', undefined],
])('of families, %s is near to %s', (family, expected) => expect(nearestFamily(family, ['p:*', 'it:*', 'product:*'])).toBe(expected));
