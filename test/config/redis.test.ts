// The settings of `redis`: what is taken, and what is said of what is not.
import { describe, expect, it } from 'vitest';
import { formatPath, problemsOf } from '../../src/config/problems.ts';
import { redis, redisProblems } from '../../src/config/redis-schema.ts';

const SECRET = 'a-secret-of-thirty-two-characters';
const LEAST = { url: 'redis://127.0.0.1:6379', cluster: 'shop', secret: SECRET };

function problems(data: unknown): readonly string[] {
  const { error } = redis.safeParse(data);
  const found = error === undefined ? redisProblems(data) : problemsOf(error, ['redis']);
  return found.map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

it('three settings are enough', () => {
  expect(problems(LEAST)).toEqual([]);
  expect(redis.parse(LEAST)).toEqual({ ...LEAST, url: [LEAST.url], mode: 'lease', replicas: 0, bodies: false, db: 0, sharded: false });
});

describe('is taken', () => {
  it.each([
    ['user and password', { url: 'redis://freshet:p%40ss@redis.internal' }],
    ['an address in brackets', { url: 'redis://[::1]:6380' }],
    ['TLS', { url: 'rediss://redis.internal', tls: { ca: 'ca.pem', servername: 'redis', reject_unauthorized: true } }],
    ['Sentinels', { url: ['redis://s1:26379', 'redis://s2:26379'], sentinel: { name: 'main', password: 'secret' } }],
    ['credentials of the first for all', { url: ['redis://user:p%40ss@n1', 'redis://user:p%40ss@n2', 'redis://n3'], sharded: true }],
    ['a Redis Cluster', { url: ['redis://n1', 'redis://n2'], sharded: true }],
    ['replicas and the other mode', { replicas: 2, mode: 'barrier', db: 3 }],
  ])('%s', (_name, changed) => expect(problems({ ...LEAST, ...changed })).toEqual([]));
});

describe('is refused', () => {
  it.each([
    [{ url: undefined }, 'redis.url: is missing; allowed: redis:// or rediss:// with a host, and perhaps user, password and port'],
    [
      { url: 'http://127.0.0.1' },
      'redis.url: found something else (not shown); allowed: redis:// or rediss:// with a host, and perhaps user, password and port',
    ],
    [{ url: 'redis://127.0.0.1/3' }, 'redis.url: has a database in its path; allowed: redis.db'],
    [{ url: 'redis://user:100%@127.0.0.1' }, 'redis.url: has a % in its user or password that begins no percent-encoding; allowed: %25 for it'],
    [{ url: ['redis://a', 'redis://b'] }, 'redis.url: names 2 servers; allowed: one, or several with sentinel or sharded: true'],
    [{ url: ['redis://a', 'rediss://b'], sharded: true }, 'redis.url: has redis:// beside rediss://; allowed: one of them for all'],
    [
      { url: ['redis://a', 'redis://user:hunter2@b'], sharded: true },
      'redis.url: has other credentials than its first server; allowed: those of the first, which count for all',
    ],
    [{ cluster: '{shop}' }, 'redis.cluster: found "{shop}"; allowed: 1 to 64 letters, digits, dots, - and _'],
    [{ cluster: undefined }, 'redis.cluster: is missing; allowed: 1 to 64 letters, digits, dots, - and _'],
    [{ secret: undefined }, 'redis.secret: is missing; allowed: 32 visible ASCII characters or more, without spaces'],
    [{ secret: 'short' }, 'redis.secret: found something else (not shown); allowed: 32 visible ASCII characters or more, without spaces'],
    [{ sharded: true, sentinel: { name: 'main' } }, 'redis.sharded: means nothing with sentinel; allowed: one of them'],
    [{ sharded: true, db: 1 }, 'redis.db: found 1; allowed with sharded: 0'],
    [{ tls: {} }, 'redis.tls: means nothing for redis://; allowed: tls with rediss://'],
    [{ mode: 'leases' }, 'redis.mode: found "leases"; allowed: lease, barrier'],
  ])('%j', (changed, message) => expect(problems({ ...LEAST, ...changed })).toEqual([message]));

  it('without showing a password', () => {
    expect(problems({ ...LEAST, url: 'redis://user:hunter2@a b' }).join()).not.toContain('hunter2');
  });
});
