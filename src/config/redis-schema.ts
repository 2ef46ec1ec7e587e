// The settings of `redis`: where the purges of several nodes are numbered, and how its servers are found. DESIGN section 5.
import { z } from 'zod';
import type { Problem } from './problems.ts';
import { flag, given, integer, oneOf, oneOrMany, optional, type Read, refused, section, text } from './setting.ts';
import { tlsSettings } from './tls-schema.ts';
import { nonEmpty, token } from './values.ts';

/** How its servers are found, whatever they are asked for. */
export const redisServer = {
  url: oneOrMany(
    text({ allowed: 'redis:// or rediss:// with a host, and perhaps user, password and port', read: readUrl, secret: true }, { about: 'A server.' }),
    {
      about: 'The server, or each Sentinel, or some nodes of a Redis Cluster; rediss:// is TLS.',
    },
  ),
  db: optional(integer({ about: 'Of the server.', default: 0 }, { least: 0, most: 1_000_000 })),
  sharded: optional(flag({ about: 'true: `url` names nodes of a Redis Cluster.', default: false })),
  sentinel: z.exactOptional(
    section({
      name: nonEmpty('the name that the Sentinels know the server by', { about: '`url` names Sentinels, which know the server by this name.' }),
      user: z.exactOptional(nonEmpty('a name', { about: 'Of the Sentinels themselves.' })),
      password: z.exactOptional(token({ about: 'Of the Sentinels themselves.' })),
    }),
  ),
  tls: z.exactOptional(tlsSettings),
};

const { url: servers, ...others } = redisServer;

export const redis = section({
  url: servers,
  cluster: text(
    { allowed: '1 to 64 letters, digits, dots, - and _', read: (value) => given(/^[A-Za-z0-9._-]{1,64}$/.test(value) ? value : undefined) },
    { about: 'Nodes of one name share purges.' },
  ),
  secret: text(
    {
      allowed: '32 visible ASCII characters or more, without spaces',
      read: (value) => given(/^[\x21-\x7e]{32,}$/.test(value) ? value : undefined),
      secret: true,
    },
    { about: 'The same on every node, 32 characters at least: what is in Redis means nothing without it.' },
  ),
  mode: optional(
    oneOf(['lease', 'barrier'], { about: 'lease: hits ask nobody. barrier: hits share a question to Redis, and no clock counts.', default: 'lease' }),
  ),
  replicas: optional(
    integer({ about: 'That the server has: a majority with it must have a purge before it is confirmed.', default: 0 }, { least: 0, most: 16 }),
  ),
  bodies: optional(flag({ about: 'What one node has stored the others may use: each asks Redis after a miss of its own.', default: false })),
  ...others,
});

export type RedisSettings = z.output<typeof redis>;

function readUrl(value: string): Read<string> {
  if (!/^rediss?:\/\/[^/?#\s]+\/?$/i.test(value) || !URL.canParse(value)) {
    return /^rediss?:\/\/[^/?#\s]+\/\d+$/i.test(value) ? refused('has a database in its path; allowed: redis.db') : { kind: 'refuse' };
  }
  const url = new URL(value);
  if (!isDecodable(url.username) || !isDecodable(url.password))
    return refused('has a % in its user or password that begins no percent-encoding; allowed: %25 for it');
  return url.hostname === '' ? { kind: 'refuse' } : given(url.href.replace(/\/$/, ''));
}

const NOBODY = ':';

function credentialsOf(url: string | undefined): string {
  const { username = '', password = '' } = url === undefined ? {} : new URL(url);
  return `${username}:${password}`;
}

export function isDecodable(encoded: string): boolean {
  try {
    decodeURIComponent(encoded);
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with settings that are each well formed. */
export function redisProblems(data: unknown): readonly Problem[] {
  const parsed = redis.safeParse(data);
  if (!parsed.success) return [];
  return [...serverFaults(parsed.data)].map(([name, message]) => ({ path: ['redis', name], message }));
}

/** As names of settings and what is wrong with them. */
export function* serverFaults({
  url,
  sharded,
  sentinel,
  db,
  tls,
}: Pick<RedisSettings, keyof typeof redisServer>): Generator<readonly [setting: string, message: string]> {
  const isEncrypted = url.every((one) => one.startsWith('rediss:'));
  if (url.length > 1 && !sharded && sentinel === undefined)
    yield ['url', `names ${url.length} servers; allowed: one, or several with sentinel or sharded: true`];
  if (!isEncrypted && url.some((one) => one.startsWith('rediss:'))) yield ['url', 'has redis:// beside rediss://; allowed: one of them for all'];
  if (url.some((one) => ![NOBODY, credentialsOf(url[0])].includes(credentialsOf(one))))
    yield ['url', 'has other credentials than its first server; allowed: those of the first, which count for all'];
  if (sharded && sentinel !== undefined) yield ['sharded', 'means nothing with sentinel; allowed: one of them'];
  if (sharded && db !== 0) yield ['db', `found ${db}; allowed with sharded: 0`];
  if (tls !== undefined && !isEncrypted) yield ['tls', 'means nothing for redis://; allowed: tls with rediss://'];
}
