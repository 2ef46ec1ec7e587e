// What one thread notes of purges: each entry once, for the newest of the purges that it met, and what came of it.
import { describe, expect, it } from 'vitest';
import type { PurgeMode } from '../../src/observe/ended-keys.ts';
import { PurgeEffects, type TracedEntry } from '../../src/observe/purge-effects.ts';
import { FATE } from '../../src/rules/purge-fate.ts';
import { NotedEffects } from '../proxy/parts.ts';

const NOW = 1_000_000;

const entry = (): TracedEntry => ({ tagIds: new Int32Array(), asOf: 0, checkedAt: 0 });

/** `endings`: of every entry. */
function setUp(endings: readonly number[] = [4, 2]) {
  const observer = new NotedEffects();
  const met = { endings: [...endings], modes: ['hard', 'soft'] as PurgeMode[], soft: undefined as number[] | undefined };
  const fates = new Map<number, number>();
  const traces = {
    endings: (_entry: TracedEntry, mode: PurgeMode) => (met.modes.includes(mode) ? ((mode === 'soft' ? met.soft : undefined) ?? met.endings) : []),
    purgedAt: (epoch: number) => (epoch > 1 ? NOW + epoch : undefined),
    addFate: (epoch: number, bits: number) => fates.set(epoch, (fates.get(epoch) ?? 0) | bits),
  };
  const effects = new PurgeEffects({ traces, observer });
  return { effects, observer, met, fates };
}

const bySweep = { by: 'sweep', now: NOW } as const;

describe('an entry', () => {
  it('that is ended counts for the newest purge; the others have met it too', () => {
    const { effects, observer } = setUp();
    effects.ended('a', entry(), bySweep);
    expect(observer.found).toEqual(['hard sweep']);
    expect(effects.report()?.deltas).toEqual([
      { epoch: 4, entries: 1, requests: 0, freshAt: undefined },
      { epoch: 2, entries: 0, requests: 0, freshAt: undefined },
    ]);
  });

  it.each([
    ['is found', (effects: PurgeEffects) => effects.ended('a', entry(), bySweep)],
    ['leaves', (effects: PurgeEffects) => effects.left('a', entry(), { by: 'eviction', now: NOW })],
  ] as const)('that was softened and then ended before it %s was met by both, and counts for the hard one', (_, act) => {
    const { effects, observer, met, fates } = setUp([7]);
    met.soft = [9, 5];
    act(effects);
    expect(observer.found).toHaveLength(1);
    expect(effects.report()?.deltas.map(({ epoch, entries }) => [epoch, entries])).toEqual([
      [7, 1],
      [9, 0],
      [5, 0],
    ]);
    expect([7, 9, 5].map((epoch) => fates.get(epoch))).toEqual([FATE.met, FATE.met, FATE.met]);
  });

  it('that purges overtook on its way has been met by all of them, and is no entry', () => {
    const { effects, observer, fates } = setUp([7, 6]);
    effects.overtook(entry());
    expect([7, 6].map((epoch) => fates.get(epoch))).toEqual([FATE.met, FATE.met]);
    expect([observer.found, effects.report()]).toEqual([[], undefined]);
  });

  it('that is softened counts once, whoever finds it again, and once more for a newer purge', () => {
    const { effects, observer, met } = setUp();
    const softened = entry();
    effects.softened('a', softened, bySweep);
    effects.softened('a', softened, { by: 'request', now: NOW });
    expect(observer.found).toEqual(['soft sweep']);
    met.endings.push(7);
    effects.softened('a', softened, { by: 'request', now: NOW });
    expect(observer.found).toEqual(['soft sweep', 'soft request']);
  });

  it.each([['hard'], ['soft']] as const)('that leaves unfound counts for its %s purges, once', (mode) => {
    const { effects, observer, met, fates } = setUp();
    met.modes = [mode];
    const leaving = entry();
    effects.left('a', leaving, { by: 'eviction', now: NOW });
    expect([observer.found, [...fates.keys()]]).toEqual([[`${mode} eviction`], [4, 2]]);
    if (mode === 'soft') effects.left('a', leaving, { by: 'eviction', now: NOW });
    expect(observer.found.length).toBe(1);
  });

  it('that leaves and was not purged counts for nothing', () => {
    const { effects, observer, met } = setUp();
    met.modes = [];
    effects.left('a', entry(), { by: 'replacement', now: NOW });
    expect([observer.found, effects.report()]).toEqual([[], undefined]);
  });

  it('of an older generation is counted for no purge', () => {
    const { effects, observer } = setUp([]);
    effects.ended('a', entry(), bySweep);
    expect([observer.found, effects.report(), effects.asked('a')]).toEqual([['hard sweep'], undefined, undefined]);
  });
});

describe('what comes of it', () => {
  it('requests for its key, until the first fresh response', () => {
    const { effects, observer } = setUp();
    effects.ended('a', entry(), bySweep);
    expect([effects.asked('a'), effects.asked('b'), effects.asked('a')]).toEqual(['hard', undefined, 'hard']);
    effects.stored('b', NOW + 100);
    effects.stored('a', NOW + 104);
    effects.stored('a', NOW + 200);
    expect([observer.fresh, observer.later, effects.asked('a')]).toEqual([[['hard', 100]], { asked: 1 }, undefined]);
    expect(effects.report()?.deltas[0]).toEqual({ epoch: 4, entries: 1, requests: 2, freshAt: NOW + 104 });
  });

  it('of a purge that is too long ago, without how long it took', () => {
    const { effects, observer } = setUp([1]);
    effects.ended('a', entry(), bySweep);
    effects.stored('a', NOW + 104);
    expect([observer.fresh, effects.report()?.deltas[0]?.freshAt]).toEqual([[], NOW + 104]);
  });

  it('fetches, by how the purge was', () => {
    const { effects, observer } = setUp();
    for (const mode of ['hard', undefined, 'soft'] as const) effects.sentToOrigin(mode);
    expect(observer.sent).toEqual(['hard', 'soft']);
  });
});

describe('a report', () => {
  it('says only what is new', () => {
    const { effects } = setUp();
    expect(effects.report()).toBe(undefined);
    effects.sweptSince(3);
    expect([effects.report(), effects.report()]).toEqual([{ sweptSince: 3, deltas: [] }, undefined]);
    effects.ended('a', entry(), bySweep);
    effects.report();
    effects.asked('a');
    expect(effects.report()).toEqual({ sweptSince: 3, deltas: [{ epoch: 4, entries: 0, requests: 1, freshAt: undefined }] });
  });

  it('names a thousand purges at most; of the others it is known that they met something, and that it is not told', () => {
    const { effects, observer, met, fates } = setUp();
    for (let epoch = 1; epoch <= 3_000; epoch++) {
      met.endings = [epoch];
      effects.ended(`k${epoch}`, entry(), bySweep);
    }
    expect([effects.report()?.deltas.length, observer.found.length]).toEqual([1_000, 3_000]);
    const said = Array.from({ length: 3_000 }, (_, i) => fates.get(i + 1));
    expect(said).toEqual(Array.from({ length: 3_000 }, (_, i) => (i < 1_000 ? FATE.met : FATE.met | FATE.partly)));
  });
});
