// Values that a case of the rules is not about: a policy as strict as the defaults or as the standard, an entry, a fill.
import type { Fields } from '../../src/http/fields.ts';
import type { Policy } from '../../src/rules/policy.ts';
import type { FillContext } from '../../src/rules/storability.ts';
import type { StoredResponse } from '../../src/rules/stored-response.ts';

/** Sun, 06 Nov 1994 08:49:37 GMT. */
export const NOW = 784_111_777_000;

/** What a route has that says nothing. */
export const strictPolicy: Policy = {
  pass: false,
  override: false,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  keepMs: 3_600_000,
  heuristicFraction: 0,
  storeSetCookie: false,
  storePartial: false,
  storePost: false,
  storeErrors: true,
  storeCloseDelimited: false,
  storeAuthorized: 'explicit',
  storeUnversioned: true,
  storePrivate: false,
  cookies: 'explicit',
  sMaxageAllowsSwr: true,
  normalise: new Set(['accept-encoding']),
  maxVariants: 64,
  maxObjectBytes: 8_388_608,
  inflight: 'retry',
  collapse: true,
  leaderTimeoutMs: 10_000,
  followerTimeoutMs: 5000,
  hitForMissMs: 120_000,
  clientCacheControl: 'origin',
};

/** Everything that the standard permits. */
export const relaxedPolicy: Policy = {
  ...strictPolicy,
  heuristicFraction: 0.1,
  storeSetCookie: true,
  storePartial: true,
  storePost: true,
  storeCloseDelimited: true,
  storeAuthorized: 'rfc',
  cookies: 'ignore',
  sMaxageAllowsSwr: false,
  normalise: new Set(['accept-encoding', 'accept-language']),
};

export interface Fill {
  readonly method?: string;
  readonly request?: Fields;
  readonly status?: number;
  readonly fields?: Fields;
  readonly scope?: FillContext['scope'];
  readonly policy?: Policy;
  readonly tookMs?: number;
}

/** A fill received at NOW. */
export function fill(given: Fill): FillContext {
  return {
    request: { method: given.method ?? 'GET', fields: given.request ?? [] },
    target: { scheme: 'http', authority: 'shop.example', path: '/products/42', query: '?page=1' },
    head: { status: given.status ?? 200, statusText: '', fields: given.fields ?? [] },
    scope: given.scope ?? { kind: 'public', singleUser: false },
    policy: given.policy ?? strictPolicy,
    requestedAt: NOW - (given.tookMs ?? 0),
    receivedAt: NOW,
  };
}

/** An entry received at NOW, fresh for a minute. */
export function entry(given: Partial<StoredResponse> = {}): StoredResponse {
  return {
    status: 200,
    statusText: 'OK',
    fields: [],
    body: Buffer.alloc(0),
    initialAgeMs: 0,
    receivedAt: NOW,
    freshUntil: NOW + 60_000,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    keepMs: 0,
    alwaysValidate: false,
    neverStale: false,
    axes: [],
    axisValues: [],
    scopeId: '',
    tags: [],
    tagIds: new Int32Array(0),
    asOf: 0,
    order: 0,
    checkedAt: 0,
    ...given,
  };
}
