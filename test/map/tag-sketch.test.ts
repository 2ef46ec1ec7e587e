// The sketch of what was stored lately: it forgets nothing of the last 100,000, and is seldom wrong about what never was.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { allocateSketch, SKETCH_CAPACITY, TagSketch } from '../../src/map/tag-sketch.ts';
import { TagHash } from '../../src/purge/tag-hash.ts';

const hash = new TagHash(randomBytes(32));
const idsOf = (tag: string): Int32Array => hash.tagIds([tag]);
/** As good as a hash, and quicker. */
const random = (): Int32Array => new Int32Array(randomBytes(8).buffer.slice(0, 8));

describe('the sketch', () => {
  it('knows what was stored and nothing else', () => {
    const sketch = new TagSketch();
    sketch.add(hash.tagIds(['a', 'b']));
    expect(['a', 'b', 'c'].map((tag) => sketch.has(idsOf(tag)))).toEqual([true, true, false]);
    expect(sketch.has(hash.tagIds(['c', 'b']))).toBe(true);
    expect(sketch.has(new Int32Array())).toBe(false);
  });

  it('is one for all that share its memory', () => {
    const memory = allocateSketch();
    new TagSketch(memory).add(idsOf('a'));
    expect(new TagSketch(memory).has(idsOf('a'))).toBe(true);
  });

  it('knows the last 100,000, forgets what came long before, and is wrong of 1 in 100 at most', () => {
    const sketch = new TagSketch();
    const first = Array.from({ length: 1_000 }, random);
    const stored = [...first, ...Array.from({ length: 2.1 * SKETCH_CAPACITY }, random)];
    for (const ids of stored) sketch.add(ids);
    expect(first.filter((ids) => sketch.has(ids)).length).toBeLessThan(20);
    expect(stored.slice(-SKETCH_CAPACITY).every((ids) => sketch.has(ids))).toBe(true);
    const wrong = Array.from({ length: 10_000 }, random).filter((ids) => sketch.has(ids)).length;
    expect(wrong).toBeLessThan(15);
  });

  it('counts what it knows already once', () => {
    const sketch = new TagSketch();
    sketch.add(idsOf('a'));
    for (let i = 0; i < 3 * SKETCH_CAPACITY; i++) sketch.add(idsOf('b'));
    expect(sketch.has(idsOf('a'))).toBe(true);
  });
});
