// The settings of `events.redis` and `events.postgres`: where events are fetched from.
import { z } from 'zod';
import type { OutboxSettings } from '../events/outbox.ts';
import { isIdentifier, MOST_NAME_BYTES } from '../events/postgres-names.ts';
import type { StreamSettings } from '../events/redis-stream.ts';
import type { Problem } from './problems.ts';
import { isDecodable, redisServer, serverFaults } from './redis-schema.ts';
import { duration, given, integer, oneOf, optional, type Read, refused, section, type Setting, text } from './setting.ts';
import { tlsOf, tlsSettings } from './tls-schema.ts';

const LEAST_POLL_MS = 20;
const MOST_POLL_MS = 60_000;

export const postgresSource = section({
  url: text(
    { allowed: 'postgres:// with a host, and perhaps user, password, port and database', read: readUrl, secret: true },
    { about: 'The primary, and the database in which the outbox is: `postgres://freshet:PASSWORD@db.internal/shop`.' },
  ),
  schema: optional(identifier('Where the outbox is.', 'public')),
  table: optional(identifier('The outbox: `freshet outbox sql` prints it.', 'freshet_outbox')),
  channel: optional(identifier('On which its functions notify.', 'freshet_outbox')),
  poll: optional(duration({ about: 'Between two looks where nobody notifies.', default: '1s' }, { leastMs: LEAST_POLL_MS, mostMs: MOST_POLL_MS })),
  batch: optional(integer({ about: 'Rows that are purged at once.', default: 100 }, { least: 1, most: 1000 })),
  tls: z.exactOptional(tlsSettings),
});

export const redisSource = section({
  ...redisServer,
  stream: optional(keyName('The stream; its dead letters are in `STREAM:GROUP:dead`.', 'freshet:events')),
  group: optional(keyName('The consumer group: nodes that share purges have one in common.', 'freshet')),
  consumer: z.exactOptional(keyName('Of this node; else the name of the machine.')),
  from: optional(oneOf(['oldest', 'next'], { about: 'Where a group that is not there begins to read.', default: 'oldest' })),
  batch: optional(integer({ about: 'Entries that are purged at once.', default: 100 }, { least: 1, most: 1000 })),
  dead_letters: optional(integer({ about: 'How many are kept.', default: 10_000 }, { least: 1, most: 1_000_000 })),
});

type PostgresSettings = z.output<typeof postgresSource>;
type RedisSourceSettings = z.output<typeof redisSource>;

function identifier(about: string, written: string): Setting<string> {
  const allowed = `1 to ${MOST_NAME_BYTES} bytes without control characters`;
  return text({ allowed, read: (value) => given(isIdentifier(value) ? value : undefined) }, { about, default: written });
}

function keyName(about: string, written?: string): Setting<string> {
  const allowed = '1 to 200 visible ASCII characters without spaces';
  return text(
    { allowed, read: (value) => given(/^[\x21-\x7e]{1,200}$/.test(value) ? value : undefined) },
    { about, ...(written !== undefined && { default: written }) },
  );
}

function readUrl(value: string): Read<string> {
  if (!/^postgres(?:ql)?:\/\//i.test(value) || !URL.canParse(value)) return { kind: 'refuse' };
  const url = new URL(value);
  if (url.search !== '' || url.hash !== '')
    return refused('has a query; allowed: tls, schema and the other settings beside it for what stands there');
  if (url.hostname === '') return { kind: 'refuse' };
  const { username, password, hostname, pathname } = url;
  if (![username, password, hostname, pathname].every(isDecodable)) return refused('has a % that begins no percent-encoding; allowed: %25 for it');
  return given(url.href);
}

/** What is wrong with settings of `events.redis` that are each well formed. */
export function sourceProblems(events: unknown): readonly Problem[] {
  const data = typeof events === 'object' && events !== null && 'redis' in events ? events.redis : undefined;
  const parsed = redisSource.safeParse(data);
  if (!parsed.success) return [];
  return [...redisFaults(parsed.data)].map(([name, message]) => ({ path: ['events', 'redis', name], message }));
}

function* redisFaults(settings: RedisSourceSettings): Generator<readonly [setting: string, message: string]> {
  yield* serverFaults(settings);
  // Dead letters and the lease of the reader are in keys of their own, and one script needs them all.
  if (settings.sharded && !/\{[^}]+\}/.test(settings.stream))
    yield ['stream', `found ${JSON.stringify(settings.stream)}; allowed with sharded: a name with its slot in braces ({freshet}:events)`];
}

/** `ca` is PEM text. */
export function outboxOf({ url, schema, table, channel, poll, batch, tls }: PostgresSettings, ca: string | undefined): OutboxSettings {
  return { url, schema, table, channel, pollMs: poll, batch, ...(tls !== undefined && { tls: tlsOf(tls, ca) }) };
}

export function streamOf(
  { url, db, sharded, sentinel, tls, stream, group, consumer, from, batch, dead_letters: deadLetters }: RedisSourceSettings,
  ca: string | undefined,
): StreamSettings {
  return {
    urls: url,
    db,
    sharded,
    stream,
    group,
    from,
    batch,
    deadLetters,
    ...(consumer !== undefined && { consumer }),
    ...(sentinel !== undefined && { sentinel }),
    ...(tls !== undefined && { tls: tlsOf(tls, ca) }),
  };
}
