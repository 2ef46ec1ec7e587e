// Which route a request takes: most specific wins; none matching is the default route of the first origin.
import type { Policy, QueryRule } from './policy.ts';

/** One route, compiled. `name` is its `path` (with host and methods where given) and is an implicit tag of its entries. */
export interface Route {
  readonly name: string;
  readonly host?: string;
  /** Upper-case method names; absent: all. A route for GET also takes HEAD. */
  readonly methods?: ReadonlySet<string>;
  readonly pattern: PathPattern;
  readonly origin: string;
  readonly upgrade: boolean;
  readonly policy: Policy;
  readonly query: QueryRule;
  readonly scope: ScopeRule;
  /** Templates: `{name}` from the path, `{query.name}`; a template with a missing value makes the response unstorable (never `product:undefined`). */
  readonly tags: readonly string[];
  readonly invalidates: readonly string[];
}

/** `public`, or a credential from `authorization` and named cookies. Verified claims and looked-up scopes have their own issue. */
export type ScopeRule = { readonly kind: 'public' } | { readonly kind: 'credential'; readonly sources: readonly CredentialSource[] };

export type CredentialSource = { readonly kind: 'authorization' } | { readonly kind: 'cookie'; readonly name: string };

/** A path pattern in segments: `/products/:id`, `/me/**` (`**` only last, matches the rest including nothing), `*` one segment. */
export interface PathPattern {
  readonly source: string;
  readonly segments: readonly PathSegment[];
}
export type PathSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'rest' };

/** A route and the values of its path parameters, still percent-encoded as they stood in the path. */
export interface RouteMatch {
  readonly route: Route;
  readonly parameters: ReadonlyMap<string, string>;
}
