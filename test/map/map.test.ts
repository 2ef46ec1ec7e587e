// The map: what comes of a configuration, and of what was seen by several threads; as text, and for Graphviz.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapDot } from '../../src/map/dot.ts';
import { type InvalidationMap, invalidationMap, MAP } from '../../src/map/map.ts';
import { MOST_FAMILIES } from '../../src/map/stored-sightings.ts';
import { mapText } from '../../src/map/text.ts';
import { parseDot } from './dot-grammar.ts';
import { configOf, MINUTE, Seen, START } from './seen.ts';

const SHOP = `
purge: { callers: { backend: ["product:*"] } }
events: { rules: [{ on: [order.updated, "stock.*"], purge: ["stock:{id}"] }] }
routes:
  - { path: "/products/:id", strategy: purge, tags: ["product:{id}"], invalidates: ["product:{id}"] }
  - { path: "/stock/:id", methods: [GET], tags: ["stock:{id}"], ttl: 1h }
  - { path: "/orders", methods: [POST], invalidates: ["stock:{query.id}", catalog] }
  - { path: /live, strategy: pass }`;

const familyIn = (map: InvalidationMap, name: string) => map.families.find(({ family }) => family === name);
const routeIn = (map: InvalidationMap, name: string) => map.routes.find((route) => route.name === name);

describe('of the configuration alone', () => {
  const map = invalidationMap(configOf(SHOP));

  it('has the routes, with what they emit and end', () => {
    expect(map.routes.map(({ name, stores, emits, ends }) => [name, stores, emits.map(({ family }) => family).join(), ends.join()])).toEqual([
      ['GET /stock/:id', true, 'stock:*', ''],
      ['/products/:id', true, 'product:*', 'product:*'],
      ['POST /orders', false, '', 'stock:*,catalog'],
      ['/live', false, '', ''],
    ]);
    expect(routeIn(map, '/products/:id')).toMatchObject({ strategy: 'purge', ttlSeconds: 86_400, scope: 'public' });
    expect(map.seen).toBeUndefined();
  });

  it('has the families, with who emits and who ends them', () => {
    expect(
      map.families.map(({ family, emittedBy, endedBy }) => [family, emittedBy.join(), endedBy.map(({ kind, name }) => `${kind} ${name}`).join()]),
    ).toEqual([
      ['catalog', '', 'write POST /orders'],
      ['product:*', '/products/:id', 'write /products/:id,caller backend'],
      ['stock:*', 'GET /stock/:id', 'write POST /orders,event order.updated, stock.*'],
    ]);
  });

  it('has what is for requests that no route takes where that says something', () => {
    expect(routeIn(invalidationMap(configOf('defaults: { tags: [all] }')), 'default')).toMatchObject({ emits: [{ family: 'all' }] });
  });
});

describe('of what was seen', () => {
  it('adds up what several threads stored, families that only one has widened too', () => {
    const seen = new Seen(SHOP, 2);
    seen.stored('/products/:id', ['product:1', 'category:tea'], { lifetimeMs: MINUTE });
    seen.stored('/products/:id', ['product:2'], { thread: 1, lifetimeMs: 60 * MINUTE });
    for (const word of 'abcdefghijklmn') seen.stored('/products/:id', [`category:${word}`], { thread: 1 });
    expect(routeIn(seen.map(), '/products/:id')).toMatchObject({
      emits: [
        {
          family: 'product:*',
          template: 'product:{id}',
          seen: { tags: 2, examples: ['product:1', 'product:2'], fresh: { leastSeconds: 60, mostSeconds: 3_600 } },
        },
        { family: 'category:*', seen: { tags: 15 } },
      ],
      seen: { stored: 16, untagged: 0 },
    });
    expect(seen.map().seen).toMatchObject({ threads: 2, since: new Date(START).toISOString() });
  });

  it('says who purged, how often, and how many of these met something', () => {
    const seen = new Seen(SHOP);
    seen.stored('/products/:id', ['product:1']);
    seen.purged(['product:1'], { kind: 'write', actor: 'PUT /products/:id' });
    seen.purged(['product:7'], { kind: 'write', actor: 'DELETE /products/:id' });
    seen.purged(['product:1'], { reason: 'backend' });
    seen.purged(['product:1', 'product:9'], { actor: '10.0.0.1', reason: 'by hand' });
    seen.purged([], {
      versions: new Map([['stock:3', 4]]),
      kind: 'event',
      actor: 'x event 1 of /s',
      reason: 'stock.counted: events.rules[0] (order.updated, stock.*)',
    });
    const { endedBy, seen: purged } = familyIn(seen.map(), 'product:*') ?? {};
    expect(purged).toMatchObject({ purges: 5, met: 3, examples: ['product:1', 'product:7', 'product:9'], others: 0 });
    expect(endedBy?.map(({ kind, name, template, seen: found }) => [kind, name, template, found?.purges, found?.met])).toEqual([
      ['write', '/products/:id', 'product:{id}', 2, 1],
      ['caller', 'backend', 'product:*', 1, 1],
      ['caller', '10.0.0.1 (by hand)', undefined, 2, 1],
    ]);
    expect(familyIn(seen.map(), 'stock:*')?.endedBy[1]).toMatchObject({ kind: 'event', name: 'order.updated, stock.*', seen: { purges: 1, met: 0 } });
  });

  it('says of a named family what named it, and not what named its kind', () => {
    const seen = new Seen('routes: [{ path: "/products", tags: [product:list, "product:{query.id}"] }]');
    const purges = (family: string) => familyIn(seen.map(), family)?.endedBy.map(({ name, seen: found }) => [name, found?.purges]);
    for (const tag of ['product:1', 'product:2']) seen.purged([tag], { reason: 'cms' });
    expect([purges('product:list'), purges('product:*')]).toEqual([[], [['127.0.0.1 (cms)', 2]]]);
    seen.purged(['product:list'], { reason: 'cms' });
    expect([purges('product:list'), purges('product:*')]).toEqual([[['127.0.0.1 (cms)', 1]], [['127.0.0.1 (cms)', 2]]]);
  });

  it('finds the typo in a word beside ids', () => {
    const seen = new Seen('routes: [{ path: "/a" }]');
    seen.stored('/a', ['product:list', 'product:7', 'category:tea:index', 'category:tea:9']);
    seen.purged(['product:7', 'product:lsit', 'category:tea:idnex']);
    const { findings } = seen.map();
    expect(findings.map(({ kind, subject, nearest }) => [kind, subject, nearest])).toEqual([
      ['met-nothing', 'category:tea:idnex', 'category:tea:index'],
      ['met-nothing', 'product:lsit', 'product:list'],
    ]);
    expect(familyIn(seen.map(), 'product:list')?.endedBy).toEqual([]);
  });

  it('adds up what one caller purged of the parts of a family', () => {
    const seen = new Seen('routes: [{ path: "/a", tags: ["customer:{query.id}:orders"] }]');
    for (const word of ['ada', 'bob']) seen.stored('/a', [`client:${word}`]);
    for (const word of 'abcdefghijklm') seen.stored('/a', [`client:${word}`]);
    for (const word of ['ada', 'bob']) seen.purged([`client:${word}`], { reason: 'cms' });
    expect(familyIn(seen.map(), 'client:*')?.endedBy).toMatchObject([{ name: '127.0.0.1 (cms)', seen: { purges: 2 } }]);
  });

  it('takes a tag that is only a number for none of the others', () => {
    const seen = new Seen('routes: [{ path: "/a" }]');
    seen.stored('/a', ['42', 'frontpage', 'catalog']);
    seen.purged(['42', 'frontpgae']);
    const { families, findings } = seen.map();
    expect(families.filter(({ endedBy }) => endedBy.length > 0).map(({ family }) => family)).toEqual(['*', 'frontpgae']);
    expect(findings).toMatchObject([{ kind: 'met-nothing', subject: 'frontpgae', nearest: 'frontpage' }]);
  });

  it('knows by their names whom the configuration names, digits and all', () => {
    const seen = new Seen(`
routes: [{ path: "/products/:id", tags: ["product:{id}"] }]
purge: { callers: { service-2: ["product:*"] } }
events: { rules: [{ on: com.acme.order.2, purge: ["product:{id}"] }] }`);
    seen.purged(['product:1'], { reason: 'service-2' });
    seen.purged(['product:1'], { kind: 'event', actor: 'x', reason: 'com.acme.order.2: events.rules[0] (com.acme.order.2)' });
    const { endedBy } = familyIn(seen.map(), 'product:*') ?? {};
    expect(endedBy?.map(({ kind, name, seen: found }) => [kind, name, found?.purges])).toEqual([
      ['event', 'com.acme.order.2', 1],
      ['caller', 'service-2', 1],
    ]);
  });

  it('has reasons as they may be printed', () => {
    const seen = new Seen(SHOP);
    seen.purged(['product:1'], { reason: 'a\u001b[2Jb' });
    expect(familyIn(seen.map(), 'product:*')?.endedBy.at(-1)?.name).toMatch(/^127\.0\.0\.1 \([\x20-\x7e]+\)$/);
  });

  it('counts purges of URLs by the route that they are of, and the rest besides', () => {
    const seen = new Seen(SHOP);
    seen.purged([], {
      urls: [{ authority: undefined, path: '/products/1', query: '' }],
      prefixes: [{ authority: undefined, path: '/' }],
      scopes: [['sub', 'u']],
      all: true,
    });
    expect(routeIn(seen.map(), '/products/:id')?.seen?.urlPurges).toBe(1);
    expect(seen.map().seen?.purges).toEqual({ prefixes: 1, scopes: 1, groups: 0, all: 1, unplacedTags: 0 });
  });

  it('is bounded: what has no room is counted', () => {
    const seen = new Seen(SHOP);
    const words = 'abcdefghijklmnopqrstuvwxyz';
    const names = Array.from({ length: 100 }, (_, i) => `${words[i % 26] ?? ''}${words[Math.floor(i / 26)] ?? ''}`);
    for (const name of names) seen.stored('/products/:id', [name]);
    const route = routeIn(seen.map(), '/products/:id');
    expect([route?.emits.length, route?.seen?.unplacedTags]).toEqual([MOST_FAMILIES + 1, 100 - MOST_FAMILIES]);
    for (let i = 0; i < 40; i++) seen.purged(['product:1'], { actor: `caller ${words[i % 26] ?? ''}${words[Math.floor(i / 26)] ?? ''}` });
    expect(familyIn(seen.map(), 'product:*')?.seen).toMatchObject({ purges: 40, others: 40 - 16 });
  });

  it('looks for room for a few dozen tags of one response only: those behind them count as unplaced', () => {
    const seen = new Seen(SHOP);
    const words = 'abcdefghijklmnopqrstuvwxyz';
    const names = Array.from({ length: 300 }, (_, i) => `${words[i % 26] ?? ''}${words[Math.floor(i / 26)] ?? ''}`);
    seen.stored('/products/:id', ['product:1']);
    seen.stored('/products/:id', [...names, 'product:2']);
    const route = routeIn(seen.map(), '/products/:id');
    expect(route?.emits.find(({ family }) => family === 'product:*')?.seen?.tags).toBe(1);
    expect(route?.seen?.unplacedTags).toBe(names.length + 1 - (MOST_FAMILIES - 1));
  });

  it('is what its schema says', () => {
    const seen = new Seen(SHOP);
    seen.stored('/products/:id', ['product:1']);
    seen.purged(['product:1']);
    const map: unknown = JSON.parse(JSON.stringify(seen.map()));
    expect(MAP.parse(map)).toEqual(map);
  });
});

describe('as text', () => {
  it('of the configuration', () => {
    const [head, ...lines] = mapText(invalidationMap(configOf(SHOP))).split('\n');
    expect(head).toMatch(/^the map of the configuration alone/);
    expect(lines.slice(1, 6)).toEqual([
      'routes',
      '  GET /stock/:id  (ttl 1 h)',
      '      emits    stock:*  as stock:{id}',
      '  /products/:id  (strategy purge, ttl 1 d)',
      '      emits    product:*  as product:{id}',
    ]);
    expect(lines.at(-1)).toBe('findings: none');
  });

  it('of what was seen', () => {
    const seen = new Seen(SHOP, 2);
    seen.stored('/products/:id', ['product:1', 'tea'], { lifetimeMs: 2 * MINUTE });
    seen.stored('/products/:id', []);
    seen.refused('/products/:id', 'set-cookie');
    seen.purged(['product:1', 'product:2'], { reason: 'backend', all: true });
    seen.now += 90 * MINUTE;
    const text = mapText(seen.map());
    for (const line of [
      'seen in 1.5 h, since 2026-01-02T00:00:00.000Z, in 2 threads; besides purges of tags: 1 purge of everything',
      '      stored   2, fresh for 2 min to 1 h, about 1.6 min in the middle; 1 without a tag'.replace('1.6', '2'),
      '      emits    product:*  as product:{id}, seen once: product:1',
      '      emits    tea  by the origin, seen once: tea',
      '      refused  1 set-cookie',
      '      ended by    write /products/:id as product:{id}',
      '      ended by    caller backend as product:*: 2 purges, 1 of what had been stored',
    ])
      expect(text.split('\n')).toContain(line);
    expect(text).toMatch(/\nfindings: \d\n {2}- untagged: 1 of 2 .*\n {6}why: .*\n {6}do: {2}.*\n {6}e\.g\. \/path$/m);
  });
});

describe('for Graphviz', () => {
  it('has a node for each route that emits, each family and each ender, and an edge for each of their bonds', () => {
    const seen = new Seen(SHOP);
    seen.stored('/products/:id', ['product:1', 'odd"\\tag']);
    seen.stored('/products/:id', [], { lifetimeMs: 60 * MINUTE });
    seen.purged(['product:1']);
    const { nodes, edges } = parseDot(mapDot(seen.map()));
    expect(nodes.get('route /products/:id')).toMatchObject({ shape: 'box', color: 'red' });
    expect(nodes.has('family odd"\\tag')).toBe(true);
    expect(edges.find(({ from, to }) => from === 'route /products/:id' && to === 'family product:*')?.attributes).toEqual({
      label: '1',
      style: 'solid',
    });
    expect(edges.find(({ from, to }) => from === 'family product:*' && to === 'caller 127.0.0.1')?.attributes).toEqual({
      dir: 'back',
      label: '1/1',
      style: 'dashed',
    });
    for (const { from, to } of edges) for (const end of [from, to]) expect(nodes.has(end), end).toBe(true);
  });

  const text = fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '>', '-', 'a', '*', ';', '<', '\n', '|'), minLength: 1, maxLength: 12 });
  it('is a graph whatever tags and callers are named', () =>
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 6 }), text, (tags, actor) => {
        const seen = new Seen(SHOP);
        seen.stored('/products/:id', tags);
        seen.purged(tags, { actor });
        const map = seen.map();
        expect(parseDot(mapDot(map)).edges.length).toBe(
          map.routes.flatMap(({ emits }) => emits).length + map.families.flatMap(({ endedBy }) => endedBy).length,
        );
      }),
    ));
});
