// What does the end of an exchange say about its origin? What the breaker counts (SECURITY §10).
import type { OriginError } from '../errors.ts';
import type { Outcome } from './breaker.ts';

type Reason = OriginError['reason'];

/** No usable answer, whoever asked. What a client did (left, or sent what cannot be forwarded), and what was shed here, says nothing. */
const FAILURES: ReadonlySet<Reason> = new Set<Reason>([
  'origin-unreachable',
  'origin-connect-timeout',
  'origin-headers-timeout',
  'origin-body-timeout',
  'origin-reset',
  'origin-malformed',
]);

/**
 * RFC 9110 §15.6.3 to §15.6.5: mostly of a gateway in front of the origin. An answer all the same, and it came at once: it costs neither clients their time
 * nor the origin its strength, while one broken route may give nothing else. So they are failures only where the setting says so; a 500 never is.
 */
const GATEWAY_ERRORS: ReadonlySet<number> = new Set([502, 503, 504]);

export interface ExchangeFate {
  /** Absent where there was no head. */
  readonly status?: number;
  readonly failure?: Reason;
  /** A client kept the origin waiting: for the rest of a request, or with what it did not take of an answer. */
  readonly keptWaiting?: boolean;
}

export function outcomeOf(fate: ExchangeFate, settings: { readonly gatewayErrors: boolean }): Outcome {
  const { status } = fate;
  const failure = failureOfItsOwn(fate);
  if (failure !== undefined && FAILURES.has(failure)) return 'failure';
  if (status === undefined) return 'none';
  return settings.gatewayErrors && GATEWAY_ERRORS.has(status) ? 'failure' : 'success';
}

/** An origin may well give up on a client that is slow, or on a body that it will not have: any client could make it do so. */
function failureOfItsOwn({ failure, keptWaiting = false }: ExchangeFate): Reason | undefined {
  return keptWaiting && failure === 'origin-reset' ? undefined : failure;
}
