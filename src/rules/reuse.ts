// May this request be answered with that stored response (RFC 9111 §4, RFC 5861)? If not, why does it go forward, and what may be done with the stored response then?
import { type Directives, parseCacheControl } from '../http/cache-control.ts';
import { fieldLines, type Fields, fieldValue } from '../http/fields.ts';
import { ageMs } from './freshness.ts';
import type { Policy } from './policy.ts';
import type { Reason } from './reasons.ts';
import { missingRange, partAnswers } from './stored-part.ts';
import type { StoredResponse, Verdict } from './stored-response.ts';
import { canValidate } from './validator.ts';

/** `stored` is the one that Vary selected; `otherVariants` says that the key has others. A request with no-store does not come here. */
export interface ReuseInput {
  readonly request: { readonly method: string; readonly fields: Fields };
  readonly stored: StoredResponse | undefined;
  readonly otherVariants: boolean;
  readonly verdict: Verdict;
  readonly now: number;
  readonly policy: Policy;
}

export type Reuse =
  | { readonly kind: 'hit'; readonly reason: 'fresh' | 'max-stale'; readonly ttlMs: number }
  | { readonly kind: 'stale-while-revalidate'; readonly ttlMs: number }
  | Forward
  | { readonly kind: 'refuse'; readonly reason: 'only-if-cached' };

export interface Forward {
  readonly kind: 'forward';
  readonly fwd: 'bypass' | 'uri-miss' | 'vary-miss' | 'miss' | 'stale' | 'request' | 'partial';
  readonly reason: Reason;
  /** The request may be sent as a validation of this. */
  readonly base: StoredResponse | undefined;
  /** May answer if the origin fails. */
  readonly fallback: StoredResponse | undefined;
  /** A stored part begins the answer: the Range that would complete it. */
  readonly missingRange?: string;
}

export function decideReuse(input: ReuseInput): Reuse {
  const control = parseCacheControl(fieldLines(input.request.fields, 'cache-control'));
  const reuse = decide(input, control);
  return reuse.kind === 'forward' && control.has('only-if-cached') ? { kind: 'refuse', reason: 'only-if-cached' } : reuse;
}

function decide(input: ReuseInput, control: Directives): Reuse {
  const { stored, verdict, now } = input;
  if (stored === undefined) return input.otherVariants ? forward('vary-miss', 'vary-mismatch') : forward('uri-miss', 'absent');
  if (verdict.kind === 'uncoordinated') return forward('bypass', 'uncoordinated');
  if (verdict.kind === 'purged' || verdict.kind === 'held') return forward('miss', verdict.kind);
  if (stored.part !== undefined && !partAnswers(stored, input.request)) return forwardPart(input, stored);

  const ttlMs = freshUntil(stored, verdict) - now;
  if (stored.alwaysValidate) return forwardStored(input, stored, 'stale', 'no-cache');
  return ttlMs > 0 ? decideFresh(input, stored, { control, ttlMs }) : decideStale(input, stored, { control, ttlMs });
}

interface Terms {
  readonly control: Directives;
  /** Negative when stale. */
  readonly ttlMs: number;
}

function decideFresh(input: ReuseInput, stored: StoredResponse, { control, ttlMs }: Terms): Reuse {
  if (control.has('no-cache')) return { ...forwardStored(input, stored, 'request', 'request-no-cache'), fallback: undefined };
  if (isTooOld(stored, control, input.now)) return forwardStored(input, stored, 'request', 'request-max-age');
  if (ttlMs < milliseconds(control.seconds('min-fresh'), 0)) return forwardStored(input, stored, 'request', 'request-min-fresh');
  return { kind: 'hit', reason: 'fresh', ttlMs };
}

function decideStale(input: ReuseInput, stored: StoredResponse, { control, ttlMs }: Terms): Reuse {
  const forwarded = forwardStored(input, stored, 'stale', staleReason(stored, input.verdict));
  if (control.has('no-cache')) return { ...forwarded, fallback: undefined };
  if (control.has('min-fresh') || isTooOld(stored, control, input.now)) return forwarded;
  // A window beside neverStale is one that freshness.ts granted explicitly.
  if (-ttlMs < stored.staleWhileRevalidateMs) return { kind: 'stale-while-revalidate', ttlMs };
  return -ttlMs <= acceptedStalenessMs(control) && !stored.neverStale ? { kind: 'hit', reason: 'max-stale', ttlMs } : forwarded;
}

/** RFC 9111 §5.2.1.2: without a value any staleness is accepted, with one that is no number none. */
function acceptedStalenessMs(control: Directives): number {
  if (!control.has('max-stale')) return -1;
  return control.value('max-stale') === undefined ? Number.POSITIVE_INFINITY : milliseconds(control.seconds('max-stale'), -1);
}

/** RFC 9111 §5.2.1.1. A max-age that is no number asks for nothing. */
function isTooOld(stored: StoredResponse, control: Directives, now: number): boolean {
  return control.has('max-age') && ageMs(stored, now) >= milliseconds(control.seconds('max-age'), Number.POSITIVE_INFINITY);
}

function staleReason(stored: StoredResponse, verdict: Verdict): Reason {
  if (stored.neverStale) return 'must-revalidate';
  return verdict.kind === 'softened' && verdict.since < stored.freshUntil ? 'soft-purged' : 'stale';
}

function forward(fwd: Forward['fwd'], reason: Reason): Forward {
  return { kind: 'forward', fwd, reason, base: undefined, fallback: undefined };
}

function forwardStored({ verdict, now }: ReuseInput, stored: StoredResponse, fwd: Forward['fwd'], reason: Reason): Forward {
  const fallback = mayServeOnError(stored, verdict, now) ? stored : undefined;
  return { kind: 'forward', fwd, reason, base: canValidate(stored) ? stored : undefined, fallback };
}

/** A 304 would confirm a part that cannot answer: so no base. Only a plain GET is worth completing. */
function forwardPart({ request, verdict }: ReuseInput, stored: StoredResponse): Forward {
  const plain = request.method === 'GET' && fieldValue(request.fields, 'range') === undefined;
  const range = plain && verdict.kind === 'ok' ? missingRange(stored) : undefined;
  return { ...forward('partial', 'incomplete'), ...(range === undefined ? {} : { missingRange: range }) };
}

/** What counts as the origin failing although it answered (RFC 5861 §4). */
export function isOriginError(status: number): boolean {
  return status === 500 || status === 502 || status === 503 || status === 504;
}

const UNUSABLE: ReadonlySet<Verdict['kind']> = new Set<Verdict['kind']>(['purged', 'held', 'uncoordinated']);

/** Whether it may answer in place of an origin that failed (RFC 5861 §4). A hard purge beats availability (PURGE-PROTOCOL §3.2 rule 6). */
export function mayServeOnError(stored: StoredResponse, verdict: Verdict, now: number): boolean {
  if (UNUSABLE.has(verdict.kind) || stored.alwaysValidate) return false;
  const staleForMs = now - freshUntil(stored, verdict);
  return staleForMs < 0 || (!stored.neverStale && staleForMs < stored.staleIfErrorMs);
}

/** PURGE-PROTOCOL §3.2 rule 8: a softly purged entry is stale since the purge. */
export function freshUntil(stored: Pick<StoredResponse, 'freshUntil'>, verdict: Verdict): number {
  return verdict.kind === 'softened' ? Math.min(stored.freshUntil, verdict.since) : stored.freshUntil;
}

function milliseconds(seconds: number | undefined, otherwise: number): number {
  return seconds === undefined ? otherwise : seconds * 1000;
}
