// The scopes: with whom may the answer to a request be shared? DESIGN section 6. Which of them a request has is identify.ts.
import { hash } from 'node:crypto';
import { type Fields, fieldLines, fieldValue } from '../http/fields.ts';
import type { Claims } from '../identity/claims.ts';
import type { CredentialSource, LookupRule, ScopeRule } from '../rules/routes.ts';

export interface Scope {
  /** `credential` and `claims` also where the route wants one and the request has none: that is the anonymous scope. `none`: not settled; nothing is stored. */
  readonly kind: 'none' | 'public' | 'credential' | 'claims' | 'lookup';
  /** First in the primary key and in every entry. */
  readonly id: string;
  /** Whether exactly one holder of a credential can be in it. */
  readonly singleUser: boolean;
  /** Name and value of each part, hashed into the entry's implicit tags so that it can be purged by it. */
  readonly claims: readonly (readonly [string, string])[];
  /** Of verified claims, those with one value, by name: for templates. */
  readonly texts?: ReadonlyMap<string, string>;
  /** What the origin said, where it was asked: asked of the marks at each use. */
  readonly grounds?: Grounds;
}

/** An answer of the origin that a scope rests on. As an entry has them: ids of its tags, the epoch before it was asked for, its instant. */
export interface Grounds {
  readonly tagIds: Int32Array;
  readonly asOf: number;
  readonly receivedAt: number;
  checkedAt: number;
  /** New requests may rest on it before this instant; the past where the origin has contradicted it. */
  until: number;
}

export const NO_SCOPE: Scope = { kind: 'none', id: 'none', singleUser: false, claims: [] };
export const PUBLIC: Scope = { kind: 'public', id: 'public', singleUser: false, claims: [] };
/** Of requests without any credential, which no credential shares. */
export const ANONYMOUS: Scope = { kind: 'credential', id: 'anonymous', singleUser: false, claims: [] };
export const ANONYMOUS_OF_CLAIMS: Scope = { ...ANONYMOUS, kind: 'claims' };

/** Of the presented credential, whatever it is worth. */
export function credentialScope(sources: readonly CredentialSource[], fields: Fields, secret: Buffer): Scope {
  const claims = presentedCredentials(sources, fields);
  if (claims.length === 0) return ANONYMOUS;
  return { kind: 'credential', id: `c.${keyedHash(tupleOf(claims), secret)}`, singleUser: true, claims };
}

/** Of verified claims: `sub` is one user of the issuer, which is part of the tuple too. */
export function claimsScope({ tuple, pairs, texts }: Claims, secret: Buffer): Scope {
  return { kind: 'claims', id: `v.${keyedHash(tuple, secret)}`, singleUser: (texts.get('sub') ?? '') !== '', claims: pairs, texts };
}

/** Of the text that the origin gave when it was asked at the rule's path. Who is behind it is not told, so it is never one user's. */
export function lookupScope(
  { path, origin, text, grounds }: Pick<LookupRule, 'path'> & { readonly origin: string; readonly text: string; readonly grounds: Grounds },
  secret: Buffer,
): Scope {
  const id = `l.${keyedHash(
    tupleOf([
      [origin, path],
      [AUTH_SCOPE, text],
    ]),
    secret,
  )}`;
  return { kind: 'lookup', id, singleUser: false, claims: [[AUTH_SCOPE, text]], grounds };
}

/** The field in which an origin says whose request it was, and the name by which such a scope is purged. */
export const AUTH_SCOPE = 'auth-scope';

/** The request's Cookie with only the cookies that are part of the scope; undefined where none is left. */
export function scopedCookies(rule: ScopeRule, cookie: string): string | undefined {
  if (rule.kind === 'public') return cookie;
  const sources = rule.kind === 'claims' ? [] : rule.sources;
  if (sources === undefined) return cookie;
  const names = new Set(sources.flatMap((source) => (source.kind === 'cookie' ? [source.name] : [])));
  const kept = cookiePairs(cookie).filter(([name]) => names.has(name));
  return kept.length === 0 ? undefined : kept.map(([name, value]) => `${name}=${value}`).join('; ');
}

/** Each part of the credential that flat `fields` consist of, by the name that a purge gives it. */
export function credentialParts(fields: Fields): readonly (readonly [string, string])[] {
  const authorization = fieldValue(fields, 'authorization');
  const cookies = cookiePairs(cookieText(fields)).map(([name, value]) => [`cookie.${name}`, value] as const);
  return authorization === undefined ? cookies : [['authorization', authorization], ...cookies];
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

/** Length-prefixed, so that no two tuples read alike. */
export function tupleOf(claims: readonly (readonly [string, string])[]): string {
  return claims.map(([name, value]) => `${name.length}:${name}${value.length}:${value}`).join('');
}

/** Keyed, so that an id tells nothing about the credential. */
export function keyedHash(tuple: string, secret: Buffer): string {
  return hash('sha256', `${secret.toString('base64')}${tuple}`, 'base64url').slice(0, 27);
}
