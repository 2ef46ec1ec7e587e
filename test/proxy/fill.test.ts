// src/proxy/fill.ts by itself: what is kept, what a relay drops, and what all fills hold together. SECURITY §9, DESIGN P5.
import { describe, expect, it } from 'vitest';
import { FillBudget } from '../../src/proxy/fill.ts';
import { Reader, type Setting, slow, Source } from './filling.ts';

const KIB = 1024;
const bytes = (length: number, value = 97): Buffer => Buffer.alloc(length, value);
const pieces = (count: number, length: number): Buffer[] => Array.from({ length: count }, (_, i) => bytes(length, i));

describe('what is kept', () => {
  it('is whole for whoever joins, also after its end', () => {
    const source = new Source(pieces(3, 10));
    const early = source.read(new Reader());
    source.send();
    const late = source.read(new Reader());
    source.sendAll();
    source.fill.finish('complete');
    const last = source.read(new Reader());
    for (const reader of [early, late, last]) {
      expect(reader.received).toEqual(Buffer.concat(source.sent));
      expect(reader).toMatchObject({ ends: 1, cuts: 0, results: [{ end: 'complete', bytes: 30 }] });
    }
  });

  it('is all in `complete` at its clean end, until everybody has decided', () => {
    const source = new Source(pieces(2, 10));
    source.sendAll();
    expect(source.fill.complete).toBeUndefined();
    source.fill.finish('complete');
    expect(source.fill.complete).toEqual(Buffer.concat(source.sent));
    source.fill.gathered();
    expect(source.fill).toMatchObject({ complete: undefined, isWhole: false });
    expect(source.budget.heldBytes).toBe(0);
  });

  it.each(['failed', 'discarded', 'dropped'] as const)('is not in `complete` where it %s', (how) => {
    const source = new Source(pieces(2, 300 * KIB), { keep: false });
    source.fill.gathered();
    source.read(new Reader());
    if (how === 'dropped') source.sendAll();
    if (how === 'discarded') source.fill.discard();
    source.fill.finish(how === 'failed' ? 'failed' : 'complete');
    expect(source.fill.complete).toBeUndefined();
  });

  it('an empty body is complete', () => {
    const source = new Source([]);
    source.fill.finish('complete');
    expect(source.fill.complete).toEqual(Buffer.alloc(0));
  });
});

describe('a relay', () => {
  it('cannot be joined once it has dropped bytes', () => {
    const source = new Source(pieces(2, 10), { keep: false });
    source.fill.gathered();
    source.read(new Reader());
    source.sendAll();
    expect(source.fill.isWhole).toBe(false);
    expect(() => source.fill.read(new Reader(), () => undefined)).toThrow('a relay that has dropped bytes was joined');
  });

  it('drops nothing before everybody has decided', () => {
    const source = new Source(pieces(2, 10), { keep: false });
    source.read(new Reader());
    source.sendAll();
    expect(source.fill.isWhole).toBe(true);
    const late = source.read(new Reader());
    source.fill.gathered();
    expect(source.fill.isWhole).toBe(false);
    expect(late.received).toEqual(Buffer.concat(source.sent));
  });

  it('makes the origin wait for the slowest reader, and goes on when it has caught up', () => {
    const source = new Source(pieces(40, 16 * KIB), { keep: false });
    source.fill.gathered();
    source.read(new Reader());
    const slowest = source.read(slow());
    source.sendAll();
    expect([source.paused, source.budget.heldBytes]).toEqual([true, 272 * KIB]);
    slowest.drain();
    expect([source.paused, source.resumes]).toEqual([false, 1]);
  });

  it('a reader that leaves is waited for no longer', () => {
    const source = new Source(pieces(40, 16 * KIB), { keep: false });
    source.fill.gathered();
    const quick = source.read(new Reader());
    const slowest = source.read(slow());
    source.sendAll();
    slowest.leave();
    source.sendAll();
    source.fill.finish('complete');
    expect(quick.received).toEqual(Buffer.concat(source.sent));
    expect([source.sent.length, slowest.results[0]?.end]).toEqual([40, 'gone']);
  });
});

it('what nobody will read any more is counted and dropped as it comes', () => {
  const source = new Source(pieces(40, 16 * KIB));
  source.fill.discard();
  source.sendAll();
  expect([source.paused, source.fill.bytes, source.budget.heldBytes]).toEqual([false, 640 * KIB, 0]);
});

describe('what is not kept any more', () => {
  const rows: readonly [name: string, setting: Setting, released: string | undefined][] = [
    ['within the limits', {}, undefined],
    ['larger than what is stored', { maxKeptBytes: 29 }, 'too-large'],
    ['with the budget spent on the way', { budget: new FillBudget(20) }, 'fills-over-limit'],
    ['with the budget spent before', { budget: spent() }, 'fills-over-limit'],
    ['that was not to be kept', { keep: false, budget: spent() }, undefined],
  ];
  it.each(rows)('%s', (_name, setting, released) => {
    const source = new Source(pieces(3, 10), setting);
    source.sendAll();
    expect(source.fill.released).toBe(released);
    expect(source.fill.kept).toBe(released === undefined && setting.keep !== false);
    expect(source.read(new Reader()).received).toEqual(Buffer.concat(source.sent));
  });
});

it('nothing is kept from the start where the budget is spent', () => {
  expect(new Source([], { budget: spent() }).fill).toMatchObject({ kept: false, released: 'fills-over-limit' });
});

function spent(): FillBudget {
  const budget = new FillBudget(10);
  budget.heldBytes = 11;
  return budget;
}

describe('all fills together', () => {
  const CHUNK_BYTES = 16 * KIB;
  const WINDOW_BYTES = 256 * KIB;

  it('hold their budget and a window for each, however many readers take nothing', () => {
    const budget = new FillBudget(1024 * KIB);
    const sources = Array.from({ length: 20 }, () => new Source(pieces(256, CHUNK_BYTES), { maxKeptBytes: 4096 * KIB, budget }));
    for (const source of sources) {
      source.read(slow());
      source.fill.gathered();
      source.sendAll();
      expect(budget.heldBytes).toBeLessThanOrEqual(budget.maxBytes + sources.length * (WINDOW_BYTES + CHUNK_BYTES));
    }
    expect(sources.filter(({ paused }) => paused)).toHaveLength(20);
    for (const { readers } of sources) readers[0]?.leave();
    for (const { fill } of sources) fill.finish('failed');
    expect(budget.heldBytes).toBe(0);
  });

  it('hold nothing of what has ended and been taken, though it was kept', () => {
    const source = new Source(pieces(4, CHUNK_BYTES));
    const [quick, slowest] = [source.read(new Reader()), source.read(slow())];
    source.fill.gathered();
    source.sendAll();
    source.fill.finish('complete');
    expect([quick.ends, source.budget.heldBytes]).toEqual([1, 3 * CHUNK_BYTES]);
    slowest.drain();
    expect([slowest.ends, source.budget.heldBytes]).toEqual([1, 0]);
  });
});
