// Which route a request takes: most specific wins; none matching is the default route of the first origin.
import type { Target } from '../http/target.ts';
import { unreservedDecoded, type PathPattern, type PathSegment } from './path-pattern.ts';
import type { Policy, QueryRule } from './policy.ts';

export { compilePattern } from './path-pattern.ts';
export type { PathPattern } from './path-pattern.ts';
export { expandTemplates } from './templates.ts';

/** One route, compiled. `name` is its `path` (with host and methods where given) and is an implicit tag of its entries. */
export interface Route {
  readonly name: string;
  /** Without a port it takes any. */
  readonly host?: string;
  /** Upper-case method names; absent: all. A route for GET also takes HEAD. */
  readonly methods?: ReadonlySet<string>;
  readonly pattern: PathPattern;
  readonly origin: string;
  readonly upgrade: boolean;
  /** Its hits may be compared with the origin. */
  readonly audited: boolean;
  readonly maxRequestBodyBytes: number;
  readonly policy: Policy;
  /** Where one was named. */
  readonly strategy?: Strategy;
  readonly query: QueryRule;
  readonly scope: ScopeRule;
  /** Templates: `{name}` from the path, `{query.name}`, `{claim.name}`; a template with a missing value makes the response unstorable (never `product:undefined`). */
  readonly tags: readonly string[];
  readonly invalidates: readonly string[];
}

/** How what a route stores comes to its end: a preset of settings (config/strategies.ts). */
export const STRATEGIES = ['purge', 'revalidate', 'versioned', 'pass'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** `public`, a credential from `authorization` and named cookies, verified claims of a bearer token, or what the origin says of a credential. */
export type ScopeRule =
  | { readonly kind: 'public' }
  | { readonly kind: 'credential'; readonly sources: readonly CredentialSource[] }
  | ClaimsRule
  | LookupRule;

/** `required`: who has no token gets 401. */
export interface ClaimsRule {
  readonly kind: 'claims';
  readonly names: readonly string[];
  readonly required: boolean;
}

/** The route's origin is asked at `path`. `sources`: what the credential consists of; absent: Authorization and every cookie. */
export interface LookupRule {
  readonly kind: 'lookup';
  readonly path: string;
  readonly sources?: readonly CredentialSource[];
}

export type CredentialSource = { readonly kind: 'authorization' } | { readonly kind: 'cookie'; readonly name: string };

/** The request fields that a scope is read from. */
export function credentialFields(scope: ScopeRule): readonly string[] {
  switch (scope.kind) {
    case 'public':
      return [];
    case 'credential':
      return scope.sources.map(({ kind }) => kind);
    case 'claims':
      return ['authorization'];
    case 'lookup':
      return scope.sources?.map(({ kind }) => kind) ?? ['authorization', 'cookie'];
  }
}

/** A route and the values of its path parameters, still percent-encoded as they stood in the path. */
export interface RouteMatch {
  readonly route: Route;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Host before none; then segment by segment literal, one segment, end, rest; then methods before none. Ties keep their order. */
export function orderBySpecificity(routes: readonly Route[]): readonly Route[] {
  return routes.toSorted(compareSpecificity);
}

function compareSpecificity(a: Route, b: Route): number {
  const byHost = Number(a.host === undefined) - Number(b.host === undefined);
  if (byHost !== 0) return byHost;
  const length = Math.max(a.pattern.segments.length, b.pattern.segments.length);
  for (let i = 0; i < length; i++) {
    const bySegment = rank(a, i) - rank(b, i);
    if (bySegment !== 0) return bySegment;
  }
  return Number(a.methods === undefined) - Number(b.methods === undefined);
}

function rank(route: Route, index: number): number {
  const kind = route.pattern.segments[index]?.kind;
  if (kind === 'literal') return 0;
  if (kind === undefined) return 2;
  return kind === 'rest' ? 3 : 1;
}

/** The first of `routes` (in the order of `orderBySpecificity`) that takes the request, else `fallback`. */
export function matchRoute(routes: readonly Route[], fallback: Route, request: { readonly method: string; readonly target: Target }): RouteMatch {
  const { path, authority } = request.target;
  if (routes.length === 0 || !path.startsWith('/')) return { route: fallback, parameters: NONE };
  const segments = path.slice(1).split('/');
  const plain = path.includes('%') ? segments.map(unreservedDecoded) : segments;
  const { byFirst, others } = indexOf(routes);
  const candidates = byFirst.get(plain[0] as string) ?? others;
  for (const route of candidates) {
    if (takesMethod(route, request.method) && takesHost(route, authority) && takesPath(route.pattern, plain)) {
      return { route, parameters: parametersOf(route.pattern, segments) };
    }
  }
  return { route: fallback, parameters: NONE };
}

const NONE: ReadonlyMap<string, string> = new Map();

interface RouteIndex {
  /** By the text of a literal first segment: the routes that begin with it and all that begin otherwise, in order. */
  readonly byFirst: ReadonlyMap<string, readonly Route[]>;
  readonly others: readonly Route[];
}

const indexes = new WeakMap<readonly Route[], RouteIndex>();

function indexOf(routes: readonly Route[]): RouteIndex {
  let index = indexes.get(routes);
  if (index === undefined) {
    index = makeIndex(routes);
    indexes.set(routes, index);
  }
  return index;
}

function makeIndex(routes: readonly Route[]): RouteIndex {
  const firstOf = ({ pattern: { segments } }: Route) => (segments[0]?.kind === 'literal' ? segments[0].text : undefined);
  const byFirst = new Map<string, readonly Route[]>();
  for (const route of routes) {
    const first = firstOf(route);
    if (first === undefined || byFirst.has(first)) continue;
    const beginsSo = (other: Route) => firstOf(other) === first || firstOf(other) === undefined;
    byFirst.set(first, routes.filter(beginsSo));
  }
  return { byFirst, others: routes.filter((route) => firstOf(route) === undefined) };
}

function takesMethod(route: Route, method: string): boolean {
  return route.methods === undefined || route.methods.has(method) || (method === 'HEAD' && route.methods.has('GET'));
}

function takesHost(route: Route, authority: string): boolean {
  if (route.host === undefined) return true;
  const host = route.host.toLowerCase();
  return authority === host || (authority.startsWith(`${host}:`) && /^\d+$/.test(authority.slice(host.length + 1)));
}

function takesPath(pattern: PathPattern, segments: readonly string[]): boolean {
  for (let i = 0; i < pattern.segments.length; i++) {
    const expected = pattern.segments[i] as PathSegment;
    if (expected.kind === 'rest') return true;
    const segment = segments[i];
    if (segment === undefined) return false;
    if (expected.kind === 'literal' ? segment !== expected.text : segment === '') return false;
  }
  return segments.length === pattern.segments.length;
}

function parametersOf(pattern: PathPattern, segments: readonly string[]): ReadonlyMap<string, string> {
  let parameters: Map<string, string> | undefined;
  for (let i = 0; i < pattern.segments.length; i++) {
    const segment = pattern.segments[i] as PathSegment;
    if (segment.kind !== 'parameter') continue;
    parameters ??= new Map();
    parameters.set(segment.name, segments[i] as string);
  }
  return parameters ?? NONE;
}
