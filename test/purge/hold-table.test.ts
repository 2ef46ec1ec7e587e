// PURGE-PROTOCOL §3.1, §3.4: holds and versions in shared memory remember what a plain map would, and another thread never sees half of it.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Publication } from '../../src/purge/authority.ts';
import { allocateHoldTable, HoldTable, MOVING } from '../../src/purge/hold-table.ts';
import { allocateHolds, Holds, MAX_HOLDS, VERSION_KEPT_MS } from '../../src/purge/holds.ts';

/** What the reading thread is given. */
export interface Race {
  readonly memory: SharedArrayBuffer;
  /** 0: it has not begun, 1: it reads, 2: it is to end. */
  readonly progress: Int32Array;
  readonly key: [bucket: number, fingerprint: number];
  readonly values: readonly [number, number];
}

const KEEP_MS = 1000;

/** Holds and versions as maps in one thread keep them. */
class Model {
  readonly #until = new Map<string, number>();
  readonly #lowest = new Map<string, { readonly lowest: number; readonly at: number }>();

  publish({ at, heldUntil, selectors, versions = [] }: Publication): boolean {
    const held = heldUntil === undefined ? [] : keysOf(selectors.tagIds);
    const versioned = versions.flatMap(({ tagIds }) => keysOf(tagIds));
    const fits = (): boolean => sizeWith(this.#until, held) <= MAX_HOLDS && sizeWith(this.#lowest, versioned) <= MAX_HOLDS;
    if (!fits()) {
      for (const [key, until] of this.#until) if (until + KEEP_MS < at) this.#until.delete(key);
      for (const [key, one] of this.#lowest) if (one.at + VERSION_KEPT_MS < at) this.#lowest.delete(key);
      if (!fits()) return false;
    }
    for (const key of held) this.#until.set(key, Math.max(this.#until.get(key) ?? 0, heldUntil ?? 0));
    for (const { tagIds, lowest } of versions)
      for (const key of keysOf(tagIds)) this.#lowest.set(key, { lowest: Math.max(lowest, this.#lowest.get(key)?.lowest ?? 0), at });
    return true;
  }

  holding(tagIds: Int32Array, sentAt: number): boolean {
    return keysOf(tagIds).some((key) => sentAt < (this.#until.get(key) ?? 0));
  }

  accepts(tagIds: Int32Array, version: number): boolean {
    return keysOf(tagIds).every((key) => version >= (this.#lowest.get(key)?.lowest ?? 0));
  }
}

function keysOf(tagIds: Int32Array): string[] {
  return Array.from({ length: tagIds.length / 2 }, (_, i) => `${tagIds[2 * i]} ${tagIds[2 * i + 1]}`);
}

function sizeWith(map: ReadonlyMap<string, unknown>, keys: readonly string[]): number {
  return new Set([...map.keys(), ...keys]).size;
}

/** Tags that collide in every way; some end at the last slot, so that the search goes round. */
const tag = fc.tuple(fc.constantFrom(-1, 0, 1, 2, 8191, 8192, -8192, 2 ** 31 - 1), fc.constantFrom(-7, -1, 1, 2, 3, 2 ** 31 - 1));
const tags = fc.array(tag, { minLength: 1, maxLength: 4 }).map((pairs) => Int32Array.from(pairs.flat()));
const versionOf = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.maxSafeNat());
const publications = fc.array(
  fc.record({
    passMs: fc.constantFrom(0, 1, KEEP_MS, VERSION_KEPT_MS / 2, VERSION_KEPT_MS + 1),
    tagIds: tags,
    holdMs: fc.option(fc.nat(3000), { nil: undefined }),
    versions: fc.array(fc.record({ tagIds: tags, lowest: versionOf }), { maxLength: 3 }),
    /** So many others at once, to leave no room. */
    crowd: fc.constantFrom(0, 0, 0, 2000, MAX_HOLDS - 1, MAX_HOLDS + 1),
  }),
  { maxLength: 8 },
);

function crowdOf(count: number, nth: number): Int32Array {
  return Int32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? (i * 7919) | 0 : nth + 10));
}

describe('what is remembered', () => {
  it('is what a map remembers, for the writer and for who attached to its memory', () => {
    fc.assert(
      fc.property(publications, fc.array(fc.tuple(tags, fc.nat(20_000_000), versionOf), { minLength: 1, maxLength: 10 }), (steps, questions) => {
        const memory = allocateHolds();
        const [model, writer, reader] = [new Model(), new Holds(KEEP_MS, memory), new Holds(0, structuredClone(memory))];
        let at = 0;
        for (const [nth, { passMs, tagIds, holdMs, versions, crowd }] of steps.entries()) {
          at += passMs;
          const own: Publication = {
            selectors: { tagIds, all: false },
            mode: 'hard',
            at,
            versions,
            ...(holdMs !== undefined && { heldUntil: at + holdMs }),
          };
          const crowded: Publication = { selectors: { tagIds: crowdOf(crowd, nth), all: false }, mode: 'hard', at, heldUntil: at + 10 };
          for (const publication of crowd === 0 ? [own] : [crowded, own]) {
            const fits = writer.hasRoom(publication);
            if (fits) writer.record(publication);
            expect(fits).toBe(model.publish(publication));
          }
          for (const [asked, sentAt, version] of questions) {
            const expected = [model.holding(asked, sentAt), model.accepts(asked, version)];
            for (const holds of [writer, reader])
              expect([holds.holding(asked, sentAt), holds.accepts([{ tagIds: asked, version }])]).toEqual(expected);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('takes the room of one, however often it is set', () => {
    const table = new HoldTable(allocateHoldTable());
    for (const value of [1, 2, 3]) table.set({ bucket: 3, fingerprint: 9, value, notedAt: 0 });
    expect([table.size, table.get(3, 9)]).toEqual([1, 3]);
  });

  it('whoever asks while the table is laid out anew is refused', () => {
    const memory = allocateHolds();
    const holds = new Holds(0, memory);
    const tagIds = Int32Array.of(1, 1);
    for (const table of [memory.until, memory.lowest]) Atomics.add(new Int32Array(table), 0, 1);
    expect([holds.holding(tagIds, 0), holds.accepts([{ tagIds, version: 1 }])]).toEqual([true, false]);
    for (const table of [memory.until, memory.lowest]) Atomics.add(new Int32Array(table), 0, 1);
    expect([holds.holding(tagIds, 0), holds.accepts([{ tagIds, version: 1 }])]).toEqual([false, true]);
  });
});

describe('another thread that reads meanwhile', () => {
  /** Equal in neither half of their bits. */
  const values = [2 ** 53 - 1, 5] as const;
  const key: Race['key'] = [3, 9];
  const set = (table: HoldTable, value: number): void => table.set({ bucket: key[0], fingerprint: key[1], value, notedAt: 0 });

  async function race(write: (table: HoldTable, round: number) => void, rounds: number) {
    const memory = allocateHoldTable();
    const progress = new Int32Array(new SharedArrayBuffer(4));
    const table = new HoldTable(memory);
    set(table, values[0]);
    const reader = new Worker(new URL('./hold-reader.ts', import.meta.url), { workerData: { memory, progress, key, values } satisfies Race });
    const said = once(reader, 'message');
    await Atomics.waitAsync(progress, 0, 0).value;
    for (let round = 0; round < rounds; round++) write(table, round);
    Atomics.store(progress, 0, 2);
    const [seen] = (await said) as [{ reads: number; moving: number; before: number; after: number; torn: number }];
    await reader.terminate();
    return seen;
  }

  it('sees one number or the other, never a mixture', async () => {
    const seen = await race((table, round) => set(table, values[round % 2 === 0 ? 1 : 0]), 2_000_000);
    expect(seen).toMatchObject({ torn: 0, moving: 0 });
    expect(Math.min(seen.before, seen.after)).toBeGreaterThan(0);
  });

  it('never misses what is kept while others are forgotten', async () => {
    const seen = await race((table, round) => {
      for (let other = 0; other < 50; other++) table.set({ bucket: key[0], fingerprint: 100 + other, value: 1, notedAt: round + 1 });
      table.keepOnly(({ notedAt }) => notedAt === 0);
    }, 300);
    expect(seen).toMatchObject({ torn: 0, after: 0 });
    expect(Math.min(seen.before, seen.moving)).toBeGreaterThan(0);
  });

  it('is told so', () => {
    const memory = allocateHoldTable();
    const table = new HoldTable(memory);
    set(table, 7);
    Atomics.add(new Int32Array(memory), 0, 1);
    expect(table.get(...key)).toBe(MOVING);
  });
});
