// What every store must do (src/store/store.ts), as one suite; model.ts is its other half.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredResponse } from '../../src/rules/stored-response.ts';
import type { RemovalReason, Store } from '../../src/store/store.ts';
import { entry, everything, variant } from './entry.ts';
import { agreement } from './model.ts';

type MakeStore = (maxBytes: number) => Store;

const ROOMY = 64 * 1_048_576;
const MANY = { maxVariants: 64 };

export function storeContract(name: string, make: MakeStore): void {
  describe(`${name} keeps what a store must`, () => {
    looking(make);
    variants(make);
    ordering(make);
    room(make);
    removing(make);
    slicing(make);
    agreement({ make, roomyBytes: ROOMY });
  });
}

function looking(make: MakeStore): void {
  describe('lookup', () => {
    it('gives nothing for a key that was never stored', () => {
      const store = make(ROOMY);
      expect(store.lookup('a')).toEqual([]);
      expect(store.peek('a')).toEqual([]);
      expect(store.axes('a')).toEqual([]);
    });

    it('gives the very entry that was stored, with its bytes', () => {
      const store = make(ROOMY);
      const stored = entry({ body: Buffer.from('exact') });
      expect(store.put('a', stored, MANY)).toEqual({ kind: 'stored' });
      expect(store.lookup('a')[0]).toBe(stored);
      expect(store.peek('a')[0]?.body.toString()).toBe('exact');
      expect(store.holds('a', stored)).toBe(true);
      expect(store.holds('b', stored)).toBe(false);
      expect(store.holds('a', { ...stored })).toBe(false);
    });

    it.each(['__proto__', 'constructor', '', '\u0000', 'a'.repeat(10_000)])('takes any text as a key: %j', (key) => {
      const store = make(ROOMY);
      store.put(key, entry(), MANY);
      expect(store.lookup(key)).toHaveLength(1);
      expect(store.lookup(`${key}x`)).toHaveLength(0);
    });
  });
}

function variants(make: MakeStore): void {
  describe('variants', () => {
    it('are newest first, and one of the same axis values takes the place of the old', () => {
      const store = make(ROOMY);
      const [de, en, de2] = [variant('de', { order: 1 }), variant('en', { order: 2 }), variant('de', { order: 3 })];
      for (const response of [de, en, de2]) store.put('a', response, MANY);
      expect(store.lookup('a')).toEqual([de2, en]);
      expect(store.holds('a', de)).toBe(false);
      expect(store.stats.removals.replaced).toBe(1);
    });

    it.each([
      { name: 'none', axes: [[]], expected: [] },
      { name: 'sorted', axes: [['b', 'a']], expected: ['a', 'b'] },
      { name: 'the union', axes: [['a'], ['b', 'c'], ['a', 'c']], expected: ['a', 'b', 'c'] },
      { name: 'the union with an entry that does not vary', axes: [[], ['a']], expected: ['a'] },
    ])('have axes: $name', ({ axes, expected }) => {
      const store = make(ROOMY);
      for (const names of axes) store.put('a', entry({ axes: names, axisValues: names.map(() => '1') }), MANY);
      expect(store.axes('a')).toEqual(expected);
    });

    it('take their axes with them', () => {
      const store = make(ROOMY);
      const [a, b] = [entry({ axes: ['a'], axisValues: ['1'] }), entry({ axes: ['b'], axisValues: ['1'] })];
      store.put('k', a, MANY);
      store.put('k', b, MANY);
      store.remove('k', a, 'purged');
      expect(store.axes('k')).toEqual(['b']);
    });

    it.each([
      { name: 'stored', used: [], expected: ['3', '2'] },
      { name: 'used', used: ['1'], expected: ['3', '1'] },
      { name: 'used of several', used: ['1', '2', '1', '2'], expected: ['3', '2'] },
    ])('are capped: the one least recently $name leaves', ({ used, expected }) => {
      const store = make(ROOMY);
      const three = ['1', '2', '3'].map((value) => variant(value));
      for (const response of three.slice(0, 2)) store.put('a', response, { maxVariants: 2 });
      for (const value of used) for (const response of three) if (response.axisValues[0] === value) store.used('a', response);
      store.put('a', three[2] ?? entry(), { maxVariants: 2 });
      expect(store.lookup('a').map((response) => response.axisValues[0])).toEqual(expected);
      expect(store.stats.entries).toBe(2);
    });

    it('one that lacks an axis of a newer one does not outlive it: it is not used any more', () => {
      const store = make(ROOMY);
      const [few, more] = [entry({ axes: ['a'], axisValues: ['1'] }), entry({ axes: ['a', 'b'], axisValues: ['1', '1'] })];
      store.put('k', few, MANY);
      store.put('k', more, MANY);
      store.put('k', entry({ axes: ['a', 'b'], axisValues: ['1', '2'] }), { maxVariants: 2 });
      expect(store.holds('k', few)).toBe(false);
      expect(store.holds('k', more)).toBe(true);
    });
  });
}

function ordering(make: MakeStore): void {
  describe('PURGE-PROTOCOL §3.2 rule 2: a late old fill never overwrites a newer one', () => {
    it.each([
      { name: 'a later epoch', old: [1, 9], next: [2, 1], stored: true },
      { name: 'an earlier epoch', old: [2, 1], next: [1, 9], stored: false },
      { name: 'a later fetch', old: [1, 1], next: [1, 2], stored: true },
      { name: 'an earlier fetch', old: [1, 2], next: [1, 1], stored: false },
      { name: 'the same fetch', old: [1, 1], next: [1, 1], stored: true },
    ] as const)('$name', ({ old, next, stored }) => {
      const store = make(ROOMY);
      const [first, second] = [entry({ asOf: old[0], order: old[1] }), entry({ asOf: next[0], order: next[1] })];
      store.put('a', first, MANY);
      expect(store.put('a', second, MANY)).toEqual(stored ? { kind: 'stored' } : { kind: 'refused', reason: 'newer-stored' });
      expect(store.lookup('a')).toEqual([stored ? second : first]);
      expect(store.holds('a', first)).toBe(!stored);
    });

    it('concerns one variant, not its siblings', () => {
      const store = make(ROOMY);
      store.put('a', variant('de', { asOf: 9 }), MANY);
      expect(store.put('a', variant('en', { asOf: 1 }), MANY).kind).toBe('stored');
    });
  });
}

function room(make: MakeStore): void {
  describe('room', () => {
    it('is never exceeded, and the least recently used key leaves first', () => {
      const store = make(1_048_576);
      for (let i = 0; i < 8; i++) store.put(`k${i}`, entry({ body: Buffer.alloc(100_000) }), MANY);
      store.lookup('k0');
      store.peek('k1');
      for (let i = 8; i < 12; i++) store.put(`k${i}`, entry({ body: Buffer.alloc(100_000) }), MANY);
      expect(store.stats.bytes).toBeLessThanOrEqual(1_048_576);
      expect(store.peek('k0')).toHaveLength(1);
      expect(store.peek('k1')).toHaveLength(0);
      expect(store.stats.removals.evicted).toBe(12 - store.stats.entries);
    });

    it.each([1, 4_000])('is never exceeded by very many tiny entries, whose keys have %i characters and more', (length) => {
      const store = make(1_048_576);
      const padding = 'k'.repeat(length);
      let most = 0;
      for (let i = 0; i < 50_000; i++) {
        store.put(padding + i, entry({ body: Buffer.from('x') }), MANY);
        most = Math.max(most, store.stats.bytes);
      }
      expect(most).toBeLessThanOrEqual(1_048_576);
      expect(store.stats.entries).toBeLessThan(1_048_576 / length);
      expect(store.stats.removals.evicted).toBe(50_000 - store.stats.entries);
    });

    it('is never made by what it is made for', () => {
      const store = make(1_048_576);
      store.put('a', entry({ body: Buffer.alloc(500_000) }), MANY);
      store.put('b', entry({ body: Buffer.alloc(500_000) }), MANY);
      store.lookup('b');
      store.put('a', entry({ body: Buffer.alloc(900_000) }), MANY);
      expect(store.peek('a')[0]?.body).toHaveLength(900_000);
      expect(store.peek('b')).toEqual([]);
    });

    it('is made soon, whatever was used', () => {
      const store = make(4 * 1_048_576);
      let most = 0;
      for (let i = 0; i < 20_000; i++) {
        store.put(`k${i}`, entry(), MANY);
        store.lookup(`k${i}`);
        most = Math.max(most, store.stats.bytes);
      }
      expect(most).toBeLessThanOrEqual(4 * 1_048_576);
      expect(store.stats.removals.evicted).toBe(20_000 - store.stats.entries);
      expect(store.peek('k19999')).toHaveLength(1);
    });

    it('refuses what can never fit, and keeps what it had', () => {
      const store = make(100_000);
      const old = entry();
      store.put('a', old, MANY);
      expect(store.put('a', entry({ body: Buffer.alloc(100_000), order: 1 }), MANY)).toEqual({ kind: 'refused', reason: 'too-large' });
      expect(store.lookup('a')).toEqual([old]);
    });

    it('charges what is not the body, too', () => {
      const store = make(ROOMY);
      store.put('k'.repeat(1_000), entry({ fields: ['a', 'v'.repeat(2_000)], tags: ['t'.repeat(500)], body: Buffer.alloc(300) }), MANY);
      expect(store.stats.bytes).toBeGreaterThan(1_000 + 2_000 + 500 + 300 + 600);
    });

    it('is not taken by the variants of one key', () => {
      const store = make(1_048_576);
      store.put('other', entry({ body: Buffer.alloc(100_000) }), MANY);
      for (let i = 0; i < 40; i++) store.put('a', variant(`${i}`, { body: Buffer.alloc(60_000) }), MANY);
      expect(store.peek('other')).toHaveLength(1);
      expect(store.peek('a')[0]?.axisValues).toEqual(['39']);
    });
  });
}

function removing(make: MakeStore): void {
  describe('removal', () => {
    it.each<RemovalReason>(['expired', 'purged', 'evicted'])('counts why: %s', (reason) => {
      const store = make(ROOMY);
      const [a, b] = [variant('a'), variant('b')];
      store.put('k', a, MANY);
      store.put('k', b, MANY);
      store.remove('k', a, reason);
      expect(store.peek('k')).toEqual([b]);
      store.remove('k', b, reason);
      expect(store.peek('k')).toEqual([]);
      expect(store.stats).toMatchObject({ entries: 0, bytes: 0, removals: { [reason]: 2 } });
    });

    it('is of that very entry, not of what came after it', () => {
      const store = make(ROOMY);
      const [old, next] = [entry(), entry({ order: 1 })];
      store.put('k', old, MANY);
      store.put('k', next, MANY);
      store.remove('k', old, 'purged');
      store.remove('nowhere', old, 'purged');
      expect(store.peek('k')).toEqual([next]);
      expect(store.stats.removals.purged).toBe(0);
    });

    it('leaves no gap behind', () => {
      const store = make(ROOMY);
      const [old, next] = [entry(), entry()];
      store.put('a', old, MANY);
      store.put('b', next, MANY);
      store.remove('a', old, 'purged');
      expect(store.slice(0, 1)).toEqual({ entries: [{ key: 'b', response: next }], next: undefined });
    });

    it('of all leaves nothing', () => {
      const store = make(ROOMY);
      for (let i = 0; i < 10; i++) store.put(`k${i}`, entry(), MANY);
      store.clear();
      expect(store.slice(0, 100)).toEqual({ entries: [], next: undefined });
      expect(store.stats).toMatchObject({ entries: 0, bytes: 0, removals: { cleared: 10 } });
      store.put('k0', entry(), MANY);
      expect(everything(store, 1)).toHaveLength(1);
    });
  });
}

function slicing(make: MakeStore): void {
  describe('slices', () => {
    it.each([1, 2, 3, 7, 100])('of %i together give every entry once', (limit) => {
      const store = make(ROOMY);
      for (let i = 0; i < 5; i++) for (let v = 0; v <= i; v++) store.put(`k${i}`, variant(`${v}`), MANY);
      const seen = everything(store, limit).map(({ key, response }) => `${key}:${response.axisValues[0]}`);
      expect(seen).toHaveLength(15);
      expect(new Set(seen).size).toBe(15);
    });

    it.each([-1, 0.5, 1.5, Number.NaN, 1e15, Number.MAX_SAFE_INTEGER])('take any number as a cursor: %s', (cursor) => {
      const store = make(ROOMY);
      store.put('a', entry(), MANY);
      expect(store.slice(cursor, 10).entries.length).toBeLessThanOrEqual(1);
    });

    it('miss nothing that stays, whatever comes and goes between them', () => {
      const change = fc.record({ key: fc.nat(9), value: fc.nat(4), remove: fc.boolean() });
      fc.assert(
        fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 30 }), fc.integer({ min: 1, max: 5 }), (changes, limit) => {
          const store = make(ROOMY);
          const staying = ['s0', 's1', 's2'].flatMap((key) => ['x', 'y'].map((value) => put(store, key, value)));
          for (let key = 0; key < 10; key++) put(store, `k${key}`, '0');
          const seen = new Set<StoredResponse>();
          let cursor: number | undefined = 0;
          for (let step = 0; cursor !== undefined; step++) {
            const slice: ReturnType<Store['slice']> = store.slice(cursor, limit);
            expect(slice.entries.length).toBeLessThanOrEqual(limit);
            for (const { response } of slice.entries) seen.add(response);
            for (const { key, value, remove } of changes[step] ?? []) disturb(store, { key: `k${key}`, value: `${value}`, remove });
            cursor = slice.next;
          }
          for (const response of staying) expect(seen.has(response)).toBe(true);
        }),
      );
    });
  });
}

function disturb(store: Store, change: { key: string; value: string; remove: boolean }): void {
  if (!change.remove) {
    put(store, change.key, change.value);
    return;
  }
  for (const response of store.peek(change.key)) store.remove(change.key, response, 'purged');
}

function put(store: Store, key: string, value: string): StoredResponse {
  const response = variant(value);
  store.put(key, response, MANY);
  return response;
}
