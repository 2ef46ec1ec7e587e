// DESIGN P5: a purge costs what it names and not what it hits. Counted as work, not as time: however many entries carry the tag, the store is not touched.
import { describe, expect, it } from 'vitest';
import { handle } from '../../src/proxy/handle.ts';
import type { Parts } from '../../src/proxy/parts.ts';
import type { Store } from '../../src/store/store.ts';
import { askStored, makeParts, NotingClient, play, requestOf } from '../proxy/parts.ts';
import { entry } from '../store/entry.ts';

/** Every touch of the store behind it is counted. */
function counted(store: Store): { readonly proxy: Store; readonly touches: string[] } {
  const touches: string[] = [];
  const proxy = new Proxy(store, {
    get: (target, name) => {
      touches.push(String(name));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { proxy, touches };
}

/** A store with `count` entries of the tag `wide`, the last one that of /found. */
async function setUp(count: number) {
  let touches: readonly string[] = [];
  const { parts, clock, store, tagHash, origin } = makeParts({
    config: 'purge: { token: t }',
    storeBytes: 256 * 1024 * 1024,
    aroundStore: (inner) => {
      const { proxy, touches: noted } = counted(inner);
      touches = noted;
      return proxy;
    },
  });
  const tagIds = tagHash.tagIds(['wide']);
  for (let i = 1; i < count; i++) store.put(`k${i}`, entry({ body: Buffer.alloc(0), tagIds }), { maxVariants: 1 });
  const client = new NotingClient();
  handle(requestOf('GET /found'), client, parts);
  play(await origin.nth(1), clock.now(), { fields: ['cache-control', 'max-age=60', 'surrogate-key', 'wide'], body: 'found' });
  await client.ended;
  expect([store.stats.entries, (await askStored(parts, '/found')).body]).toEqual([count, 'found']);
  return { parts, touches };
}

const AUTHORISED = ['authorization', 'Bearer t'];

const purges: readonly [name: string, purge: (parts: Parts) => Promise<number>][] = [
  ['PURGE of its tag', (parts) => purgeMethod(parts, 'PURGE /', ['surrogate-key', 'wide'])],
  ['PURGE of its URL', (parts) => purgeMethod(parts, 'PURGE /found', [])],
  ['a soft PURGE', (parts) => purgeMethod(parts, 'PURGE /', ['surrogate-key', 'wide', 'soft-purge', '1'])],
  ...[{ tags: ['wide'] }, { prefixes: ['//shop.example/'] }, { all: true }, { tags: ['wide'], settle: '2s' }].map(
    (order): [string, (parts: Parts) => Promise<number>] => [
      `POST ${JSON.stringify(order)}`,
      async (parts) => (await parts.purgeGate.body(JSON.stringify(order), { actor: 'test', fields: [] })).status,
    ],
  ),
];

async function purgeMethod(parts: Parts, line: string, fields: readonly string[]): Promise<number> {
  const client = new NotingClient();
  handle(requestOf(line, [...AUTHORISED, ...fields]), client, parts);
  await client.ended;
  return Number(client.told[0]);
}

describe.each([1, 50_000])('with %i entries of the tag', (count) => {
  it.each(purges)('%s ends them and touches the store zero times', async (_name, purge) => {
    const { parts, touches } = await setUp(count);
    const before = touches.length;
    expect(await purge(parts)).toBe(200);
    expect(touches.slice(before)).toEqual([]);
    const { told, cacheStatus } = await askStored(parts, '/found');
    expect([told[0], cacheStatus]).toEqual([504, 'freshet; detail=only-if-cached']);
  });

  it('the count would show a touch', async () => {
    const { parts, touches } = await setUp(count);
    const before = touches.length;
    parts.store.peek('k1');
    expect(touches.slice(before)).toEqual(['peek']);
  });
});
