// Which routes may hold what a purge names otherwise than by tag: everything under a prefix, or of a scope?
import type { UrlSelector } from '../purge/tag-hash.ts';
import type { Route } from '../rules/routes.ts';

/** Whether a URL under the prefix may be one that the route answers. */
export function mayBeUnder({ host, pattern }: Pick<Route, 'host' | 'pattern'>, { authority, path }: Omit<UrlSelector, 'query'>): boolean {
  if (host !== undefined && authority !== undefined && hostOf(host) !== hostOf(authority)) return false;
  for (const [at, word] of wordsOf(path).entries()) {
    const expected = pattern.segments[at];
    if (expected?.kind === 'rest') return true;
    if (expected === undefined || (expected.kind === 'literal' && expected.text !== word)) return false;
  }
  return true;
}

/** Whether what the route stores may be of a scope with these names. A looked-up scope has whatever the origin says. */
export function mayBeOf({ scope }: Pick<Route, 'scope'>, names: readonly string[]): boolean {
  return scope.kind === 'lookup' || (scope.kind === 'claims' && names.every((name) => scope.names.includes(name)));
}

/** `/docs`, `/docs/` and `/docs/*` are one prefix. */
function wordsOf(path: string): readonly string[] {
  return path
    .replace(/\/?\*?$/, '')
    .split('/')
    .slice(1);
}

function hostOf(authority: string): string {
  return authority.toLowerCase().replace(/:\d+$/, '');
}
