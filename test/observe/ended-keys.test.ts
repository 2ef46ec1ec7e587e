// What is remembered of keys that lost an entry to a purge: until somebody asks, or for ten minutes, in a table of fixed size.
import { describe, expect, it } from 'vitest';
import { EndedKeys, REMEMBERED_MS } from '../../src/observe/ended-keys.ts';

const NOW = 1_000_000;

function setUp() {
  const became: Record<string, number> = {};
  const keys = new EndedKeys((later, entries) => (became[later] = (became[later] ?? 0) + entries));
  const goRound = (now: number) => {
    for (let i = 0; i < 512; i++) keys.age(now);
  };
  return { keys, became, goRound };
}

const hard = (epoch: number) => ({ epoch, mode: 'hard', purgedAt: NOW }) as const;
const soft = (epoch: number) => ({ epoch, mode: 'soft', purgedAt: undefined }) as const;

describe('a key', () => {
  it('that lost nothing is not known', () => {
    const { keys, became } = setUp();
    keys.end('a', hard(1), NOW);
    expect([keys.ask('b'), keys.refresh('b'), became]).toEqual([undefined, undefined, {}]);
  });

  it('is known to each request until something fresh is stored under it; its entries are asked for once', () => {
    const { keys, became } = setUp();
    keys.end('a', hard(1), NOW);
    keys.end('a', soft(3), NOW);
    expect([keys.ask('a'), keys.ask('a')]).toEqual([soft(3), soft(3)]);
    expect(became).toEqual({ asked: 2 });
    expect(keys.refresh('a')).toEqual(soft(3));
    expect([keys.ask('a'), keys.refresh('a')]).toEqual([undefined, undefined]);
    expect(became).toEqual({ asked: 2 });
  });

  it('that nobody asks for is let go after ten minutes, and no sooner', () => {
    const { keys, became, goRound } = setUp();
    keys.end('a', hard(1), NOW);
    keys.end('asked', hard(1), NOW);
    keys.ask('asked');
    goRound(NOW + REMEMBERED_MS);
    expect(became).toEqual({ asked: 1 });
    goRound(NOW + REMEMBERED_MS + 1);
    expect(became).toEqual({ asked: 1, unasked: 1 });
    expect(keys.ask('a')).toBe(undefined);
    goRound(NOW + 2 * REMEMBERED_MS);
    expect(became).toEqual({ asked: 1, unasked: 1 });
  });
});

it('keys of equal length that differ anywhere are told apart', () => {
  const { keys } = setUp();
  const base = 'k'.repeat(200);
  keys.end(base, hard(1), NOW);
  for (let i = 0; i < base.length; i++) expect(keys.ask(`${base.slice(0, i)}x${base.slice(i + 1)}`)).toBe(undefined);
});

it('a purge of more keys than there are places forgets some, each once, and knows of all', () => {
  const { keys, became } = setUp();
  const count = 100_000;
  for (let i = 0; i < count; i++) keys.end(`GET http://shop.example/products/${i}`, hard(1), NOW);
  let known = 0;
  for (let i = 0; i < count; i++) if (keys.ask(`GET http://shop.example/products/${i}`) !== undefined) known++;
  expect(became['asked']).toBe(known);
  expect((became['asked'] ?? 0) + (became['forgotten'] ?? 0)).toBe(count);
  // All places but those that a hundred thousand keys leave free: 32,768 · (1 - e^-3.05).
  expect(known).toBeGreaterThan(30_000);
});
