// Whose an address is, and how many of something one source has.
import { describe, expect, it } from 'vitest';
import { SourceCounts, sourceOf } from '../../src/identity/sources.ts';

describe('whom an address counts for', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1::/64'],
    ['2001:0:0:1::1', '2001:0:0:1::/64'],
    ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ])('%s for %s', (address, expected) => {
    expect(sourceOf(address)).toBe(expected);
  });
});

it('what has ended is not counted, and nothing is kept of a source that has none', () => {
  const counts = new SourceCounts();
  for (const address of ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1']) counts.add(address);
  expect([counts.of('192.0.2.1'), counts.of('2001:db8::2'), counts.of('192.0.2.2'), counts.sources]).toEqual([2, 1, 0, 2]);
  counts.remove('192.0.2.1');
  expect([counts.of('192.0.2.1'), counts.sources]).toEqual([1, 2]);
  counts.remove('::ffff:192.0.2.1');
  counts.remove('2001:db8::2');
  expect([counts.of('192.0.2.1'), counts.sources]).toEqual([0, 0]);
});
