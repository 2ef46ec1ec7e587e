// What is wrong with a configuration whose parts are each well formed: settings that contradict each other. Parts that are not are skipped here.
import { scopeNames } from '../rules/scope-names.ts';
import { compilePattern, type ScopeRule, type Strategy } from '../rules/routes.ts';
import { formatListen, isLoopback } from './address.ts';
import { authProblems } from './auth.ts';
import { eventProblems } from './events-schema.ts';
import { type Addresses, overlapProblems } from './overlap.ts';
import { formatPath, type Path, type Problem, show } from './problems.ts';
import { redisProblems } from './redis-schema.ts';
import { sourceProblems } from './sources-schema.ts';
import { routeSettings, type RouteSettings } from './route-schema.ts';
import { routeName } from './routes.ts';
import { admin, fileSchema, largestStored, origin, type OriginSettings, route, store } from './schema.ts';
import { templateProblem } from './templates.ts';
import { formatDuration, formatSize } from './units.ts';

export function meaningProblems(data: unknown): readonly Problem[] {
  const file = asMap(data);
  return [
    ...adminProblems(file['admin'] ?? {}),
    ...storeProblems(file),
    ...fillProblems(file),
    ...originProblems(asMap(file['origins'])),
    ...authProblems(file['auth']),
    ...eventProblems(file['events'], scopeNamesOf(file)),
    ...sourceProblems(file['events']),
    ...(file['redis'] === undefined ? [] : redisProblems(file['redis'])),
    ...overlapProblems(addressesOf(file)),
    ...routesProblems(file),
  ];
}

/** Those that are well formed. */
function addressesOf(file: Readonly<Record<string, unknown>>): Addresses {
  const clients = fileSchema.shape.listen.safeParse(file['listen']);
  const operators = admin.safeParse(file['admin'] ?? {});
  const origins = Object.entries(asMap(file['origins'])).flatMap(([name, data]) => {
    const parsed = origin.safeParse(data);
    return parsed.success ? [[name, parsed.data.url] as const] : [];
  });
  const adminListen = operators.data?.listen;
  return { listen: clients.data, admin: adminListen === false ? undefined : adminListen, origins };
}

function adminProblems(data: unknown): readonly Problem[] {
  const parsed = admin.safeParse(data);
  if (!parsed.success || parsed.data.listen === false) return [];
  const { listen, token = '' } = parsed.data;
  if (token !== '' || isLoopback(listen.host)) return [];
  return [
    {
      path: ['admin', 'token'],
      message: `is missing; needed because admin.listen is ${formatListen(listen)}; without it only a loopback address is allowed (127.0.0.1:${listen.port})`,
    },
  ];
}

/** What one thread has to store in; undefined where it is not well formed. */
interface Room {
  readonly memory: number;
  readonly threads: number;
}

function threadsOf(file: Readonly<Record<string, unknown>>): number {
  return fileSchema.shape.workers.safeParse(file['workers']).data ?? 1;
}

function roomOf(file: Readonly<Record<string, unknown>>): Room | undefined {
  const memory = store.safeParse(file['store'] ?? {}).data?.memory;
  return memory === undefined ? undefined : { memory, threads: threadsOf(file) };
}

function storeProblems(file: Readonly<Record<string, unknown>>): readonly Problem[] {
  return largestProblems(store.safeParse(file['store'] ?? {}).data ?? {}, { at: ['store'], room: roomOf(file) });
}

function largestProblems(
  { max_object: largest = 0 }: Pick<RouteSettings, 'max_object'>,
  { at, room }: { readonly at: Path; readonly room: Room | undefined },
): readonly Problem[] {
  if (room === undefined || largest * room.threads <= room.memory) return [];
  const whole = `at most store.memory, which is ${formatSize(room.memory)}`;
  const allowed = room.threads === 1 ? whole : `${whole} for ${room.threads} workers together`;
  return [{ path: [...at, 'max_object'], message: `found ${formatSize(largest)}; allowed: ${allowed}` }];
}

/** The largest body that may be stored must have room on its way there. */
function fillProblems(file: Readonly<Record<string, unknown>>): readonly Problem[] {
  const settings = store.safeParse(file['store'] ?? {}).data;
  if (settings?.fills === undefined) return [];
  const threads = threadsOf(file);
  const defaults = routeSettings.safeParse(file['defaults'] ?? {}).data;
  const routes = Array.isArray(file['routes']) ? file['routes'] : [];
  const general =
    defaults?.max_object === undefined
      ? { path: ['store', 'max_object'], bytes: largestStored(settings, threads) }
      : { path: ['defaults', 'max_object'], bytes: defaults.max_object };
  const special = routes.map((data: unknown, index) => ({
    path: ['routes', index, 'max_object'],
    bytes: route.safeParse(data).data?.max_object ?? 0,
  }));
  const largest = special.reduce<{ readonly path: Path; readonly bytes: number }>((most, one) => (one.bytes > most.bytes ? one : most), general);
  if (largest.bytes * threads <= settings.fills) return [];
  const least = `at least ${formatPath(largest.path)}, which is ${formatSize(largest.bytes)}${threads === 1 ? '' : `, for each of ${threads} workers`}`;
  const message = `found ${formatSize(settings.fills)}; allowed: ${least}`;
  return [{ path: ['store', 'fills'], message }];
}

function originProblems(origins: Readonly<Record<string, unknown>>): readonly Problem[] {
  return Object.entries(origins).flatMap(([name, data]): Problem[] => {
    const parsed = origin.safeParse(data);
    return parsed.success ? [...tlsProblems(parsed.data, ['origins', name]), ...breakerProblems(parsed.data, ['origins', name])] : [];
  });
}

function tlsProblems({ url, tls }: OriginSettings, at: Path): readonly Problem[] {
  if (tls === undefined || url.startsWith('https:')) return [];
  return [{ path: [...at, 'tls'], message: `means nothing for ${url}; allowed: tls with an https:// URL` }];
}

function breakerProblems({ breaker }: OriginSettings, at: Path): readonly Problem[] {
  if (breaker === false || breaker.max_open >= breaker.open) return [];
  const message = `found ${formatDuration(breaker.max_open)}; allowed: at least breaker.open, which is ${formatDuration(breaker.open)}`;
  return [{ path: [...at, 'breaker', 'max_open'], message }];
}

function routesProblems(file: Readonly<Record<string, unknown>>): readonly Problem[] {
  const parsed = routeSettings.safeParse(file['defaults'] ?? {});
  const defaults = parsed.success ? parsed.data : {};
  const origins = Object.keys(asMap(file['origins']));
  const routes = Array.isArray(file['routes']) ? file['routes'] : [];
  const room = roomOf(file);
  const problems = [...originNameProblems(defaults, { at: ['defaults'], origins }), ...largestProblems(defaults, { at: ['defaults'], room })];
  const hasIssuer = asMap(file['auth'])['jwt'] !== undefined;
  problems.push(...defaultTemplates(defaults), ...scopeProblems(defaults, { at: ['defaults'], inherited: PUBLIC, hasIssuer }));
  problems.push(...cookieProblems(defaults, { at: ['defaults'], defaults: {} }), ...strategyProblems(defaults, ['defaults']));
  const seen = new Map<string, number>();
  for (const [index, data] of routes.entries()) {
    const entry = route.safeParse(data);
    if (!entry.success) continue;
    const at = ['routes', index];
    problems.push(...originNameProblems(entry.data, { at, origins }), ...largestProblems(entry.data, { at, room }));
    problems.push(...templateProblems(entry.data, { at, defaults }), ...cookieProblems(entry.data, { at, defaults }));
    problems.push(...strategyProblems(entry.data, at, defaults.strategy));
    problems.push(...scopeProblems(entry.data, { at, inherited: defaults.scope ?? PUBLIC, hasIssuer }));
    const shape = shapeOf(entry.data);
    const earlier = seen.get(shape);
    if (earlier === undefined) seen.set(shape, index);
    else
      problems.push({
        path: [...at, 'path'],
        message: `${show(routeName(entry.data))} takes the same requests as ${formatPath(['routes', earlier])} and would never be used`,
      });
  }
  return problems;
}

function originNameProblems(settings: RouteSettings, place: { readonly at: Path; readonly origins: readonly string[] }): readonly Problem[] {
  if (settings.origin === undefined || place.origins.includes(settings.origin)) return [];
  return [
    {
      path: [...place.at, 'origin'],
      message: `found ${show(settings.origin)}; allowed: ${place.origins.join(', ') || 'none, there are no origins'}`,
    },
  ];
}

const PUBLIC: ScopeRule = { kind: 'public' };

/** A scope that nobody could prove to be in, and a demand for tokens that nobody reads. */
function scopeProblems(
  { scope, required }: RouteSettings,
  place: { readonly at: Path; readonly inherited: ScopeRule; readonly hasIssuer: boolean },
): readonly Problem[] {
  const { kind } = scope ?? place.inherited;
  const needsIssuer = scope?.kind === 'claims' && !place.hasIssuer;
  const isIdle = required === true && kind !== 'claims';
  return [
    ...(needsIssuer ? [{ path: [...place.at, 'scope'], message: 'needs auth.jwt: claims count only from a token of an issuer named there' }] : []),
    ...(isIdle
      ? [{ path: [...place.at, 'required'], message: `means nothing where the scope is ${kind}; allowed: with a list of claims as the scope` }]
      : []),
  ];
}

/** Cookies that are both listed and stripped. */
function cookieProblems(settings: RouteSettings, place: { readonly at: Path; readonly defaults: RouteSettings }): readonly Problem[] {
  const { cookies, forward = [] } = { ...place.defaults, ...settings };
  const isOwn = settings.cookies !== undefined || settings.forward !== undefined;
  if (!isOwn || cookies !== 'strip' || !forward.includes('cookie')) return [];
  return [{ path: [...place.at, 'forward'], message: 'lists cookie, which cookies: strip does not forward; allowed: one of the two' }];
}

/** Of the routes that are well formed. */
function scopeNamesOf(file: Readonly<Record<string, unknown>>): readonly string[] {
  const { scope: inherited = PUBLIC } = routeSettings.safeParse(file['defaults'] ?? {}).data ?? {};
  const routes = Array.isArray(file['routes']) ? file['routes'] : [];
  return scopeNames([...routes.map((data: unknown) => ({ scope: route.safeParse(data).data?.scope ?? inherited })), { scope: inherited }]);
}

/** What stands beside a strategy and leaves nothing of it. A route may pass whatever it inherits. */
function strategyProblems({ strategy, pass, store_unversioned: unversioned }: RouteSettings, at: Path, inherited?: Strategy): readonly Problem[] {
  if (strategy === undefined) {
    const undone = inherited === 'versioned' && unversioned === true && pass !== true;
    return undone
      ? [
          {
            path: [...at, 'store_unversioned'],
            message: 'found true, which undoes strategy: versioned of `defaults`; allowed: a strategy of its own',
          },
        ]
      : [];
  }
  const passes = strategy === 'pass';
  const undone = pass === !passes;
  return [
    ...(undone ? [{ path: [...at, 'pass'], message: `found ${pass}, which undoes strategy: ${strategy}; allowed: one of the two` }] : []),
    ...(strategy === 'versioned' && unversioned === true
      ? [{ path: [...at, 'store_unversioned'], message: 'found true, which undoes strategy: versioned; allowed: one of the two' }]
      : []),
  ];
}

type Entry = ReturnType<typeof route.parse>;

function templateProblems(entry: Entry, place: { readonly at: Path; readonly defaults: RouteSettings }): readonly Problem[] {
  const query = entry.query ?? place.defaults.query ?? { kind: 'as-received' };
  const scope = entry.scope ?? place.defaults.scope ?? PUBLIC;
  return (['tags', 'invalidates'] as const).flatMap((key): Problem[] => {
    const own = entry[key];
    const faults = (own ?? place.defaults[key] ?? []).map((template) => templateProblem(template, { pattern: entry.path, query, scope }));
    return faults.flatMap((message, index): Problem[] => {
      // Those of `defaults` were judged there, but for what this route's own query and scope leave of them.
      if (message === undefined || (own === undefined && entry.query === undefined && entry.scope === undefined)) return [];
      const changed = entry.query === undefined ? 'scope' : 'query';
      return [{ path: own === undefined ? [...place.at, changed] : [...place.at, key, index], message }];
    });
  });
}

/** Templates of `defaults` are for every request, so no name of a path can stand in them. */
function defaultTemplates(defaults: RouteSettings): readonly Problem[] {
  const everything = compilePattern('/**');
  if (everything.kind === 'refuse') return [];
  const query = defaults.query ?? { kind: 'as-received' };
  return (['tags', 'invalidates'] as const).flatMap((key) =>
    (defaults[key] ?? []).flatMap((template, index): Problem[] => {
      const message = templateProblem(template, { pattern: everything.pattern, query, scope: defaults.scope ?? PUBLIC });
      return message === undefined ? [] : [{ path: ['defaults', key, index], message }];
    }),
  );
}

/** Equal for two routes that take the same requests. */
function shapeOf(entry: Entry): string {
  const segments = entry.path.segments.map((segment) =>
    segment.kind === 'literal' ? `=${segment.text}` : segment.kind === 'parameter' ? 'any' : segment.kind,
  );
  return JSON.stringify([entry.host ?? '', entry.methods?.toSorted() ?? [], segments]);
}

function asMap(data: unknown): Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Record<string, unknown>) : {};
}
