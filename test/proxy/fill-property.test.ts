// src/proxy/fill.ts in any order of events: every reader gets every byte once and in order, and the budget comes back.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { FillBudget } from '../../src/proxy/fill.ts';
import { Reader, Source } from './filling.ts';

const KIB = 1024;

type Step =
  | { readonly kind: 'send' | 'gathered' }
  | { readonly kind: 'join'; readonly isGone: boolean; readonly takes: readonly boolean[] }
  | { readonly kind: 'drain' | 'leave'; readonly which: number }
  | { readonly kind: 'finish'; readonly end: 'complete' | 'failed' }
  | { readonly kind: 'discard' };

const step = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Step>({ kind: 'send' }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('join'),
      isGone: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
      takes: fc.array(fc.boolean(), { maxLength: 8 }),
    }) as fc.Arbitrary<Step>,
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('drain', 'leave'), which: fc.nat(5) }) as fc.Arbitrary<Step> },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('finish'), end: fc.constantFrom('complete', 'failed') }) as fc.Arbitrary<Step> },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: 'gathered' }, { kind: 'discard' }) },
);

/** Sizes around the relay's window, so that few chunks fill it. */
const chunk = fc
  .record({ length: fc.constantFrom(1, 100, 90 * KIB, 130 * KIB, 300 * KIB), value: fc.nat(255) })
  .map(({ length, value }) => Buffer.alloc(length, value));
const setting = fc.record({
  keep: fc.boolean(),
  maxKeptBytes: fc.constantFrom(50, 200 * KIB, 10_000 * KIB),
  budgetBytes: fc.constantFrom(50, 200 * KIB, 10_000 * KIB),
});

/** Left before it could join. */
function departed(): Reader {
  const reader = new Reader();
  reader.leave();
  return reader;
}

class Run {
  readonly source: Source;
  end: 'open' | 'complete' | 'failed' | 'discarded' = 'open';

  constructor(source: Source) {
    this.source = source;
  }

  take(one: Step): void {
    const { source } = this;
    const reader = 'which' in one ? source.readers[one.which] : undefined;
    switch (one.kind) {
      case 'send':
        if (this.end === 'open' || this.end === 'discarded') source.send();
        break;
      case 'gathered':
        source.fill.gathered();
        break;
      case 'join':
        this.#join(one.isGone ? departed() : new Reader(one.takes));
        break;
      case 'drain':
        reader?.drain();
        break;
      case 'leave':
        reader?.leave();
        break;
      case 'finish':
        this.#finish(one.end);
        break;
      case 'discard':
        this.#discard();
    }
    this.#check();
  }

  /** Whatever is left: everybody decides and reads on, and the origin ends. */
  settle(): void {
    this.take({ kind: 'gathered' });
    for (let rounds = 0; this.end === 'open' && rounds < 200; rounds++) {
      for (const reader of this.source.readers) reader.drain();
      // As a flight does with a relay that nobody reads.
      if (this.source.fill.readers === 0 && !this.source.fill.kept) this.take({ kind: 'discard' });
      else if (!this.source.send() && this.source.isSpent) this.take({ kind: 'finish', end: 'complete' });
    }
    expect(this.end).not.toBe('open');
    for (let i = 0; i < 200; i++) for (const reader of this.source.readers) reader.drain();
    this.source.fill.finish('complete');
  }

  #join(reader: Reader): void {
    if (this.source.fill.isWhole) this.source.read(reader);
    else expect(() => this.source.fill.read(reader, () => undefined)).toThrow('a relay that has dropped bytes was joined');
  }

  #finish(end: 'complete' | 'failed'): void {
    if (this.end !== 'open' || (end === 'complete' && !this.source.isSpent)) return;
    this.end = end;
    this.source.fill.finish(end);
  }

  /** Nobody reads any more: it is called for no other reason. */
  #discard(): void {
    if (this.end !== 'open') return;
    this.end = 'discarded';
    for (const reader of this.source.readers) reader.leave();
    this.source.fill.discard();
  }

  #check(): void {
    const { budget, sent, readers, fill } = this.source;
    const whole = Buffer.concat(sent);
    expect(budget.heldBytes).toBeGreaterThanOrEqual(0);
    expect(budget.heldBytes).toBeLessThanOrEqual(whole.length);
    for (const { received } of readers) expect(received.equals(whole.subarray(0, received.length))).toBe(true);
    if (fill.kept) expect(fill.body().equals(whole)).toBe(true);
  }
}

it('property: whatever the order of sending, joining, reading, leaving and ending: every byte once, in order, and the budget back', () => {
  fc.assert(
    fc.property(
      fc.array(chunk, { maxLength: 12 }),
      setting,
      fc.array(step, { maxLength: 40 }),
      (chunks, { keep, maxKeptBytes, budgetBytes }, steps) => {
        const run = new Run(new Source(chunks, { keep, maxKeptBytes, budget: new FillBudget(budgetBytes) }));
        for (const one of steps) run.take(one);
        run.settle();
        const { source, end } = run;
        expect([source.budget.heldBytes, source.fill.readers]).toEqual([0, 0]);
        for (const { results, received, ends, cuts, gone } of source.readers) {
          expect(results).toEqual([
            { end: expect.stringMatching(ends === 1 ? 'complete' : end === 'failed' ? /^(cut|gone)$/ : 'gone'), bytes: received.length },
          ]);
          if (ends === 1) expect([end, cuts, received.equals(Buffer.concat(source.sent))]).toEqual(['complete', 0, true]);
          else expect(gone).toBe(true);
        }
      },
    ),
    { numRuns: 300 },
  );
});
