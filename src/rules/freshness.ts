// How long is a response fresh, how old is it, and how may it be used when stale (RFC 9111 §4.2, RFC 5861)?
import { parseDeltaSeconds } from '../http/cache-control.ts';
import { type Fields, fieldValue } from '../http/fields.ts';
import { parseHttpDate } from '../http/http-date.ts';
import type { Policy } from './policy.ts';
import type { ResponseControl } from './response-control.ts';
import type { StoredResponse } from './stored-response.ts';
import { canValidate } from './validator.ts';

/** The times of a stored response, as it carries them. */
export interface Freshness {
  readonly initialAgeMs: number;
  readonly freshUntil: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly keepMs: number;
  readonly alwaysValidate: boolean;
  readonly neverStale: boolean;
}

export interface FreshnessInput {
  readonly status: number;
  readonly fields: Fields;
  readonly control: ResponseControl;
  readonly policy: Policy;
  readonly requestedAt: number;
  readonly receivedAt: number;
}

/** RFC 9110 §15.1. */
const HEURISTIC_STATUSES: ReadonlySet<number> = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501]);
/** Where a route's own `ttl` applies. Deviation, stricter: never to an error or a redirect that says nothing itself (SECURITY §3, CPDoS). */
const TTL_STATUSES: ReadonlySet<number> = new Set([200, 206]);
const HEURISTIC_LIMIT_MS = 86_400_000;

/** The current_age of RFC 9111 §4.2.3. */
export function ageMs(stored: Pick<StoredResponse, 'initialAgeMs' | 'receivedAt'>, now: number): number {
  return stored.initialAgeMs + Math.max(0, now - stored.receivedAt);
}

/** Undefined where nothing says how long the response is fresh, not even that it never is. */
export function freshnessOf(input: FreshnessInput): Freshness | undefined {
  const { control, policy, receivedAt } = input;
  const overrideMs = policy.override ? routeTtlMs(input) : undefined;
  const alwaysValidate = overrideMs === undefined && control.directives.has('no-cache');
  const silenceMs = alwaysValidate ? 0 : undefined;
  const lifetimeMs = overrideMs ?? explicitLifetimeMs(input) ?? routeTtlMs(input) ?? heuristicLifetimeMs(input) ?? silenceMs;
  if (lifetimeMs === undefined) return undefined;

  const age = statedAgeMs(input.fields);
  // Deviation, stricter: an Age that is not one integer makes the response stale, where RFC 9111 §5.1 would ignore it or take its first member.
  const initialAgeMs = age === undefined ? Math.max(initialAge(input, 0), lifetimeMs) : initialAge(input, age);
  return {
    initialAgeMs,
    freshUntil: receivedAt + lifetimeMs - initialAgeMs,
    keepMs: canValidate(input) ? policy.keepMs : 0,
    alwaysValidate,
    ...staleWindows(input, { alwaysValidate, overridden: overrideMs !== undefined }),
  };
}

/** Whether the origin itself gave a lifetime (RFC 9111 §4.2.1), for what is stored on no other ground. */
export function hasExplicitFreshness(fields: Fields, control: ResponseControl): boolean {
  const { directives, source } = control;
  return directives.has('s-maxage') || directives.has('max-age') || (source === 'cache-control' && fieldValue(fields, 'expires') !== undefined);
}

/** RFC 9111 §4.2.1: s-maxage, max-age, Expires; the last belongs to Cache-Control only (RFC 9213 §2.2). */
function explicitLifetimeMs(input: FreshnessInput): number | undefined {
  const { directives, source } = input.control;
  const seconds = directives.seconds('s-maxage') ?? directives.seconds('max-age');
  if (seconds !== undefined) return seconds * 1000;
  const expires = fieldValue(input.fields, 'expires');
  if (source !== 'cache-control' || expires === undefined) return undefined;
  const expiresAt = parseHttpDate(expires);
  // RFC 9111 §5.3: an invalid date, `0` above all, has passed.
  return expiresAt === undefined ? 0 : expiresAt - dateOf(input);
}

function routeTtlMs(input: FreshnessInput): number | undefined {
  return TTL_STATUSES.has(input.status) ? input.policy.ttlMs : undefined;
}

/** RFC 9111 §4.2.2: a fraction of the time since Last-Modified, at most a day. */
function heuristicLifetimeMs(input: FreshnessInput): number | undefined {
  const { control, policy, status } = input;
  if (policy.heuristicFraction <= 0 || control.directives.has('no-cache')) return undefined;
  if (!HEURISTIC_STATUSES.has(status) && !control.directives.has('public')) return undefined;
  const modifiedAt = parseHttpDate(fieldValue(input.fields, 'last-modified'));
  if (modifiedAt === undefined) return undefined;
  const unchangedMs = Math.min(dateOf(input), input.receivedAt) - modifiedAt;
  return Math.min(Math.max(0, unchangedMs * policy.heuristicFraction), HEURISTIC_LIMIT_MS);
}

/** RFC 9110 §6.6.1: without a valid Date, the time of receipt. */
function dateOf(input: FreshnessInput): number {
  return parseHttpDate(fieldValue(input.fields, 'date')) ?? input.receivedAt;
}

/** RFC 9111 §4.2.3 corrected_initial_age. Date counts whole seconds, so apparent_age does too. */
function initialAge(input: FreshnessInput, statedMs: number): number {
  const { requestedAt, receivedAt } = input;
  const apparentAgeMs = Math.max(0, Math.floor(receivedAt / 1000) * 1000 - dateOf(input));
  return Math.max(apparentAgeMs, statedMs + Math.max(0, receivedAt - requestedAt));
}

/** 0 without an Age, undefined with an unusable one. */
function statedAgeMs(fields: Fields): number | undefined {
  const value = fieldValue(fields, 'age');
  if (value === undefined) return 0;
  const seconds = parseDeltaSeconds(value);
  return seconds === undefined ? undefined : seconds * 1000;
}

/**
 * What may be done with it stale. s-maxage forbids like proxy-revalidate (RFC 9111 §5.2.2.10).
 * Deviation: an explicit stale-while-revalidate beside s-maxage is honoured; setting `s_maxage_allows_swr`.
 */
function staleWindows(input: FreshnessInput, use: { readonly alwaysValidate: boolean; readonly overridden: boolean }): StaleWindows {
  const { directives } = input.control;
  const { policy } = input;
  const revalidate = directives.has('must-revalidate') || directives.has('proxy-revalidate');
  const sMaxage = !use.overridden && directives.has('s-maxage');
  const statedSwrMs = milliseconds(directives.seconds('stale-while-revalidate'));
  const statedSieMs = milliseconds(directives.seconds('stale-if-error'));
  const neverStale = revalidate || sMaxage;
  if (use.alwaysValidate || revalidate) return { staleWhileRevalidateMs: 0, staleIfErrorMs: 0, neverStale };
  if (sMaxage) return { staleWhileRevalidateMs: (policy.sMaxageAllowsSwr ? statedSwrMs : 0) ?? 0, staleIfErrorMs: 0, neverStale };
  return {
    staleWhileRevalidateMs: statedSwrMs ?? policy.staleWhileRevalidateMs ?? 0,
    staleIfErrorMs: statedSieMs ?? policy.staleIfErrorMs ?? 0,
    neverStale,
  };
}

type StaleWindows = Pick<Freshness, 'staleWhileRevalidateMs' | 'staleIfErrorMs' | 'neverStale'>;

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
