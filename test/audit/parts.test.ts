// What an audit is made of: the draw, the comparison of encoded answers, hints, and what is kept of all that was found.
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Comparison } from '../../src/audit/compare.ts';
import { Flips } from '../../src/audit/flips.ts';
import { Budget } from '../../src/audit/budget.ts';
import { drawn } from '../../src/audit/countdown.ts';
import { hintsOf, rulesOf } from '../../src/audit/hints.ts';
import { saysNothing } from '../../src/audit/says-nothing.ts';
import { Ledger } from '../../src/audit/ledger.ts';
import { VERDICTS } from '../../src/audit/verdict.ts';
import type { Difference } from '../../src/audit/record.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { PurgeRecord } from '../../src/purge/purge-log.ts';

describe('the draw', () => {
  it('is the next hit, none, or as far away as the share asks', () => {
    expect([drawn(1, 0.99), drawn(0, 0.5), drawn(0.001, 0)]).toEqual([1, Infinity, 1]);
    fc.assert(
      fc.property(
        fc.double({ min: 1e-8, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1 - 2 ** -53, noNaN: true }),
        (share, random) => drawn(share, random) >= 1,
      ),
    );
  });

  it.each([0.5, 0.1, 0.001])('hits each with the same chance: %d', (share) => {
    const trials = 100_000;
    let sum = 0;
    for (let nth = 0; nth < trials; nth++) sum += drawn(share, (nth + 0.5) / trials);
    expect((sum / trials) * share).toBeCloseTo(1, 2);
  });
});

function answer(body: Buffer | string, coding = '') {
  return { status: 200, type: 'application/json', coding, body: Buffer.from(body) };
}

describe('encoded answers', () => {
  const comparison = new Comparison({ ignore: [], maxBodyBytes: 1_000 });
  const text = '{"a":1,"b":2}';
  it.each([
    ['gzip', gzipSync(text)],
    ['br', brotliCompressSync(text)],
    ['deflate', deflateSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['gzip, br', brotliCompressSync(gzipSync(text))],
    ['identity', Buffer.from(text)],
  ])('%s is decoded where it is not the same', async (coding, body) => {
    expect(await comparison.of(answer(body, coding), answer('{"b":2,"a":1}'))).toEqual([]);
    expect(await comparison.of(answer(body, coding), answer('{"b":2,"a":2}'))).toEqual(['$.a']);
  });

  it('is not looked into where that is not needed, and nobody can say where it cannot be decoded', async () => {
    expect(await comparison.of(answer('x', 'strange'), answer('x', 'strange'))).toEqual([]);
    expect(await comparison.of(answer('x', 'strange'), { ...answer('y', 'strange'), status: 404 })).toEqual(['status']);
    expect(await comparison.of(answer('x', 'strange'), answer('y', 'strange'))).toBeUndefined();
    expect(await comparison.of(answer('not gzip', 'gzip'), answer('y'))).toBeUndefined();
    expect(await comparison.of(answer(gzipSync('x'.repeat(1_001)), 'gzip'), answer('y'))).toBeUndefined();
  });
});

describe('large bodies', () => {
  const ITEMS = 4_000;
  const large = (last: number) =>
    answer(JSON.stringify(Array.from({ length: ITEMS }, (_, id) => ({ id, name: `item ${id}`, weight: id === ITEMS - 1 ? last : id / 7 }))));

  it('are not looked through by the thread that serves', async () => {
    const comparison = new Comparison({ ignore: [], maxBodyBytes: 2_097_152 });
    const parse = vi.spyOn(JSON, 'parse');
    onTestFinished(() => parse.mockRestore());
    expect(await comparison.of(answer('[1]'), answer('[2]'))).toEqual(['$[0]']);
    const small = parse.mock.calls.length;
    expect(await comparison.of(large(1), large(2))).toEqual([`$[${ITEMS - 1}].weight`]);
    expect([small > 0, parse.mock.calls.length]).toEqual([true, small]);
    comparison.close();
  });

  it('are given up when the auditor ends', async () => {
    const comparison = new Comparison({ ignore: [], maxBodyBytes: 2_097_152 });
    const under = comparison.of(large(1), large(2));
    comparison.close();
    expect(await under).toBeUndefined();
  });
});

describe('what flips', () => {
  it('is remembered for an hour, of a URL', () => {
    const flips = new Flips();
    flips.saw('/a', ['$.x'], 0);
    flips.saw('/a', ['$.y'], 1_000);
    expect(flips.of('/a', 3_600_999)).toEqual(['$.x', '$.y']);
    expect([flips.of('/a', 3_601_000), flips.of('/b', 0)]).toEqual([[], []]);
  });

  it('is forgotten for what was seen later, when there is too much', () => {
    const flips = new Flips();
    for (let nth = 0; nth <= 1_000; nth++) flips.saw(`/${nth}`, ['$.x'], 0);
    expect([flips.of('/0', 0), flips.of('/1', 0)]).toEqual([[], ['$.x']]);
  });
});

describe('an answer that says nothing of an entry', () => {
  it.each([
    ['a refusal, of what is for everybody', 401, 'public', true],
    ['a refusal, of what others of those claims have too', 403, 'claims', true],
    ['a refusal, of what was looked up', 401, 'lookup', true],
    ['a refusal, of what that credential alone has', 401, 'credential', false],
    ['another', 404, 'claims', false],
    ['trouble', 503, 'credential', true],
  ])('%s', (_, status, scope, expected) => expect(saysNothing({ status, stored: 200, scope })).toBe(expected));
});

describe('the budget', () => {
  it('has patience for all readings of one entry, however small it is', () => {
    const patiences = [100, 1, 0.5].map((ratePerSecond) => new Budget({ ratePerSecond, windowMs: 2_000, concurrency: 2 }).patienceMs);
    expect(patiences).toEqual([4_000, 16_000, 32_000]);
  });

  it('is the same for a hit of what is watched, and leaves room for what must be read again', () => {
    const budget = new Budget({ ratePerSecond: 1, windowMs: 10_000, concurrency: 2 });
    expect(budget.mayAudit({ audits: 1, hasRoom: true, now: 0 })).toBe(false);
    expect(budget.mayAudit({ audits: 0, hasRoom: true, now: 0 })).toBe(true);
    expect(budget.mayReadAgain({ hasRoom: true, now: 500 })).toBe(false);
    expect(budget.mayAudit({ audits: 0, hasRoom: true, now: 1_500 })).toBe(false);
    // A purge may have ended it meanwhile: then nothing waits any more.
    budget.looking();
    expect(budget.mayAudit({ audits: 0, hasRoom: true, now: 1_500 })).toBe(true);
    budget.looking();
    expect(budget.mayReadAgain({ hasRoom: true, now: 2_500 })).toBe(true);
    expect(budget.mayAudit({ audits: 0, hasRoom: true, now: 3_500 })).toBe(true);
  });
});

const CONFIG = loadConfig({
  text: `
origins: { shop: { url: "http://shop" } }
audit: { window: 10s }
routes:
  - { path: /products/:id, methods: [PUT, DELETE], invalidates: ["product:{id}", catalog] }
events: { rules: [{ on: order.paid, purge: ["order:{id}", "customer:{customer}:orders"] }] }
`,
  env: {},
  overrides: {},
});

function difference(rest: Partial<Difference> = {}): Difference {
  return {
    entry: '0.1.1000',
    hitAt: 3_000,
    fetchedAt: 1_000,
    ageMs: 2_000,
    url: 'shop.example/products/42',
    scope: 'public',
    tags: ['product:42'],
    changed: ['$.price'],
    statuses: [200, 200],
    ...rest,
  };
}

function purged(what: string, at: number, state: PurgeRecord['state'] = 'confirmed'): PurgeRecord {
  return { at, state, kind: 'operator', mode: 'hard', actor: '127.0.0.1', what, waitedMs: 0 };
}

describe('hints', () => {
  const cases: [string, readonly string[], readonly PurgeRecord[], readonly RegExp[]][] = [
    ['nothing was purged', ['product:42'], [], []],
    ['what else was purged before it was fetched', ['product:42'], [purged('tag=a', 500)], []],
    ['purged just before it was fetched', ['product:42'], [purged('tag=a tag=product:42', 880)], [/^product:42 was purged 120ms before/]],
    ['and not long before', ['product:42'], [purged('tag=product:42', -9_500)], []],
    ['a slip in the family', ['product:42'], [purged('tag=prodct:42', 2_000)], [/^prodct:42 .* was product:42 meant\?$/]],
    ['the plural', ['product:42'], [purged('tag=products:42', 2_000)], [/^products:42 .* meant/]],
    ['another separator', ['product:42'], [purged('tag=product-42', 2_000)], [/^product-42 .* meant/]],
    ['another case', ['product:42'], [purged('tag=Product:42', 2_000)], [/^Product:42 .* meant/]],
    ['a word', ['list:popular'], [purged('tag=list:populr', 2_000)], [/^list:populr .* meant/]],
    ['without a family', ['catalog'], [purged('tag=catalgo', 2_000)], [/^catalgo .* meant/]],
    ['another of the kind is no slip', ['product:42'], [purged('tag=product:43', 2_000)], [/none of its tags: product:43;/]],
    ['by its version, just before it was fetched', ['product:42'], [purged('version=product:42=17', 880)], [/^product:42 was purged 120ms before/]],
    ['by a version, with a slip', ['product:42'], [purged('version=prodct:42=17', 2_000)], [/^prodct:42 .* meant/]],
    ['refused', ['product:42'], [purged('tag=product:42', 2_000, 'refused')], [/^a purge of product:42 was refused/]],
    ['refused before it was fetched', ['product:42'], [purged('tag=product:42', 880, 'refused')], []],
    ['what was refused was not purged', ['product:42'], [purged('tag=prodct:42 tag=a', 2_000, 'refused')], []],
    [
      'a few are named',
      ['a'],
      [purged('tag=x:1 url=shop/a', 5_000), purged('tag=y:2 tag=z:3', 4_000), purged('tag=w:4', 3_000)],
      [/none of its tags: x:1, y:2, z:3 and 1 more;/],
    ],
  ];
  it.each(cases)('%s', (_name, tags, purges, expected) => {
    const { why } = hintsOf(difference({ tags }), { purges, rules: [], windowMs: 10_000 });
    expect(why).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(why[index]).toMatch(pattern);
  });

  const rules: [readonly string[], RegExp][] = [
    [['product:42'], /^invalidates of PUT,DELETE \/products\/:id would have purged it/],
    [['order:7'], /^the event order\.paid would have purged it/],
    [['customer:7:orders', 'catalog'], /^invalidates of .*, the event order\.paid would/],
    [['stock:42', 'prices'], /^nothing in the configuration purges stock:\*, prices: name it/],
    [['xproduct:42'], /^nothing in the configuration purges xproduct:\*:/],
    [[], /^it has no tags/],
  ];
  it.each(rules)('the rule for %j', (tags, expected) =>
    expect(hintsOf(difference({ tags }), { purges: [], rules: rulesOf(CONFIG), windowMs: 0 }).rule).toMatch(expected),
  );
});

function ledger() {
  const lines: unknown[] = [];
  let now = 0;
  const kept = new Ledger({
    config: () => CONFIG,
    purges: () => [],
    clock: { now: () => now },
    observer: { warn: (_message, detail) => void lines.push(detail) },
  });
  return { kept, lines, at: (instant: number) => (now = instant) };
}

function missed(nth: number, hitAt: number) {
  return { route: '/a', verdict: 'missed', hits: 1, difference: difference({ entry: `${nth}`, hitAt }) } as const;
}

describe('the ledger', () => {
  it('counts by route', () => {
    const { kept } = ledger();
    kept.add([
      { route: '/a', verdict: 'equal', hits: 98 },
      { route: '/a', verdict: 'caught', hits: 1, afterMs: 40 },
      { route: '/b', verdict: 'skipped', hits: 7 },
    ]);
    expect(kept.samples.verdicts.filter(({ value }) => value > 0)).toEqual([
      { values: ['/a', 'equal'], value: 98 },
      { values: ['/a', 'caught'], value: 1 },
      { values: ['/b', 'skipped'], value: 7 },
    ]);
    // Two audits, however many hits joined them.
    expect(kept.samples.nines).toEqual([{ values: ['/a'], value: Math.log10(3) }]);
    expect(kept.samples.caught.at(-1)).toEqual({ values: ['/a', ''], suffix: '_count', value: 1 });
  });

  it('counts every route that may be audited from 0 on', () => {
    const { verdicts } = ledger().kept.samples;
    expect(verdicts).toEqual(VERDICTS.map((verdict) => ({ values: ['default', verdict], value: 0 })));
  });

  it('keeps the newest, and one line of an entry', () => {
    const { kept } = ledger();
    for (let nth = 0; nth < 105; nth++) kept.add([missed(nth, nth)]);
    kept.add([missed(50, 1_000)]);
    const { misses } = kept.page as { misses: { at: string; lastAt?: string; hits: number }[] };
    expect(misses).toHaveLength(100);
    expect(misses[0]).toMatchObject({ hits: 2, at: new Date(50).toISOString(), lastAt: new Date(1_000).toISOString() });
    expect(misses[1]).toMatchObject({ hits: 1, at: new Date(104).toISOString() });
  });

  it('shows twenty tags of an entry, and has asked all of them who purges it', () => {
    const { kept } = ledger();
    const tags = [...Array.from({ length: 20 }, (_, nth) => `shelf:${nth}`), 'product:42'];
    kept.add([{ route: '/a', verdict: 'missed', hits: 1, difference: difference({ tags }) }]);
    const { misses } = kept.page as { misses: { tags: string[]; rule: string }[] };
    expect(misses[0]?.tags).toEqual(tags.slice(0, 20));
    expect(misses[0]?.rule).toMatch(/ would have purged it: /);
  });

  it('warns once a minute and route', () => {
    const { kept, lines, at } = ledger();
    const miss = (route: string) => kept.add([{ route, verdict: 'missed', hits: 1, difference: difference() }]);
    miss('/a');
    miss('/a');
    miss('/b');
    at(60_000);
    miss('/a');
    expect(lines).toEqual(
      ['/a', '/b', '/a'].map((route) => ({ route, url: 'shop.example/products/42', tags: ['product:42'], changed: ['$.price'], ageMs: 2_000 })),
    );
  });
});
