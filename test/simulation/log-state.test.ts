// What the simulation takes for Redis, where a seed would have to look for long.
import { expect, it } from 'vitest';
import { emptyState, evict, join, renew } from './log-state.ts';

it('an eviction that comes late leaves a node that was evicted before and came back', () => {
  const state = emptyState(9);
  const joined = join(state, { server: 's', nonce: 'i', now: 0 });
  if (joined.kind !== 'joined') throw new Error(joined.kind);
  const registration = { nodeId: 'b', mode: 'lease', position: joined.position } as const;
  renew(state, 's', registration);
  const listed = new Map([['b', state.nodes.get('b')?.counter ?? 0]]);
  evict(state, listed);
  expect(state.nodes.has('b')).toBe(false);
  renew(state, 's', registration);
  evict(state, listed);
  expect(state.nodes.has('b')).toBe(true);
});
