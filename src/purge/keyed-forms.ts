// How may the entries of a URL be keyed? A purge of it must name them all.
import { keyedTarget } from '../rules/key.ts';
import type { Route } from '../rules/routes.ts';
import type { UrlSelector } from './tag-hash.ts';

/** Every form in which an entry of the URL may be keyed: as received, and one for each query rule there is. A form that nothing is keyed by costs nothing. */
export function keyedForms(url: UrlSelector, { routes, defaultRoute }: RouteTable): readonly UrlSelector[] {
  const forms = new Map<string, UrlSelector>([[url.query, url]]);
  for (const { query } of [...routes, defaultRoute]) {
    const keyed = keyedTarget({ scheme: 'http', authority: url.authority ?? '', path: url.path, query: url.query }, query);
    forms.set(keyed.query, { authority: url.authority, path: keyed.path, query: keyed.query });
  }
  return [...forms.values()];
}

interface RouteTable {
  readonly routes: readonly Route[];
  readonly defaultRoute: Route;
}
