// What a read proves: values say whose they are and which, and a register what a read must show.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Coin, NumberCoin, TextCoin } from '../../src/validate/coin.ts';
import { judge, type Verdict } from '../../src/validate/judge.ts';
import type { User } from '../../src/validate/plan.ts';
import { Register } from '../../src/validate/register.ts';

const NOBODY: User = { name: 'anyone', headers: {}, values: {} };
const GRACE_MS = 100;

function registers(...owners: string[]): Register[] {
  return owners.map((owner, i) => new Register({ id: 10 + i, index: i, key: '1', owner, users: [NOBODY] }));
}

/** Versions 0 to 2 of the first were acknowledged at 10, 20 and 30; its fourth is under way. The second has version 0 since 15. */
function world(): { readonly coin: Coin; readonly mine: Register; readonly other: Register } {
  const [mine, other] = registers('ada', 'bob');
  if (mine === undefined || other === undefined) throw new Error('there are two');
  for (const at of [10, 20, 30]) mine.acknowledge(mine.issue(), at);
  mine.issue();
  other.acknowledge(other.issue(), 15);
  return { coin: new NumberCoin({ least: 100, most: 1000 }, [mine, other]), mine, other };
}

describe('judge', () => {
  const rows: readonly [
    name: string,
    seen: { sentAt: number; endedAt?: number; values: unknown[]; mayLagMs?: number },
    expected: Partial<Verdict>,
  ][] = [
    ['the last that was acknowledged', { sentAt: 40, values: [104] }, { kind: 'right' }],
    ['one that is under way', { sentAt: 40, values: [106] }, { kind: 'right' }],
    ['an older one, before the write was acknowledged', { sentAt: 30, values: [102] }, { kind: 'right' }],
    ['an older one, after it', { sentAt: 40, values: [102] }, { kind: 'stale', version: 1, floor: 2, lateMs: 10, isMissed: false, value: 102 }],
    ['one older still: late since it was first superseded', { sentAt: 40, values: [100] }, { kind: 'stale', version: 0, lateMs: 20 }],
    ['from before the run', { sentAt: 40, values: [7] }, { kind: 'stale', version: -1, lateMs: 30 }],
    ['from before the run, before anything was acknowledged', { sentAt: 10, values: [7] }, { kind: 'right' }],
    ['one that nobody has sent', { sentAt: 40, values: [108] }, { kind: 'stale', version: -1 }],
    ['stale within its grace', { sentAt: 129, values: [102] }, { kind: 'stale', isMissed: false }],
    ['stale past it', { sentAt: 130, values: [102] }, { kind: 'stale', isMissed: true }],
    ['what may lag, within that', { sentAt: 40, values: [102], mayLagMs: 10 }, { kind: 'right' }],
    ['what may lag, past it', { sentAt: 41, values: [102], mayLagMs: 10 }, { kind: 'stale', isMissed: false }],
    ['what may lag, past it and its grace', { sentAt: 140, values: [102], mayLagMs: 10 }, { kind: 'stale', isMissed: true }],
    ["another's", { sentAt: 40, values: [101] }, { kind: 'foreign', owner: 'bob', value: 101 }],
    ["another's alone, among what nobody wrote", { sentAt: 40, values: [7, 101] }, { kind: 'foreign', owner: 'bob', value: 101 }],
    ["a number that looks like another's, beside the right one", { sentAt: 40, values: [101, 104] }, { kind: 'right', version: 2 }],
    ["a number that looks like another's, beside an old one", { sentAt: 40, values: [101, 102] }, { kind: 'stale', version: 1 }],
    ['the newest of several counts', { sentAt: 40, values: [100, 104, 102] }, { kind: 'right' }],
    ['nothing', { sentAt: 40, values: [] }, { kind: 'nothing' }],
    ['a text that spells it', { sentAt: 40, values: ['104'] }, { kind: 'right' }],
    ['no number at all', { sentAt: 40, values: [null] }, { kind: 'stale', version: -1 }],
  ];
  it.each(rows)('%s', (_name, { sentAt, endedAt = sentAt + 1, values, mayLagMs = 0 }, expected) => {
    const { coin, mine } = world();
    expect(judge({ register: mine, sentAt, endedAt, values, mayLagMs }, coin, GRACE_MS)).toMatchObject(expected);
  });

  it('nothing, where a write was lost before the read had ended', () => {
    const { coin, mine } = world();
    mine.lose(35);
    expect(judge({ register: mine, sentAt: 33, endedAt: 36, values: [102], mayLagMs: 0 }, coin, GRACE_MS)).toEqual({ kind: 'nothing' });
    expect(judge({ register: mine, sentAt: 33, endedAt: 34, values: [102], mayLagMs: 0 }, coin, GRACE_MS)).toMatchObject({ kind: 'stale' });
  });

  it("another's text, beside the right one", () => {
    const { mine, other } = world();
    const coin = new TextCoin('abc123', [mine, other]);
    const values = [coin.strike(mine, 2), coin.strike(other, 0)];
    expect(judge({ register: mine, sentAt: 40, endedAt: 41, values, mayLagMs: 0 }, coin, GRACE_MS)).toMatchObject({ kind: 'foreign', owner: 'bob' });
  });

  it('the value of another key of the same owner is nothing to it', () => {
    const [mine, neighbour] = registers('', '');
    if (mine === undefined || neighbour === undefined) throw new Error('there are two');
    const coin = new TextCoin('abc123', [mine, neighbour]);
    for (const register of [mine, neighbour]) register.acknowledge(register.issue(), 1);
    const seen = { register: mine, sentAt: 2, endedAt: 3, mayLagMs: 0 };
    expect(judge({ ...seen, values: [coin.strike(neighbour, 0), coin.strike(mine, 0)] }, coin, GRACE_MS)).toMatchObject({
      kind: 'right',
      version: 0,
    });
    expect(judge({ ...seen, values: [coin.strike(neighbour, 0)] }, coin, GRACE_MS)).toMatchObject({ kind: 'stale', version: -1 });
  });
});

describe('values say what they are', () => {
  const coins: readonly [name: string, make: (all: readonly Register[]) => Coin][] = [
    ['texts', (all) => new TextCoin('0abc9z', all)],
    ['numbers', (all) => new NumberCoin({ least: 1000, most: 999_999 }, all)],
  ];
  it.each(coins)('%s', (_name, make) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(19), fc.nat(200), (count, which, version) => {
        const all = registers(...Array.from({ length: count }, (_, i) => `u${i}`));
        const register = all[which % count];
        if (register === undefined) throw new Error('it is there');
        while (register.issued < version) register.issue();
        const coin = make(all);
        expect(coin.recognise(coin.strike(register, version))).toEqual({ register, version });
        expect(coin.recognise(coin.strike(register, version + 1))).toBeUndefined();
      }),
    );
  });

  it('texts of another run, and of nobody, are none', () => {
    const [register] = registers('ada');
    if (register === undefined) throw new Error('it is there');
    register.issue();
    const coin = new TextCoin('abc123', [register]);
    expect(coin.recognise(`a ${coin.strike(register, 0)} b`)).toEqual({ register, version: 0 });
    expect([new TextCoin('abc124', [register]).strike(register, 0), 'fvabc123r11n0', 'fv', 5, null].map((value) => coin.recognise(value))).toEqual(
      Array(5).fill(undefined),
    );
  });

  it('numbers end where their range does', () => {
    const [a, b] = registers('ada', 'bob');
    if (a === undefined || b === undefined) throw new Error('there are two');
    const coin = new NumberCoin({ least: 10, most: 12 }, [a, b]);
    expect([coin.strike(a, 0), coin.strike(b, 0), coin.strike(a, 1), coin.strike(b, 1)]).toEqual([10, 11, 12, undefined]);
  });
});
