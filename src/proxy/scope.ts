// Whom may the answer to this request be shared with? DESIGN section 6; verified claims and looked-up scopes will be further kinds.
import { hash } from 'node:crypto';
import { type Fields, fieldLines, fieldValue, hasField } from '../http/fields.ts';
import type { CredentialSource, ScopeRule } from '../rules/routes.ts';

export interface Scope {
  /** `credential` also where the route wants one and the request has none: that is the anonymous scope. */
  readonly kind: 'public' | 'credential';
  /** First in the primary key and in every entry. */
  readonly id: string;
  /** Whether exactly one holder of a credential can be in it. */
  readonly singleUser: boolean;
  /** Name and value of each part, hashed into the entry's implicit tags so that it can be purged by it. */
  readonly claims: readonly (readonly [string, string])[];
}

const PUBLIC: Scope = { kind: 'public', id: 'public', singleUser: false, claims: [] };
const ANONYMOUS: Scope = { kind: 'credential', id: 'anonymous', singleUser: false, claims: [] };

/** The scope of a request under a route's rule. Never fails: without a credential it is the anonymous scope, which no credential shares. */
export function scopeOf(rule: ScopeRule, fields: Fields, secret: Buffer): Scope {
  if (rule.kind === 'public') return PUBLIC;
  const claims = presentedCredentials(rule.sources, fields);
  if (claims.length === 0) return ANONYMOUS;
  return { kind: 'credential', id: `c.${credentialHash(claims, secret)}`, singleUser: true, claims };
}

/** An Authorization goes to the origin and may select the answer: where the scope does not hold it, nothing may be looked up or stored (S3). */
export function carriesForeignCredential(rule: ScopeRule, fields: Fields): boolean {
  if (rule.kind === 'public' || rule.sources.some((source) => source.kind === 'authorization')) return false;
  return hasField(fields, 'authorization');
}

/** The request's Cookie with only the cookies that are part of the scope; undefined where none is left. */
export function scopedCookies(rule: ScopeRule, cookie: string): string | undefined {
  if (rule.kind === 'public') return cookie;
  const names = new Set(rule.sources.flatMap((source) => (source.kind === 'cookie' ? [source.name] : [])));
  const kept = cookiePairs(cookie).filter(([name]) => names.has(name));
  return kept.length === 0 ? undefined : kept.map(([name, value]) => `${name}=${value}`).join('; ');
}

function presentedCredentials(sources: readonly CredentialSource[], fields: Fields): (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  for (const source of sources) {
    if (source.kind === 'authorization') {
      const value = fieldValue(fields, 'authorization');
      if (value !== undefined) found.push(['authorization', value]);
    } else {
      // Every cookie of that name counts: which of two an origin believes is not ours to guess.
      for (const [name, value] of cookiePairs(cookieText(fields))) {
        if (name === source.name) found.push([`cookie.${name}`, value]);
      }
    }
  }
  return found;
}

/** All Cookie lines as one (RFC 9113 §8.2.3); a comma may stand in a value. */
export function cookieText(fields: Fields): string {
  return fieldLines(fields, 'cookie').join('; ');
}

/** RFC 6265 §5.4 pairs, values with their quotes. */
function cookiePairs(cookie: string): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const part of cookie.split(';')) {
    const at = part.indexOf('=');
    if (at > 0) pairs.push([part.slice(0, at).trim(), part.slice(at + 1).trim()]);
  }
  return pairs;
}

/** Length-prefixed, so that no two tuples read alike; keyed, so that an id tells nothing about the credential. */
function credentialHash(claims: readonly (readonly [string, string])[], secret: Buffer): string {
  const tuple = claims.map(([name, value]) => `${name.length}:${name}${value.length}:${value}`).join('');
  return hash('sha256', `${secret.toString('base64')}${tuple}`, 'base64url').slice(0, 27);
}
