// RFC 9110 §5.3 and §5.6.1: what stands once, and what is one member of a list.
import { expect, it } from 'vitest';
import { listMembers, withField } from '../../src/http/fields.ts';

it.each([
  ['in the place of the first of several', ['a', '1', 'b', '2', 'a', '3'], ['a', 'x', 'b', '2']],
  ['last where there was none', ['b', '2'], ['b', '2', 'a', 'x']],
])('a field that stands once: %s', (_, fields, expected) => expect(withField(fields, 'a', 'x')).toEqual(expected));

it.each([
  ['a , b', ['a', 'b']],
  [',, a,', ['a']],
  ['a="b,c", d', ['a="b,c"', 'd']],
  ['a="b\\",c", d', ['a="b\\",c"', 'd']],
  ['a="b\\\\", c', ['a="b\\\\"', 'c']],
  ['a="b, c', ['a="b, c']],
])('the members of %s', (value, expected) => expect(listMembers(value)).toEqual(expected));
