// By which names can a purge tell scopes apart? Those that some route's scope consists of; no entry can carry another. DESIGN section 6.
import type { CredentialSource, Route, ScopeRule } from './routes.ts';

/** Each once: `authorization`, `cookie.NAME`, names of claims, `auth-scope`; `cookie.*` stands for every cookie. */
export function scopeNames(routes: readonly Pick<Route, 'scope'>[]): readonly string[] {
  return [...new Set(routes.flatMap(({ scope }) => namesOf(scope)))];
}

function namesOf(scope: ScopeRule): readonly string[] {
  switch (scope.kind) {
    case 'public':
      return [];
    case 'credential':
      return scope.sources.map(nameOf);
    case 'claims':
      return scope.names;
    case 'lookup':
      return ['auth-scope', ...(scope.sources?.map(nameOf) ?? ['authorization', ANY_COOKIE])];
  }
}

function nameOf(source: CredentialSource): string {
  return source.kind === 'cookie' ? `cookie.${source.name}` : source.kind;
}

const ANY_COOKIE = 'cookie.*';

/** Whether `name` is one of `names`. */
export function isScopeName(name: string, names: readonly string[]): boolean {
  return names.includes(name) || (names.includes(ANY_COOKIE) && /^cookie\../.test(name));
}
