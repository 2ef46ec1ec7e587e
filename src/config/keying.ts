// Do two configurations key, tag and permit alike? Where they do not, what was stored under one must not answer under the other.
import type { Policy } from '../rules/policy.ts';
import type { Route } from '../rules/routes.ts';
import type { Config } from './config.ts';

/**
 * What entries are keyed and tagged by, and by whose word they are stored. Where it changes, an old entry would escape purges that name it by the new
 * rules, come back with the old ones, or be shared although it could not be stored any more.
 */
export function keying({ routes, defaultRoute, tags, trustedProxies }: Config): string {
  const ordinary = JSON.stringify(keyingOf(defaultRoute));
  const isSpecial = (route: Route): boolean => JSON.stringify(keyingOf(route)) !== ordinary;
  // The first that matches counts: an ordinary one takes requests from the special ones behind it, and from no other.
  const rules = routes.slice(0, routes.findLastIndex(isSpecial) + 1).map((route) => [route.name, ...(route.methods ?? []), keyingOf(route)]);
  return JSON.stringify([rules, ordinary, tags.headers, trustedProxies]);
}

function keyingOf({ origin, query, scope, tags, policy }: Route) {
  // What is not forwarded is no axis of what is stored.
  const { forward, vary, cookies } = policy;
  return { origin, query, scope, tags, forward: forward && [...forward], vary: vary && [...vary], cookies, permits: permitsOf(policy) };
}

/** What is stored for others only where the route says so. */
function permitsOf({
  storeSetCookie,
  storePartial,
  storePost,
  storeErrors,
  storeCloseDelimited,
  storeAuthorized,
  storeUnversioned,
  storePrivate,
}: Policy) {
  return { storeSetCookie, storePartial, storePost, storeErrors, storeCloseDelimited, storeAuthorized, storeUnversioned, storePrivate };
}
