// PURGE-PROTOCOL §4.4: a lease ends by whichever clock has gone further, and without it the marks vouch for nothing.
import { describe, expect, it } from 'vitest';
import { Lease, systemClocks } from '../../src/purge/lease.ts';
import { ProcessAuthority } from '../../src/cluster/process-authority.ts';
import { TagHash } from '../../src/purge/tag-hash.ts';
import { SettableClocks } from '../support/clock.ts';

const LIFE_MS = 3_000;
const TAG = new TagHash(Buffer.from('secret')).tagIds(['a']);

function leaseOf(clocks: SettableClocks): Lease {
  const lease = new Lease(clocks);
  lease.holdUntil({ mono: clocks.now.mono + LIFE_MS, wall: clocks.now.wall + LIFE_MS });
  return lease;
}

describe('a lease', () => {
  it('is not held before it is got, and not after it is dropped', () => {
    const clocks = new SettableClocks();
    expect(new Lease(clocks).isHeld).toBe(false);
    const lease = leaseOf(clocks);
    expect(lease.isHeld).toBe(true);
    lease.drop();
    expect(lease.isHeld).toBe(false);
  });

  it.each([
    ['both', LIFE_MS - 1, true],
    ['both', LIFE_MS, false],
    ['mono', LIFE_MS, false],
    // A suspended machine: its monotonic clock stood still.
    ['wall', LIFE_MS, false],
    // The wall clock was set back: the other counts.
    ['wall', -60_000, true],
  ] as const)('after %s clocks went on by %d ms: held %s', (which, byMs, held) => {
    const clocks = new SettableClocks();
    const lease = leaseOf(clocks);
    clocks.advance(byMs, which);
    expect(lease.isHeld).toBe(held);
  });

  it('is seen by another thread through its words', () => {
    const clocks = new SettableClocks();
    const lease = leaseOf(clocks);
    const elsewhere = new Lease(clocks, lease.words);
    expect(elsewhere.isHeld).toBe(true);
    lease.drop();
    expect(elsewhere.isHeld).toBe(false);
  });

  it('takes its instants from clocks that go on', () => {
    const lease = new Lease(systemClocks);
    lease.holdUntil({ mono: systemClocks.mono() + 60_000, wall: systemClocks.wall() + 60_000 });
    expect(lease.isHeld).toBe(true);
    lease.holdUntil({ mono: systemClocks.mono(), wall: systemClocks.wall() });
    expect(lease.isHeld).toBe(false);
  });
});

describe('the marks without a lease', () => {
  const clocks = new SettableClocks();
  const lease = leaseOf(clocks);
  const authority = new ProcessAuthority({ memoryBytes: 4096, holdKeepMs: 0, exhausted: () => undefined, lease });
  const { marks } = authority;
  const asOf = marks.epoch;
  const entry = { tagIds: TAG, asOf, receivedAt: 0, checkedAt: -1 };
  const verdicts = () => [marks.isCoordinated, marks.gate({ tagIds: TAG, asOf, sentAt: 0 }).kind, marks.gateEntry(entry).kind];

  it('vouch for nothing, checked a moment ago or not, and for everything again once it is back', () => {
    expect(verdicts()).toEqual([true, 'ok', 'ok']);
    lease.drop();
    expect(verdicts()).toEqual([false, 'uncoordinated', 'uncoordinated']);
    entry.checkedAt = -1;
    expect(verdicts()).toEqual([false, 'uncoordinated', 'uncoordinated']);
    expect(entry.checkedAt).toBe(-1);
    lease.holdUntil({ mono: clocks.now.mono + LIFE_MS, wall: clocks.now.wall + LIFE_MS });
    expect(verdicts()).toEqual([true, 'ok', 'ok']);
  });

  it('still know what was purged', () => {
    authority.publish({ selectors: { tagIds: TAG, all: false }, mode: 'hard', at: 0 });
    lease.drop();
    expect(verdicts()).toEqual([false, 'purged', 'purged']);
  });
});
