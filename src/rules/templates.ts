// Which surrogate keys do a route's templates make for one request? All of them, or none: a response with half its keys could not be purged by the rest.
import type { Target } from '../http/target.ts';
import { decodeForm } from './key.ts';

export type Expansion =
  | { readonly kind: 'tags'; readonly tags: readonly string[] }
  /** `name` has no value, several values, or one that no tag may hold. */
  | { readonly kind: 'missing'; readonly template: string; readonly name: string };

/** Of a RouteMatch, and of the request's scope. */
interface Matched {
  readonly parameters: ReadonlyMap<string, string>;
  /** Verified, by name; only those with one value. */
  readonly claims?: ReadonlyMap<string, string>;
}

/** `{name}` is the path parameter, `{query.name}` the query's one parameter of that name, both percent-decoded; `{claim.name}` is as the token has it. */
export function expandTemplates(templates: readonly string[], match: Matched, target: Pick<Target, 'query'>): Expansion {
  const tags: string[] = [];
  for (const template of templates) {
    let missing: string | undefined;
    const tag = template.replace(PLACEHOLDER, (_, name: string) => {
      const value = valueOf(name, match, target);
      if (value === undefined || !LEGAL.test(value)) missing ??= name;
      return value ?? '';
    });
    if (missing === undefined && !LEGAL.test(tag)) missing = template;
    if (missing !== undefined) return { kind: 'missing', template, name: missing };
    tags.push(tag);
  }
  return { kind: 'tags', tags };
}

const PLACEHOLDER = /\{([^{}]*)\}/g;
/** The characters of a tag: SECURITY §6. */
const LEGAL = /^[\x21-\x2b\x2d-\x7e]{1,1024}$/;

function valueOf(name: string, match: Matched, target: Pick<Target, 'query'>): string | undefined {
  if (name.startsWith('claim.')) return match.claims?.get(name.slice('claim.'.length));
  return name.startsWith('query.') ? queryValue(target.query, name.slice('query.'.length)) : pathValue(match, name);
}

function pathValue(match: Matched, name: string): string | undefined {
  const value = match.parameters.get(name);
  if (value === undefined || !value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** Of a name that stands twice, nobody can tell which one the origin takes. */
function queryValue(query: string, name: string): string | undefined {
  let found: string | undefined;
  for (const text of query.slice(1).split('&')) {
    const [, before = '', after = ''] = /^([^=]*)=?(.*)$/s.exec(text) ?? [];
    if (decodeForm(before) !== name) continue;
    if (found !== undefined) return undefined;
    found = decodeForm(after);
  }
  return found;
}
