// PURGE-PROTOCOL §3.1 "Memory reclaim is separate": what may never be used again leaves, in bounded slices, and nothing else.
import { describe, expect, it } from 'vitest';
import { ProcessAuthority } from '../../src/cluster/process-authority.ts';
import { Lease, systemClocks } from '../../src/purge/lease.ts';
import { OUTSTAY_MS, Sweeper } from '../../src/purge/sweeper.ts';
import { TagHash } from '../../src/purge/tag-hash.ts';
import type { StoredResponse } from '../../src/rules/stored-response.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { entry } from '../store/entry.ts';

const NOW = 1_000_000;
const tagHash = new TagHash(Buffer.from('secret'));

function setUp() {
  const store = new MemoryStore({ maxBytes: 64 * 1024 ** 2 });
  const lease = new Lease(systemClocks);
  const hold = () => lease.holdUntil({ mono: Number.MAX_SAFE_INTEGER, wall: Number.MAX_SAFE_INTEGER });
  hold();
  const authority = new ProcessAuthority({ memoryBytes: 64 * 1024, holdKeepMs: 0, exhausted: () => undefined, lease });
  const told: string[] = [];
  const found = {
    ended: (key: string) => told.push(`ended ${key}`),
    softened: (key: string) => told.push(`softened ${key}`),
    sweptSince: (epoch: number) => told.push(`swept since ${epoch}`),
  };
  const sweeper = new Sweeper({ store, marks: authority.marks, found });
  const put = (key: string, given: Partial<StoredResponse> = {}) =>
    store.put(key, entry({ tagIds: tagHash.tagIds(['a']), freshUntil: NOW, ...given }), { maxVariants: 8 });
  const purge = (tag: string, mode: 'hard' | 'soft' = 'hard', at = NOW) =>
    authority.publish({ selectors: { tagIds: tagHash.tagIds([tag]), all: false }, mode, at });
  return { store, sweeper, put, purge, told, lease, hold };
}

describe('an entry', () => {
  const minute = 60_000;
  const rows: readonly [
    name: string,
    given: Partial<StoredResponse>,
    purged: 'hard' | 'soft' | undefined,
    afterMs: number,
    removed: string | undefined,
  ][] = [
    ['fresh stays', {}, undefined, -1, undefined],
    ['hard-purged leaves', { staleIfErrorMs: minute }, 'hard', -1, 'purged'],
    ['past its last window leaves', { staleWhileRevalidateMs: 10 }, undefined, 11 + OUTSTAY_MS, 'expired'],
    ['just past its last window stays for max-stale', { staleWhileRevalidateMs: 10 }, undefined, 10 + OUTSTAY_MS, undefined],
    ['in stale-while-revalidate stays', { staleWhileRevalidateMs: minute }, undefined, minute, undefined],
    ['in stale-if-error stays', { staleIfErrorMs: minute }, undefined, minute, undefined],
    ['kept to be validated stays', { keepMs: minute }, undefined, minute, undefined],
    ['soft-purged stays for its windows', { keepMs: minute, freshUntil: NOW * 2 }, 'soft', minute, undefined],
    ['soft-purged: the windows run from the mark', { keepMs: minute, freshUntil: NOW * 2 }, 'soft', minute + 1 + OUTSTAY_MS, 'expired'],
  ];
  it.each(rows)('%s', (_name, given, purged, afterMs, removed) => {
    const { store, sweeper, put, purge } = setUp();
    put('k', given);
    if (purged !== undefined) purge('a', purged);
    expect(sweeper.sweepSlice(NOW + afterMs)).toEqual({ removed: removed === undefined ? 0 : 1, passEnded: true });
    expect(store.stats.entries).toBe(removed === undefined ? 1 : 0);
    if (removed === 'purged' || removed === 'expired') expect(store.stats.removals[removed]).toBe(1);
  });
});

it('goes through the whole store in slices of at most 256', () => {
  const { store, sweeper, put, purge } = setUp();
  for (let i = 0; i < 1000; i++) put(`k${i}`, i % 2 === 0 ? {} : { tagIds: tagHash.tagIds(['b']), keepMs: 1e9 });
  purge('a');
  let slices = 0;
  while (store.stats.entries > 500 && slices < 20) {
    expect(sweeper.sweepSlice(NOW).removed).toBeLessThanOrEqual(256);
    slices++;
  }
  expect([store.stats.entries, store.stats.removals.purged]).toEqual([500, 500]);
  expect(slices).toBeGreaterThanOrEqual(4);
});

describe('what it finds is told', () => {
  it('with the key, and how the purge was', () => {
    const { sweeper, put, purge, told } = setUp();
    put('a', { keepMs: 1e9 });
    put('b', { tagIds: tagHash.tagIds(['b']), keepMs: 1e9 });
    put('c', { tagIds: tagHash.tagIds(['c']), keepMs: 1e9 });
    purge('a', 'soft');
    purge('b');
    sweeper.sweepSlice(NOW);
    expect(told.toSorted()).toEqual(['ended b', 'softened a', 'swept since 2']);
  });

  it('that it has been round since an epoch only when a pass that began after it is through', () => {
    const { sweeper, put, purge, told } = setUp();
    for (let i = 0; i < 300; i++) put(`k${i}`, { tagIds: tagHash.tagIds(['b']), keepMs: 1e9 });
    sweeper.sweepSlice(NOW);
    purge('a');
    expect(sweeper.sweepSlice(NOW).passEnded).toBe(true);
    expect(told).toEqual(['swept since 0']);
    sweeper.sweepSlice(NOW);
    sweeper.sweepSlice(NOW);
    expect(told).toEqual(['swept since 0', 'swept since 1']);
  });
});

it('a pass in which it could not be said of every entry whether it was softened does not count', () => {
  const { sweeper, put, purge, told, lease, hold } = setUp();
  put('k', { freshUntil: NOW * 2 });
  purge('a', 'soft');
  lease.drop();
  sweeper.sweepSlice(NOW);
  expect(told).toEqual([]);
  hold();
  sweeper.sweepSlice(NOW);
  expect(told).toEqual(['softened k', 'swept since 1']);
});
