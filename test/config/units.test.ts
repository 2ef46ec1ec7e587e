import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatByteRate,
  formatDuration,
  formatPercent,
  formatSize,
  parseByteRate,
  parseDuration,
  parsePercent,
  parseRate,
  parseSize,
} from '../../src/config/units.ts';

describe('durations', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['0s', 0],
    ['5', undefined],
    ['', undefined],
    ['s', undefined],
    ['1.5s', undefined],
    ['-1s', undefined],
    ['1 s', undefined],
    ['1S', undefined],
    ['1w', undefined],
    ['1h30m', undefined],
    ['1e3s', undefined],
    ['999999999999999d', undefined],
  ])('%j is %j ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it('print in the largest unit that is exact', () => {
    expect([0, 250, 90_000, 3_600_000, 86_400_000].map(formatDuration)).toEqual(['0s', '250ms', '90s', '1h', '1d']);
  });

  it('are read back as they are printed', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 45 }), (durationMs) => parseDuration(formatDuration(durationMs)) === durationMs));
  });
});

describe('sizes', () => {
  it.each([
    ['512B', 512],
    ['64KiB', 65_536],
    ['9MiB', 9_437_184],
    ['1GiB', 1_073_741_824],
    ['64', undefined],
    ['64KB', undefined],
    ['64k', undefined],
    ['1.5MiB', undefined],
  ])('%j is %j bytes', (text, expected) => {
    expect(parseSize(text)).toBe(expected);
  });

  it('are read back as they are printed', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 45 }), (bytes) => parseSize(formatSize(bytes)) === bytes));
  });
});

describe('rates', () => {
  it.each([
    ['1000/s', 1000],
    ['1000', undefined],
    ['1000/m', undefined],
    ['/s', undefined],
  ])('%j is %j a second', (text, expected) => {
    expect(parseRate(text)).toBe(expected);
  });
});

describe('sizes a second', () => {
  it.each([
    ['500B/s', 500],
    ['4KiB/s', 4096],
    ['0B/s', 0],
    ['500', undefined],
    ['500B', undefined],
    ['500/s', undefined],
    ['/s', undefined],
    ['500B/m', undefined],
    ['500 B/s', undefined],
    ['500B/s/s', undefined],
  ])('%j is %j bytes a second', (text, expected) => {
    expect(parseByteRate(text)).toBe(expected);
  });

  it('print as they are read', () => {
    expect([0, 500, 4096].map(formatByteRate)).toEqual(['0B/s', '500B/s', '4KiB/s']);
  });
});

describe('shares', () => {
  it.each([
    ['0.1%', 0.001],
    ['100%', 1],
    ['0%', 0],
    ['12.5%', 0.125],
    ['0.000001%', 1e-8],
    ['100.1%', undefined],
    ['0.1', undefined],
    ['0.1 %', undefined],
    ['.1%', undefined],
    ['1e1%', undefined],
    ['-1%', undefined],
    ['0.0000001%', undefined],
    ['', undefined],
  ])('%j is %j', (text, expected) => {
    expect(parsePercent(text)).toBe(expected);
  });

  it('print without trailing zeros', () => {
    expect([0, 0.001, 0.125, 0.07, 1].map(formatPercent)).toEqual(['0%', '0.1%', '12.5%', '7%', '100%']);
  });
});
