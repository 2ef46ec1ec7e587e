// May this response be stored, and on what terms (RFC 9111 §3)? Everything that the two heads tell; tags, marks, size and framing are judged where they are known.
import { type Directives, parseCacheControl } from '../http/cache-control.ts';
import { fieldLines, type Fields, fieldValue, hasField, readByCgi } from '../http/fields.ts';
import { isListed, isUnkeyed } from '../http/forwarding.ts';
import type { ResponseHead } from '../http/message.ts';
import { parseContentRange } from '../http/range.ts';
import { pathAndQuery, type Target } from '../http/target.ts';
import { type Freshness, freshnessOf, hasExplicitFreshness } from './freshness.ts';
import type { Policy } from './policy.ts';
import { breaksPromise } from './promised-type.ts';
import type { Reason } from './reasons.ts';
import { type ResponseControl, responseControl } from './response-control.ts';
import type { StoredResponse } from './stored-response.ts';
import { canValidate } from './validator.ts';
import { axisValues, MAX_AXES, varyNames } from './variant.ts';

/** As of the route's rule; `none`: whose request it is was not settled. */
type ScopeKind = 'none' | 'public' | 'credential' | 'claims' | 'lookup';

export interface FillContext {
  readonly request: { readonly method: string; readonly fields: Fields };
  readonly target: Target;
  readonly head: ResponseHead;
  readonly scope: { readonly kind: ScopeKind; readonly singleUser: boolean };
  readonly policy: Policy;
  readonly requestedAt: number;
  readonly receivedAt: number;
}

/** `vary` is sorted; `part` is that of a 206, whose body must turn out just as long. */
export type Storability =
  | { readonly kind: 'store'; readonly freshness: Freshness; readonly vary: readonly string[]; readonly part?: StoredResponse['part'] }
  | { readonly kind: 'refuse'; readonly reason: Reason };

/** Answers to this very request's conditions, range, credentials or connection; never to be those of another. */
const NEVER_STORED: ReadonlySet<number> = new Set([407, 412, 416, 417, 421, 425, 426]);
/** Those whose caching we understand in the sense of RFC 9111 §5.2.2.3: final, and defined by RFC 9110 §15. */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 203, 204, 206, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 406, 410, 411, 413, 414, 415, 422, 500, 501, 502, 503, 504,
]);
const MAX_AXIS_VALUE_CHARACTERS = 256;

export function judgeStorability(context: FillContext): Storability {
  const { head, requestedAt, receivedAt } = context;
  const policy = mayGuess(context) ? context.policy : { ...context.policy, heuristicFraction: 0 };
  const control = responseControl(head.fields);
  const vary = varyNames(head.fields);
  const reason =
    refusedByRequest(context, control) ??
    refusedByStatus(context, control) ??
    refusedByControl(context, control) ??
    refusedByIdentity(context, control) ??
    refusedByVersion(context) ??
    refusedByVary(context, vary);
  if (reason !== undefined) return { kind: 'refuse', reason };

  const freshness = freshnessOf({ status: head.status, fields: head.fields, control, policy, requestedAt, receivedAt });
  if (freshness === undefined) return { kind: 'refuse', reason: 'no-freshness' };
  const useless = uselessness(head, freshness, receivedAt);
  if (useless !== undefined) return { kind: 'refuse', reason: useless };
  const axes = axesOf(vary, context);
  const part = head.status === 206 ? parseContentRange(fieldValue(head.fields, 'content-range')) : undefined;
  return part === undefined ? { kind: 'store', freshness, vary: axes } : { kind: 'store', freshness, vary: axes, part };
}

function mayGuess({ head, target, policy }: FillContext): boolean {
  return policy.heuristicFraction === 0 || !breaksPromise(target.path, head.fields);
}

function refusedByRequest(context: FillContext, control: ResponseControl): Reason | undefined {
  const { method, fields } = context.request;
  if (method !== 'GET' && method !== 'POST') return 'method';
  if (method === 'POST' && !answersLaterGet(context, control)) return 'post-not-stored';
  return parseCacheControl(fieldLines(fields, 'cache-control')).has('no-store') ? 'request-no-store' : undefined;
}

/** RFC 9110 §9.3.3: explicit freshness, and a Content-Location that is the target, written out as it was asked for. */
function answersLaterGet({ head, policy, target }: FillContext, control: ResponseControl): boolean {
  if (!policy.storePost || head.status !== 200 || !hasExplicitFreshness(head.fields, control)) return false;
  const location = fieldValue(head.fields, 'content-location');
  const path = pathAndQuery(target);
  return location === path || location === `${target.scheme}://${target.authority}${path}`;
}

function refusedByStatus({ head, policy }: FillContext, control: ResponseControl): Reason | undefined {
  const { status, fields } = head;
  if (status === 304) return 'not-modified';
  if (status < 200 || NEVER_STORED.has(status)) return 'status-not-stored';
  if (control.directives.has('must-understand') && !UNDERSTOOD.has(status)) return 'status-not-stored';
  if (status === 206) return policy.storePartial ? refusedPart(fields) : 'partial';
  return status >= 400 && !policy.storeErrors ? 'error-not-stored' : undefined;
}

/** RFC 9110 §14.4; a Content-Length that the range contradicts is a lie in one of them. */
function refusedPart(fields: Fields): Reason | undefined {
  const part = parseContentRange(fieldValue(fields, 'content-range'));
  if (part === undefined) return 'partial-invalid';
  const length = fieldValue(fields, 'content-length');
  return length !== undefined && Number(length) !== part.last - part.first + 1 ? 'partial-invalid' : undefined;
}

function refusedByControl({ head, scope, policy }: FillContext, { directives }: ResponseControl): Reason | undefined {
  if (directives.has('no-store') && !outweighsNoStore(directives, head.status)) return 'response-no-store';
  const ownersOnly = scope.kind !== 'public' && scope.singleUser && policy.storePrivate;
  if (directives.has('private') && !ownersOnly) return 'private';
  return directives.malformed ? 'malformed-control' : undefined;
}

/** RFC 9111 §5.2.2.3: beside must-understand, no-store is for caches that do not understand the status. */
function outweighsNoStore(directives: Directives, status: number): boolean {
  return directives.has('must-understand') && UNDERSTOOD.has(status) && !directives.malformed;
}

function refusedByIdentity({ request, head, scope, policy }: FillContext, { directives, source }: ResponseControl): Reason | undefined {
  if (scope.kind === 'none') return 'scope-unverified';
  if (scope.kind === 'public') {
    const shareable = directives.has('public') || directives.has('s-maxage');
    // Deviation, stricter: must-revalidate is no permission by itself; setting `store_authorized`.
    const authorizes = shareable || (policy.storeAuthorized === 'rfc' && directives.has('must-revalidate'));
    if (hasField(request.fields, 'authorization') && !authorizes) return 'authorization';
    // Deviation, stricter: RFC 9111 does not look at Cookie; setting `cookies`.
    const cookiesCount = policy.cookies === 'explicit' && hasField(request.fields, 'cookie');
    if (cookiesCount && !shareable && source === 'cache-control') return 'request-cookie';
  }
  // Deviation, stricter: RFC 9111 §7.3 leaves it to the origin; setting `store_set_cookie`.
  const setsCookie = hasField(head.fields, 'set-cookie') || hasField(head.fields, 'set-cookie2');
  return setsCookie && !policy.storeSetCookie ? 'set-cookie' : undefined;
}

/** Whether it is as new as purges demanded is judged where they are known (PURGE-PROTOCOL §3.6). */
function refusedByVersion({ head, policy }: FillContext): Reason | undefined {
  if (policy.storeUnversioned || hasField(head.fields, 'surrogate-version')) return undefined;
  return 'version-missing';
}

function refusedByVary(context: FillContext, vary: readonly string[]): Reason | undefined {
  const { request, policy } = context;
  if (!vary.every(isFieldName)) return 'vary-star';
  const axes = axesOf(vary, context);
  if (!axes.every((name) => mayVaryOn(name, policy)) || isSpelledTwice(request.fields, axes)) return 'vary-not-allowed';
  const tooWide = axes.length > MAX_AXES || axisValues(axes, request.fields, policy).some((value) => value.length > MAX_AXIS_VALUE_CHARACTERS);
  return tooWide ? 'vary-too-wide' : undefined;
}

/** An axis that the request has with `_` as well: an origin of the CGI family goes by a value that no key holds (SECURITY S3). */
function isSpelledTwice(fields: Fields, axes: readonly string[]): boolean {
  return fields.some((name, i) => i % 2 === 0 && name.includes('_') && axes.includes(readByCgi(name)));
}

/** Without what cannot have selected anything that the key does not hold. */
function axesOf(vary: readonly string[], { scope, policy }: FillContext): readonly string[] {
  return vary.filter((name) => {
    if (policy.forward !== undefined && !isListed(name, policy.forward)) return false;
    if (name === 'cookie') return policy.cookies !== 'strip' && !holdsCookies(scope.kind, policy);
    return name !== 'authorization' || scope.kind !== 'credential';
  });
}

/**
 * Under a credential only its own cookies are forwarded, and under claims none.
 * Deviation: that an Auth-Scope stands for all that the cookies select is the route's word (RFC 9111 §4.1); setting `cookies: ignore` beside a lookup.
 */
function holdsCookies(kind: ScopeKind, policy: Policy): boolean {
  return kind === 'credential' || kind === 'claims' || (kind === 'lookup' && policy.cookies === 'ignore');
}

/** Whether a response that varies on `vary` was selected by something else than the request says: by what the way to the origin adds, or by more than fields. */
export function variesOnMore(vary: readonly string[]): boolean {
  return vary.some((name) => !isFieldName(name) || isUnkeyed(name));
}

/** A name that is none can match no request field: as good as `*`. */
function isFieldName(name: string): boolean {
  return name !== '*' && /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name);
}

/** What the origin sees of the way is not what the client says, and no key holds it (SECURITY S3). */
function mayVaryOn(name: string, policy: Policy): boolean {
  if (isUnkeyed(name)) return false;
  return policy.vary === undefined ? name !== 'cookie' && name !== 'authorization' : policy.vary.has(name);
}

/** Why an entry could answer nothing from the moment it arrived. */
function uselessness(head: ResponseHead, freshness: Freshness, receivedAt: number): Reason | undefined {
  const { freshUntil, keepMs, staleWhileRevalidateMs, staleIfErrorMs, alwaysValidate } = freshness;
  if (alwaysValidate && !canValidate(head)) return 'no-validator';
  const freshMs = alwaysValidate ? 0 : freshUntil - receivedAt;
  const lastUseAt = freshUntil + Math.max(keepMs, staleWhileRevalidateMs, staleIfErrorMs);
  return freshMs <= 0 && lastUseAt <= receivedAt ? 'already-stale' : undefined;
}
