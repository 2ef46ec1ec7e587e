// Whose request is this, as far as the cache may believe it? DESIGN section 6, SECURITY §5. Only what is sure selects an entry: all else is passed on.
import { type Fields, fieldLines, hasField } from '../http/fields.ts';
import { readClaims } from '../identity/claims.ts';
import type { Presenter, VerifiedToken, Verification } from '../identity/verifier.ts';
import type { Reason } from '../rules/reasons.ts';
import type { ClaimsRule, CredentialSource, LookupRule, Route } from '../rules/routes.ts';
import type { Exchange } from './exchange.ts';
import type { LookedUp } from './scope-lookup.ts';
import { ANONYMOUS_OF_CLAIMS, claimsScope, credentialScope, PUBLIC, type Scope } from './scope.ts';

export type Identity =
  | { readonly kind: 'scope'; readonly scope: Scope }
  /** To the origin and back: nothing is looked up and nothing stored. */
  | { readonly kind: 'pass'; readonly reason: Reason }
  | { readonly kind: 'refuse'; readonly status: 400 | 401; readonly reason: Reason };

/** A promise only where a token must be verified, or the origin asked, and what came of it is not remembered. */
export function identify(x: Exchange): Identity | Promise<Identity> {
  const { route } = x;
  const { fields } = x.request;
  switch (route.scope.kind) {
    case 'public':
      return IS_PUBLIC;
    case 'credential': {
      const { sources } = route.scope;
      if (!coversAuthorization(fields, sources)) return passed('scope-unverified');
      return { kind: 'scope', scope: credentialScope(sources, fields, x.parts.secret) };
    }
    case 'claims': {
      const bearer = readBearer(fields);
      if (bearer.kind === 'ambiguous') return { kind: 'refuse', status: 400, reason: 'credentials-ambiguous' };
      return mattersTo(route, x.request.method) ? byToken(x, route.scope, bearer) : passed('method');
    }
    case 'lookup':
      // What the origin said of a scope may have been purged like anything else.
      if (!x.parts.marks.isCoordinated) return passed('uncoordinated');
      return mattersTo(route, x.request.method) ? byLookup(x, route.scope) : passed('method');
  }
}

const IS_PUBLIC: Identity = { kind: 'scope', scope: PUBLIC };

/** An Authorization goes to the origin and may select the answer: where the scope does not hold it, it is nobody's (S3). */
function coversAuthorization(fields: Fields, sources: readonly CredentialSource[] | undefined): boolean {
  return sources === undefined || !hasField(fields, 'authorization') || sources.some(({ kind }) => kind === 'authorization');
}

/** What is neither answered from the cache nor purges by claims goes on without a wait for keys. */
function mattersTo(route: Route, method: string): boolean {
  if (method === 'GET' || method === 'HEAD') return true;
  return (method === 'POST' && route.policy.storePost) || route.invalidates.some((template) => template.includes('{claim.'));
}

function byToken(x: Exchange, rule: ClaimsRule, bearer: Exclude<Bearer, { kind: 'ambiguous' }>): Identity | Promise<Identity> {
  switch (bearer.kind) {
    case 'none':
      if (rule.required) return { kind: 'refuse', status: 401, reason: 'token-required' };
      return hasField(x.request.fields, 'cookie') ? passed('scope-unverified') : ANONYMOUS_IDENTITY;
    case 'other':
      return passed('scope-unverified');
    case 'token': {
      const { tokens } = x.settings;
      if (tokens === undefined) return passed('scope-unverified');
      const verification = tokens.verify(bearer.token, presenterOf(x));
      return verification instanceof Promise ? verification.then((done) => verified(x, rule, done)) : verified(x, rule, verification);
    }
  }
}

function presenterOf({ request, settings }: Exchange): Presenter {
  return { address: request.peerAddress, most: settings.config.limits.verificationsPerAddress, trusted: settings.trusted };
}

const ANONYMOUS_IDENTITY: Identity = { kind: 'scope', scope: ANONYMOUS_OF_CLAIMS };

function verified(x: Exchange, rule: ClaimsRule, verification: Verification): Identity {
  return verification.kind === 'refused' ? passed(verification.reason) : identityOf(x, rule, verification);
}

/** Kept as long as the verifier remembers the token. */
const identities = new WeakMap<VerifiedToken, Map<ClaimsRule, Identity>>();

function identityOf(x: Exchange, rule: ClaimsRule, token: VerifiedToken): Identity {
  let known = identities.get(token);
  if (known === undefined) identities.set(token, (known = new Map()));
  let identity = known.get(rule);
  if (identity === undefined) known.set(rule, (identity = scopeByClaims(x, rule.names, token)));
  return identity;
}

function scopeByClaims(x: Exchange, names: readonly string[], token: VerifiedToken): Identity {
  const claims = readClaims(token.issuer, token.claims, names);
  return claims.kind === 'unusable' ? passed('claim-unusable') : { kind: 'scope', scope: claimsScope(claims, x.parts.secret) };
}

function byLookup(x: Exchange, rule: LookupRule): Identity | Promise<Identity> {
  if (!coversAuthorization(x.request.fields, rule.sources)) return passed('scope-unverified');
  const looked = x.parts.lookups.ask(x, rule);
  return looked instanceof Promise ? looked.then(foundScope) : foundScope(looked);
}

function foundScope(looked: LookedUp): Identity {
  return looked.kind === 'found' ? { kind: 'scope', scope: looked.scope } : passed(looked.reason);
}

type Bearer =
  | { readonly kind: 'none' }
  /** Of another scheme. */
  | { readonly kind: 'other' }
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'token'; readonly token: string };

/** RFC 6750 §2.1. Two credentials are refused: which of them an origin believes is not ours to guess. */
function readBearer(fields: Fields): Bearer {
  const lines = fieldLines(fields, 'authorization');
  const [line] = lines;
  if (line === undefined) return { kind: 'none' };
  if (lines.length > 1) return { kind: 'ambiguous' };
  const scheme = /^bearer(?: +|$)/i.exec(line);
  if (scheme === null) return { kind: 'other' };
  const token = line.slice(scheme[0].length);
  return /[\s,]/.test(token) ? { kind: 'ambiguous' } : { kind: 'token', token };
}

function passed(reason: Reason): Identity {
  return { kind: 'pass', reason };
}
