// SECURITY §6 "DoS": token buckets, purge-all in its own.
import { describe, expect, it } from 'vitest';
import { PurgeRate, TokenBucket } from '../../src/purge/rate.ts';

function admitted(count: number, take: () => { kind: string }): number {
  let all = 0;
  for (let i = 0; i < count; i++) if (take().kind === 'admitted') all++;
  return all;
}

describe('a token bucket', () => {
  it('gives its burst at once, then its rate', () => {
    const bucket = new TokenBucket({ ratePerSecond: 10, burst: 3 });
    expect(admitted(5, () => bucket.take(0))).toBe(3);
    expect(admitted(5, () => bucket.take(200))).toBe(2);
    expect(admitted(5, () => bucket.take(60_000))).toBe(3);
  });

  it('says when the next one may come', () => {
    const bucket = new TokenBucket({ ratePerSecond: 0.25, burst: 1 });
    bucket.take(0);
    expect(bucket.take(0)).toEqual({ kind: 'refused', retryAfterSeconds: 4 });
    expect(bucket.take(1500)).toEqual({ kind: 'refused', retryAfterSeconds: 3 });
    expect(bucket.take(4000)).toEqual({ kind: 'admitted' });
  });

  it('loses nothing to a clock that does not move forward', () => {
    const bucket = new TokenBucket({ ratePerSecond: 1, burst: 1 });
    bucket.take(10_000);
    expect(bucket.take(5000).kind).toBe('refused');
  });
});

it('purge-all is slow, and does not use up the rest', () => {
  const rate = new PurgeRate(1000);
  expect(admitted(20, () => rate.admit({ all: true }, 0))).toBe(5);
  expect(admitted(2000, () => rate.admit({ all: false }, 0))).toBe(1000);
  expect(admitted(20, () => rate.admit({ all: true }, 1000))).toBe(1);
});
