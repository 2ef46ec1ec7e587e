// From a configuration file, the environment and the flags to a Config, or to one UsageError that names everything wrong with them.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { orderBySpecificity, type Route } from '../rules/routes.ts';
import { auditOf } from './audit-schema.ts';
import { readIssuers } from './auth.ts';
import type { BreakerConfig, Config, EventConfig, IssuerConfig, OriginConfig, RedisConfig, TagConfig } from './config.ts';
import { type ConfigDocument, readDocument } from './document.ts';
import { eventsOf } from './events-schema.ts';
import type { Environment } from './interpolate.ts';
import { meaningProblems } from './meaning.ts';
import { applyOverrides, flagOf, type Overrides } from './overrides.ts';
import { formatPath, type Path, type Problem, problemsOf, unreadable } from './problems.ts';
import type { RedisSettings } from './redis-schema.ts';
import { defaultRouteOf, type RouteContext, routeOf } from './routes.ts';
import { type FileSettings, fileSchema, largestStored, type OriginSettings } from './schema.ts';
import { outboxOf, streamOf } from './sources-schema.ts';
import { tlsOf } from './tls-schema.ts';

export interface ConfigInput {
  /** Read where `text` is not given; names the text in messages where it is. */
  readonly file?: string;
  readonly text?: string;
  readonly env: Environment;
  readonly overrides: Overrides;
}

/** A configuration, and what the file said that made it. */
export interface LoadedConfig {
  readonly config: Config;
  readonly file: FileSettings;
  /** A path in the file as messages name it: `shop.yaml:12: routes[0].ttl`. */
  readonly placeOf: (path: Path) => string;
}

/** Throws UsageError with all problems, one a line. With neither `file` nor `text`, the overrides are the whole configuration. */
export function loadConfig(input: ConfigInput): Config {
  return readConfig(input).config;
}

/** As loadConfig. */
export function readConfig(input: ConfigInput): LoadedConfig {
  const document = readDocument(input.text ?? readText(input.file), input.env);
  const data = applyOverrides(document.data, input.overrides);
  const parsed = data === undefined ? undefined : fileSchema.safeParse(data);
  const shape = parsed?.error === undefined ? [] : problemsOf(parsed.error, []);
  const certificates = parsed?.data === undefined ? { problems: [], read: new Map<string, string>() } : readCertificates(parsed.data, input.file);
  const issuers = parsed?.data === undefined ? { problems: [], issuers: [] } : readIssuers(parsed.data.auth?.jwt ?? [], rawAuth(data), input.file);
  const problems = distinct([...document.problems, ...shape, ...meaningProblems(data), ...certificates.problems, ...issuers.problems]);
  if (problems.length > 0 || parsed?.data === undefined) throw new UsageError(report(problems, document, input));
  const config = configOf(parsed.data, { certificates: certificates.read, issuers: issuers.issuers });
  return { config, file: parsed.data, placeOf: (path) => placeOf(path, document, input) };
}

function readText(file: string | undefined): string {
  if (file === undefined) return '';
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file}: cannot be read: ${unreadable(error)}`);
  }
}

/** Who has certificates of their own to trust. */
function* trusting({ origins, redis, events }: FileSettings): Generator<{ readonly path: Path; readonly ca: string }> {
  for (const [name, { tls }] of Object.entries(origins)) if (tls?.ca !== undefined) yield { path: ['origins', name, 'tls', 'ca'], ca: tls.ca };
  if (redis?.tls?.ca !== undefined) yield { path: ['redis', 'tls', 'ca'], ca: redis.tls.ca };
  for (const source of ['redis', 'postgres'] as const) {
    const ca = events[source]?.tls?.ca;
    if (ca !== undefined) yield { path: ['events', source, 'tls', 'ca'], ca };
  }
}

/** PEM text by the path of its setting. Read here, so that a missing file is a mistake in the configuration and not of the first request. */
function readCertificates(
  settings: FileSettings,
  file: string | undefined,
): { readonly problems: readonly Problem[]; readonly read: ReadonlyMap<string, string> } {
  const problems: Problem[] = [];
  const read = new Map<string, string>();
  for (const { path, ca } of trusting(settings)) {
    try {
      read.set(formatPath(path), readFileSync(resolve(dirname(file ?? '.'), ca), 'utf8'));
    } catch (error) {
      problems.push({ path, message: `found ${JSON.stringify(ca)}, which cannot be read: ${unreadable(error)}` });
    }
  }
  return { problems, read };
}

/** The first at each place: what a missing variable leads to is not a second mistake. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  const places = new Set<string>();
  return problems.filter(({ path }) => {
    const place = formatPath(path);
    return places.has(place) ? false : places.add(place);
  });
}

function report(problems: readonly Problem[], document: ConfigDocument, input: ConfigInput): string {
  const lines = problems.map(({ path, message }) => ({
    line: (flagOf(path, input.overrides) === undefined ? document.lineOf(path) : undefined) ?? 0,
    text: `${placeOf(path, document, input)}: ${message}`,
  }));
  return lines
    .toSorted((a, b) => a.line - b.line)
    .map((line) => line.text)
    .join('\n');
}

function placeOf(path: Path, document: ConfigDocument, { file, text, overrides }: ConfigInput): string {
  const flag = flagOf(path, overrides);
  if (flag !== undefined) return flag;
  const name = file ?? (text === undefined ? undefined : 'configuration');
  const line = document.lineOf(path);
  const at = [name, ...(name === undefined || line === undefined ? [] : [line])].join(':');
  return `${at === '' ? '' : `${at}: `}${formatPath(path)}`;
}

/** What other files say. */
interface FilesRead {
  readonly certificates: ReadonlyMap<string, string>;
  readonly issuers: readonly IssuerConfig[];
}

function rawAuth(data: unknown): unknown {
  return typeof data === 'object' && data !== null && 'auth' in data ? data.auth : undefined;
}

function configOf(file: FileSettings, { certificates, issuers }: FilesRead): Config {
  const maxObjectBytes = largestStored(file.store, file.workers);
  const origins = new Map(
    Object.entries(file.origins).map(([name, settings]) => [
      name,
      originOf(name, settings, certificates.get(formatPath(['origins', name, 'tls', 'ca']))),
    ]),
  );
  const context: RouteContext = { defaults: file.defaults, firstOrigin: Object.keys(file.origins)[0] ?? '', maxObjectBytes };
  const routes = orderBySpecificity(file.routes.map((entry) => routeOf(entry, context)));
  const defaultRoute = defaultRouteOf(context);
  const { listen, token = '' } = file.admin;
  return {
    listen: file.listen,
    workers: file.workers,
    admin: listen === false ? undefined : { listen, ...(token !== '' && { token }) },
    purge: {
      ...(file.purge.token !== undefined && file.purge.token !== '' && { token: file.purge.token }),
      settleMs: file.purge.settle,
      memoryBytes: file.purge.memory,
      ratePerSecond: file.purge.rate,
      callers: new Map(Object.entries(file.purge.callers)),
    },
    store: { memoryBytes: file.store.memory, maxObjectBytes, fillBytes: file.store.fills ?? fillBytes(file, [...routes, defaultRoute]) },
    fastPath: file.fast_path,
    log: file.log,
    trustedProxies: file.trusted_proxies,
    ...(file.hosts.length > 0 && { hosts: new Set(file.hosts) }),
    tags: tagsOf(file),
    issuers,
    limits: limitsOf(file),
    events: { ...eventsOf(file.events, file.purge.settle), ...sourcesOf(file, certificates) },
    ...(file.redis !== undefined && { redis: redisOf(file.redis, certificates.get('redis.tls.ca')) }),
    ...(file.audit !== undefined && { audit: auditOf(file.audit) }),
    origins,
    routes,
    defaultRoute,
  };
}

function sourcesOf({ events: { redis, postgres } }: FileSettings, certificates: FilesRead['certificates']): Pick<EventConfig, 'redis' | 'postgres'> {
  return {
    ...(redis !== undefined && { redis: streamOf(redis, certificates.get('events.redis.tls.ca')) }),
    ...(postgres !== undefined && { postgres: outboxOf(postgres, certificates.get('events.postgres.tls.ca')) }),
  };
}

/** Bodies under way may hold this part of the store's size besides. */
const FILL_SHARE = 4;

function fillBytes({ store, workers }: FileSettings, routes: readonly Route[]): number {
  return Math.max(Math.floor(store.memory / FILL_SHARE), ...routes.map(({ policy }) => workers * policy.maxObjectBytes));
}

function tagsOf({ tags }: FileSettings): TagConfig {
  return { headers: tags.headers, expose: tags.expose, maxBytes: tags.max_bytes, maxCount: tags.max_count };
}

function limitsOf({ limits }: FileSettings): Config['limits'] {
  return {
    headerBytes: limits.header_bytes,
    headerCount: limits.header_count,
    urlBytes: limits.url_bytes,
    headersTimeoutMs: limits.headers_timeout,
    idleTimeoutMs: limits.idle_timeout,
    stallTimeoutMs: limits.stall_timeout,
    minBytesPerSecond: limits.min_rate,
    connections: limits.connections,
    connectionsPerAddress: limits.connections_per_address,
    pipelined: limits.pipelined,
    lookupsPerAddress: limits.lookups_per_address,
    verificationsPerAddress: limits.verifications_per_address,
    drainTimeoutMs: limits.drain_timeout,
  };
}

function originOf(name: string, settings: OriginSettings, ca: string | undefined): OriginConfig {
  const { tls } = settings;
  return {
    name,
    url: settings.url,
    connectTimeoutMs: settings.connect_timeout,
    headersTimeoutMs: settings.headers_timeout,
    bodyTimeoutMs: settings.body_timeout,
    connections: settings.connections,
    queue: settings.queue,
    queueTimeoutMs: settings.queue_timeout,
    ...(settings.breaker !== false && { breaker: breakerOf(settings.breaker) }),
    host: settings.host,
    ...(tls !== undefined && { tls: tlsOf(tls, ca) }),
  };
}

function redisOf({ url, cluster, secret, mode, replicas, bodies, db, sharded, sentinel, tls }: RedisSettings, ca: string | undefined): RedisConfig {
  return {
    urls: url,
    cluster,
    secret,
    mode,
    replicas,
    bodies,
    db,
    sharded,
    ...(sentinel !== undefined && { sentinel }),
    ...(tls !== undefined && { tls: tlsOf(tls, ca) }),
  };
}

function breakerOf(settings: Exclude<OriginSettings['breaker'], false>): BreakerConfig {
  return {
    failureRate: settings.failure_rate,
    windowMs: settings.window,
    minimumRequests: settings.minimum_requests,
    openMs: settings.open,
    maxOpenMs: settings.max_open,
    gatewayErrors: settings.gateway_errors,
  };
}
