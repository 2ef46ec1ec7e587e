// What can go wrong with a running Freshet, by the names that the pages of docs/runbooks give it: each is made on real sockets, before the commands of a page are typed.
import { expect } from 'vitest';
import { MemoryStore } from '../../src/store/memory.ts';
import { startFreshet } from '../support/child-process.ts';
import { type Address, type Answer, type Asking, get } from '../support/client.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { Barrier, type Reply, ScriptedOrigin } from '../support/origin.ts';
import { RedisServer } from '../support/redis.ts';

/** The addresses that the pages type. */
const HOST = '127.0.0.1:8080';

export class Stage implements AsyncDisposable {
  readonly origin: ScriptedOrigin;
  readonly freshet: RunningFreshet;
  /** What `systemctl start redis-server` stands for. */
  redis: RedisServer | undefined;
  readonly #others: AsyncDisposable[] = [];

  static async start(yaml = '', given: { readonly originSettings?: string; readonly redis?: RedisServer } = {}): Promise<Stage> {
    const origin = await ScriptedOrigin.start();
    const { originSettings = '', redis } = given;
    const shared = redis === undefined ? '' : `redis: { url: "${redis.url}", cluster: shop, secret: ${'s'.repeat(32)} }`;
    const text = [`origins: { shop: { url: "${origin.url}"${originSettings} } }`, 'log: { level: silent, access: off }', shared, yaml].join('\n');
    const stage = new Stage(origin, await RunningFreshet.start(text));
    stage.redis = redis;
    if (redis !== undefined) stage.keep(redis);
    return stage;
  }

  private constructor(origin: ScriptedOrigin, freshet: RunningFreshet) {
    this.origin = origin;
    this.freshet = freshet;
  }

  /** Ends with it. */
  keep(other: AsyncDisposable): void {
    this.#others.push(other);
  }

  serve(path: string, reply: Reply): void {
    this.origin.on(path, { ...reply, fields: ['content-type', 'application/json', ...(reply.fields ?? [])] });
  }

  /** As a client that typed the address of the pages. */
  get(path: string, asking: Asking = {}): Promise<Answer> {
    return get(this.freshet.address, path, { ...asking, fields: ['host', HOST, ...(asking.fields ?? [])] });
  }

  admin(path: string, body?: object): Promise<Answer> {
    return get(this.freshet.adminAddress, path, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
  }

  /** Until the page of the admin listener says so. */
  async until(path: string, says: string): Promise<void> {
    while (!(await this.admin(path)).body.includes(says));
  }

  /** 8080 and 8081 of the pages. */
  at(port: string): Address {
    return port === '8080' ? this.freshet.address : port === '8081' ? this.freshet.adminAddress : expect.fail(`nobody listens on ${port}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const other of this.#others) await other[Symbol.asyncDispose]();
    await this.origin[Symbol.asyncDispose]();
    await this.freshet.close();
  }
}

const tagged = (body: string): Reply => ({ body, fields: ['cache-control', 'max-age=600', 'surrogate-key', 'product:42'] });

/** By the name that the pages give. */
export const FAULTS: Readonly<Record<string, () => Promise<Stage>>> = {
  'written-without-purge': async () => {
    const stage = await Stage.start();
    stage.serve('/products/42', tagged('{"id":42,"price":10}'));
    await stage.get('/products/42');
    stage.serve('/products/42', tagged('{"id":42,"price":12}'));
    await stage.admin('/v1/purge', { tags: ['products:42'] });
    return stage;
  },

  'audit-miss': async () => {
    const stage = await Stage.start('audit: { sample: 100%, window: 100ms, budget: 1000/s }');
    stage.serve('/products/42', tagged('{"id":42,"price":10}'));
    await stage.get('/products/42');
    stage.serve('/products/42', tagged('{"id":42,"price":12}'));
    await stage.admin('/v1/purge', { tags: ['products:42'] });
    await stage.get('/products/42');
    await stage.until('/metrics', 'verdict="missed"} 1');
    return stage;
  },

  scopes: async () => {
    const stage = await Stage.start('routes: [{ path: "/me/**", origin: shop, scope: credential }]');
    stage.serve('/me/orders', { body: '[]', fields: ['cache-control', 'max-age=600'] });
    stage.serve('/account', { body: '{"name":"Anna"}', fields: ['cache-control', 'public, max-age=600'] });
    for (const who of ['anna', 'ben']) await stage.get('/me/orders', { fields: ['authorization', `Bearer ${who}`] });
    await stage.get('/account', { fields: ['authorization', 'Bearer anna'] });
    return stage;
  },

  'scopes-mixed': async () => {
    const stage = await Stage.start('routes: [{ path: "/me/**", origin: shop, scope: credential }]');
    stage.keep(mixUpKeys('/me/orders'));
    stage.serve('/me/orders', { body: '[]', fields: ['cache-control', 'max-age=600'] });
    for (const who of ['anna', 'ben']) await stage.get('/me/orders', { fields: ['authorization', `Bearer ${who}`] });
    return stage;
  },

  'redis-away': async () => {
    const redis = await RedisServer.start();
    const stage = await Stage.start('', { redis });
    stage.serve('/products/42', tagged('{"id":42,"price":10}'));
    await stage.until('/v1/nodes', '"lease":true');
    await stage.get('/products/42');
    await redis.kill();
    await stage.until('/v1/nodes', '"lease":false');
    await stage.admin('/v1/purge', { tags: ['product:42'] });
    return stage;
  },

  'redis-stalls': async () => {
    const redis = await RedisServer.start();
    const stage = await Stage.start('', { redis });
    await stage.until('/v1/nodes', '"lease":true');
    for (let losses = 1; losses <= 2; losses++) {
      redis.pause();
      await stage.until('/metrics', `freshet_lease_losses_total ${losses}`);
      redis.resume();
      await stage.until('/metrics', 'freshet_lease_held 1');
    }
    return stage;
  },

  'silent-node': async () => {
    const redis = await RedisServer.start();
    const stage = await Stage.start('', { redis });
    await stage.until('/v1/nodes', '"lease":true');
    const yaml = [
      `redis: { url: "${redis.url}", cluster: shop, secret: ${'s'.repeat(32)} }`,
      `origins: { shop: { url: "${stage.origin.url}" } }`,
      'log: { level: silent, access: off }',
    ].join('\n');
    const other = await startNode(yaml);
    stage.keep(other);
    while ((JSON.parse((await stage.admin('/v1/nodes')).body) as { nodes?: unknown[] }).nodes?.length !== 2);
    process.kill(other.pid, 'SIGKILL');
    await stage.admin('/v1/purge', { tags: ['product:42'] });
    return stage;
  },

  held: async () => {
    const stage = await Stage.start();
    stage.serve('/products/42', tagged('{"id":42,"price":10}'));
    await stage.admin('/v1/purge', { tags: ['product:42'], settle: '1h' });
    await stage.get('/products/42');
    return stage;
  },

  herd: async () => {
    const stage = await Stage.start();
    const paths = Array.from({ length: 20 }, (_, i) => `/products/${i + 1}`);
    for (const path of paths) stage.serve(path, tagged('{}'));
    for (const path of paths) await stage.get(path);
    await stage.admin('/v1/purge', { all: true, reason: 'nightly import' });
    for (const path of paths) await stage.get(path);
    return stage;
  },

  crowded: async () => {
    const stage = await Stage.start('purge: { memory: 64KiB }');
    for (let i = 0; i < 40; i++) await stage.admin('/v1/purge', { tags: Array.from({ length: 256 }, (_, j) => `product:${i}-${j}`) });
    return stage;
  },

  'origin-down': async () => {
    const stage = await Stage.start('', { originSettings: ', breaker: { minimum_requests: 5, open: 1m }' });
    stage.serve('/products/43', { fault: 'reset-before-head' });
    for (let i = 0; i < 5; i++) await stage.get('/products/43');
    return stage;
  },

  'origin-slow': async () => {
    const stage = await Stage.start('', { originSettings: ', connections: 1' });
    stage.serve('/products/42', tagged('{}'));
    await stage.get('/products/42');
    const barrier = new Barrier();
    for (const path of ['/a', '/b', '/c']) {
      stage.serve(path, { body: '{}', barriers: { 'before-head': barrier } });
      void stage.get(path).catch(() => undefined);
    }
    await stage.until('/metrics', 'freshet_origin_requests_waiting{origin="shop"} 2');
    return stage;
  },

  unstored: async () => {
    const stage = await Stage.start();
    stage.serve('/products/42', { body: '{}', fields: ['cache-control', 'no-store'] });
    for (let i = 0; i < 3; i++) await stage.get('/products/42');
    return stage;
  },

  thrash: async () => {
    const stage = await Stage.start('store: { memory: 1MiB, max_object: 256KiB }');
    for (let i = 0; i < 20; i++) {
      stage.serve(`/reports/${i}`, { body: 'r'.repeat(100_000), fields: ['cache-control', 'max-age=600'] });
      await stage.get(`/reports/${i}`);
    }
    return stage;
  },

  'worker-crash': async () => {
    const stage = await Stage.start('workers: 2');
    await stage.freshet.replaceWorker(1);
    return stage;
  },

  events: async () => {
    const stage = await Stage.start('events: { rules: [{ on: order.updated, purge: ["order:{id}"] }] }');
    for (const body of [orderUpdated('evt-1', { id: 7 }), orderUpdated('evt-2', { number: 8 }), { type: 'order.updated' }]) {
      await get(stage.freshet.adminAddress, '/v1/events', {
        method: 'POST',
        fields: ['content-type', 'application/cloudevents+json'],
        body: JSON.stringify(body),
      });
    }
    return stage;
  },

  'events-wait': async () => {
    const redis = await RedisServer.start();
    const source = `redis: { url: "${redis.url}", stream: orders }`;
    const stage = await Stage.start(`events: { ${source}, rules: [{ on: order.updated, purge: ["order:{id}"] }] }`);
    stage.keep(redis);
    stage.redis = redis;
    await stage.until('/metrics', 'freshet_event_source_reading{source="redis"} 1');
    await redis.kill();
    await stage.until('/metrics', 'freshet_event_source_reading{source="redis"} 0');
    return stage;
  },

  'late-loop': async () => {
    const stage = await Stage.start();
    stage.serve('/products/42', tagged('{}'));
    for (let i = 0; i < 2; i++) await stage.get('/products/42');
    const busy = setInterval(() => {
      for (const until = performance.now() + 60; performance.now() < until; );
    }, 100);
    stage.keep({ [Symbol.asyncDispose]: async () => clearInterval(busy) });
    return stage;
  },
};

function orderUpdated(id: string, data: object) {
  return { specversion: '1.0', id, source: '/shop/orders', type: 'order.updated', time: new Date().toISOString(), data };
}

/** As if the keys of all scopes of `path` were one: whatever is asked for there, the store finds what came first. Nothing from outside can bring that about. */
function mixUpKeys(path: string): AsyncDisposable {
  const lookup = Object.getOwnPropertyDescriptor(MemoryStore.prototype, 'lookup') ?? {};
  let first: string | undefined;
  MemoryStore.prototype.lookup = function lookupMixedUp(key) {
    if (key.endsWith(path)) first ??= key;
    return this.peek(key.endsWith(path) ? (first ?? key) : key);
  };
  return {
    [Symbol.asyncDispose]: async () => {
      Object.defineProperty(MemoryStore.prototype, 'lookup', lookup);
    },
  };
}

async function startNode(yaml: string) {
  const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const { join } = await import('node:path');
  const folder = mkdtempSync(join(tmpdir(), 'freshet-node-'));
  writeFileSync(join(folder, 'freshet.yaml'), yaml);
  try {
    return await startFreshet({ args: ['--config', join(folder, 'freshet.yaml')] });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
