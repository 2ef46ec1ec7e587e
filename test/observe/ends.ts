// Ends of requests for the observers' tests.
import type { RequestEnd } from '../../src/observe/observer.ts';

export function requestEnd(given: Partial<RequestEnd> = {}): RequestEnd {
  return {
    method: 'GET',
    authority: 'shop.example',
    path: '/products/42',
    route: '/products/:id',
    outcome: 'hit',
    reason: 'fresh',
    cacheStatus: 'freshet; hit; ttl=376',
    status: 200,
    bodyBytes: 10,
    durationMs: 0.2,
    collapsed: false,
    aborted: false,
    ...given,
  };
}
