// SECURITY §6 "Log": the record of a purge names what was purged, in few safe words, and no credential.
import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { NOTHING, type PurgeOrder } from '../../src/purge/order.ts';
import { PurgeLog } from '../../src/purge/purge-log.ts';

/** What the log says of orders, newest first. */
function whats(...orders: readonly Partial<PurgeOrder>[]): readonly string[] {
  const log = new PurgeLog();
  for (const order of orders)
    log.add({ ...NOTHING, kind: 'operator', actor: 'test', ...order }, { at: 1, id: 'a.1', state: 'confirmed', waitedMs: 0 });
  return log.recent().map(({ what }) => what);
}

describe('the selectors of an order', () => {
  const url = { authority: 'shop.example', path: '/a', query: '?b' };
  const rows: readonly [name: string, order: Partial<PurgeOrder>, expected: string | RegExp][] = [
    ['nothing', {}, ''],
    ['tags', { tags: ['a', 'product:42'] }, 'tag=a tag=product:42'],
    ['a group', { groups: [{ origin: 'shop.example', group: 'g' }] }, 'group=shop.example g'],
    ['a URL', { urls: [url] }, 'url=shop.example/a?b'],
    ['a URL on any host', { urls: [{ ...url, authority: undefined }] }, 'url=/a?b'],
    ['a prefix', { prefixes: [url] }, 'prefix=shop.example/a'],
    ['a version', { versions: new Map([['p', 18]]) }, 'version=p=18'],
    ['everything', { all: true }, 'all'],
    ['a scope by the hash of its value', { scopes: [['authorization', 'Bearer SECRET']] }, /^scope=authorization=#[0-9a-f]{8}$/],
    ['a control character', { tags: ['a\nb'] }, String.raw`tag=a\u000ab`],
    ['no more than fits', { tags: Array.from({ length: 99 }, () => 'x'.repeat(90)) }, /^(tag=x{90} ){5}…$/],
  ];
  it.each(rows)('%s', (_name, order, expected) => {
    if (typeof expected === 'string') expect(whats(order)).toEqual([expected]);
    else expect(whats(order)[0]).toMatch(expected);
  });
});

it('the same credential can be recognised, and is nowhere', () => {
  const [third, second, first] = whats(
    ...['Bearer SECRET', 'Bearer OTHER', 'Bearer SECRET'].map((value) => ({ scopes: [['authorization', value]] as const })),
  );
  expect([first === third, first === second]).toEqual([true, false]);
  expect([first, second].join()).not.toMatch(/SECRET|OTHER|Bearer/);
});

it('its hash is keyed by the process: it cannot be tried out elsewhere, and another process has another', () => {
  const scopes = [['authorization', 'Bearer SECRET']] as const;
  const [one, another] = [whats({ scopes }), whats({ scopes })];
  expect(one).not.toEqual(another);
  expect(one[0]).not.toContain(hash('sha256', 'Bearer SECRET').slice(0, 8));
});

it('tells the audit of what operators were confirmed, without queries, and of nothing else', () => {
  const told: string[] = [];
  const log = new PurgeLog(({ id, actor, what }) => told.push(`${id} ${actor} ${what}`));
  const url = { authority: 'shop.example', path: '/a', query: '?token=SECRET' };
  const order: PurgeOrder = { ...NOTHING, kind: 'operator', actor: '192.0.2.1\n', tags: ['a'], urls: [url] };
  log.add(order, { at: 1, id: 'a.1', state: 'confirmed', waitedMs: 0 });
  log.add(order, { at: 1, state: 'refused', waitedMs: 0 });
  log.add({ ...order, kind: 'write' }, { at: 1, id: 'a.2', state: 'confirmed', waitedMs: 0 });
  expect(told).toEqual([String.raw`a.1 192.0.2.1\u000a tag=a url=shop.example/a?*`]);
});
