// What each of the last purges did, in all threads together, and when it may be said that one met nothing.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EffectLedger } from '../../src/observe/effect-ledger.ts';

const NOW = 1_000_000;

const found = (epoch: number, entries: number, given: { requests?: number; freshAt?: number } = {}) => ({ epoch, entries, requests: 0, ...given });

function setUp(threads = 1) {
  const nothing: string[] = [];
  const ledger = new EffectLedger({ threads, metNothing: (kind) => nothing.push(kind) });
  const purged = (epoch: number, kind: 'operator' | 'write' = 'operator') => ledger.purged({ id: `p${epoch}`, epoch, kind, at: NOW });
  return { ledger, nothing, purged };
}

describe('a purge that met nothing', () => {
  it('is one of which no sweep has found an entry, when all have been round', () => {
    const { ledger, nothing, purged } = setUp(2);
    purged(1, 'write');
    ledger.told(0, { sweptSince: 1, deltas: [] });
    expect([nothing, ledger.of('p1')]).toEqual([[], { entries: 0, requests: 0, sweep: 'under way', counted: 'all' }]);
    ledger.told(1, { sweptSince: 0, deltas: [] });
    expect(nothing).toEqual([]);
    ledger.told(1, { sweptSince: 1, deltas: [] });
    expect([nothing, ledger.of('p1')]).toEqual([['write'], { entries: 0, requests: 0, sweep: 'done', counted: 'all' }]);
    ledger.told(0, { sweptSince: 2, deltas: [] });
    expect(nothing).toEqual(['write']);
  });

  it('is one whose confirmation comes after the sweeps have been round', () => {
    const { ledger, nothing, purged } = setUp();
    ledger.told(0, { sweptSince: 5, deltas: [] });
    purged(5);
    expect([nothing, ledger.of('p5')?.sweep]).toEqual([['operator'], 'done']);
  });

  it.each([
    ['one whose mark an entry had beside a newer one', (s: ReturnType<typeof setUp>) => s.ledger.told(0, { sweptSince: 0, deltas: [found(1, 0)] })],
    [
      'one of which something was found before its confirmation',
      (s: ReturnType<typeof setUp>) => s.ledger.told(0, { sweptSince: 0, deltas: [found(1, 3)] }),
    ],
    ['one whose tag was marked again before', (s: ReturnType<typeof setUp>) => s.ledger.overtaken(1)],
  ])('is not %s', (_name, before) => {
    const given = setUp();
    before(given);
    given.purged(1);
    given.ledger.told(0, { sweptSince: 1, deltas: [] });
    expect([given.nothing, given.ledger.of('p1')?.sweep]).toEqual([[], 'done']);
  });

  it('is not one that waited for a thread that ended', () => {
    const { ledger, nothing, purged } = setUp();
    purged(1);
    ledger.threadEnded();
    ledger.told(0, { sweptSince: 1, deltas: [] });
    purged(2);
    ledger.told(0, { sweptSince: 2, deltas: [] });
    expect([nothing, ledger.of('p1')?.counted, ledger.of('p2')?.counted]).toEqual([['operator'], 'partly', 'all']);
  });

  it('stays one when its tag is marked again later', () => {
    const { ledger, nothing, purged } = setUp();
    purged(1);
    ledger.told(0, { sweptSince: 1, deltas: [] });
    ledger.overtaken(1);
    expect([nothing, ledger.of('p1')?.counted]).toEqual([['operator'], 'all']);
  });
});

it('what threads found adds up; of the first fresh responses the earliest counts', () => {
  const { ledger, purged } = setUp(2);
  purged(1);
  ledger.told(0, { sweptSince: 0, deltas: [found(1, 2, { requests: 1, freshAt: NOW + 30 }), found(7, 9)] });
  ledger.told(1, { sweptSince: 0, deltas: [found(1, 3, { requests: 4, freshAt: NOW + 20 })] });
  ledger.told(1, { sweptSince: 0, deltas: [found(1, 0, { requests: 1 })] });
  expect(ledger.of('p1')).toEqual({ entries: 5, requests: 6, firstFreshMs: 20, sweep: 'under way', counted: 'all' });
  expect(ledger.of('p7')).toBe(undefined);
});

it('keeps the last thousand, whatever is told of older ones', () => {
  const { ledger, purged } = setUp();
  for (let epoch = 1; epoch <= 1_500; epoch++) purged(epoch);
  for (let epoch = 1; epoch <= 500; epoch++) ledger.told(0, { sweptSince: 0, deltas: [found(epoch, 1)] });
  const known = Array.from({ length: 1_500 }, (_, i) => ledger.of(`p${i + 1}`)).map((effect) => effect !== undefined);
  expect(known).toEqual(Array.from({ length: 1_500 }, (_, i) => i >= 500));
});

it('whatever comes in which order, each purge is settled once and what was found of it is never lost', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('purged' as const) }),
    fc.record({ kind: fc.constant('found' as const), thread: fc.nat(1), back: fc.nat(5), entries: fc.nat(3) }),
    fc.record({ kind: fc.constant('swept' as const), thread: fc.nat(1) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { ledger, nothing, purged } = setUp(2);
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
          ledger.told(one.thread, { sweptSince: swept[one.thread] ?? 0, deltas: [found(at, one.entries)] });
        } else if (one.kind === 'swept') {
          swept[one.thread] = epoch;
          ledger.told(one.thread, { sweptSince: epoch, deltas: [] });
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
