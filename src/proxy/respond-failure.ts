// What a client is told when an origin gave no usable answer.
import type { OriginError } from '../errors.ts';
import type { Fields } from '../http/fields.ts';
import type { CacheStatus } from '../rules/cache-status.ts';
import type { Reason } from '../rules/reasons.ts';
import type { Exchange } from './exchange.ts';
import { clientLeft, respondError } from './respond.ts';

/** 502, 503 or 504 with the reason; 400 for what undici does not send, OPTIONS * above all; 413 for a body that grew too large on its way. */
export function respondFailure(x: Exchange, error: OriginError, fwd: CacheStatus['fwd']): void {
  if (x.client.gone) return clientLeft(x, fwd);
  const status = statusOf(error.reason);
  respondError(x, status, error.reason, { hit: false, ...(fwd === undefined ? {} : { fwd }) }, status === 503 ? retryAfter(error) : []);
}

/** Whole seconds, so at least one (RFC 9110 §10.2.3). */
function retryAfter({ retryAfterMs }: OriginError): Fields {
  return ['retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000)))];
}

function statusOf(reason: Reason): number {
  if (reason === 'origin-busy' || reason === 'origin-breaker-open' || reason === 'draining') return 503;
  if (reason === 'bad-request') return 400;
  if (reason === 'body-too-large') return 413;
  const timedOut = reason === 'origin-connect-timeout' || reason === 'origin-headers-timeout' || reason === 'origin-body-timeout';
  return timedOut ? 504 : 502;
}
