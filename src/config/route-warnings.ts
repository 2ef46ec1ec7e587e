// What in the settings of one route cannot be what was meant: a life that nothing ends, settings that mean nothing here, a strategy that was turned into another.
import { takesStorable, takesWrites } from '../rules/route-methods.ts';
import type { EffectiveRoute } from './effective.ts';
import type { RouteSettings } from './route-schema.ts';
import { formatDuration } from './units.ts';
import type { Warning } from './warnings.ts';

/** From here on an entry outlives what a person would wait for, and something else than the clock should end it. */
export const LONG_TTL_MS = 10 * 60_000;

interface Surroundings {
  /** Whether anything can purge at all. */
  readonly reachable: boolean;
}

export function routeWarnings(route: EffectiveRoute, surroundings: Surroundings): readonly Warning[] {
  return [
    ...untagged(route),
    ...unending(route, surroundings),
    ...otherStrategy(route),
    ...sharedByCredential(route),
    ...idleWhereNothingIsStored(route),
    ...idleElsewhere(route),
  ];
}

/** Whether anything that comes of its requests may be stored. */
export function stores({ settings, methods }: EffectiveRoute): boolean {
  return takesStorable(methods, { pass: settings.pass, storePost: settings.store_post });
}

/** Whether one of its requests may be a write. */
export function mayWrite({ methods }: Pick<EffectiveRoute, 'methods'>): boolean {
  return takesWrites(methods);
}

function untagged(route: EffectiveRoute): readonly Warning[] {
  const { settings, name, whereIs } = route;
  const { ttl = 0, tags, strategy } = settings;
  if (!stores(route) || strategy === 'revalidate' || ttl < LONG_TTL_MS || tags.length > 0) return [];
  return [
    {
      path: whereIs('ttl'),
      what: `${name} is kept for ${formatDuration(ttl)}, and no tags are named for it`,
      why: 'unless the origin tags every one of its answers, only their URLs, a prefix or a scope can be purged',
      todo: 'name the tags on the route, tags: ["product:{id}"] (one that the origin names too counts once), or strategy: revalidate',
    },
  ];
}

function unending(route: EffectiveRoute, { reachable }: Surroundings): readonly Warning[] {
  const { strategy } = route.settings;
  if (reachable || !stores(route) || (strategy !== 'purge' && strategy !== 'versioned')) return [];
  return [
    {
      path: route.whereIs('strategy'),
      what: `strategy: ${strategy} on ${route.name}, but nothing can purge beside what a write is answered (Surrogate-Key-Purge), or its URL`,
      why: 'admin.listen is false, purge.token is not set, there are no events.rules, and no route has invalidates',
      todo: 'set one of them, or strategy: revalidate',
    },
  ];
}

function otherStrategy({ settings, own, at, name, whereIs }: EffectiveRoute): readonly Warning[] {
  const { strategy, ttl } = settings;
  // Of what both come from defaults it is said there.
  const isOwn = at[0] === 'defaults' || own.strategy !== undefined || own.ttl !== undefined;
  if (strategy === undefined || ttl === undefined || !isOwn) return [];
  const isLong = ttl >= LONG_TTL_MS;
  if (strategy === 'revalidate' ? !isLong : strategy !== 'purge' || isLong) return [];
  const [does, other] = isLong ? ['a life that only a purge should end', 'purge'] : ['so short that the clock ends it before a purge', 'revalidate'];
  return [
    {
      path: whereIs('ttl'),
      what: `${name} has strategy: ${strategy} and a ttl of ${formatDuration(ttl)}`,
      why: `that is ${does}`,
      todo: `leave the ttl to the strategy, or write strategy: ${other}`,
    },
  ];
}

/** What such an answer is made for is the credential, which scope says better than a variant. */
function sharedByCredential(route: EffectiveRoute): readonly Warning[] {
  const { settings, name, whereIs } = route;
  if (!stores(route) || settings.scope.kind !== 'public') return [];
  return (settings.vary ?? [])
    .filter((field) => field === 'authorization' || (field === 'cookie' && settings.cookies !== 'strip'))
    .filter((field) => settings.forward === undefined || settings.forward.includes(field))
    .map((field) => ({
      path: whereIs('vary'),
      what: `${name} has scope: public, and may vary on ${field}`,
      why: `each credential makes a variant, ${settings.max_variants} at most, under a key that says they are shared; a purge cannot name one`,
      todo:
        field === 'cookie'
          ? 'scope: { credential: [cookie.NAME] }, and leave cookie out of vary'
          : 'scope: credential, or a list of claims, and leave authorization out of vary',
    }));
}

/** Settings about what is stored. */
const ABOUT_STORED = [
  'ttl',
  'override',
  'stale_while_revalidate',
  'stale_if_error',
  'keep',
  'tags',
  'vary',
  'max_variants',
  'client_cache_control',
] as const;

function idleWhereNothingIsStored(route: EffectiveRoute): readonly Warning[] {
  const { own, at, name } = route;
  if (stores(route)) return [];
  const idle = ABOUT_STORED.filter((setting) => means(own[setting]));
  if (idle.length === 0) return [];
  return [
    {
      path: [...at, idle[0] as string],
      what: `${idle.join(', ')} on ${name}, which stores nothing`,
      why: route.settings.pass
        ? `it passes (${route.settings.strategy === 'pass' ? 'strategy: pass' : 'pass: true'})`
        : 'none of its methods is answered from the cache',
      todo: 'leave them out, or let the route store',
    },
  ];
}

function means(value: RouteSettings[keyof RouteSettings]): boolean {
  return value !== undefined && value !== false && value !== 0 && !(Array.isArray(value) && value.length === 0);
}

function idleElsewhere(route: EffectiveRoute): readonly Warning[] {
  const { own, at, name, settings } = route;
  const { kind } = settings.scope;
  const isOneUser = kind === 'credential' || (settings.scope.kind === 'claims' && settings.scope.names.includes('sub'));
  return [
    ...(own.override === true && settings.ttl === undefined
      ? [
          {
            path: [...at, 'override'],
            what: `override on ${name} without a ttl`,
            why: 'it lets the ttl of the route beat the origin, and there is none',
            todo: 'set ttl, or leave override out',
          },
        ]
      : []),
    ...(own.store_private === true && !isOneUser && at[0] === 'routes'
      ? [
          {
            path: [...at, 'store_private'],
            what: `store_private on ${name}, whose scope is ${kind}`,
            why: 'a private answer is stored only where the scope is one user: credential, or claims with sub',
            todo: 'scope: credential or scope: [sub], or leave store_private out',
          },
        ]
      : []),
    ...(means(own.invalidates) && !mayWrite(route)
      ? [
          {
            path: [...at, 'invalidates'],
            what: `invalidates on ${name}, which takes no writes`,
            why: `it purges when a POST, PUT, PATCH or DELETE succeeds, and methods has ${(route.methods ?? []).join(', ')} only`,
            todo: 'put it on the route that takes the write',
          },
        ]
      : []),
  ];
}
