// A store against the simplest thing that could be right: a plain array, newest first.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Store, StoreEntry } from '../../src/store/store.ts';
import { everything, variant } from './entry.ts';

type Step =
  | {
      readonly kind: 'put';
      readonly key: string;
      readonly value: string;
      readonly asOf: number;
      readonly bodyBytes: number;
      readonly maxVariants: number;
    }
  | { readonly kind: 'remove'; readonly key: string; readonly nth: number }
  | { readonly kind: 'lookup'; readonly key: string }
  | { readonly kind: 'clear' };

const key = fc.constantFrom('a', 'b', 'c');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('put'),
      key,
      value: fc.constantFrom('x', 'y', 'z'),
      asOf: fc.nat(3),
      bodyBytes: fc.nat(500),
      maxVariants: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove'), key, nth: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lookup'), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear') }) },
);

export function agreement(given: { make: (maxBytes: number) => Store; roomyBytes: number }): void {
  const { make, roomyBytes } = given;
  it('agrees with a plain array, where there is room', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const store = make(roomyBytes);
        let plain: StoreEntry[] = [];
        for (const [order, each] of steps.entries()) {
          plain = apply({ store, plain, step: each, order });
          expect(sorted(everything(store, 2))).toEqual(sorted(plain));
          for (const name of ['a', 'b', 'c'])
            expect(store.peek(name)).toEqual(plain.filter((kept) => kept.key === name).map((kept) => kept.response));
          expect(store.stats.entries).toBe(plain.length);
          expect(store.stats.bytes > 0).toBe(plain.length > 0);
        }
      }),
    );
  });

  it('never holds more than its setting, and what it holds is what was put', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 20_000 }), (steps, maxBytes) => {
        const store = make(maxBytes);
        for (const [order, each] of steps.entries()) {
          apply({ store, plain: [], step: each, order });
          expect(store.stats.bytes).toBeLessThanOrEqual(maxBytes);
          const entries = everything(store, 3);
          expect(entries).toHaveLength(store.stats.entries);
          for (const kept of entries) expect(store.holds(kept.key, kept.response)).toBe(true);
        }
      }),
    );
  });
}

/** Does `step` to both; returns the array, newest first. */
function apply(given: { store: Store; plain: StoreEntry[]; step: Step; order: number }): StoreEntry[] {
  const { store, plain, step: todo } = given;
  if (todo.kind === 'put') return applyPut(given, todo);
  if (todo.kind === 'clear') {
    store.clear();
    return [];
  }
  if (todo.kind === 'lookup') {
    store.lookup(todo.key);
    return plain;
  }
  const response = store.peek(todo.key)[todo.nth];
  if (response !== undefined) store.remove(todo.key, response, 'purged');
  return plain.filter((kept) => kept.response !== response);
}

function applyPut(given: { store: Store; plain: StoreEntry[]; order: number }, todo: Extract<Step, { kind: 'put' }>): StoreEntry[] {
  const { store, plain, order } = given;
  const response = variant(todo.value, { asOf: todo.asOf, order, body: Buffer.alloc(todo.bodyBytes) });
  const twin = plain.find((kept) => kept.key === todo.key && kept.response.axisValues[0] === todo.value);
  const result = store.put(todo.key, response, todo);
  if (twin !== undefined && twin.response.asOf > todo.asOf) {
    expect(result).toEqual({ kind: 'refused', reason: 'newer-stored' });
    return plain;
  }
  const next = [{ key: todo.key, response }, ...plain.filter((kept) => kept !== twin)];
  const capped = next.filter((kept) => kept.key === todo.key).slice(todo.maxVariants);
  return next.filter((kept) => !capped.includes(kept));
}

function sorted(entries: readonly StoreEntry[]): StoreEntry[] {
  return entries.toSorted((a, b) => a.response.order - b.response.order);
}
