// Whether a tag template of a route can ever have all its values: `product:{id}`, `{query.name}`. Checked when the configuration is read.
import type { QueryRule } from '../rules/policy.ts';
import type { PathPattern, ScopeRule } from '../rules/routes.ts';
import { show } from './problems.ts';

/** What a route's templates may take their values from. */
export interface TemplateRoute {
  readonly pattern: PathPattern;
  readonly query: QueryRule;
  readonly scope: ScopeRule;
}

/** Why `template` can never make a tag here; undefined where it can. */
export function templateProblem(template: string, route: TemplateRoute): string | undefined {
  const literal = template.replaceAll(/\{[^{}]*\}/g, '');
  if (template === '' || !/^[\x21-\x2b\x2d-\x7a\x7c\x7e]*$/.test(literal)) {
    return `found ${show(template)}; allowed: visible characters without spaces or commas, with {name}, {query.name} and {claim.name} in braces`;
  }
  for (const [, name = ''] of template.matchAll(/\{([^{}]*)\}/g)) {
    const problem = nameProblem(name, route);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function nameProblem(name: string, route: TemplateRoute): string | undefined {
  if (name.startsWith('claim.')) return claimProblem(name, route.scope);
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

/** Entries are shared by all whose claims of the scope are equal, so a tag can be made of these and no others. */
function claimProblem(name: string, scope: ScopeRule): string | undefined {
  if (scope.kind !== 'claims') return `{${name}} needs a scope of claims that holds it; the scope is ${scope.kind}`;
  if (scope.names.includes(name.slice('claim.'.length))) return undefined;
  return `{${name}} is not in the scope; allowed: ${scope.names.map((known) => `{claim.${known}}`).join(', ')}`;
}

/** Whether requests that differ in `parameter` have different keys, as a tag made of it needs. */
function keeps(rule: QueryRule, parameter: string): boolean {
  if (rule.kind === 'as-received' || rule.kind === 'ignore') return rule.kind === 'as-received';
  return rule.patterns.some((pattern) => covers(pattern, parameter)) === (rule.kind === 'include');
}

function covers(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
