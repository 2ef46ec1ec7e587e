// The configuration as `freshet check` prints it: what takes which request, and what the operator should know about it.
import { formatListen } from './address.ts';
import type { AuditConfig, BreakerConfig, Config, EventConfig, IssuerConfig, OriginConfig, RedisConfig } from './config.ts';
import { align } from './align.ts';
import { describeRules, describeWebhook, eventNotes } from './describe-events.ts';
import { withoutQuery } from '../http/reference.ts';
import type { QueryRule } from '../rules/policy.ts';
import type { Route, ScopeRule } from '../rules/routes.ts';
import { ROUTE_DEFAULTS } from './route-schema.ts';
import { formatDuration, formatPercent, formatSize } from './units.ts';

/** Several lines, without a final newline. `sections` stand before the notes, each with a title and lines of its own. */
export function describeConfig(config: Config, given: readonly Section[] = []): string {
  const routes = [...config.routes, config.defaultRoute];
  const sections = [{ title: 'events, and what is purged then', lines: describeRules(config) }, ...given];
  return [
    align(generalRows(config)),
    '',
    'routes, in the order in which they are tried',
    align([['  path', 'origin', 'scope', 'ttl', 'tags', 'else'], ...routes.map((route) => routeRow(route, config))]),
    '',
    ...sections.filter(({ lines }) => lines.length > 0).flatMap(({ title, lines }) => [title, ...lines, '']),
    'notes',
    ...notes(config, routes).map((note) => `  - ${note}`),
  ].join('\n');
}

export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

function generalRows(config: Config): readonly (readonly string[])[] {
  const { admin, purge, store } = config;
  return [
    ['listen', formatListen(config.listen)],
    ['admin', admin === undefined ? 'off' : `${formatListen(admin.listen)}, ${admin.token === undefined ? 'no token (loopback)' : 'with token'}`],
    [
      'purge',
      `${purge.token === undefined ? 'on admin only' : 'on listen too, with token'}; settle ${formatDuration(purge.settleMs)}, at most ${purge.ratePerSecond}/s`,
    ],
    ...(config.redis === undefined ? [] : [['redis', describeRedis(config.redis)]]),
    ...[...describeWebhook(config.events), ...describeSources(config.events)].map((source) => ['events', source]),
    ...(config.workers === 1 ? [] : [['workers', `${config.workers}, each with its share of the store`]]),
    ['store', `${formatSize(store.memoryBytes)}, ${formatSize(store.maxObjectBytes)} a response, ${formatSize(store.fillBytes)} on the way`],
    ...[...config.origins.values()].map((origin) => ['origin', describeOrigin(origin)]),
    ...config.issuers.map((issuer) => ['issuer', describeIssuer(issuer)]),
    ...(config.audit === undefined ? [] : [['audit', describeAudit(config.audit, config.workers)]]),
  ];
}

function describeRedis({ cluster, urls, mode, replicas, sharded, sentinel }: RedisConfig): string {
  const kind = sentinel === undefined ? (sharded ? 'a Redis Cluster' : 'one server') : `the server that Sentinels know as ${sentinel.name}`;
  const where = urls.map((url) => new URL(url).host).join(', ');
  const majority = replicas === 0 ? '' : `, ${Math.ceil(replicas / 2)} of ${replicas} replicas must have a purge`;
  return `purges shared in ${cluster}, ${mode} mode, through ${kind} (${where})${majority}`;
}

function describeSources({ redis, postgres }: EventConfig): readonly string[] {
  return [
    ...(redis === undefined
      ? []
      : [`from the Redis stream ${redis.stream}, as ${redis.group} (${redis.urls.map((url) => new URL(url).host).join(', ')})`]),
    ...(postgres === undefined ? [] : [`from the outbox ${postgres.schema}.${postgres.table} in PostgreSQL (${whereOf(postgres.url)})`]),
  ];
}

function whereOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname === '/' ? '' : pathname}`;
}

function describeOrigin(origin: OriginConfig): string {
  const { name, url, connections, queue, queueTimeoutMs, headersTimeoutMs, breaker } = origin;
  const waiting = queue === 0 ? 'none may wait' : `${queue} may wait ${formatDuration(queueTimeoutMs)}`;
  return `${name} ${url}, ${connections} connections, ${waiting}, ${formatDuration(headersTimeoutMs)} to answer; ${describeBreaker(breaker)}`;
}

function describeBreaker(breaker: BreakerConfig | undefined): string {
  if (breaker === undefined) return 'no breaker';
  const { failureRate, minimumRequests, windowMs, openMs, maxOpenMs } = breaker;
  const share = `${Math.round(failureRate * 1000) / 10}% of ${minimumRequests} or more fail in ${formatDuration(windowMs)}`;
  return `held back for ${formatDuration(openMs)} to ${formatDuration(maxOpenMs)} where ${share}`;
}

function describeIssuer({ issuer, audiences, algorithms, leewayMs, keys }: IssuerConfig): string {
  const source = { url: 'keys fetched', set: 'keys from a file', secret: 'a secret' }[keys.kind];
  const where = keys.kind === 'url' ? ` from ${withoutQuery(keys.url)}, kept ${formatDuration(keys.maxAgeMs)} at most` : '';
  const leeway = leewayMs === 0 ? '' : `, leeway ${formatDuration(leewayMs)}`;
  return `${issuer} for ${audiences.join(' or ')}, ${algorithms.join(' or ')}, ${source}${where}${leeway}`;
}

function describeAudit({ sample, windowMs, ratePerSecond, concurrency, ignore }: AuditConfig, workers: number): string {
  const budget = `at most ${ratePerSecond} origin requests a second and ${Math.max(concurrency, workers)} at once`;
  const ignored = ignore.length === 0 ? '' : `; ${ignore.map(({ source }) => source).join(' ')} may differ`;
  return `${formatPercent(sample)} of hits compared with the origin, a purge may come ${formatDuration(windowMs)} later; ${budget}${ignored}`;
}

function routeRow(route: Route, config: Config): readonly string[] {
  const { policy } = route;
  const name = route === config.defaultRoute ? '(all else)' : route.name;
  const ttl = policy.ttlMs === undefined ? 'from origin' : `${formatDuration(policy.ttlMs)}${policy.override ? ' (override)' : ''}`;
  return [
    `  ${name}`,
    route.origin,
    describeScope(route.scope),
    policy.pass ? 'pass' : ttl,
    route.tags.join(' ') || '-',
    extras(route).join(', ') || '-',
  ];
}

function describeScope(scope: ScopeRule): string {
  if (scope.kind === 'public') return 'public';
  if (scope.kind === 'claims') return `claims ${scope.names.join('+')}${scope.required ? ', required' : ''}`;
  const sources = scope.sources?.map((source) => (source.kind === 'cookie' ? `cookie.${source.name}` : source.kind)).join('+');
  if (scope.kind === 'lookup') return `asked at ${scope.path}${sources === undefined ? '' : ` by ${sources}`}`;
  return sources ?? '';
}

function extras({ policy, strategy, query, upgrade, audited, maxRequestBodyBytes, invalidates }: Route): readonly string[] {
  return [
    ...(strategy === undefined ? [] : [`strategy ${strategy}`]),
    ...(upgrade ? ['WebSocket'] : []),
    ...(audited ? [] : ['not audited']),
    ...(maxRequestBodyBytes === ROUTE_DEFAULTS.max_request_body ? [] : [`request bodies up to ${formatSize(maxRequestBodyBytes)}`]),
    ...(policy.staleWhileRevalidateMs ? [`stale-while-revalidate ${formatDuration(policy.staleWhileRevalidateMs)}`] : []),
    ...(policy.staleIfErrorMs ? [`stale-if-error ${formatDuration(policy.staleIfErrorMs)}`] : []),
    ...(query.kind === 'as-received' ? [] : [describeQuery(query)]),
    ...(policy.forward === undefined ? [] : [`forwards ${[...policy.forward].join(' ') || 'nothing'}`]),
    ...(policy.vary === undefined ? [] : [`vary ${[...policy.vary].join(' ') || 'nothing'}`]),
    ...(invalidates.length === 0 ? [] : [`writes purge ${invalidates.join(' ')}`]),
  ];
}

function describeQuery(query: Exclude<QueryRule, { kind: 'as-received' }>): string {
  return query.kind === 'ignore' ? 'query ignored' : `query ${query.kind} ${query.patterns.join(' ')}`;
}

function notes(config: Config, routes: readonly Route[]): readonly string[] {
  const cached = routes.filter((route) => !route.policy.pass);
  const clientSide = cached.filter((route) => route.policy.clientCacheControl === 'origin');
  return [
    ...(clientSide.length === 0
      ? []
      : [
          `${listed(clientSide)}: clients get the origin's Cache-Control; what browsers and caches in front keep is outside every purge (client_cache_control: no-cache changes that)`,
        ]),
    ...(config.purge.token === undefined ? [withoutPurgeToken(config)] : []),
    ...eventNotes(config),
    ...(config.issuers.length > 0 && routes.every(({ scope }) => scope.kind !== 'claims')
      ? ['auth.jwt: no route has a scope of claims, so no token is read']
      : []),
    ...(config.redis?.replicas === 0 && (config.redis.sentinel !== undefined || config.redis.sharded)
      ? ['redis.replicas is 0: while a failover is under way, a node that still talks to the old primary may miss purges that the new one confirmed']
      : []),
  ];
}

function listed(routes: readonly Route[]): string {
  const names = routes.slice(0, 3).map((route) => route.name);
  return `${names.join(', ')}${routes.length > 3 ? ` and ${routes.length - 3} more` : ''}`;
}

function withoutPurgeToken(config: Config): string {
  const where = config.admin === undefined ? 'nothing can be purged but by writes: admin is off too' : 'purges go to the admin address only';
  return `purge.token is not set: PURGE on ${formatListen(config.listen)} gets 405; ${where}`;
}
