// What a strategy stands for: its presets over `defaults`, what is set beside it over the presets, and what `freshet check` says of both.
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { describeStrategies } from '../../src/config/describe-strategies.ts';
import { keying } from '../../src/config/keying.ts';
import { type LoadedConfig, readConfig } from '../../src/config/load.ts';
import { STRATEGY_TEXTS } from '../../src/config/strategies.ts';
import { STRATEGIES } from '../../src/rules/routes.ts';

const read = (text: string): LoadedConfig => readConfig({ text, env: {}, overrides: { origin: 'http://127.0.0.1:5000' } });
const routeOf = (settings: string, defaults = ''): Config['routes'][0] | undefined =>
  read(`defaults: { ${defaults} }\nroutes: [{ path: /a, ${settings} }]`).config.routes[0];

describe('a strategy is', () => {
  it.each([
    [
      'purge',
      {
        pass: false,
        ttlMs: 86_400_000,
        staleWhileRevalidateMs: 60_000,
        staleIfErrorMs: 3_600_000,
        clientCacheControl: 'no-cache',
        storeUnversioned: true,
      },
    ],
    ['revalidate', { pass: false, ttlMs: 5_000, staleWhileRevalidateMs: 30_000, staleIfErrorMs: 300_000, keepMs: 86_400_000 }],
    [
      'versioned',
      { pass: false, ttlMs: 3_600_000, staleWhileRevalidateMs: 0, staleIfErrorMs: 0, storeUnversioned: false, clientCacheControl: 'no-cache' },
    ],
    ['pass', { pass: true }],
  ] as const)('%s', (strategy, policy) => {
    expect(routeOf(`strategy: ${strategy}`)).toMatchObject({ strategy, policy });
  });

  it.each(STRATEGIES)('%s, with a reason for each preset', (strategy) => {
    const { presets } = STRATEGY_TEXTS[strategy];
    expect(presets.length).toBeGreaterThan(0);
    for (const { why } of presets) expect(why).toMatch(/^[a-z].{20,}[^.]$/);
    expect(new Set(presets.map(({ setting }) => setting)).size).toBe(presets.length);
  });
});

describe('what counts', () => {
  it.each([
    ['beside the strategy over its preset', 'strategy: purge, ttl: 2h', '', { ttlMs: 7_200_000, staleIfErrorMs: 3_600_000 }],
    ['the strategy over defaults', 'strategy: purge', 'ttl: 5s, pass: true', { ttlMs: 86_400_000, pass: false }],
    ['defaults over their own strategy', 'keep: 2h', 'strategy: purge, ttl: 2h', { ttlMs: 7_200_000, staleIfErrorMs: 3_600_000, keepMs: 7_200_000 }],
    [
      'the strategy of the route, and nothing of that of defaults',
      'strategy: revalidate',
      'strategy: purge',
      { ttlMs: 5_000, clientCacheControl: 'origin' },
    ],
    ['the route over the strategy of defaults', 'pass: true', 'strategy: purge', { pass: true }],
  ])('%s', (_, own, defaults, policy) => expect(routeOf(own, defaults)).toMatchObject({ policy }));

  it.each([
    ['none is named', 'ttl: 1s', '', undefined],
    ['that of defaults', 'ttl: 1s', 'strategy: purge', 'purge'],
    ['a route that passes passes', 'pass: true', 'strategy: purge', 'pass'],
    ['one that does not has none', 'pass: false', 'strategy: pass', undefined],
  ])('the strategy of a route: %s', (_, own, defaults, expected) => expect(routeOf(own, defaults)?.strategy).toBe(expected));

  it('what may be stored keys: a change of it empties the store', () => {
    const [with_, without] = ['strategy: versioned', 'strategy: versioned, ttl: 1h'].map((own) =>
      keying(read(`routes: [{ path: /a, ${own} }]`).config),
    );
    expect(with_).toBe(without);
    expect(keying(read('routes: [{ path: /a, ttl: 1h }]').config)).not.toBe(with_);
  });
});

describe('freshet check', () => {
  it('says nothing of strategies where none is named', () => expect(describeStrategies(read('routes: [{ path: /a, ttl: 1h }]').file)).toEqual([]));

  it('prints presets with their reasons, what is said beside them, and what they replace', () => {
    const text = 'defaults: { stale_if_error: 1d, keep: 1h }\nroutes: [{ path: /a, strategy: purge, ttl: 2h }, { path: /b, strategy: purge }]';
    const lines = describeStrategies(read(text).file);
    expect(lines[0]).toBe('  purge: kept long, and ended by the purge of a tag');
    expect(lines[2]).toMatch(/^ {4}ttl: 1d {2,}a purge ends it, not the clock; /);
    expect(lines.slice(1 + STRATEGY_TEXTS.purge.presets.length)).toEqual([
      '    on /a',
      '      ttl: 2h is said beside the strategy and wins over its 1d',
      '      stale_if_error: 1h of the strategy wins over the 1d of `defaults`',
      '    on /b',
      '      stale_if_error: 1h of the strategy wins over the 1d of `defaults`',
    ]);
  });

  it('prints those of `defaults`', () => {
    const lines = describeStrategies(read('defaults: { strategy: revalidate, ttl: 2s }').file);
    expect(lines.slice(-2)).toEqual(['    on default', '      ttl: 2s is said beside the strategy and wins over its 5s']);
    const routes = 'routes: [{ path: /a, ttl: 9s }, { path: /b }, { path: /c, pass: true }]';
    const inherited = describeStrategies(read(`defaults: { strategy: revalidate, keep: 1h }\n${routes}`).file);
    expect(inherited.slice(inherited.indexOf('    on /a'))).toEqual([
      '    on /a',
      '      ttl: 9s is said beside the strategy and wins over its 5s',
      '    on /c',
      '      pass: true is said beside the strategy and wins over its false',
      '    on default',
      '      keep: 1h is said beside the strategy and wins over its 1d',
    ]);
  });
});
