// What counts as an origin's failure, and what does not: every reason that an exchange may end with, and the statuses on the border.
import { describe, expect, it } from 'vitest';
import { type ExchangeFate, outcomeOf } from '../../src/origin/outcome.ts';

const ROWS: readonly { readonly fate: ExchangeFate; readonly is: string; readonly withGatewayErrors?: string }[] = [
  { fate: { failure: 'origin-unreachable' }, is: 'failure' },
  { fate: { failure: 'origin-connect-timeout' }, is: 'failure' },
  { fate: { failure: 'origin-headers-timeout' }, is: 'failure' },
  { fate: { failure: 'origin-body-timeout', status: 200 }, is: 'failure' },
  { fate: { failure: 'origin-reset' }, is: 'failure' },
  { fate: { failure: 'origin-reset', status: 200 }, is: 'failure' },
  { fate: { failure: 'origin-malformed' }, is: 'failure' },
  { fate: { failure: 'origin-reset', keptWaiting: true }, is: 'none' },
  { fate: { failure: 'origin-reset', status: 413, keptWaiting: true }, is: 'success' },
  { fate: { failure: 'origin-reset', status: 503, keptWaiting: true }, is: 'success', withGatewayErrors: 'failure' },
  { fate: { failure: 'origin-unreachable', keptWaiting: true }, is: 'failure' },
  { fate: { failure: 'origin-headers-timeout', keptWaiting: true }, is: 'failure' },
  { fate: { failure: 'client-gone' }, is: 'none' },
  { fate: { failure: 'client-gone', status: 200 }, is: 'success' },
  { fate: { failure: 'bad-request' }, is: 'none' },
  { fate: { failure: 'body-too-large' }, is: 'none' },
  { fate: { failure: 'origin-busy' }, is: 'none' },
  { fate: { failure: 'origin-breaker-open' }, is: 'none' },
  { fate: { failure: 'draining' }, is: 'none' },
  { fate: { failure: 'internal' }, is: 'none' },
  { fate: { status: 200 }, is: 'success' },
  { fate: { status: 404 }, is: 'success' },
  { fate: { status: 429 }, is: 'success' },
  { fate: { status: 500 }, is: 'success' },
  { fate: { status: 501 }, is: 'success' },
  { fate: { status: 502 }, is: 'success', withGatewayErrors: 'failure' },
  { fate: { status: 503 }, is: 'success', withGatewayErrors: 'failure' },
  { fate: { status: 504 }, is: 'success', withGatewayErrors: 'failure' },
  { fate: { status: 503, failure: 'client-gone' }, is: 'success', withGatewayErrors: 'failure' },
];

describe('SECURITY §10: what the breaker counts', () => {
  it.each(ROWS)('$fate.failure $fate.status: $is', ({ fate, is, withGatewayErrors = is }) => {
    expect(outcomeOf(fate, { gatewayErrors: false })).toBe(is);
    expect(outcomeOf(fate, { gatewayErrors: true })).toBe(withGatewayErrors);
  });
});
