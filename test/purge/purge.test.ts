// The one door: what an order purges, its receipt and its record. PURGE-PROTOCOL §3.2, §3.3, §4.8.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Authority, Confirmation, Patience } from '../../src/purge/authority.ts';
import { NOTHING, type PurgeOrder } from '../../src/purge/order.ts';
import { ProcessAuthority } from '../../src/cluster/process-authority.ts';
import { PurgeLog } from '../../src/purge/purge-log.ts';
import { Purger } from '../../src/purge/purge.ts';
import { TagHash } from '../../src/purge/tag-hash.ts';
import { SettableClock } from '../support/clock.ts';

function setUp(settleMs = 0) {
  const clock = new SettableClock();
  const tagHash = new TagHash(Buffer.from('secret'));
  const authority = new ProcessAuthority({ memoryBytes: 64 * 1024, holdKeepMs: 10_000, exhausted: () => undefined });
  const log = new PurgeLog();
  const ended: unknown[] = [];
  const purger = new Purger({
    authority,
    tagHash,
    clock,
    observer: { purgeEnded: (end) => ended.push(end), purgeUnconfirmed: (state) => ended.push(state) },
    log,
    normaliseUrl: (url) => [{ ...url, query: url.query.replace('?utm', '') }],
    settleMs,
  });
  const tagIds = tagHash.join(
    tagHash.implicitTags({
      target: { scheme: 'http', authority: 'shop.example', path: '/products/42', query: '' },
      routeName: '/products/:id',
      scopeId: 'scope-of-u7',
      claims: [['sub', 'u7']],
    }),
    tagHash.tagIds(['product:42']),
    tagHash.groupIds('shop.example', ['products']),
  );
  const asOf = authority.marks.epoch;
  const verdict = () => authority.marks.gate({ tagIds, asOf, sentAt: clock.now() }).kind;
  return { purger, log, ended, clock, authority, verdict, tagHash };
}

function order(given: Partial<PurgeOrder>): PurgeOrder {
  return { ...NOTHING, kind: 'operator', actor: 'test', ...given };
}

const url = (authority: string | undefined, path: string, query = '') => ({ authority, path, query });

describe('an order reaches an entry', () => {
  const rows: readonly [name: string, given: Partial<PurgeOrder>, expected: string][] = [
    ['nothing named', {}, 'ok'],
    ['by tag', { tags: ['x', 'product:42'] }, 'purged'],
    ['by another tag', { tags: ['product:43'] }, 'ok'],
    ['by the tag of a version', { versions: new Map([['product:42', 3]]) }, 'purged'],
    ['by group', { groups: [{ origin: 'shop.example', group: 'products' }] }, 'purged'],
    ["by another origin's group", { groups: [{ origin: 'other.example', group: 'products' }] }, 'ok'],
    ['by URL', { urls: [url('shop.example', '/products/42')] }, 'purged'],
    ['by URL, normalised as its route does', { urls: [url('shop.example', '/products/42', '?utm')] }, 'purged'],
    ['by URL on any host', { urls: [url(undefined, '/products/42')] }, 'purged'],
    ['by URL on another host', { urls: [url('other.example', '/products/42')] }, 'ok'],
    ['by prefix', { prefixes: [{ authority: 'shop.example', path: '/products/*' }] }, 'purged'],
    ['by prefix on any host', { prefixes: [{ authority: undefined, path: '/' }] }, 'purged'],
    ['by scope', { scopes: [['sub', 'u7']] }, 'purged'],
    ['by another scope', { scopes: [['sub', 'u8']] }, 'ok'],
    ['all', { all: true }, 'purged'],
    ['soft', { tags: ['product:42'], mode: 'soft' }, 'softened'],
  ];
  it.each(rows)('%s', async (_name, given, expected) => {
    const [later, now] = [setUp(), setUp()];
    await later.purger.purge(order(given));
    now.purger.purgeHere(order(given));
    expect([later.verdict(), now.verdict()]).toEqual([expected, expected]);
  });

  it('rule 3.3: it has happened when purgeHere returns', () => {
    const { purger, authority } = setUp();
    const outcome = purger.purgeHere(order({ tags: ['a'] }));
    expect(outcome).toMatchObject({ kind: 'confirmed', epoch: authority.marks.epoch });
  });

  it('settles as configured unless the order says otherwise', () => {
    const { purger, authority, tagHash, clock } = setUp(2000);
    const held = (tag: string, afterMs: number) =>
      authority.marks.gate({ tagIds: tagHash.tagIds([tag]), asOf: authority.marks.epoch, sentAt: clock.now() + afterMs }).kind === 'held';
    purger.purgeHere(order({ tags: ['a'] }));
    purger.purgeHere(order({ tags: ['b'], settleMs: 0 }));
    purger.purgeHere(order({ tags: ['c'], settleMs: 10 }));
    expect([held('a', 1999), held('a', 2000), held('b', 0), held('c', 9), held('c', 10)]).toEqual([true, false, false, true, false]);
  });

  it('out of holds: nothing is published, the record says so', async () => {
    const { purger, authority, log } = setUp(2000);
    for (let i = 0; i < 16; i++) purger.purgeHere(order({ tags: Array.from({ length: 256 }, (_, n) => `t${i}.${n}`) }));
    const before = authority.marks.epoch;
    expect(await purger.purge(order({ tags: ['one-more'] }))).toEqual({ kind: 'out-of-holds' });
    expect(authority.marks.epoch).toBe(before);
    expect(log.recent()[0]).toMatchObject({ state: 'refused', what: 'tag=one-more' });
  });
});

describe('receipts and records', () => {
  it('counts what was named and names its epoch', () => {
    const { purger, ended } = setUp();
    const outcome = purger.purgeHere(
      order({
        tags: ['a', 'b'],
        versions: new Map([
          ['b', 1],
          ['c', 2],
        ]),
        urls: [url(undefined, '/')],
      }),
    );
    expect(outcome).toEqual({
      kind: 'confirmed',
      epoch: 1,
      receipt: { id: expect.stringMatching(/^[0-9a-f]{4}\.1$/), authority: 'process', mode: 'hard', tags: 3, urls: 1, waitedMs: 0 },
    });
    expect(ended).toEqual([{ id: expect.any(String), mode: 'hard', kind: 'operator', durationMs: 0, expired: 0 }]);
  });

  it('keeps the last 1,000, newest first', () => {
    const { purger, log } = setUp();
    for (let i = 0; i < 1003; i++) purger.purgeHere(order({ tags: [`t${i}`] }));
    const recent = log.recent();
    expect([recent.length, recent[0]?.what, recent.at(-1)?.what]).toEqual([1000, 'tag=t1002', 'tag=t3']);
  });

  it('escapes and shortens what came from outside', () => {
    const { purger, log, clock } = setUp();
    const tags = Array.from({ length: 200 }, (_, i) => `tag-number-${i}`);
    purger.purgeHere(order({ tags, actor: 'eve\r\nfake line \u{1b}[31m', reason: `\\ ${'x'.repeat(900)}`, kind: 'write' }));
    const record = log.recent()[0];
    expect(record).toMatchObject({
      at: clock.now(),
      kind: 'write',
      mode: 'hard',
      state: 'confirmed',
      actor: 'eve\\u000d\\u000afake line \\u001b[31m',
    });
    expect(record?.what.length).toBeLessThan(510);
    expect(record?.what.endsWith(' …')).toBe(true);
    expect(record?.reason?.startsWith('\\u005c xxx')).toBe(true);
  });
});

const after = (orders: readonly Partial<PurgeOrder>[]) => {
  const { purger, verdict } = setUp();
  for (const given of orders) purger.purgeHere(order(given));
  return verdict();
};

it('property: orders commute and repeat harmlessly', () => {
  const one = fc.record({
    tags: fc.uniqueArray(fc.constantFrom('product:42', 'x', 'y'), { maxLength: 2 }),
    all: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    mode: fc.constantFrom('hard' as const, 'soft' as const),
    scopes: fc.constantFrom<readonly (readonly [string, string])[]>([], [['sub', 'u7']], [['sub', 'u8']]),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 5 }), (orders) => {
      expect(after(orders.toReversed())).toBe(after(orders));
      expect(after([...orders, ...orders])).toBe(after(orders));
    }),
  );
});

function setUpOthers(answer: Confirmation) {
  const clock = new SettableClock();
  const inner = new ProcessAuthority({ memoryBytes: 64 * 1024, holdKeepMs: 10_000, exhausted: () => undefined });
  const patience: Patience[] = [];
  const authority: Authority = {
    name: 'lease',
    marks: inner.marks,
    publishHere: (publication) => inner.publishHere(publication),
    publish: async (_publication, given) => {
      patience.push(given);
      return answer;
    },
  };
  const log = new PurgeLog();
  const told: unknown[] = [];
  const marked: unknown[] = [];
  const published: PurgeOrder[] = [];
  const purger = new Purger({
    authority,
    tagHash: new TagHash(Buffer.from('secret')),
    clock,
    observer: { purgeEnded: ({ id, expired }) => told.push([id, expired]), purgeUnconfirmed: (state) => told.push(state) },
    log,
    effects: { purged: ({ id, epoch, kind }) => marked.push([id, epoch, kind]) },
    told: (given) => void published.push(given),
    normaliseUrl: (named) => [named],
    settleMs: 0,
  });
  return { purger, log, told, patience, marked, published };
}

describe('an authority that asks others', () => {
  it.each<readonly [Confirmation, number]>([
    [{ kind: 'confirmed', epoch: 7 }, 1],
    [{ kind: 'committed', id: 'inc.3', boundMs: 9, ended: new Promise(() => undefined) }, 1],
    [{ kind: 'unknown' }, 0],
    [{ kind: 'rejected' }, 0],
    [{ kind: 'out-of-holds' }, 0],
  ])('what was published is told: %o', async (answer, count) => {
    const { purger, published } = setUpOthers(answer);
    await purger.purge(order({ tags: ['a'] }));
    expect(published).toHaveLength(count);
  });

  it('its id and its nodes stand in the receipt', async () => {
    const { purger, told, patience } = setUpOthers({ kind: 'confirmed', epoch: 7, id: 'inc.3.nonce', nodes: { confirmed: 2, expired: 1 } });
    const outcome = await purger.purge(order({ tags: ['a'], waitMs: 2_000 }));
    expect(outcome).toMatchObject({
      kind: 'confirmed',
      epoch: 7,
      receipt: { id: 'inc.3.nonce', authority: 'lease', nodes: { confirmed: 2, expired: 1 } },
    });
    expect(told).toEqual([['inc.3.nonce', 1]]);
    expect(patience).toEqual([{ waitMs: 2_000, onFailure: 'answer' }]);
    expect(await purger.outcomeOf('inc.3.nonce', 0)).toBe(outcome);
  });

  it.each([
    ['the epoch that its marks have here', { marked: 5 }, 5],
    ['its epoch, where that is the same', {}, 7],
    ['nothing where its epoch is not known', { marked: undefined }, undefined],
  ])('whoever watches what purges do is told %s', async (_name, given, expected) => {
    const { purger, marked } = setUpOthers({ kind: 'confirmed', epoch: 7, id: 'inc.3.nonce', ...given });
    await purger.purge(order({ tags: ['a'] }));
    expect(marked).toEqual(expected === undefined ? [] : [['inc.3.nonce', expected, 'operator']]);
    marked.length = 0;
    purger.purgeHere(order({ all: true }));
    expect(marked).toEqual([]);
  });

  it('what is committed is told now, and its end when it comes', async () => {
    const last = Promise.withResolvers<Confirmation>();
    const { purger, log, told } = setUpOthers({ kind: 'committed', id: 'inc.3.nonce', boundMs: 3_110, ended: last.promise });
    const outcome = await purger.purge(order({ tags: ['a'], waitMs: 0 }));
    expect(outcome).toMatchObject({ kind: 'committed', boundMs: 3_110, receipt: { id: 'inc.3.nonce' } });
    expect([told, log.recent().map(({ state }) => state)]).toEqual([['committed'], ['committed']]);
    last.resolve({ kind: 'confirmed', epoch: 7, id: 'inc.3.nonce', nodes: { confirmed: 1, expired: 0 } });
    expect(await purger.outcomeOf('inc.3.nonce', 60_000)).toMatchObject({ kind: 'confirmed', receipt: { nodes: { confirmed: 1, expired: 0 } } });
    expect(log.recent().map(({ id, state }) => [id, state])).toEqual([
      ['inc.3.nonce', 'confirmed'],
      ['inc.3.nonce', 'committed'],
    ]);
  });

  it.each([
    ['unknown', 'unknown'],
    ['rejected', 'refused'],
    ['out-of-holds', 'refused'],
  ] as const)('%s: without a receipt, and on record', async (kind, state) => {
    const { purger, log, told } = setUpOthers({ kind });
    expect(await purger.purge(order({ tags: ['a'] }))).toEqual({ kind });
    expect([told, log.recent()[0]?.state, log.recent()[0]?.id]).toEqual([[kind], state, undefined]);
  });
});
