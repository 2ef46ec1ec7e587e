// The map of a running Freshet: what the fill path and the door of purges saw, in one thread and in several; as its page, its metric and its command.
import { describe, expect, it } from 'vitest';
import { parseFlags } from '../../src/commands/flags.ts';
import { map as command } from '../../src/commands/map.ts';
import { USAGES } from '../../src/commands/usage.ts';
import { UsageError } from '../../src/errors.ts';
import { type InvalidationMap, MAP } from '../../src/map/map.ts';
import type { Fields } from '../../src/http/fields.ts';
import { type Address, get } from '../support/client.ts';
import { SettableClock } from '../support/clock.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { metricIn } from '../support/metrics.ts';
import { ScriptedOrigin } from '../support/origin.ts';
import { Team, TOKEN } from '../workers/team.ts';
import { parseDot } from './dot-grammar.ts';

const LONG = 'max-age=7200';
const ROUTES = 'routes: [{ path: "/products/:id", tags: ["product:{id}"], invalidates: ["product:{id}"] }, { path: "/me" }]';

class Shop implements AsyncDisposable {
  readonly origin: ScriptedOrigin;
  readonly freshet: RunningFreshet;
  readonly clock: SettableClock;

  static async start(yaml = ROUTES): Promise<Shop> {
    const origin = await ScriptedOrigin.start();
    const clock = new SettableClock();
    const text = `origins: { shop: { url: "${origin.url}" } }\nlog: { level: silent, access: off }\n${yaml}`;
    return new Shop(origin, await RunningFreshet.start(text, { clock }), clock);
  }

  private constructor(origin: ScriptedOrigin, freshet: RunningFreshet, clock: SettableClock) {
    this.origin = origin;
    this.freshet = freshet;
    this.clock = clock;
  }

  serve(path: string, fields: Fields): void {
    this.origin.on(path, () => ({ body: 'x', fields }));
  }

  async ask(path: string, method = 'GET'): Promise<void> {
    await get(this.freshet.address, path, { method });
  }

  async purge(tag: string): Promise<void> {
    const answer = await get(this.freshet.adminAddress, '/', { method: 'PURGE', fields: ['surrogate-key', tag] });
    expect(answer.status).toBe(200);
  }

  map(): Promise<InvalidationMap> {
    return mapAt(this.freshet.adminAddress);
  }

  get adminUrl(): string {
    const { host, port } = this.freshet.adminAddress;
    return `http://${host}:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.origin[Symbol.asyncDispose]();
    await this.freshet.close();
  }
}

async function mapAt(address: Address, fields: Fields = []): Promise<InvalidationMap> {
  return MAP.parse(JSON.parse((await get(address, '/v1/map', { fields })).body));
}

const routeIn = (map: InvalidationMap, name: string) => map.routes.find((route) => route.name === name);
const familyIn = (map: InvalidationMap, name: string) => map.families.find(({ family }) => family === name);

describe('one thread', () => {
  it('sees fills and validations, and no hits', async () => {
    await using shop = await Shop.start();
    shop.serve('/products/1', ['cache-control', 'max-age=60', 'surrogate-key', 'catalog', 'etag', '"1"']);
    await shop.ask('/products/1');
    for (let i = 0; i < 5; i++) await shop.ask('/products/1');
    expect(routeIn(await shop.map(), '/products/:id')).toMatchObject({
      emits: [
        { family: 'product:*', template: 'product:{id}', seen: { tags: 1, examples: ['product:1'], fresh: { medianSeconds: 60 } } },
        { family: 'catalog', seen: { tags: 1 } },
      ],
      seen: { stored: 1, untagged: 0, unvalidated: 0 },
    });
    shop.origin.on('/products/1', () => ({ status: 304, fields: ['etag', '"1"'] }));
    shop.clock.advance(61_000);
    await shop.ask('/products/1');
    expect(routeIn(await shop.map(), '/products/:id')?.seen).toMatchObject({ stored: 2 });
  });

  it('sees why answers were not stored, and on which credential they vary', async () => {
    await using shop = await Shop.start();
    shop.serve('/me', ['cache-control', LONG, 'vary', 'Authorization, Accept']);
    await shop.ask('/me');
    const map = await shop.map();
    expect(routeIn(map, '/me')?.seen).toMatchObject({ stored: 0, refused: { 'vary-not-allowed': 1 } });
    expect(map.findings).toMatchObject([{ kind: 'shared-by-credential', subject: '/me', count: 1, examples: ['/me'] }]);
  });

  it('sees purges of operators and of writes, and which of them met something', async () => {
    await using shop = await Shop.start();
    shop.serve('/products/1', ['cache-control', LONG]);
    shop.origin.on('PUT /products/1', () => ({ status: 204 }));
    await shop.ask('/products/1');
    await shop.ask('/products/1', 'PUT');
    await shop.purge('product:1');
    await shop.purge('product:2');
    const { endedBy, seen } = familyIn(await shop.map(), 'product:*') ?? {};
    expect(seen).toMatchObject({ purges: 3, met: 2 });
    expect(endedBy).toMatchObject([
      { kind: 'write', name: '/products/:id', template: 'product:{id}', seen: { purges: 1, met: 1 } },
      { kind: 'caller', seen: { purges: 2, met: 1 } },
    ]);
    expect(routeIn(await shop.map(), '/products/:id')?.seen?.urlPurges).toBe(1);
  });

  it('sees events that no rule is for', async () => {
    await using shop = await Shop.start(`${ROUTES}\nevents: { rules: [{ on: product.updated, purge: ["product:{id}"] }] }`);
    for (const type of ['product.updated', 'prodcut.updated']) {
      const body = JSON.stringify({ specversion: '1.0', id: type, source: '/shop', type, data: { id: 1 } });
      const fields = ['content-type', 'application/cloudevents+json'];
      expect((await get(shop.freshet.adminAddress, '/v1/events', { method: 'POST', fields, body })).status).toBe(200);
    }
    const { seen, findings } = await shop.map();
    expect(seen?.unmatchedEvents).toBe(1);
    expect(findings.filter(({ kind }) => kind === 'unmatched-event')).toMatchObject([
      { subject: 'prodcut.updated', count: 1, examples: ['/shop prodcut.updated'], nearest: 'product.updated' },
    ]);
  });

  it('counts its findings as a metric', async () => {
    await using shop = await Shop.start();
    const metrics = async (kind: string): Promise<number> =>
      metricIn((await get(shop.freshet.adminAddress, '/metrics')).body, `freshet_map_findings{kind="${kind}"}`);
    expect(await metrics('met-nothing')).toBe(0);
    shop.serve('/products/1', ['cache-control', LONG]);
    await shop.ask('/products/1');
    await shop.purge('prodcut:1');
    expect([await metrics('met-nothing'), await metrics('untagged')]).toEqual([1, 0]);
  });

  it('goes by the configuration that is in force', async () => {
    await using shop = await Shop.start('routes: [{ path: /a }]');
    shop.serve('/a', ['cache-control', LONG, 'surrogate-key', 'colour:red']);
    const renamed = `origins: { shop: { url: "${shop.origin.url}" } }\nlog: { level: silent, access: off }\nroutes: [{ path: /a, ttl: 1s }]\npurge: { callers: { x: ["colour:*"] } }`;
    await shop.freshet.reload(renamed);
    await shop.ask('/a');
    expect(routeIn(await shop.map(), '/a')?.emits).toMatchObject([{ family: 'colour:*', seen: { tags: 1 } }]);
  });
});

describe('several threads', () => {
  it('are added up, and what one has stored the purge of another has met', async () => {
    await using team = await Team.start({ yaml: ROUTES });
    const [one, two] = await team.pair();
    team.serve('/products/1');
    team.serve('/products/2');
    await one.ask('/products/1');
    await two.ask('/products/1');
    await two.ask('/products/2');
    await one.purge('product:2');
    await one.purge('product:3');
    const map = await mapAt(team.freshet.adminAddress, ['authorization', `Bearer ${TOKEN}`]);
    expect(map.seen?.threads).toBe(2);
    expect(routeIn(map, '/products/:id')).toMatchObject({
      seen: { stored: 3 },
      emits: [{ family: 'product:*', seen: { tags: 3 } }, { family: 'a' }],
    });
    expect(familyIn(map, 'product:*')?.seen).toMatchObject({ purges: 2, met: 1 });
  });
});

/** What the command prints. */
async function run(args: readonly string[]): Promise<string> {
  const printed: string[] = [];
  await command(parseFlags(args, USAGES.map), { env: {}, print: (text) => void printed.push(text) });
  return printed.join('\n');
}

describe('freshet map', () => {
  const FILE = new URL('../../config/minimal.yaml', import.meta.url).pathname;

  it('of a running Freshet: as text, as JSON, for Graphviz', async () => {
    await using shop = await Shop.start();
    shop.serve('/products/1', ['cache-control', LONG]);
    await shop.ask('/products/1');
    const at = ['--admin', shop.adminUrl];
    expect(await run(at)).toMatch(/^seen in 0 s, since .*\n\nroutes\n {2}\/products\/:id\n {6}stored {3}1, fresh for 2 h\n/);
    expect(MAP.parse(JSON.parse(await run([...at, '--json'])))).toEqual(await shop.map());
    expect(parseDot(await run([...at, '--dot'])).nodes.has('family product:*')).toBe(true);
  });

  it('of a configuration alone', async () => {
    expect(await run(['--config', FILE])).toMatch(/^the map of the configuration alone.*\n\nroutes\n {2}\/products\/:id {2}\(ttl 1 h\)\n/);
    expect(MAP.parse(JSON.parse(await run(['-c', FILE, '--json']))).families).toMatchObject([{ family: 'product:*', emittedBy: ['/products/:id'] }]);
  });

  it.each([
    [['--json', '--dot'], /^--json and --dot: one of them is allowed$/],
    [['-c', FILE, '--admin', 'http://127.0.0.1:1'], /^--config and --admin: one of them is allowed/],
    [['shop.yaml'], /^unexpected "shop\.yaml"; a configuration file is named with --config$/],
  ])('refuses %j', async (args, message) => {
    await expect(run(args)).rejects.toThrow(message);
    await expect(run(args)).rejects.toBeInstanceOf(UsageError);
  });

  it('asks with the token, and says where the answer is none', async () => {
    await using admin = await ScriptedOrigin.start();
    admin.on('*', { body: '{}' });
    await expect(run(['--admin', admin.url, '--token', 't1'])).rejects.toThrow(
      /^the answer is not a map: "\{\}"; is that the admin listener\? \(--admin URL\)$/,
    );
    const [request] = admin.requests;
    expect([request?.method, request?.path, request?.fields.includes('Bearer t1')]).toEqual(['GET', '/v1/map', true]);
  });
});
