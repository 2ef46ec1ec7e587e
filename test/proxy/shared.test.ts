// After a miss of its own a request asks other nodes; what they have is judged as what it has itself. PURGE-PROTOCOL §4.4.
import { describe, expect, it } from 'vitest';
import { logEpochs } from '../../src/cluster/log-epochs.ts';
import type { Reply } from '../../src/cluster/logged-purge.ts';
import { type BodyRedis, SharedBodies } from '../../src/cluster/shared-bodies.ts';
import { handle } from '../../src/proxy/handle.ts';
import { sharedKey } from '../../src/proxy/shared.ts';
import { PackedResponse } from '../../src/rules/packed-response.ts';
import type { Store } from '../../src/store/store.ts';
import { makeParts, NotingClient, play, requestOf } from './parts.ts';

const FRESH = ['cache-control', 'max-age=60', 'surrogate-key', 'product:1'];

/** What nodes have written, for as long as the test lasts. */
class Shelf implements BodyRedis {
  readonly values = new Map<string, Buffer>();
  asked = 0;
  held: Promise<void> = Promise.resolve();

  async command(name: string, key: string | number | Buffer, value?: string | number | Buffer): Promise<Reply> {
    if (name === 'SET') this.values.set(String(key), value as Buffer);
    else this.asked++;
    await this.held;
    return name === 'PTTL' ? 59_000 : (this.values.get(String(key)) ?? null);
  }

  close(): void {}
}

/** A node of one log at its beginning, all under one secret. */
function node(shelf: Shelf, config = '', aroundStore = (store: Store): Store => store) {
  const made = makeParts({ config, aroundStore });
  const epochs = logEpochs('inc', { epoch: made.authority.marks.epoch, applied: 0 });
  const told: string[] = [];
  const bodies = new SharedBodies({
    redis: shelf,
    cluster: 'shop',
    key: Buffer.alloc(32, 1),
    epochs: () => epochs,
    clock: made.clock,
    wall: () => 0,
    told: (what) => told.push(what),
  });
  // The same tags on all, as a cluster has them.
  return { ...made, told, parts: { ...made.parts, bodies, secret: Buffer.alloc(32, 2) } };
}

type Node = ReturnType<typeof node>;

async function ask({ parts }: Node, line: string, fields: readonly string[] = []): Promise<NotingClient> {
  const client = new NotingClient();
  handle(requestOf(line, fields), client, parts);
  await client.ended;
  return client;
}

async function fill(filled: Node, path: string, fields = FRESH): Promise<void> {
  const client = new NotingClient();
  handle(requestOf(`GET ${path}`), client, filled.parts);
  play(await filled.origin.nth(filled.origin.asked.length + 1), filled.clock.now(), { fields, body: 'one' });
  await client.ended;
}

describe('a request that finds nothing', () => {
  it('has what another node has stored', async () => {
    const shelf = new Shelf();
    await fill(node(shelf), '/p');
    const other = node(shelf);
    const client = await ask(other, 'GET /p');
    expect([client.body, client.cacheStatus, other.told, other.origin.asked.length]).toEqual([
      'one',
      expect.stringMatching(/^freshet; hit/),
      ['found'],
      0,
    ]);
    expect((await ask(other, 'GET /p')).cacheStatus).toMatch(/^freshet; hit/);
    expect(other.told).toEqual(['found']);
    expect(other.store.slice(0, 9).entries.map(({ response }) => response)).toEqual([expect.any(PackedResponse)]);
  });

  it('keeps nothing that was purged while it asked', async () => {
    const shelf = new Shelf();
    await fill(node(shelf), '/p');
    const other = node(shelf);
    const held = Promise.withResolvers<void>();
    shelf.held = held.promise;
    const client = new NotingClient();
    handle(requestOf('GET /p'), client, other.parts);
    other.authority.publish({ selectors: { tagIds: new Int32Array(), all: true }, mode: 'hard', at: other.clock.now() });
    held.resolve();
    play(await other.origin.nth(1), other.clock.now(), { fields: ['cache-control', 'no-store'], body: 'two' });
    await client.ended;
    expect([client.body, other.told, other.store.stats.entries, other.store.stats.removals.purged]).toEqual(['two', ['found'], 0, 0]);
  });

  it.each([
    ['what only a store of its own may answer', 'GET /p', ['cache-control', 'only-if-cached, max-age=0']],
    ['a write', 'PUT /p', []],
  ])('does not ask for %s', async (_name, line, fields) => {
    const shelf = new Shelf();
    const asking = node(shelf);
    const client = new NotingClient();
    handle(requestOf(line, fields), client, asking.parts);
    if (line.startsWith('PUT')) play(await asking.origin.nth(1), asking.clock.now(), { fields: [], body: 'done' });
    await client.ended;
    expect(shelf.asked).toBe(0);
  });

  it('does not ask by rules that a reload has replaced since it came', async () => {
    const shelf = new Shelf();
    const asking = node(shelf, 'defaults: { scope: { lookup: /_scope } }');
    const client = new NotingClient();
    handle(requestOf('GET /p', ['cookie', 's=1']), client, asking.parts);
    asking.parts.settings = { ...asking.parts.settings, keying: 'other' };
    play(await asking.origin.nth(1), asking.clock.now(), { fields: ['auth-scope', 'gold'], body: '' });
    play(await asking.origin.nth(2), asking.clock.now(), { fields: FRESH, body: 'one' });
    await client.ended;
    expect([client.body, shelf.asked, shelf.values.size]).toEqual(['one', 0, 0]);
  });

  it('does not ask again for what proved uncacheable', async () => {
    const shelf = new Shelf();
    const asking = node(shelf);
    for (const nth of [1, 2]) {
      const client = new NotingClient();
      handle(requestOf('GET /p'), client, asking.parts);
      play(await asking.origin.nth(nth), asking.clock.now(), { fields: ['cache-control', 'no-store'], body: 'done' });
      await client.ended;
    }
    expect(asking.told).toEqual(['absent']);
  });

  it('of another scope than the name says is not used, and is told', async () => {
    const shelf = new Shelf();
    await fill(node(shelf), '/p');
    const other = node(shelf, 'defaults: { scope: credential }');
    const found = await other.parts.bodies.find(sharedKey({ key: '6:public http://shop.example/p', settings: node(shelf).parts.settings }), () => []);
    expect(found?.scopeId).toBe('public');
    const client = new NotingClient();
    const bodies = Object.assign(other.parts.bodies, { find: async () => found });
    handle(requestOf('GET /p', ['authorization', 'Bearer ada']), client, { ...other.parts, bodies });
    play(await other.origin.nth(1), other.clock.now(), { fields: FRESH, body: 'hers' });
    await client.ended;
    expect(client.body).toBe('hers');
    expect(other.observer.mismatched).toEqual(['sharing']);
  });
});

function refusing(store: Store): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (name === 'put') return () => ({ kind: 'refused', reason: 'newer-stored' });
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

it('what the store of a node refuses is not offered to others', async () => {
  const shelf = new Shelf();
  await fill(node(shelf, '', refusing), '/p');
  expect(shelf.values.size).toBe(0);
});

it.each([
  ['tags', 'defaults: { tags: [x] }'],
  ['permissions', 'defaults: { cookies: ignore }'],
])('what was stored under other %s is not used, nor by the same node after a reload', async (_name, config) => {
  const shelf = new Shelf();
  const before = node(shelf, config);
  await fill(before, '/p');
  const after = node(shelf);
  await fill(after, '/p');
  await fill(after, '/q');
  before.parts.settings = after.parts.settings;
  expect((await ask(before, 'GET /q')).cacheStatus).toMatch(/^freshet; hit/);
  expect([before.told, after.told]).toEqual([
    ['absent', 'written', 'found'],
    ['absent', 'written', 'absent', 'written'],
  ]);
});
