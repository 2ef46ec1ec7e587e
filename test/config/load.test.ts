// What a valid configuration becomes: examples, defaults, routes over `defaults`, flags over the file.
import { availableParallelism } from 'node:os';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { jsonSchema } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Overrides } from '../../src/config/overrides.ts';
import { strictPolicy } from '../rules/builders.ts';

const FLAG = { origin: 'http://127.0.0.1:5000' };
const load = (text: string, overrides: Overrides = FLAG, env: Readonly<Record<string, string>> = {}): Config => loadConfig({ text, env, overrides });
const example = (name: string): string => new URL(`../../config/${name}`, import.meta.url).pathname;
const originOf = (config: Config): readonly string[] => [...config.routes.map(({ origin }) => origin), config.defaultRoute.origin];
const first = (settings: string): Config['routes'][0] | undefined => load(`routes: [{ path: /a/:id, ${settings} }]`).routes[0];

describe('the examples in config/', () => {
  it.each([
    ['freshet.yaml', {}],
    ['minimal.yaml', {}],
    ['conformance.yaml', FLAG],
  ])('%s loads with nothing in the environment', (name, overrides) => {
    expect(loadConfig({ file: example(name), env: {}, overrides }).origins.size).toBe(1);
  });

  it('freshet.yaml states every default as it is', () => {
    const stated = loadConfig({ file: example('freshet.yaml'), env: {}, overrides: {} });
    const { origins, defaultRoute, routes: _, ...rest } = load('');
    expect(stated).toMatchObject(rest);
    expect(stated.origins.get('shop')).toEqual({ ...origins.get('default'), name: 'shop' });
    expect(stated.defaultRoute).toEqual({ ...defaultRoute, origin: 'shop' });
  });

  it('freshet.yaml names every setting', () => {
    const text = readFileSync(example('freshet.yaml'), 'utf8');
    expect(keysOf(jsonSchema()).filter((key) => !new RegExp(`\\b${key}:`).test(text))).toEqual([]);
  });

  it('conformance.yaml relaxes everything that is stricter than the standard', () => {
    expect(loadConfig({ file: example('conformance.yaml'), env: {}, overrides: FLAG }).defaultRoute.policy).toMatchObject({
      heuristicFraction: 0.1,
      storeSetCookie: true,
      cookies: 'ignore',
      storeAuthorized: 'rfc',
      storePartial: true,
      storePost: true,
      storeErrors: true,
      storeCloseDelimited: true,
      staleIfErrorMs: 86_400_000,
      sMaxageAllowsSwr: false,
      normalise: new Set(['accept-encoding', 'accept-language']),
    });
  });

  it('freshet.schema.json is what the settings say now (npm run schema)', () => {
    expect(JSON.parse(readFileSync(example('freshet.schema.json'), 'utf8'))).toEqual(JSON.parse(JSON.stringify(jsonSchema())));
  });
});

describe('nothing but --origin', () => {
  it('is everything to that origin by RFC rules', () => {
    const config = load('');
    expect(config.listen).toEqual({ host: '0.0.0.0', port: 8080 });
    expect(config.admin).toEqual({ listen: { host: '127.0.0.1', port: 8081 } });
    expect(config.routes).toEqual([]);
    expect(config.defaultRoute).toMatchObject({
      name: 'default',
      origin: 'default',
      scope: { kind: 'public' },
      query: { kind: 'as-received' },
      tags: [],
    });
    expect([...config.origins.values()]).toMatchObject([{ name: 'default', url: 'http://127.0.0.1:5000', connections: 128, host: 'client' }]);
  });

  it('has the strict defaults of the design', () => {
    expect(load('').defaultRoute.policy).toEqual(strictPolicy);
  });
});

describe('routes', () => {
  it('are tried most specific first', () => {
    const config = load('routes: [{ path: /** }, { path: /a/* }, { path: /a/b }, { path: /a/b, host: H.example:80, methods: [get] }]');
    expect(config.routes.map(({ name }) => name)).toEqual(['GET h.example/a/b', '/a/b', '/a/*', '/**']);
  });

  it('take what they do not say from defaults, and that from the built-in ones', () => {
    const config = load('defaults: { ttl: 1m, keep: 2m, tags: [all], collapse: false }\nroutes: [{ path: /a, ttl: 5s, tags: [a] }, { path: /b }]');
    const settings = [...config.routes, config.defaultRoute].map(({ tags, policy }) => [
      tags,
      policy.ttlMs,
      policy.keepMs,
      policy.collapse,
      policy.hitForMissMs,
    ]);
    expect(settings).toEqual([
      [['a'], 5000, 120_000, false, 120_000],
      [['all'], 60_000, 120_000, false, 120_000],
      [['all'], 60_000, 120_000, false, 120_000],
    ]);
  });

  it.each([
    ['scope: public', { kind: 'public' }],
    ['scope: credential', { kind: 'credential', sources: [{ kind: 'authorization' }] }],
    [
      'scope: { credential: [cookie.session, authorization, cookie.session] }',
      { kind: 'credential', sources: [{ kind: 'cookie', name: 'session' }, { kind: 'authorization' }] },
    ],
    ['scope: { lookup: /_scope }', { kind: 'lookup', path: '/_scope' }],
    ['scope: { lookup: /_scope, credential: [cookie.session] }', { kind: 'lookup', path: '/_scope', sources: [{ kind: 'cookie', name: 'session' }] }],
  ])('%s', (settings, expected) => {
    expect(first(settings)?.scope).toEqual(expected);
  });

  it.each([
    ['scope: [tenant, realm_access.roles, tenant]', { kind: 'claims', names: ['tenant', 'realm_access.roles'], required: false }],
    ['scope: ["https://example.com/t.x"], required: true', { kind: 'claims', names: ['https://example.com/t.x'], required: true }],
  ])('%s', (settings, expected) => {
    const text = `auth: { jwt: { issuer: a, audience: b, jwks_url: https://a/k } }\nroutes: [{ path: /a/:id, ${settings}, tags: ["a:{id}"] }]`;
    expect(load(text).routes[0]?.scope).toEqual(expected);
  });

  it.each([
    ['query: { include: [page, "utm_*"] }', { kind: 'include', patterns: ['page', 'utm_*'] }],
    ['query: { exclude: [] }', { kind: 'exclude', patterns: [] }],
    ['query: { ignore: true }', { kind: 'ignore' }],
  ])('%s', (settings, expected) => {
    expect(first(settings)?.query).toEqual(expected);
  });

  it.each([
    ['tags: ["p:{id}", "q:{query.page}"]', 'tags', ['p:{id}', 'q:{query.page}']],
    ['invalidates: ["p:{id}"]', 'invalidates', ['p:{id}']],
    ['upgrade: true', 'upgrade', true],
  ] as const)('%s', (settings, key, expected) => {
    expect(first(settings)?.[key]).toEqual(expected);
  });

  it.each([
    ['ttl: 1h', 'ttlMs', 3_600_000],
    ['vary: [Accept]', 'vary', new Set(['accept'])],
    ['forward: [Accept]', 'forward', new Set(['accept'])],
    ['forward: [], scope: { credential: [cookie.a, authorization] }', 'forward', new Set(['cookie', 'authorization'])],
    ['forward: []', 'cookies', 'strip'],
    ['forward: [Cookie], cookies: ignore', 'cookies', 'ignore'],
    ['max_object: 1MiB', 'maxObjectBytes', 1_048_576],
    ['client_cache_control: "no-cache, max-age=0"', 'clientCacheControl', 'no-cache, max-age=0'],
    ['pass: "true"', 'pass', true],
  ] as const)('%s', (settings, key, expected) => {
    expect(first(settings)?.policy[key]).toEqual(expected);
  });
});

describe('origins', () => {
  const TWO = 'origins: { a: { url: "http://A:80/" }, b: { url: http://b, queue: 5 } }\nroutes: [{ path: /x, origin: b }, { path: /y }]';

  it('the first takes what names none', () => {
    const config = load(TWO, {});
    expect(originOf(config)).toEqual(['b', 'a', 'a']);
    expect(config.origins.get('a')?.url).toBe('http://a');
  });

  it('--origin takes it instead', () => {
    expect(originOf(load(TWO))).toEqual(['b', 'default', 'default']);
  });

  it('--origin replaces the URL of an origin named default, and nothing else of it', () => {
    const config = load('origins: { a: { url: http://a }, default: { url: http://x, queue: 5 } }');
    expect(config.origins.get('default')).toMatchObject({ url: 'http://127.0.0.1:5000', queue: 5 });
    expect(config.defaultRoute.origin).toBe('default');
  });

  it('breaker: false is none, and a part of it leaves the rest as it is', () => {
    const { origins } = load('origins: { a: { url: http://a, breaker: false }, b: { url: http://b, breaker: { open: 1s, gateway_errors: true } } }');
    const byDefault = load('').origins.get('default')?.breaker;
    expect(byDefault).toBeDefined();
    expect(origins.get('a')).not.toHaveProperty('breaker');
    expect(origins.get('b')?.breaker).toEqual({ ...byDefault, openMs: 1_000, gatewayErrors: true });
  });

  it('tls.ca is read, from the folder of the file', () => {
    const text = 'origins: { a: { url: https://a, tls: { ca: minimal.yaml } } }';
    const config = loadConfig({ file: example('virtual.yaml'), text, env: {}, overrides: {} });
    expect(config.origins.get('a')?.tls).toEqual({ ca: readFileSync(example('minimal.yaml'), 'utf8'), rejectUnauthorized: true });
  });
});

describe('issuers of tokens', () => {
  it('one by itself, with what is usual for keys from a URL', () => {
    expect(load('auth: { jwt: { issuer: https://i/, audience: api, jwks_url: https://i/k } }').issuers).toEqual([
      {
        issuer: 'https://i/',
        audiences: ['api'],
        algorithms: ['RS256'],
        leewayMs: 0,
        keys: { kind: 'url', url: 'https://i/k', maxAgeMs: 3_600_000 },
      },
    ]);
  });

  it('several, with what is usual for a secret', () => {
    const env = { S: 'a secret of thirty-two characters'.replaceAll(' ', '-') };
    const text =
      'auth: { jwt: [{ issuer: a, audience: [x, y], secret: "${S}", leeway: 60s }, { issuer: b, audience: x, jwks_url: https://b/, jwks_max_age: 5m, algorithms: [ES256, EdDSA] }] }';
    expect(load(text, FLAG, env).issuers).toEqual([
      { issuer: 'a', audiences: ['x', 'y'], algorithms: ['HS256'], leewayMs: 60_000, keys: { kind: 'secret', secret: env.S } },
      { issuer: 'b', audiences: ['x'], algorithms: ['ES256', 'EdDSA'], leewayMs: 0, keys: { kind: 'url', url: 'https://b/', maxAgeMs: 300_000 } },
    ]);
  });
});

describe('flags and variables', () => {
  it('flags beat the file', () => {
    const config = load('listen: 1\nadmin: { listen: 2, token: t }', { ...FLAG, listen: ':3', admin: '0.0.0.0:4', workers: '2' });
    expect([config.listen, config.workers]).toEqual([{ host: '0.0.0.0', port: 3 }, 2]);
    expect(config.admin).toEqual({ listen: { host: '0.0.0.0', port: 4 }, token: 't' });
  });

  it('as many workers as there are cores, and what is stored is smaller than what each has', () => {
    expect(load('workers: auto', FLAG).workers).toBe(availableParallelism());
    expect(load('workers: 4\nstore: { memory: 8MiB }', FLAG).store).toMatchObject({ maxObjectBytes: 2 * 1024 ** 2, fillBytes: 8 * 1024 ** 2 });
  });

  it.each(['admin: { listen: false }', ''])('the admin listener can be off: %j', (text) => {
    expect(load(text, text === '' ? { ...FLAG, admin: 'false' } : FLAG).admin).toBeUndefined();
  });

  it('variables fill values of every kind', () => {
    const env = { T: '12345', P: '9', E: 'true', R: '7/s' };
    const config = load('purge: { token: ${T}, rate: "${R}" }\nlisten: ${P}\ntags: { expose: ${E}, max_count: ${P} }', FLAG, env);
    expect([config.purge.token, config.purge.ratePerSecond, config.listen.port, config.tags.expose, config.tags.maxCount]).toEqual([
      '12345',
      7,
      9,
      true,
      9,
    ]);
  });

  it('an empty token is none', () => {
    const config = load('purge: { token: "${NONE:-}" }\nadmin: { token: "" }');
    expect([config.purge.token, config.admin?.token]).toEqual([undefined, undefined]);
  });

  it('a lone address is a network; an object is never larger than the store', () => {
    const config = load('trusted_proxies: [10.0.0.1, "fd00::/8", "::1"]\nstore: { memory: 2MiB }');
    expect(config.trustedProxies).toEqual(['10.0.0.1/32', 'fd00::/8', '::1/128']);
    expect(config.store.maxObjectBytes).toBe(2 * 1024 ** 2);
  });
});

/** Every setting's own name, wherever it stands. */
function keysOf(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => [...(key === 'properties' ? Object.keys(value as object) : []), ...keysOf(value)]);
}
