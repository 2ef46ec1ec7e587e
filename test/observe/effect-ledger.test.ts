// What each of the last purges did, in all threads together, and when it may be said that one met nothing.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProcessAuthority } from '../../src/cluster/process-authority.ts';
import { EffectLedger, type PurgeKind } from '../../src/observe/effect-ledger.ts';
import { TRACED } from '../../src/purge/traces.ts';
import { FATE } from '../../src/rules/purge-fate.ts';

const NOW = 1_000_000;

const found = (epoch: number, entries: number, given: { requests?: number; freshAt?: number } = {}) => ({ epoch, entries, requests: 0, ...given });

function setUp(threads = 1) {
  const nothing: string[] = [];
  const authority = new ProcessAuthority({ memoryBytes: 65_536, holdKeepMs: 0, exhausted: () => undefined });
  const { marks } = authority;
  const ledger = new EffectLedger({ threads, fates: marks, metNothing: (kind) => nothing.push(kind) });
  /** By whomever: each of a tag of its own. */
  const publish = (upTo: number) => {
    while (marks.epoch < upTo)
      authority.publish({ selectors: { tagIds: Int32Array.of(marks.epoch, marks.epoch + 1), all: false }, mode: 'hard', at: NOW });
  };
  const purged = (epoch: number, kind: PurgeKind = 'operator') => {
    publish(epoch);
    ledger.purged({ id: `p${epoch}`, epoch, kind, at: NOW });
  };
  /** As a thread does. */
  const tell = (thread: number, sweptSince: number, ...deltas: ReturnType<typeof found>[]) => {
    publish(sweptSince);
    for (const { epoch } of deltas) {
      publish(epoch);
      marks.addFate(epoch, FATE.met);
    }
    ledger.told(thread, { sweptSince, deltas });
  };
  return { ledger, marks, nothing, publish, purged, tell };
}

describe('a purge that met nothing', () => {
  it('is one of which no sweep has found an entry, when all have been round', () => {
    const { ledger, nothing, purged, tell } = setUp(2);
    purged(1, 'write');
    tell(0, 1);
    expect([nothing, ledger.of('p1')]).toEqual([[], { entries: 0, requests: 0, sweep: 'under way', counted: 'all' }]);
    tell(1, 0);
    expect(nothing).toEqual([]);
    tell(1, 1);
    expect([nothing, ledger.of('p1')]).toEqual([['write'], { entries: 0, requests: 0, sweep: 'done', counted: 'all' }]);
    tell(0, 2);
    expect(nothing).toEqual(['write']);
  });

  it.each(['operator', 'event', 'write'] as const)('is one whose confirmation, to an %s, comes after the sweeps have been round', (kind) => {
    const { ledger, nothing, purged, tell } = setUp();
    tell(0, 5);
    expect(nothing).toEqual([]);
    purged(5, kind);
    expect([nothing, ledger.of('p5')?.sweep]).toEqual([[kind], 'done']);
  });

  it('is none of another node', () => {
    const { nothing, publish, tell } = setUp();
    publish(3);
    tell(0, 3);
    expect(nothing).toEqual([]);
  });

  it.each([
    ['one whose mark an entry had beside a newer one', (s: ReturnType<typeof setUp>) => s.marks.addFate(1, FATE.met)],
    ['one of which something was found before its confirmation', (s: ReturnType<typeof setUp>) => s.tell(0, 0, found(1, 3))],
    ['one whose tag was marked again before', (s: ReturnType<typeof setUp>) => s.marks.addFate(1, FATE.partly)],
  ])('is not %s', (_name, before) => {
    const given = setUp();
    given.publish(1);
    before(given);
    given.purged(1);
    given.tell(0, 1);
    expect([given.nothing, given.ledger.of('p1')?.sweep]).toEqual([[], 'done']);
  });

  it('is not one that waited for a thread that ended, confirmed by then or not', () => {
    const { ledger, nothing, purged, publish, tell } = setUp();
    purged(1);
    publish(2);
    ledger.threadEnded();
    tell(0, 2);
    purged(2);
    purged(3);
    tell(0, 3);
    expect([nothing, ...['p1', 'p2', 'p3'].map((id) => ledger.of(id)?.counted)]).toEqual([['operator'], 'partly', 'partly', 'all']);
  });

  it('is not one that so many have followed that nothing is known of it', () => {
    const { ledger, nothing, purged, publish, tell } = setUp();
    purged(1);
    publish(TRACED);
    tell(0, TRACED);
    expect([nothing, ledger.of('p1')]).toEqual([[], { entries: 0, requests: 0, sweep: 'done', counted: 'partly' }]);
  });
});

it('what threads found adds up; of the first fresh responses the earliest counts', () => {
  const { ledger, purged, tell } = setUp(2);
  purged(1);
  tell(0, 0, found(1, 2, { requests: 1, freshAt: NOW + 30 }), found(7, 9));
  tell(1, 0, found(1, 3, { requests: 4, freshAt: NOW + 20 }));
  tell(1, 0, found(1, 0, { requests: 1 }));
  expect(ledger.of('p1')).toEqual({ entries: 5, requests: 6, firstFreshMs: 20, sweep: 'under way', counted: 'all' });
  expect(ledger.of('p7')).toBe(undefined);
});

describe('of five thousand purges in one round of the sweep', () => {
  it('each that met nothing is counted, and no other; the last thousand are told of', () => {
    const { ledger, nothing, purged, tell } = setUp();
    for (let epoch = 1; epoch <= 5_000; epoch++) purged(epoch);
    for (let epoch = 1; epoch <= 5_000; epoch += 2) tell(0, 0, found(epoch, 1));
    tell(0, 5_000);
    expect(nothing.length).toBe(2_500);
    const told = Array.from({ length: 5_000 }, (_, i) => ledger.of(`p${i + 1}`));
    expect(told.findIndex((effect) => effect !== undefined)).toBe(4_000);
    const lastOnes = told.slice(4_000).map((effect) => [effect?.entries, effect?.sweep, effect?.counted]);
    expect(lastOnes).toEqual(Array.from({ length: 1_000 }, (_, i) => [(i + 1) % 2, 'done', 'all']));
  });

  it('those of other nodes take no room from those that were confirmed here', () => {
    const { ledger, purged, tell } = setUp();
    purged(1);
    tell(0, 0, found(1, 2));
    for (let epoch = 2; epoch <= 5_000; epoch++) tell(0, 0, found(epoch, 1));
    tell(0, 0, found(1, 1));
    expect(ledger.of('p1')).toMatchObject({ entries: 3, counted: 'all' });
  });

  it('one that is confirmed after so many says that it cannot tell all', () => {
    const { ledger, nothing, purged, tell } = setUp();
    for (let epoch = 1; epoch <= 5_000; epoch++) tell(0, 0, found(epoch, 1));
    for (const epoch of [1, 5_000]) purged(epoch);
    tell(0, 5_000);
    expect([ledger.of('p1'), ledger.of('p5000')]).toMatchObject([
      { entries: 0, counted: 'partly' },
      { entries: 1, counted: 'all' },
    ]);
    expect(nothing).toEqual([]);
  });
});

it('whatever comes in which order, each purge is settled once and what was found of it is never lost', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('purged' as const) }),
    fc.record({ kind: fc.constant('found' as const), thread: fc.nat(1), back: fc.nat(5), entries: fc.nat(3) }),
    fc.record({ kind: fc.constant('swept' as const), thread: fc.nat(1) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { ledger, nothing, purged, tell } = setUp(2);
      const sum = new Map<number, number>();
      const swept = [0, 0];
      const doubtful = new Set<number>();
      let epoch = 0;
      for (const one of steps) {
        if (one.kind === 'purged') purged(++epoch);
        else if (one.kind === 'found' && epoch > one.back) {
          const at = epoch - one.back;
          sum.set(at, (sum.get(at) ?? 0) + one.entries);
          if (Math.min(...swept) >= at) doubtful.add(at);
          tell(one.thread, swept[one.thread] ?? 0, found(at, one.entries));
        } else if (one.kind === 'swept') {
          swept[one.thread] = epoch;
          tell(one.thread, epoch);
        }
      }
      for (let at = 1; at <= epoch; at++) {
        expect(ledger.of(`p${at}`)).toMatchObject({ entries: sum.get(at) ?? 0, sweep: Math.min(...swept) >= at ? 'done' : 'under way' });
      }
      const settled = Math.min(...swept);
      const unmet = Array.from({ length: settled }, (_, i) => i + 1).filter((at) => !sum.has(at) || doubtful.has(at));
      // What is found only after its settling was said to be nothing.
      expect(nothing.length).toBeLessThanOrEqual(unmet.length);
      expect(nothing.length).toBeGreaterThanOrEqual(Array.from({ length: settled }, (_, i) => i + 1).filter((at) => !sum.has(at)).length);
    }),
  );
});
