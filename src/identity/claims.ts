// What do the claims that a route names say, written so that only equal claims read alike? DESIGN section 6, SECURITY §5.
import { isJsonObject, type JsonObject, memberOf } from './strict-json.ts';

export interface Claims {
  readonly kind: 'claims';
  /** Injective over issuers, names and values: 1 is not "1", a missing claim is not an empty one, `["a","b"]` is not "a,b". */
  readonly tuple: string;
  /** Name and text of each value, a list's members one by one: what a purge of a scope names. */
  readonly pairs: readonly (readonly [string, string])[];
  /** Text by name, of claims that have exactly one value: for templates. */
  readonly texts: ReadonlyMap<string, string>;
}

/** `name` has a value that selects nobody: an object, a list of lists, a number that JSON readers round differently. */
export type ReadClaims = Claims | { readonly kind: 'unusable'; readonly name: string };

const MAX_LIST_MEMBERS = 256;

/** The claims called `names` of a verified token. */
export function readClaims(issuer: string, token: JsonObject, names: readonly string[]): ReadClaims {
  let tuple = prefixed(issuer);
  const pairs: (readonly [string, string])[] = [];
  const texts = new Map<string, string>();
  for (const name of names) {
    const value = claimAt(token, name);
    const canonical = canonicalOf(value);
    if (canonical === undefined) return { kind: 'unusable', name };
    tuple += prefixed(name) + prefixed(canonical);
    for (const text of new Set(textsOf(value))) pairs.push([name, text]);
    if (isScalar(value)) texts.set(name, String(value));
  }
  return { kind: 'claims', tuple, pairs, texts };
}

/** The claim of that path: a dot leads into an object. A name with a colon is a URI, dots and all, and stands for itself (RFC 7519 §4.2). */
function claimAt(token: JsonObject, name: string): unknown {
  let value: unknown = token;
  for (const step of name.includes(':') ? [name] : name.split('.')) {
    if (!isJsonObject(value)) return undefined;
    value = memberOf(value, step);
  }
  return value;
}

type Scalar = string | number | boolean;

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function canonicalOf(value: unknown): string | undefined {
  if (value === undefined) return '-';
  if (value === null) return 'z';
  return Array.isArray(value) ? canonicalSet(value) : canonicalScalar(value);
}

/** A list is a set: order and repetition say nothing. */
function canonicalSet(members: readonly unknown[]): string | undefined {
  if (members.length > MAX_LIST_MEMBERS) return undefined;
  const canonical = new Set<string>();
  for (const member of members) {
    const text = canonicalScalar(member);
    if (text === undefined) return undefined;
    canonical.add(text);
  }
  return `a${[...canonical].toSorted().map(prefixed).join('')}`;
}

/** Strings as they are (no normal form, no case); lone surrogates would all hash alike, and so would numbers past what a double holds. */
function canonicalScalar(value: unknown): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? `s${value}` : undefined;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? `n${String(value)}` : undefined;
  return typeof value === 'boolean' ? `b${String(value)}` : undefined;
}

function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter(isScalar).map(String);
}

function prefixed(text: string): string {
  return `${text.length}:${text}`;
}
