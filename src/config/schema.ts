// Every key of the configuration file outside routes: its kind, its default and what it means. DESIGN section 2 "Configuration".
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { audit } from './audit-schema.ts';
import { auth } from './auth-schema.ts';
import { events } from './events-schema.ts';
import { routeMatch, routeSettings } from './route-schema.ts';
import {
  byteRate,
  duration,
  flag,
  fraction,
  integer,
  list,
  oneOf,
  optional,
  rate,
  section,
  sectionOrFalse,
  type Setting,
  setting,
  given,
  type Read,
  size,
  timeout,
} from './setting.ts';
import { notAllowed } from './problems.ts';
import { redis } from './redis-schema.ts';
import { tlsSettings } from './tls-schema.ts';
import { cidr, host, listenAddress, listenAddressOrFalse, originName, originUrl, tagFamily, token } from './values.ts';

const KIB = 1024;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

const MOST_WORKERS = 256;

const TAG_HEADERS = ['surrogate-key', 'cache-tag', 'xkey', 'cache-groups'] as const;

export const admin = section({
  listen: optional(
    listenAddressOrFalse({ about: 'Where metrics, purges and inspection are served; false: nowhere.', default: '127.0.0.1:8081' }, '127.0.0.1'),
  ),
  token: z.exactOptional(token({ about: 'Wanted as a Bearer token; needed unless bound to loopback.' })),
});

const purge = section({
  token: z.exactOptional(token({ about: 'Enables PURGE on `listen` too, with this Bearer token; absent: PURGE there gets 405.' })),
  settle: optional(
    duration({ about: 'After a purge of a tag, fills carrying it are not stored for this long.', default: '0s' }, { mostMs: 3_600_000 }),
  ),
  memory: optional(size({ about: 'Of the mark table; soft marks take a quarter more.', default: '9MiB' }, { leastBytes: 64 * KIB, mostBytes: GIB })),
  rate: optional(rate({ about: 'Purges allowed a second.', default: '1000/s' })),
  callers: z
    .record(
      originName({ about: 'The name of a caller.' }),
      list(tagFamily({ about: 'A tag or a family.' }), {
        about: 'The tags that it purges, or their families (`product:*`): for `check` and the map.',
      }),
      { error: (issue) => notAllowed(issue.input, 'a map of names to lists of tags (shop: ["product:*", catalog])') },
    )
    .prefault({}),
});

export const store = section({
  memory: optional(
    size(
      { about: 'For all stored responses: keys, fields and bodies. Shared out among workers.', default: '256MiB' },
      { leastBytes: MIB, mostBytes: 1024 * GIB },
    ),
  ),
  max_object: z.exactOptional(
    size(
      { about: 'A larger body is passed on and not stored: 8MiB, or what a worker has of `memory` if that is less.' },
      { leastBytes: 1, mostBytes: GIB },
    ),
  ),
  fills: z.exactOptional(
    size(
      {
        about: 'What bodies on their way may hold in all: a quarter of `memory`, or one of the largest `max_object` for each worker if that is more.',
      },
      { leastBytes: 1, mostBytes: 1024 * GIB },
    ),
  ),
});

/** `store.max_object` where the file names none. It must fit into what one worker has of `store.memory`. */
export function largestStored({ memory, max_object: largest }: z.output<typeof store>, threads: number): number {
  return largest ?? Math.min(8 * MIB, Math.floor(memory / threads));
}

const log = section({
  level: optional(
    oneOf(['trace', 'debug', 'info', 'warn', 'error', 'silent'], { about: 'The least important lines that are written.', default: 'info' }),
  ),
  access: optional(oneOf(['off', 'sample', 'all'], { about: 'One line a request: none, some (and every error), or all.', default: 'sample' })),
});

const tags = section({
  headers: optional(
    list(oneOf(TAG_HEADERS, { about: 'A response field.' }), {
      about: 'Response fields that carry tags, all of them together.',
      default: [...TAG_HEADERS],
    }),
  ),
  expose: optional(flag({ about: 'Leave tag fields on responses to clients.', default: false })),
  max_bytes: optional(
    size({ about: 'Of all tags of a response; one with more is not stored.', default: '16KiB' }, { leastBytes: 1, mostBytes: MIB }),
  ),
  max_count: optional(integer({ about: 'Of tags of a response; one with more is not stored.', default: 256 }, { least: 1, most: 10_000 })),
});

const limits = section({
  header_bytes: optional(size({ about: 'Of a request head; more is answered 431.', default: '16KiB' }, { leastBytes: KIB, mostBytes: MIB })),
  header_count: optional(integer({ about: 'Of fields in a request; more are answered 431.', default: 100 }, { least: 10, most: 10_000 })),
  url_bytes: optional(size({ about: 'Of a request target; more is answered 414.', default: '8KiB' }, { leastBytes: 256, mostBytes: MIB })),
  headers_timeout: optional(timeout({ about: 'The whole head of a request must have arrived within it.', default: '10s' })),
  idle_timeout: optional(timeout({ about: 'A kept-alive connection without a request is closed after it.', default: '60s' })),
  stall_timeout: optional(timeout({ about: 'A client that sends or takes no byte of a body for this long is cut.', default: '30s' })),
  min_rate: optional(
    byteRate({
      about: 'A client that sends a body or takes an answer more slowly, over a whole stall_timeout, is cut; 0B/s: none is.',
      default: '500B/s',
    }),
  ),
  connections: optional(
    integer({ about: 'Of clients at once; more are refused. Shared out among workers.', default: 10_000 }, { least: 1, most: 1_000_000 }),
  ),
  connections_per_address: optional(
    integer(
      { about: 'Of one client address (of IPv6, a /64) that is no trusted proxy, to each worker; more are refused.', default: 1024 },
      { least: 1, most: 1_000_000 },
    ),
  ),
  pipelined: optional(
    integer(
      { about: 'Requests of one connection that wait for their answers at once; one more is answered 429 and ends it.', default: 64 },
      { least: 1, most: 10_000 },
    ),
  ),
  lookups_per_address: optional(
    integer(
      {
        about:
          'Questions at once of whose a credential is, for one such address; what needs more is passed on uncached. All clients together may have 1024.',
        default: 128,
      },
      { least: 1, most: 1024 },
    ),
  ),
  verifications_per_address: optional(
    integer(
      {
        about:
          'Tokens that are verified at once for one such address; a request with one more is passed on uncached. All clients together may have 1024.',
        default: 128,
      },
      { least: 1, most: 1024 },
    ),
  ),
  drain_timeout: optional(timeout({ about: 'How long SIGTERM waits for requests in flight.', default: '10s' })),
});

/** The words of Hystrix and resilience4j, and their usual values. */
const breaker = section({
  failure_rate: optional(
    fraction({ about: 'It opens where this share of the requests that ended within `window` had no usable answer.', default: 0.5 }),
  ),
  window: optional(timeout({ about: 'How far back it looks.', default: '10s' })),
  minimum_requests: optional(integer({ about: 'Fewer within `window` never open it.', default: 20 }, { least: 1, most: 1_000_000 })),
  open: optional(timeout({ about: 'How long nothing is sent then; after it one request goes as a probe.', default: '5s' })),
  max_open: optional(timeout({ about: 'Each probe that fails doubles `open`, up to this.', default: '1m' })),
  gateway_errors: optional(flag({ about: 'true: answers 502, 503 and 504 count as failures too.', default: false })),
});

export const origin = section({
  url: originUrl({ about: 'Scheme, host and port.' }),
  connect_timeout: optional(timeout({ about: 'For a connection to be accepted.', default: '1s' })),
  headers_timeout: optional(timeout({ about: 'From the request to the head of its answer.', default: '10s' })),
  body_timeout: optional(timeout({ about: 'Between two pieces of a body.', default: '30s' })),
  connections: optional(integer({ about: 'At once. Shared out among workers.', default: 128 }, { least: 1, most: 65_535 })),
  queue: optional(
    integer(
      { about: 'Requests that may wait for a connection; more are answered 503. Shared out among workers.', default: 1024 },
      { least: 0, most: 1_000_000 },
    ),
  ),
  queue_timeout: optional(
    timeout({ about: 'How long each of them may; then it is answered 503. It counts against no other timeout.', default: '5s' }),
  ),
  breaker: sectionOrFalse(breaker, { about: 'Holds requests back while the origin fails; false: never.' }).prefault({}),
  host: optional(oneOf(['client', 'origin'], { about: 'The Host that is sent: the one the client named, or that of `url`.', default: 'client' })),
  tls: z.exactOptional(tlsSettings),
});

const ORIGIN_NEEDED =
  'needs at least one origin; allowed: a map of names to settings (shop: { url: http://127.0.0.1:5000 }), or the flag --origin URL';
const ORIGIN_NAME = originName({ about: 'The name of an origin.' });

/** Routes are read one by one too (load.ts), so that a mistake in one hides none in another. */
export const route = section({ ...routeMatch, ...routeSettings.shape });

/** The file as a whole. */
export const fileSchema = section({
  listen: optional(listenAddress({ about: 'Where clients come in: PORT, :PORT, HOST:PORT or [IPV6]:PORT.', default: '0.0.0.0:8080' }, '0.0.0.0')),
  workers: optional(workers()),
  admin: admin.prefault({}),
  purge: purge.prefault({}),
  store: store.prefault({}),
  log: log.prefault({}),
  fast_path: optional(
    flag({
      about: 'Plain `GET`, `HEAD` and `PURGE` requests are read by Freshet itself, which is faster; false: by `node:http`, as all others.',
      default: true,
    }),
  ),
  trusted_proxies: optional(list(cidr({ about: 'A network.' }), { about: 'Networks whose Forwarded and X-Forwarded-* are believed.', default: [] })),
  hosts: optional(
    list(host({ about: 'A host.' }), { about: 'The only hosts that are served; others are answered 421. Without any: all.', default: [] }),
  ),
  redis: z.exactOptional(redis),
  tags: tags.prefault({}),
  auth: z.exactOptional(auth),
  audit: z.exactOptional(audit),
  limits: limits.prefault({}),
  events: events.prefault({}),
  origins: z.record(ORIGIN_NAME, origin, { error: ORIGIN_NEEDED }).refine((origins) => Object.keys(origins).length > 0, { error: ORIGIN_NEEDED }),
  defaults: routeSettings.prefault({}),
  routes: optional(list(route, { about: 'Most specific wins; a request that matches none goes to the first origin.', default: [] })),
});

export type FileSettings = z.output<typeof fileSchema>;
export type OriginSettings = z.output<typeof origin>;
export type RouteEntry = z.output<typeof route>;

function workers(): Setting<number> {
  const about = 'Threads that listen on the same port, each with a store of its own; auto: as many as there are cores.';
  const schema = { anyOf: [{ type: 'integer', minimum: 1, maximum: MOST_WORKERS }, { const: 'auto' }] };
  return setting({ allowed: `1 to ${MOST_WORKERS}, or auto`, schema, read: readWorkers }, { about, default: 1 });
}

/** A flag comes as text. */
function readWorkers(found: unknown): Read<number> {
  if (found === 'auto') return given(Math.min(MOST_WORKERS, availableParallelism()));
  const count = typeof found === 'string' && /^\d{1,3}$/.test(found) ? Number(found) : found;
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > MOST_WORKERS) return { kind: 'refuse' };
  return given(count);
}
