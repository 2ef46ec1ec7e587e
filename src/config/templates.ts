// Whether a tag template of a route can ever have all its values: `product:{id}`, `{query.name}`. Checked when the configuration is read.
import type { QueryRule } from '../rules/policy.ts';
import type { PathPattern } from '../rules/routes.ts';
import { show } from './problems.ts';

/** Why `template` can never make a tag here; undefined where it can. */
export function templateProblem(template: string, route: { readonly pattern: PathPattern; readonly query: QueryRule }): string | undefined {
  const literal = template.replaceAll(/\{[^{}]*\}/g, '');
  if (template === '' || !/^[\x21-\x2b\x2d-\x7a\x7c\x7e]*$/.test(literal)) {
    return `found ${show(template)}; allowed: visible characters without spaces or commas, with {name} and {query.name} in braces`;
  }
  for (const [, name = ''] of template.matchAll(/\{([^{}]*)\}/g)) {
    const problem = nameProblem(name, route);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function nameProblem(name: string, route: { readonly pattern: PathPattern; readonly query: QueryRule }): string | undefined {
  if (name.startsWith('claim.')) return `{${name}} is not in this version: verified claims; allowed: {name} from the path and {query.name}`;
  if (name.startsWith('query.')) {
    const parameter = name.slice('query.'.length);
    return parameter !== '' && keeps(route.query, parameter)
      ? undefined
      : `{${name}} is not part of this route's query; allowed: a name that query: keeps`;
  }
  const parameters = route.pattern.segments.flatMap((segment) => (segment.kind === 'parameter' ? [segment.name] : []));
  if (parameters.includes(name)) return undefined;
  const known = parameters.length === 0 ? 'this path has no :name' : `allowed: ${parameters.map((parameter) => `{${parameter}}`).join(', ')}`;
  return `{${name}} is not in the path ${route.pattern.source}; ${known} ({query.name} takes it from the query)`;
}

/** Whether requests that differ in `parameter` have different keys, as a tag made of it needs. */
function keeps(rule: QueryRule, parameter: string): boolean {
  if (rule.kind === 'as-received' || rule.kind === 'ignore') return rule.kind === 'as-received';
  return rule.patterns.some((pattern) => covers(pattern, parameter)) === (rule.kind === 'include');
}

function covers(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
