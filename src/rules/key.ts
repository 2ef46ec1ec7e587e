// Under which key is a response stored (RFC 9111 §2; SECURITY §3)? Scope, then the target as it is forwarded, and where to. Only GET has keys; HEAD shares them.
import type { Target } from '../http/target.ts';
import type { QueryRule } from './policy.ts';

/**
 * One key for one set of scope, target and `origin`, and no other set has it: the scope's length is in front, and no part of a target can hold the next
 * one's first character. `origin` is named where it is not the usual one, so that what one of them gave to GET does not answer the HEAD that is another's.
 */
export function primaryKey(scopeId: string, target: Target, origin?: string): string {
  const named = origin === undefined ? '' : ` ${origin}`;
  return `${scopeId.length}:${scopeId} ${target.scheme}://${target.authority}${target.path}${target.query}${named}`;
}

/**
 * The target with the route's query rule applied. This one is keyed and forwarded, so that no parameter can tell the two apart (query cloaking).
 * Under any rule the parameters are sorted by name, those of one name keep their order, and empty ones are dropped; none of them is rewritten.
 */
export function keyedTarget(target: Target, rule: QueryRule): Target {
  if (rule.kind === 'as-received' || target.query === '') return target;
  if (rule.kind === 'ignore') return { ...target, query: '' };
  const kept: { name: string; text: string }[] = [];
  for (const text of target.query.slice(1).split('&')) {
    const name = parameterName(text);
    if (text !== '' && matchesAny(rule.patterns, name) === (rule.kind === 'include')) kept.push({ name, text });
  }
  kept.sort(byName);
  return { ...target, query: kept.length === 0 ? '' : `?${kept.map(({ text }) => text).join('&')}` };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

/** Names, or beginnings of names with a trailing `*`. */
function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
}

/** The name as the origin will read it: for comparing only, never forwarded. */
function parameterName(text: string): string {
  const equals = text.indexOf('=');
  return decodeForm(equals === -1 ? text : text.slice(0, equals));
}

/** application/x-www-form-urlencoded text; as it stands where its percent-encoding is no UTF-8. */
export function decodeForm(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
