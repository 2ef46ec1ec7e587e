// When nothing is sent to an origin, and how it comes back: tables over instants, and a plain model that it agrees with whatever happens.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Admission,
  admit,
  type Breaker,
  type BreakerSettings,
  closedBreaker,
  type Outcome,
  type Permit,
  settle,
} from '../../src/origin/breaker.ts';

const SETTINGS: BreakerSettings = { failureRate: 0.5, windowMs: 10_000, minimumRequests: 4, openMs: 5_000, maxOpenMs: 15_000 };

/** What a test does at an instant. `ask` notes the permit under a name, which `end` gives back. */
type Move =
  | { readonly at: number; readonly ask: string; readonly harmless?: boolean; readonly expect: 'admit' | 'probe' | number }
  | { readonly at: number; readonly end: string; readonly outcome: Outcome };

class Played {
  breaker: Breaker = closedBreaker();
  readonly #permits = new Map<string, Permit>();
  readonly #settings: BreakerSettings;

  constructor(settings: BreakerSettings = SETTINGS) {
    this.#settings = settings;
  }

  ask(now: number, name = '', harmless = true): Admission {
    const asked = admit(this.breaker, { now, harmless });
    this.breaker = asked.breaker;
    if (asked.admission.kind === 'admit') this.#permits.set(name, asked.admission.permit);
    return asked.admission;
  }

  end(now: number, outcome: Outcome, name = ''): void {
    const permit = this.#permits.get(name);
    if (permit === undefined) throw new Error(`${name} was not let through`);
    this.breaker = settle(this.breaker, { permit, outcome, now }, this.#settings);
  }

  /** Asked and ended at one instant. */
  all(now: number, outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      this.ask(now, 'one of all');
      this.end(now, outcome, 'one of all');
    }
  }

  move(move: Move): void {
    if ('end' in move) return this.end(move.at, move.outcome, move.end);
    const admission = this.ask(move.at, move.ask, move.harmless);
    const met = admission.kind === 'refuse' ? admission.retryAfterMs : admission.permit.kind === 'probe' ? 'probe' : 'admit';
    expect(met, `${move.ask} at ${move.at}`).toBe(move.expect);
  }
}

const F = 'failure';
const S = 'success';
const N = 'none';

describe('closed', () => {
  const rows: { name: string; results: readonly [at: number, ...outcomes: Outcome[]][]; opens: boolean }[] = [
    { name: 'half of the least number fail', results: [[0, S, S, F, F]], opens: true },
    { name: 'all fail, one too few', results: [[0, F, F, F]], opens: false },
    { name: 'fewer than half fail', results: [[0, S, S, S, F, F]], opens: false },
    { name: 'half fail, but a success was the last', results: [[0, F, F, S, S]], opens: false },
    { name: 'and the next fails', results: [[0, F, F, S, S, F]], opens: true },
    { name: 'what says nothing does not count', results: [[0, F, F, F, N, N, N]], opens: false },
    {
      name: 'they came over the window',
      results: [
        [0, F],
        [3_000, F],
        [6_000, F],
        [9_999, F],
      ],
      opens: true,
    },
    {
      name: 'the first of them is behind the window',
      results: [
        [0, F],
        [3_000, F],
        [6_000, F],
        [10_000, F],
      ],
      opens: false,
    },
    {
      name: 'old successes do not save it',
      results: [
        [0, S, S, S, S, S],
        [20_000, F, F, F, F],
      ],
      opens: true,
    },
  ];
  it.each(rows)('$name: opens $opens', ({ results, opens }) => {
    const played = new Played();
    for (const [at, ...outcomes] of results) played.all(at, outcomes);
    expect(played.breaker.kind).toBe(opens ? 'open' : 'closed');
  });

  it('says what opened it', () => {
    const played = new Played();
    played.all(0, [S, F, S, F]);
    expect(played.breaker).toEqual({ kind: 'open', until: 5_000, forMs: 5_000, because: { ended: 4, failed: 2 } });
  });
});

/** Let through while it is closed, and not yet ended; then it opens at 0. */
function opened(): Played {
  const played = new Played();
  played.ask(0, 'early');
  played.all(0, [F, F, F, F]);
  return played;
}

describe('open and half-open', () => {
  const rows: { name: string; moves: readonly Move[]; ends: Breaker['kind'] }[] = [
    {
      name: 'refuses until its time is up, and says when that is',
      moves: [
        { at: 0, ask: 'a', expect: 5_000 },
        { at: 4_999, ask: 'b', expect: 1 },
        { at: 5_000, ask: 'c', expect: 'probe' },
      ],
      ends: 'half-open',
    },
    {
      name: 'one probe at a time',
      moves: [
        { at: 5_000, ask: 'a', expect: 'probe' },
        { at: 5_000, ask: 'b', expect: 0 },
        { at: 60_000, ask: 'c', expect: 0 },
      ],
      ends: 'half-open',
    },
    {
      name: 'a probe that succeeds closes it',
      moves: [
        { at: 5_000, ask: 'a', expect: 'probe' },
        { at: 6_000, end: 'a', outcome: S },
        { at: 6_000, ask: 'b', expect: 'admit' },
        { at: 6_000, ask: 'c', expect: 'admit' },
      ],
      ends: 'closed',
    },
    {
      name: 'probes that fail open it for twice as long, up to the most, and then from the start',
      moves: [
        { at: 5_000, ask: 'a', expect: 'probe' },
        { at: 6_000, end: 'a', outcome: F },
        { at: 6_000, ask: 'b', expect: 10_000 },
        { at: 16_000, ask: 'b', expect: 'probe' },
        { at: 16_000, end: 'b', outcome: F },
        { at: 16_000, ask: 'c', expect: 15_000 },
        { at: 31_000, ask: 'c', expect: 'probe' },
        { at: 31_000, end: 'c', outcome: S },
        ...['d', 'e', 'f', 'g'].map((ask): Move => ({ at: 31_000, ask, expect: 'admit' })),
        ...['d', 'e', 'f', 'g'].map((end): Move => ({ at: 31_000, end, outcome: F })),
        { at: 31_000, ask: 'h', expect: 5_000 },
      ],
      ends: 'open',
    },
    {
      name: 'a probe without a verdict gives its place to the next',
      moves: [
        { at: 5_000, ask: 'a', expect: 'probe' },
        { at: 5_500, end: 'a', outcome: N },
        { at: 5_500, ask: 'b', expect: 'probe' },
        { at: 5_600, end: 'a', outcome: F },
        { at: 5_600, ask: 'c', expect: 0 },
      ],
      ends: 'half-open',
    },
    {
      name: 'what is not harmless is a probe only when nothing else came for as long again',
      moves: [
        { at: 5_000, ask: 'a', harmless: false, expect: 5_000 },
        { at: 9_999, ask: 'b', harmless: false, expect: 1 },
        { at: 10_000, ask: 'c', harmless: false, expect: 'probe' },
        { at: 10_000, ask: 'd', expect: 0 },
      ],
      ends: 'half-open',
    },
    {
      name: 'nor after a probe without a verdict',
      moves: [
        { at: 5_000, ask: 'a', expect: 'probe' },
        { at: 5_500, end: 'a', outcome: N },
        { at: 5_500, ask: 'b', harmless: false, expect: 4_500 },
      ],
      ends: 'half-open',
    },
    {
      name: 'what was let through before it opened settles nothing',
      moves: [
        { at: 1_000, end: 'early', outcome: S },
        { at: 1_000, ask: 'a', expect: 4_000 },
      ],
      ends: 'open',
    },
    {
      name: 'nor in place of the probe',
      moves: [
        { at: 5_000, ask: 'a', expect: 'probe' },
        { at: 5_000, end: 'early', outcome: S },
        { at: 5_000, ask: 'b', expect: 0 },
      ],
      ends: 'half-open',
    },
    {
      name: 'nor once it is closed again',
      moves: [
        { at: 5_000, ask: 'a', expect: 'probe' },
        { at: 5_000, end: 'a', outcome: S },
        ...['b', 'c', 'd'].map((ask): Move => ({ at: 5_000, ask, expect: 'admit' })),
        ...['b', 'c', 'd', 'early', 'a'].map((end): Move => ({ at: 5_000, end, outcome: F })),
      ],
      ends: 'closed',
    },
  ];
  it.each(rows)('$name', ({ moves, ends }) => {
    const played = opened();
    for (const move of moves) played.move(move);
    expect(played.breaker.kind).toBe(ends);
  });
});

/** Every request asks at one instant and ends at a later one, in any order. */
const TRAFFIC = fc.array(
  fc.record({
    afterMs: fc.nat(4_000),
    lastsMs: fc.nat(20_000),
    outcome: fc.constantFrom<Outcome>(F, F, S, N),
    harmless: fc.boolean(),
  }),
  { maxLength: 120 },
);

interface Happening {
  readonly at: number;
  readonly name: string;
  readonly ends: Outcome | undefined;
  readonly harmless: boolean;
}

describe('whatever is asked and however it ends', () => {
  it('one probe at a time, nothing is sent before its time, and it is closed again when one succeeds', () => {
    fc.assert(
      fc.property(TRAFFIC, (traffic) => {
        const played = new Played();
        const through = new Map<string, 'admit' | 'probe'>();
        for (const { at, name, ends, harmless } of inOrder(traffic)) {
          const before = played.breaker;
          if (ends === undefined) {
            const admission = played.ask(at, name, harmless);
            const isHeld = before.kind === 'open' && at < before.until;
            const isProbing = before.kind === 'half-open' && before.probe !== undefined;
            if (isHeld || isProbing) expect(admission.kind).toBe('refuse');
            if (before.kind === 'closed') expect(admission).toMatchObject({ kind: 'admit', permit: { kind: 'passage' } });
            if (admission.kind === 'admit') through.set(name, admission.permit.kind === 'probe' ? 'probe' : 'admit');
            else expect(admission.retryAfterMs).toBeGreaterThanOrEqual(0);
          } else if (through.has(name)) {
            played.end(at, ends, name);
            // A request that was let through says nothing of a breaker that has changed since.
            if (before.kind === 'open') expect(played.breaker).toBe(before);
            if (before.kind === 'half-open' && through.get(name) === 'admit') expect(played.breaker).toBe(before);
            if (before.kind === 'half-open' && through.get(name) === 'probe') expect(played.breaker.kind).toBe(AFTER_PROBE[ends]);
            if (played.breaker.kind === 'open') expect(played.breaker.forMs).toBeLessThanOrEqual(SETTINGS.maxOpenMs);
          }
        }
      }),
    );
  });

  it('opens exactly where a plain list of the results of the window says so', () => {
    const result = fc.record({ afterMs: fc.nat(3_000), outcome: fc.constantFrom<Outcome>(F, S, S, N) });
    fc.assert(
      fc.property(fc.array(result, { maxLength: 60 }), fc.double({ min: 0, max: 1, noNaN: true }), (results, failureRate) => {
        const settings = { ...SETTINGS, failureRate };
        const played = new Played(settings);
        const counted: { slice: number; failed: boolean }[] = [];
        let now = 0;
        for (const { afterMs, outcome } of results) {
          now += afterMs;
          const slice = Math.floor(now / 1_000);
          if (outcome !== N) counted.push({ slice, failed: outcome === F });
          const lately = counted.filter((one) => one.slice > slice - 10);
          const failed = lately.filter((one) => one.failed).length;
          const opens = outcome === F && lately.length >= settings.minimumRequests && failed >= lately.length * failureRate;
          played.all(now, [outcome]);
          expect(played.breaker.kind).toBe(opens ? 'open' : 'closed');
          if (opens) return;
        }
      }),
    );
  });
});

const AFTER_PROBE: Readonly<Record<Outcome, Breaker['kind']>> = { success: 'closed', failure: 'open', none: 'half-open' };

type Traffic = readonly { afterMs: number; lastsMs: number; outcome: Outcome; harmless: boolean }[];

function inOrder(traffic: Traffic): readonly Happening[] {
  let now = 0;
  const happenings = traffic.flatMap(({ afterMs, lastsMs, outcome, harmless }, nth): Happening[] => {
    now += afterMs;
    const name = String(nth);
    return [
      { at: now, name, ends: undefined, harmless },
      { at: now + lastsMs, name, ends: outcome, harmless },
    ];
  });
  return happenings.toSorted((a, b) => a.at - b.at);
}
