// PURGE-PROTOCOL §3.1: exact while a bucket has room, past that only ever too new.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocateTable, type Columns, MarkTable } from '../../src/purge/mark-table.ts';

const BUCKET_BYTES = 36;

describe('size', () => {
  const rows: readonly [name: string, bytes: number, columns: Columns, buckets: number][] = [
    ['the default: 9 MiB hold 2^18 buckets', 9 * 1024 ** 2, 2, 2 ** 18],
    ['a power of two', 3 * BUCKET_BYTES, 2, 2],
    ['at least one bucket', 1, 2, 1],
    ['five columns', 84 * 4, 5, 4],
  ];
  it.each(rows)('%s', (_name, bytes, columns, buckets) => {
    expect(new MarkTable(allocateTable(bytes, columns), columns).buckets).toBe(buckets);
  });
});

/** Tags as (bucket, fingerprint); few enough to collide in every way. */
const tag = fc.record({ bucket: fc.integer({ min: -2, max: 2 }), fingerprint: fc.constantFrom(-7, -1, 1, 2, 3, 4, 5, 6, 2 ** 31 - 1) });
type Tag = { bucket: number; fingerprint: number };

/** The newest mark that the table reports, found by asking. */
function reported(table: MarkTable, { bucket, fingerprint }: Tag, upTo: number): number {
  const ids = Int32Array.of(bucket, fingerprint);
  let mark = upTo;
  while (mark > 0 && !table.anyAfter(ids, mark - 1)) mark--;
  return mark;
}

function run(purges: readonly Tag[], buckets: 1 | 2) {
  const table = new MarkTable(allocateTable(buckets * BUCKET_BYTES, 2), 2);
  const model = new Map<string, number>();
  const inBucket = new Map<number, Set<number>>();
  const keyOf = (t: Tag) => `${t.bucket & (buckets - 1)}/${t.fingerprint}`;
  purges.forEach((purged, i) => {
    table.write(purged.bucket, purged.fingerprint, { epoch: i + 1, instant: 0 });
    model.set(keyOf(purged), i + 1);
    const bucket = purged.bucket & (buckets - 1);
    inBucket.set(bucket, (inBucket.get(bucket) ?? new Set()).add(purged.fingerprint));
  });
  const roomIn = (t: Tag) => (inBucket.get(t.bucket & (buckets - 1))?.size ?? 0) <= 4;
  return { table, last: (t: Tag) => model.get(keyOf(t)) ?? 0, roomIn };
}

describe('against a map without limits', () => {
  it.each([1, 2] as const)('property: %i bucket(s): exact with room, never older without', (buckets) => {
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 40 }), fc.array(tag, { minLength: 1, maxLength: 5 }), (purges, asked) => {
        const { table, last, roomIn } = run(purges, buckets);
        for (const one of [...asked, ...purges]) {
          const mark = reported(table, one, purges.length);
          expect(mark).toBeGreaterThanOrEqual(last(one));
          if (roomIn(one)) expect(mark).toBe(last(one));
        }
      }),
      { numRuns: 500 },
    );
  });
});

function softTable() {
  const made = new MarkTable(allocateTable(1, 5), 5);
  for (let i = 1; i <= 4; i++) made.write(0, i, { epoch: i, instant: 100 * i });
  return made;
}

it('of a full bucket the oldest mark is lost, wherever it stands: what was fetched after it is still known to be untouched', () => {
  const table = new MarkTable(allocateTable(1, 2), 2);
  for (let i = 1; i <= 4; i++) table.write(0, i, { epoch: i, instant: 0 });
  table.write(0, 1, { epoch: 5, instant: 0 });
  table.write(0, 6, { epoch: 6, instant: 0 });
  const never = Int32Array.of(0, 9);
  expect([table.anyAfter(never, 1), table.anyAfter(never, 2)]).toEqual([true, false]);
});

describe('instants beside soft marks', () => {
  const rows: readonly [name: string, ids: number[], asOf: number, expected: number | undefined][] = [
    ['the mark of a tag', [0, 3], 2, 300],
    ['no mark after asOf', [0, 3], 3, undefined],
    ['the earliest of several after asOf', [0, 4, 0, 2, 0, 3], 2, 300],
    ['never marked', [0, 9], 0, undefined],
  ];
  it.each(rows)('%s', (_name, ids, asOf, expected) => expect(softTable().earliestAfter(Int32Array.from(ids), asOf)).toBe(expected));

  it('a lost mark counts as the earliest instant: stale longer, never shorter', () => {
    const full = softTable();
    full.write(0, 5, { epoch: 5, instant: 500 });
    expect(full.earliestAfter(Int32Array.of(0, 1), 0)).toBe(0);
    expect(full.earliestAfter(Int32Array.of(0, 1), 1)).toBeUndefined();
    expect(full.earliestAfter(Int32Array.of(0, 5), 1)).toBe(500);
    expect(full.earliestAfter(Int32Array.of(0, 5), 0)).toBe(0);
    expect(full.falseShare).toBe(1);
  });
});

describe('marked again (§3.2 rule 8)', () => {
  it('what was there before the mark before is stale since the first instant, the rest since the last', () => {
    const again = softTable();
    again.write(0, 2, { epoch: 7, instant: 700 });
    again.write(0, 2, { epoch: 9, instant: 900 });
    expect(again.earliestAfter(Int32Array.of(0, 2), 1)).toBe(200);
    expect(again.earliestAfter(Int32Array.of(0, 2), 6)).toBe(200);
    expect(again.earliestAfter(Int32Array.of(0, 2), 7)).toBe(900);
    expect(again.earliestAfter(Int32Array.of(0, 2), 8)).toBe(900);
    expect(again.earliestAfter(Int32Array.of(0, 2), 9)).toBeUndefined();
    expect(again.earliestAfter(Int32Array.of(0, 3), 0)).toBe(300);
  });

  it('an instant that is earlier counts: a clock may step back', () => {
    const again = softTable();
    again.write(0, 2, { epoch: 9, instant: 50 });
    expect(again.earliestAfter(Int32Array.of(0, 2), 8)).toBe(50);
  });
});

it('clear forgets everything', () => {
  const table = new MarkTable(allocateTable(1, 2), 2);
  for (let i = 1; i <= 9; i++) table.write(0, i, { epoch: i, instant: 0 });
  table.clear();
  expect(table.anyAfter(Int32Array.of(0, 1, 0, 9), 0)).toBe(false);
  expect(table.falseShare).toBe(0);
});
