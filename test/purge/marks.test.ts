// PURGE-PROTOCOL §3.2 `gate` and §3.6, on the process's own authority.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Publication } from '../../src/purge/authority.ts';
import { MAX_HOLDS } from '../../src/purge/holds.ts';
import type { MarkWriterOptions } from '../../src/purge/mark-writer.ts';
import { attachMarks, WORD } from '../../src/purge/marks.ts';
import { ProcessAuthority } from '../../src/cluster/process-authority.ts';
import { TRACED } from '../../src/purge/traces.ts';
import { FATE } from '../../src/rules/purge-fate.ts';
import { TagHash } from '../../src/purge/tag-hash.ts';

const NOW = 1_000_000;
const HOLD_KEEP_MS = 10_000;
const tagHash = new TagHash(Buffer.from('secret'));
const ids = (...tags: string[]) => tagHash.tagIds(tags);

function authority(given: Partial<MarkWriterOptions> = {}): ProcessAuthority {
  return new ProcessAuthority({ memoryBytes: 64 * 1024, holdKeepMs: HOLD_KEEP_MS, exhausted: () => undefined, ...given });
}

function purge(to: ProcessAuthority, tags: readonly string[], given: Partial<Publication> & { all?: boolean } = {}) {
  const { all = false, ...rest } = given;
  return to.publish({ selectors: { tagIds: ids(...tags), all }, mode: 'hard', at: NOW, ...rest });
}

const entryOf = (to: ProcessAuthority, tag: string) => ({ tagIds: ids(tag), asOf: to.marks.epoch, receivedAt: NOW, checkedAt: to.marks.epoch });
const held = (to: ProcessAuthority, tag: string, sentAt: number) => to.marks.gate({ tagIds: ids(tag), asOf: to.marks.epoch, sentAt }).kind;
const versions = (...pairs: [string, number][]) => pairs.map(([tag, lowest]) => ({ tagIds: ids(tag), lowest }));
const accepted = (to: ProcessAuthority, tag: string, version: number) => to.marks.versionsAccepted([{ tagIds: ids(tag), version }]);
function spent() {
  let emptied = 0;
  const to = authority({ lastEpoch: 5, exhausted: () => emptied++ });
  purge(to, ['z']);
  purge(to, [], { all: true });
  purge(to, [], { all: true, mode: 'soft' });
  purge(to, ['y'], { mode: 'soft' });
  purge(to, ['x']);
  return { to, emptied: () => emptied };
}
const verdicts = (order: readonly { tags: string[]; all: boolean; mode: 'hard' | 'soft' }[]) => {
  const to = authority();
  for (const one of order) purge(to, one.tags, { all: one.all, mode: one.mode });
  return ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'other'].map((tag) => to.marks.gate({ tagIds: ids(tag), asOf: 0, sentAt: NOW }));
};

describe('gate', () => {
  interface Row {
    readonly name: string;
    readonly before?: (to: ProcessAuthority) => void;
    readonly after?: (to: ProcessAuthority) => void;
    readonly tags?: readonly string[];
    readonly expected: object;
  }
  const soft = { mode: 'soft' } as const;
  const rows: readonly Row[] = [
    { name: 'nothing purged', expected: { kind: 'ok' } },
    { name: 'rule 1: a tag purged since', after: (to) => purge(to, ['b']), expected: { kind: 'purged' } },
    { name: 'purged before it was sent', before: (to) => purge(to, ['a', 'b']), expected: { kind: 'ok' } },
    { name: 'another tag purged since', after: (to) => purge(to, ['x']), expected: { kind: 'ok' } },
    { name: 'rule 12: purge-all since', after: (to) => purge(to, [], { all: true }), expected: { kind: 'purged' } },
    { name: 'rule 12: purge-all before', before: (to) => purge(to, [], { all: true }), expected: { kind: 'ok' } },
    { name: 'rule 12: purge-all without any tag on it', after: (to) => purge(to, [], { all: true }), tags: [], expected: { kind: 'purged' } },
    { name: 'rule 8: softened since the instant in the mark', after: (to) => purge(to, ['a'], soft), expected: { kind: 'softened', since: NOW } },
    { name: 'rule 8: soft purge-all', after: (to) => purge(to, [], { ...soft, all: true }), expected: { kind: 'softened', since: NOW } },
    { name: 'soft purge before it was sent', before: (to) => purge(to, ['a'], soft), expected: { kind: 'ok' } },
    {
      name: 'of several soft marks the earliest instant',
      after: (to) => {
        purge(to, ['a'], { ...soft, at: NOW + 500 });
        purge(to, ['b'], { ...soft, at: NOW + 300 });
        purge(to, [], { ...soft, all: true, at: NOW + 900 });
      },
      expected: { kind: 'softened', since: NOW + 300 },
    },
    {
      name: 'rule 8: softened again, stale since the first time',
      after: (to) => {
        purge(to, ['a'], { ...soft, at: NOW + 300 });
        purge(to, ['a'], { ...soft, at: NOW + 9000 });
      },
      expected: { kind: 'softened', since: NOW + 300 },
    },
    {
      name: 'rule 8: everything softened again, stale since the first time',
      after: (to) => {
        purge(to, [], { ...soft, all: true, at: NOW + 300 });
        purge(to, [], { ...soft, all: true, at: NOW + 9000 });
      },
      expected: { kind: 'softened', since: NOW + 300 },
    },
    {
      name: 'an instant is rounded down to 10 ms',
      after: (to) => purge(to, ['a'], { ...soft, at: NOW + 19.9 }),
      expected: { kind: 'softened', since: NOW + 10 },
    },
    {
      name: 'hard beats soft, whatever the order',
      after: (to) => {
        purge(to, ['a']);
        purge(to, ['a'], soft);
      },
      expected: { kind: 'purged' },
    },
  ];
  it.each(rows)('$name', ({ before, after, tags = ['a', 'b'], expected }) => {
    const to = authority();
    // The units of soft marks are counted from the first purge on.
    purge(to, ['first']);
    before?.(to);
    const asOf = to.marks.epoch;
    after?.(to);
    expect(to.marks.gate({ tagIds: ids(...tags), asOf, sentAt: NOW })).toEqual(expected);
    expect(to.marks.gateEntry({ tagIds: ids(...tags), asOf, receivedAt: NOW, checkedAt: -1 })).toEqual(expected);
  });
});

it('rule 8: what was fetched between two soft purges is stale since the second', () => {
  const to = authority();
  purge(to, ['a'], { mode: 'soft', at: NOW });
  const [asOf, fetchedAt] = [to.marks.epoch, NOW + 1000];
  purge(to, ['a'], { mode: 'soft', at: NOW + 2000 });
  const softened = { kind: 'softened', since: NOW + 2000 };
  expect(to.marks.gate({ tagIds: ids('a'), asOf, sentAt: fetchedAt })).toEqual(softened);
  expect(to.marks.gateEntry({ tagIds: ids('a'), asOf, receivedAt: fetchedAt, checkedAt: asOf })).toEqual(softened);
});

it('rule 8: of several soft purges, what is older than the last but one is stale since the first, or since its fetch', () => {
  const to = authority();
  purge(to, ['a'], { mode: 'soft', at: NOW });
  const [asOf, fetchedAt] = [to.marks.epoch, NOW + 1000];
  for (const after of [2000, 3000]) purge(to, ['a'], { mode: 'soft', at: NOW + after });
  expect(to.marks.gate({ tagIds: ids('a'), asOf, sentAt: fetchedAt })).toEqual({ kind: 'softened', since: fetchedAt });
  expect(to.marks.gate({ tagIds: ids('a'), asOf: 0, sentAt: NOW - 1 })).toEqual({ kind: 'softened', since: NOW });
});

describe('checkedAt (rule 3: a hit is checked again only when something was published)', () => {
  it('rises with a clean check', () => {
    const to = authority();
    const checked = entryOf(to, 'a');
    purge(to, ['x']);
    expect(to.marks.gateEntry(checked).kind).toBe('ok');
    expect(checked.checkedAt).toBe(to.marks.epoch);
  });

  it.each(['hard', 'soft'] as const)('stays where it was when the check is not clean: the next one finds the same (%s)', (mode) => {
    const to = authority();
    const checked = entryOf(to, 'a');
    purge(to, ['a'], { mode });
    const first = to.marks.gateEntry(checked);
    expect(first.kind).not.toBe('ok');
    expect(to.marks.gateEntry(checked)).toEqual(first);
    purge(to, ['x']);
    expect(to.marks.gateEntry(checked)).toEqual(first);
  });
});

describe('settle (§3.6)', () => {
  it('a fill sent before the end of the hold is held, one sent after is not', () => {
    const to = authority();
    purge(to, ['a'], { heldUntil: NOW + 2000 });
    expect([held(to, 'a', NOW + 1999), held(to, 'a', NOW + 2000), held(to, 'x', NOW)]).toEqual(['held', 'ok', 'ok']);
  });

  it('what was sent before the purge is purged, not held', () => {
    const to = authority();
    const asOf = to.marks.epoch;
    purge(to, ['a'], { heldUntil: NOW + 2000 });
    expect(to.marks.gate({ tagIds: ids('a'), asOf, sentAt: NOW - 1 }).kind).toBe('purged');
  });

  it('a purge-all holds everything', () => {
    const to = authority();
    purge(to, [], { all: true, heldUntil: NOW + 2000 });
    expect([held(to, 'any', NOW), held(to, 'any', NOW + 2000)]).toEqual(['held', 'ok']);
  });

  it('a shorter hold does not end a longer one', () => {
    const to = authority();
    purge(to, ['a'], { heldUntil: NOW + 2000 });
    purge(to, ['a'], { heldUntil: NOW + 10 });
    expect(held(to, 'a', NOW + 1000)).toBe('held');
  });

  it('without room nothing is published; the same tags still fit; room comes back after the hold and headers_timeout', () => {
    const to = authority();
    const many = Array.from({ length: MAX_HOLDS }, (_, i) => `t${i}`);
    expect(purge(to, many, { heldUntil: NOW + 1000 }).kind).toBe('confirmed');
    const asOf = to.marks.epoch;
    expect(purge(to, ['one-more'], { heldUntil: NOW + 1000 })).toEqual({ kind: 'out-of-holds' });
    expect(to.marks.epoch).toBe(asOf);
    expect(to.marks.gate({ tagIds: ids('one-more'), asOf, sentAt: NOW }).kind).toBe('ok');
    expect(purge(to, ['t5', 't6'], { heldUntil: NOW + 1000 }).kind).toBe('confirmed');
    expect(purge(to, ['one-more']).kind).toBe('confirmed');
    const over = NOW + 1000 + HOLD_KEEP_MS;
    expect(purge(to, ['one-more'], { at: over, heldUntil: over + 1000 }).kind).toBe('out-of-holds');
    expect(purge(to, ['one-more'], { at: over + 1, heldUntil: over + 1000 }).kind).toBe('confirmed');
  });
});

describe('versions (§3.6)', () => {
  it('a response that states a lower version than a purge demanded is not accepted', () => {
    const to = authority();
    purge(to, ['p'], { versions: versions(['p', 18]) });
    purge(to, ['p'], { versions: versions(['p', 7]) });
    expect([accepted(to, 'p', 17), accepted(to, 'p', 18), accepted(to, 'other', 0)]).toEqual([false, true, true]);
    expect(to.marks.versionsAccepted([])).toBe(true);
  });

  it('past the limit the purge is refused, nothing is forgotten', () => {
    const to = authority();
    const many = Array.from({ length: MAX_HOLDS }, (_, i): [string, number] => [`t${i}`, 2]);
    expect(purge(to, ['t0'], { versions: versions(...many) }).kind).toBe('confirmed');
    expect(purge(to, ['new'], { at: NOW * 2, versions: versions(['new', 2]) }).kind).toBe('out-of-holds');
    expect(accepted(to, 't0', 1)).toBe(false);
  });
});

describe('when epochs run out', () => {
  it('everything of the older generation is purged, epochs go on rising, the store is to be emptied', () => {
    const { to, emptied } = spent();
    const old = { tagIds: ids('untouched'), asOf: to.marks.epoch, receivedAt: NOW, checkedAt: to.marks.epoch };
    expect(emptied()).toBe(0);
    const confirmation = purge(to, ['a']);
    expect(emptied()).toBe(1);
    expect(to.marks.epoch).toBeGreaterThan(old.asOf);
    expect(confirmation).toEqual({ kind: 'confirmed', epoch: to.marks.epoch });
    expect(to.marks.gateEntry(old).kind).toBe('purged');
    expect(to.marks.gate({ ...old, sentAt: NOW }).kind).toBe('purged');
  });

  it('whoever asks while a generation is being made finds everything purged', () => {
    const to = authority();
    purge(to, ['x']);
    Atomics.add(to.memory.header, WORD.generation, 1);
    const asOf = to.marks.epoch;
    expect(to.marks.gate({ tagIds: ids('a'), asOf, sentAt: NOW }).kind).toBe('purged');
    expect(to.marks.gateEntry({ tagIds: ids('a'), asOf, receivedAt: NOW, checkedAt: -1 }).kind).toBe('purged');
  });

  it('the new generation works like the first and remembers none of its marks', () => {
    const { to } = spent();
    purge(to, ['a']);
    const asOf = to.marks.epoch;
    purge(to, ['other'], { mode: 'soft' });
    expect(to.marks.gate({ tagIds: ids('x', 'y'), asOf, sentAt: NOW }).kind).toBe('ok');
    expect(Number.isSafeInteger(asOf)).toBe(true);
    expect(to.marks.gate({ tagIds: ids('a'), asOf, sentAt: NOW }).kind).toBe('ok');
    purge(to, ['a'], { mode: 'soft', at: NOW + 70 });
    expect(to.marks.gate({ tagIds: ids('a'), asOf, sentAt: NOW })).toEqual({ kind: 'softened', since: NOW + 70 });
    purge(to, ['a']);
    expect(to.marks.gate({ tagIds: ids('a'), asOf, sentAt: NOW }).kind).toBe('purged');
  });

  it('so it is when the instants of soft marks no longer fit', () => {
    const to = authority();
    purge(to, ['a']);
    const asOf = to.marks.epoch;
    const muchLater = NOW + 300 * 86_400_000;
    purge(to, ['b'], { mode: 'soft', at: muchLater });
    expect(to.marks.gate({ tagIds: ids('unrelated'), asOf, sentAt: NOW }).kind).toBe('purged');
    expect(to.marks.gate({ tagIds: ids('b'), asOf: to.marks.epoch, sentAt: muchLater }).kind).toBe('ok');
  });
});

describe('F1 in the marks', () => {
  const tags = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), { maxLength: 4 });
  const step = fc.record({ tags, all: fc.boolean(), mode: fc.constantFrom('hard' as const, 'soft' as const) });
  const rare = fc.record({ tags, all: fc.integer({ min: 0, max: 9 }).map((n) => n === 0), mode: fc.constantFrom('hard' as const, 'soft' as const) });

  it('property: after a hard purge nothing with an older asOf passes, in the smallest table too, over every restart', () => {
    fc.assert(
      fc.property(
        fc.array(rare, { maxLength: 30 }),
        fc.array(step, { maxLength: 3 }),
        tags,
        fc.constantFrom(2, 5, 1000),
        (some, more, own, lastEpoch) => {
          const to = authority({ memoryBytes: 1, lastEpoch });
          const entries: { tagIds: Int32Array; asOf: number; receivedAt: number; checkedAt: number; dead: boolean }[] = [];
          for (const one of [...some, ...more]) {
            entries.push({ tagIds: ids(...own), asOf: to.marks.epoch, receivedAt: NOW, checkedAt: to.marks.epoch, dead: false });
            purge(to, one.tags, { all: one.all, mode: one.mode });
            const hits = one.mode === 'hard' && (one.all || one.tags.some((tag) => own.includes(tag)));
            for (const entry of entries) {
              entry.dead ||= hits;
              if (entry.dead) expect(to.marks.gateEntry(entry).kind).toBe('purged');
            }
          }
        },
      ),
    );
  });

  it('property: with room, what no purge named stays usable', () => {
    fc.assert(
      fc.property(fc.array(tags, { maxLength: 20 }), tags, (purges, own) => {
        const to = authority();
        const asOf = to.marks.epoch;
        for (const one of purges) purge(to, one);
        const named = purges.some((one) => one.some((tag) => own.includes(tag)));
        expect(to.marks.gate({ tagIds: ids(...own), asOf, sentAt: NOW }).kind).toBe(named ? 'purged' : 'ok');
      }),
    );
  });

  it('property: purges commute and repeat harmlessly', () => {
    fc.assert(
      fc.property(
        fc.array(rare, { maxLength: 8 }).chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([order, shuffled]) => {
          expect(verdicts(shuffled)).toEqual(verdicts(order));
          expect(verdicts([...order, ...shuffled])).toEqual(verdicts(order));
        },
      ),
    );
  });
});

describe('who attaches to the memory', () => {
  it('sees what is published when it is: marks, holds and versions', () => {
    const to = authority();
    const attached = attachMarks(structuredClone(to.memory));
    const entry = entryOf(to, 'a');
    const asked = () => [
      attached.epoch,
      attached.gateEntry(entry).kind,
      attached.gate({ tagIds: ids('b'), asOf: attached.epoch, sentAt: NOW + 1 }).kind,
      attached.versionsAccepted([{ tagIds: ids('c'), version: 1 }]),
    ];
    expect(asked()).toEqual([0, 'ok', 'ok', true]);
    purge(to, ['b'], { heldUntil: NOW + 100, versions: versions(['c', 2]) });
    expect(asked()).toEqual([1, 'ok', 'held', false]);
    purge(to, ['a']);
    expect(asked()).toEqual([2, 'purged', 'held', false]);
  });
});

const endings = (to: ProcessAuthority, mode: 'hard' | 'soft', asOf = 0) => to.marks.endings({ tagIds: ids('a', 'b'), asOf }, mode);

describe('which purges an entry has met', () => {
  it('those of its tags after its fetch, of each the last, hard and soft apart', () => {
    const to = authority();
    purge(to, ['a']);
    purge(to, ['b']);
    purge(to, ['a']);
    purge(to, ['x']);
    purge(to, ['b'], { mode: 'soft' });
    expect(endings(to, 'hard').toSorted((a, b) => a - b)).toEqual([2, 3]);
    expect(endings(to, 'hard', 2)).toEqual([3]);
    expect(endings(to, 'soft')).toEqual([5]);
    expect(endings(to, 'soft', 5)).toEqual([]);
  });

  it('one that names two of its tags once', () => {
    const to = authority();
    purge(to, ['a', 'b']);
    expect(endings(to, 'hard')).toEqual([1]);
  });

  it('and a purge of everything', () => {
    const to = authority();
    purge(to, ['a']);
    purge(to, [], { all: true });
    purge(to, [], { all: true, mode: 'soft' });
    expect([endings(to, 'hard'), endings(to, 'soft')]).toEqual([[1, 2], [3]]);
    expect(endings(to, 'hard', 2)).toEqual([]);
  });

  it('none where it is from an older generation; in that one its epochs', () => {
    const { to } = spent();
    const old = to.marks.epoch;
    purge(to, ['a']);
    expect(to.marks.epoch).toBeGreaterThan(2 ** 31);
    expect(endings(to, 'hard', old)).toEqual([]);
    expect(endings(to, 'hard', to.marks.epoch - 1)).toEqual([to.marks.epoch]);
  });

  it('an earlier purge is counted in part when one of its tags is marked again, not one that names a tag twice, nor one that was swept', () => {
    const to = authority();
    const inPart = () => Array.from({ length: 9 }, (_, i) => i + 1).filter((epoch) => to.marks.fateOf(epoch) === FATE.partly);
    purge(to, ['a', 'a', 'b']);
    purge(to, ['x']);
    expect(inPart()).toEqual([]);
    purge(to, ['b', 'x']);
    expect(inPart()).toEqual([1, 2]);
    to.marks.addFate(3, FATE.swept);
    purge(to, ['x']);
    expect([inPart(), to.marks.fateOf(3)]).toEqual([[1, 2], FATE.swept]);
    for (const mode of ['soft', 'soft'] as const) purge(to, ['a'], { mode });
    expect(inPart()).toEqual([1, 2, 5]);
    for (const mode of ['hard', 'hard', 'soft', 'soft'] as const) purge(to, [], { all: true, mode });
    expect(inPart()).toEqual([1, 2, 5, 7, 9]);
  });
});

describe('when a purge was, and what became of it', () => {
  it('is known of so many of the last ones, in other threads too', () => {
    const to = authority();
    const known = TRACED - 1;
    for (let epoch = 1; epoch <= known; epoch++) to.publish({ selectors: { tagIds: new Int32Array(), all: false }, mode: 'hard', at: NOW + epoch });
    const reader = attachMarks(to.memory);
    reader.addFate(1, FATE.met);
    expect([to.marks.fateOf(1), reader.purgedAt(1), to.marks.fateOf(2)]).toEqual([FATE.met, NOW + 1, 0]);
    purge(to, ['a']);
    reader.addFate(1, FATE.met);
    expect([reader.fateOf(1), reader.purgedAt(1), reader.fateOf(known + 2)]).toEqual([undefined, undefined, undefined]);
    purge(to, ['a']);
    purge(to, ['a']);
    expect([reader.fateOf(TRACED + 1), reader.purgedAt(3)]).toEqual([FATE.partly, undefined]);
  });

  it('is forgotten when epochs start again', () => {
    const { to } = spent();
    for (let n = 1; n <= 3; n++) to.marks.addFate(n, FATE.met);
    const before = to.marks.epoch;
    purge(to, ['a']);
    expect([to.marks.fateOf(before), to.marks.fateOf(to.marks.epoch), to.marks.purgedAt(before)]).toEqual([undefined, 0, undefined]);
  });
});
