import { describe, expect, it } from 'vitest';
import { planOf } from '../../src/events/rules.ts';
import { NOTHING } from '../../src/purge/order.ts';
import { event, rulesOf } from './event.ts';

const CLAIMS = `auth: { jwt: { issuer: "https://i.example", audience: a, secret: "0123456789012345678901234567890123" } }\nroutes: [{ path: /me, scope: [sub] }]`;

function plan(rules: string, given: Parameters<typeof event>[0]): unknown {
  const planned = planOf(event(given), { rules: rulesOf(rules, rules.includes('scopes') ? CLAIMS : ''), scopeNames: ['sub'] });
  switch (planned.kind) {
    case 'purge': {
      const { tags, scopes, mode, settleMs, versions } = planned.order;
      return {
        tags,
        ...(scopes.length > 0 && { scopes }),
        ...(mode === 'soft' && { mode }),
        ...(settleMs !== 0 && { settleMs }),
        ...(versions.size > 0 && { versions: Object.fromEntries(versions) }),
      };
    }
    case 'unmatched':
      return 'unmatched';
    case 'rejected':
      return planned.faults.map(({ detail }) => detail);
  }
}

const ORDER = '{ on: order.updated, purge: ["order:{id}"] }';
const FAMILY = '{ on: "order.*", purge: ["customer:{customer_id}:orders", orders], mode: soft, settle: 2s }';

describe('which rules are for a type', () => {
  it.each<{ on: string; type: string; isFor: boolean }>([
    { on: 'order.updated', type: 'order.updated', isFor: true },
    { on: 'order.updated', type: 'order.updated.v2', isFor: false },
    { on: 'order.updated', type: 'Order.updated', isFor: false },
    { on: 'order.*', type: 'order.updated', isFor: true },
    { on: 'order.*', type: 'order.updated.v2', isFor: true },
    { on: 'order.*', type: 'order.', isFor: false },
    { on: 'order.*', type: 'order', isFor: false },
    { on: 'order.*', type: 'orders.updated', isFor: false },
    { on: '"*"', type: 'anything', isFor: true },
    { on: '"*"', type: 'freshet.other', isFor: false },
    { on: '[order.created, "stock.*"]', type: 'stock.low', isFor: true },
    { on: '[order.created, "stock.*"]', type: 'order.deleted', isFor: false },
  ])('$on, $type: $isFor', ({ on, type, isFor }) => {
    expect(plan(`[{ on: ${on}, purge: [t] }]`, { type })).toEqual(isFor ? { tags: ['t'] } : 'unmatched');
  });
});

describe('what is purged', () => {
  it.each<{ name: string; rules: string; given: Parameters<typeof event>[0]; expected: unknown }>([
    { name: 'one rule', rules: `[${ORDER}]`, given: { data: { id: 7 } }, expected: { tags: ['order:7'] } },
    { name: 'no rules', rules: '[]', given: { data: { id: 7 } }, expected: 'unmatched' },
    {
      name: 'all rules together: hard if one is, the longest settle window',
      rules: `[${FAMILY}, ${ORDER}]`,
      given: { data: { id: 7, customer_id: 'c' } },
      expected: { tags: ['customer:c:orders', 'orders', 'order:7'], settleMs: 2_000 },
    },
    {
      name: 'soft where all are',
      rules: `[${FAMILY}]`,
      given: { data: { customer_id: 'c' } },
      expected: { tags: ['customer:c:orders', 'orders'], mode: 'soft', settleMs: 2_000 },
    },
    {
      name: 'a tag of two rules once',
      rules: `[${ORDER}, { on: "*", purge: ["order:{id}"] }]`,
      given: { data: { id: 7 } },
      expected: { tags: ['order:7'] },
    },
    {
      name: 'versions of the tags of its rule, the highest of several',
      rules: `[{ on: "*", purge: ["a:{id}", all], version: "{version}" }, { on: "*", purge: [all], version: "{rev}" }, { on: "*", purge: [b] }]`,
      given: { data: { id: 7, version: '12', rev: 9 } },
      expected: { tags: ['a:7', 'all', 'b'], versions: { 'a:7': 12, all: 12 } },
    },
    { name: 'no version where it may be absent', rules: `[{ on: "*", purge: [a], version: "{v?}" }]`, given: {}, expected: { tags: ['a'] } },
    {
      name: 'scopes',
      rules: `[{ on: "*", scopes: [{ sub: "{users.id}" }] }]`,
      given: { data: { users: [{ id: 'u 1' }, { id: 'u2' }, { id: 'u2' }] } },
      expected: {
        tags: [],
        scopes: [
          ['sub', 'u 1'],
          ['sub', 'u2'],
        ],
      },
    },
    { name: 'nothing, where all may be absent', rules: `[{ on: "*", purge: ["a:{x?}"] }]`, given: {}, expected: 'unmatched' },
    {
      name: 'the data of freshet.purge, whatever the rules',
      rules: `[${ORDER}]`,
      given: { type: 'freshet.purge', data: { tags: ['a', 'b'], versions: { b: 3 }, mode: 'soft', settle: '1s', scopes: [{ sub: 'u' }] } },
      expected: { tags: ['a', 'b'], versions: { b: 3 }, mode: 'soft', settleMs: 1_000, scopes: [['sub', 'u']] },
    },
  ])('$name', ({ rules, given, expected }) => expect(plan(rules, given)).toEqual(expected));

  it('what freshet.purge leaves open the door decides', () => {
    expect(planOf(event({ type: 'freshet.purge', data: { tags: ['a'] } }), { rules: [], scopeNames: [] })).toEqual({
      kind: 'purge',
      by: ['freshet.purge'],
      order: { ...NOTHING, tags: ['a'] },
    });
  });
});

describe('what cannot be purged names rule and field, and nothing of the event is', () => {
  const both = `[${ORDER}, ${FAMILY}]`;
  it.each<{ name: string; rules: string; given: Parameters<typeof event>[0]; expected: readonly (string | RegExp)[] }>([
    { name: 'a field that is missing', rules: `[${ORDER}]`, given: {}, expected: ['events.rules[0] (order.updated): id is missing, in order:{id}'] },
    {
      name: 'in one rule of two',
      rules: both,
      given: { data: { id: 7 } },
      expected: ['events.rules[1] (order.*): customer_id is missing, in customer:{customer_id}:orders'],
    },
    { name: 'in both', rules: both, given: {}, expected: [/rules\[0\].*id is missing/, /rules\[1\].*customer_id is missing/] },
    {
      name: 'a tag with a space',
      rules: `[${ORDER}]`,
      given: { data: { id: 'a b' } },
      expected: [/^events\.rules\[0\] \(order\.updated\): id in order:\{id\}: The tag "order:a b" is not one/],
    },
    { name: 'a comma', rules: `[${ORDER}]`, given: { data: { id: 'a,b' } }, expected: [/is not one/] },
    { name: 'a control character', rules: `[${ORDER}]`, given: { data: { id: 'a\u0000' } }, expected: [/is not one/] },
    { name: 'a letter that is not ASCII', rules: `[${ORDER}]`, given: { data: { id: 'ü' } }, expected: [/is not one/] },
    {
      name: 'a tag that is too long',
      rules: `[${ORDER}]`,
      given: { data: { id: 'x'.repeat(1_019) } },
      expected: [/has 1025 bytes; 1024 are allowed/],
    },
    {
      name: 'of two fields',
      rules: '[{ on: "*", purge: ["{a}:{b}"] }]',
      given: { data: { a: ' ', b: 1 } },
      expected: [/a and b in \{a\}:\{b\}: The tag/],
    },
    {
      name: 'a version that is none',
      rules: '[{ on: "*", purge: [a], version: "{v}" }]',
      given: { data: { v: -1 } },
      expected: [/: v is not a version/],
    },
    {
      name: 'a version of 16 digits',
      rules: '[{ on: "*", purge: [a], version: "{v}" }]',
      given: { data: { v: 1e15 } },
      expected: [/: v is not a version/],
    },
    {
      name: 'several versions',
      rules: '[{ on: "*", purge: [a], version: "{v}" }]',
      given: { data: { v: [1, 2] } },
      expected: [/: v has several values, in version/],
    },
    { name: 'no version', rules: '[{ on: "*", purge: [a], version: "{v}" }]', given: {}, expected: [/: v is missing, in version/] },
    { name: 'a scope without a value', rules: '[{ on: "*", scopes: [{ sub: "{u}" }] }]', given: {}, expected: [/: u is missing, in the scope sub/] },
    {
      name: 'more tags than one purge may name',
      rules: '[{ on: "*", purge: ["a:{ids}"] }, { on: "*", purge: [b] }]',
      given: { data: { ids: Array.from({ length: 256 }, (_, i) => i) } },
      expected: [/^events\.rules\[0\] \(\*\) and events\.rules\[1\] \(\*\): name 257 tags/],
    },
    {
      name: 'freshet.purge without data',
      rules: '[]',
      given: { type: 'freshet.purge', data: undefined },
      expected: [/^data of freshet\.purge: The body is not a JSON object/],
    },
    { name: 'freshet.purge of nothing', rules: '[]', given: { type: 'freshet.purge', data: {} }, expected: [/Name something/] },
    {
      name: 'freshet.purge with an unknown member',
      rules: '[]',
      given: { type: 'freshet.purge', data: { tag: ['a'] } },
      expected: [/There is no member "tag"/],
    },
  ])('$name', ({ rules, given, expected }) => {
    expect(plan(rules, given)).toEqual(expected.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))));
  });
});
