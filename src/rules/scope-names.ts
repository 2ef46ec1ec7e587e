// By which names can a purge tell scopes apart? Those that some route's scope consists of; no entry can carry another. DESIGN section 6.
import type { Route, ScopeRule } from './routes.ts';

/** Each once: `authorization`, `cookie.NAME`, names of claims. */
export function scopeNames(routes: readonly Pick<Route, 'scope'>[]): readonly string[] {
  return [...new Set(routes.flatMap(({ scope }) => namesOf(scope)))];
}

function namesOf(scope: ScopeRule): readonly string[] {
  switch (scope.kind) {
    case 'public':
      return [];
    case 'credential':
      return scope.sources.map((source) => (source.kind === 'cookie' ? `cookie.${source.name}` : source.kind));
    case 'claims':
      return scope.names;
  }
}
