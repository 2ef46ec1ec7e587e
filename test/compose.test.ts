// examples/compose.yaml, as far as it can be checked without Docker: what it names exists, and its nodes are of one cluster.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { formatListen } from '../src/config/address.ts';
import { loadConfig } from '../src/config/load.ts';
import { startChild } from './support/child-process.ts';
import { RunningFreshet } from './support/freshet.ts';
import { type Address, type Answer, get } from './support/client.ts';

const examples = new URL('../examples/', import.meta.url);
const COMPOSE = z.object({
  name: z.string(),
  services: z.record(
    z.string(),
    z.strictObject({
      build: z.string().optional(),
      image: z.string().optional(),
      command: z.array(z.string()),
      volumes: z.array(z.string()).default([]),
      environment: z.record(z.string(), z.string()).default({}),
      ports: z.array(z.string()).default([]),
      healthcheck: z.strictObject({ test: z.array(z.string()), interval: z.string(), timeout: z.string() }).optional(),
      depends_on: z.record(z.string(), z.strictObject({ condition: z.string() })).default({}),
      stop_grace_period: z.string().optional(),
      restart: z.string(),
    }),
  ),
});
const text = readFileSync(new URL('compose.yaml', examples), 'utf8');
const { services } = COMPOSE.parse(parse(text));
const nodes = Object.values(services).filter(({ build }) => build !== undefined);
const config = readFileSync(new URL('nodes.yaml', examples), 'utf8');
const env = { FRESHET_SECRET: 'a-secret-of-thirty-two-characters', FRESHET_PURGE_TOKEN: 'token', REDIS_PASSWORD: 'password' };

describe('examples/compose.yaml', () => {
  it('every file that it names exists', () => {
    const mounted = Object.values(services).flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    expect(mounted.length).toBeGreaterThan(0);
    expect(mounted.filter((file) => !existsSync(new URL(file, examples)))).toEqual([]);
    for (const { build } of nodes) expect(existsSync(new URL(`${build}/Dockerfile`, examples))).toBe(true);
    for (const { depends_on: needed } of nodes) for (const name of Object.keys(needed)) expect(services).toHaveProperty(name);
  });

  it('what a service runs is what is mounted there', () => {
    for (const { command, volumes } of Object.values(services)) {
      for (const volume of volumes) expect(command).toContain(volume.split(':')[1]);
    }
  });

  it('two nodes, alike in everything but the port', () => {
    expect(nodes).toHaveLength(2);
    const [one, two] = nodes.map((node) => ({ ...node, ports: [] }));
    expect(two).toEqual(one);
    expect(new Set(nodes.flatMap(({ ports }) => ports)).size).toBe(2);
  });

  it('no secret stands in it: each comes from the environment, and is there', () => {
    for (const { environment } of nodes) {
      expect(environment).toEqual(Object.fromEntries(Object.keys(env).map((name) => [name, `\${${name}:?}`])));
    }
    for (const [, name] of config.matchAll(/\$\{(\w+)\}/g)) expect(env).toHaveProperty(name ?? '');
  });

  it('the configuration of the nodes is one, and fits what stands around it', () => {
    const { listen, admin, redis, origins } = loadConfig({ text: config, env, overrides: {} });
    for (const { ports, healthcheck } of nodes) {
      expect(ports[0]).toMatch(new RegExp(`:${listen.port}$`));
      expect(healthcheck?.test.at(-1)).toBe(`http://${formatListen(admin?.listen ?? listen)}/v1/ready`);
    }
    expect(redis?.urls).toEqual([`redis://:${env.REDIS_PASSWORD}@redis:6379`]);
    expect(Array.from(origins.values(), ({ url }) => url)).toEqual(['http://api:5000']);
    expect(services['api']?.environment).toEqual({ HOST: '0.0.0.0' });
    expect(services['redis']?.command.join(' ')).toContain('--maxmemory-policy noeviction');
  });
});

function put(to: Address, price: number): Promise<Answer> {
  return get(to, '/products/42', { method: 'PUT', body: String(price) });
}

it('examples/shop-api.ts: what it tags a purge reaches, and a write through Freshet', async () => {
  await using api = startChild({ name: 'shop-api', args: [new URL('shop-api.ts', examples).pathname], env: { ...process.env, PORT: '0' } });
  const [, port = ''] = await api.says(/port: (\d+)/);
  await using freshet = await RunningFreshet.start(
    `purge: { token: t }\norigins: { shop: { url: "http://127.0.0.1:${port}" } }\nlog: { level: silent }`,
  );
  const cents = async (): Promise<unknown> => (JSON.parse((await get(freshet.address, '/products/42')).body) as { cents: unknown }).cents;
  expect(await cents()).toBe(1250);
  await put({ host: '127.0.0.1', port: Number(port) }, 1190);
  expect(await cents()).toBe(1250);
  await get(freshet.address, '/', { method: 'PURGE', fields: ['authorization', 'Bearer t', 'surrogate-key', 'product:42'] });
  expect(await cents()).toBe(1190);
  expect((await put(freshet.address, 990)).status).toBe(204);
  expect(await cents()).toBe(990);
});
