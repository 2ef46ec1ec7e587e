// From the settings of a route, over `defaults` and the built-in ones, to the Route that requests are matched with.
import type { Policy } from '../rules/policy.ts';
import { credentialFields, type PathPattern, type Route } from '../rules/routes.ts';
import type { ROUTE_DEFAULTS, RouteSettings } from './route-schema.ts';
import type { RouteEntry } from './schema.ts';
import { layered, strategyOf } from './strategies.ts';

/** What a route takes from elsewhere in the file. */
export interface RouteContext {
  readonly defaults: RouteSettings;
  /** Of routes that name none. */
  readonly firstOrigin: string;
  readonly maxObjectBytes: number;
}

export function routeOf(entry: RouteEntry, context: RouteContext): Route {
  return {
    ...(entry.host !== undefined && { host: entry.host }),
    ...(entry.methods !== undefined && { methods: new Set(entry.methods) }),
    ...settled(entry, context),
    name: routeName(entry),
    pattern: entry.path,
  };
}

/** For requests that match no route. */
export function defaultRouteOf(context: RouteContext): Route {
  return { ...settled({}, context), origin: context.firstOrigin, name: 'default', pattern: EVERYTHING };
}

/** Its path, with methods and host where given: `GET,POST api.example.com/products/:id`. */
export function routeName(entry: Pick<RouteEntry, 'path' | 'host' | 'methods'>): string {
  const methods = entry.methods === undefined ? '' : `${entry.methods.join(',')} `;
  return `${methods}${entry.host ?? ''}${entry.path.source}`;
}

const EVERYTHING: PathPattern = { source: '/**', segments: [{ kind: 'rest' }] };

function settled(
  own: RouteSettings,
  context: RouteContext,
): Pick<Route, 'origin' | 'upgrade' | 'audited' | 'maxRequestBodyBytes' | 'policy' | 'strategy' | 'query' | 'scope' | 'tags' | 'invalidates'> {
  const settings = layered(own, context.defaults);
  const strategy = strategyOf(settings);
  return {
    origin: settings.origin ?? context.firstOrigin,
    upgrade: settings.upgrade,
    audited: settings.audit,
    maxRequestBodyBytes: settings.max_request_body,
    policy: policyOf(settings, context.maxObjectBytes),
    ...(strategy !== undefined && { strategy }),
    query: settings.query ?? { kind: 'as-received' },
    scope: settings.scope.kind === 'claims' ? { ...settings.scope, required: settings.required } : settings.scope,
    tags: settings.tags,
    invalidates: settings.invalidates,
  };
}

function policyOf(settings: typeof ROUTE_DEFAULTS & RouteSettings, maxObjectBytes: number): Policy {
  const forward = settings.forward && new Set([...settings.forward, ...credentialFields(settings.scope)]);
  return {
    pass: settings.pass,
    ...(settings.ttl !== undefined && { ttlMs: settings.ttl }),
    override: settings.override,
    staleWhileRevalidateMs: settings.stale_while_revalidate,
    staleIfErrorMs: settings.stale_if_error,
    keepMs: settings.keep,
    heuristicFraction: settings.heuristic_freshness,
    storeSetCookie: settings.store_set_cookie,
    storePartial: settings.store_partial,
    storePost: settings.store_post,
    storeErrors: settings.store_errors,
    storeCloseDelimited: settings.store_close_delimited,
    storeAuthorized: settings.store_authorized,
    storeUnversioned: settings.store_unversioned,
    storePrivate: settings.store_private,
    ...(forward !== undefined && { forward }),
    cookies: forward !== undefined && !forward.has('cookie') ? 'strip' : settings.cookies,
    sMaxageAllowsSwr: settings.s_maxage_allows_swr,
    normalise: new Set(settings.normalise),
    ...(settings.vary !== undefined && { vary: new Set(settings.vary) }),
    maxVariants: settings.max_variants,
    maxObjectBytes: settings.max_object ?? maxObjectBytes,
    inflight: settings.inflight,
    collapse: settings.collapse,
    leaderTimeoutMs: settings.leader_timeout,
    followerTimeoutMs: settings.follower_timeout,
    hitForMissMs: settings.hit_for_miss,
    clientCacheControl: settings.client_cache_control,
  };
}
