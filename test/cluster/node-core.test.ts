// One node's part of the protocol, event by event: PURGE-PROTOCOL §4.3 to §4.6.
import { describe, expect, it } from 'vitest';
import { EXPIRY_MS, LEASE_MS, RENEW_EVERY_MS } from '../../src/cluster/lease-terms.ts';
import { CHANGED, Driven, entry, FAILED, POSITION, purgeOf, standing } from './driven.ts';

const ID = { incarnation: 'i', seq: 1, nonce: 'n1' };
const OTHERS = { b: standing(0), c: standing(0, { mode: 'barrier' }) };

describe('a lease', () => {
  it('counts from the sending of its renewal, by both clocks', () => {
    const node = new Driven();
    node.tell({ kind: 'started' });
    node.join();
    const sentAt = node.now;
    node.now = { mono: sentAt.mono + 300, wall: sentAt.wall + 400 };
    node.renew();
    expect(node.leaseUntil).toEqual({ mono: sentAt.mono + LEASE_MS, wall: sentAt.wall + LEASE_MS });
  });

  it('is there after everything that its renewal delivered', () => {
    const node = new Driven();
    node.tell({ kind: 'started' });
    node.join();
    node.renewWith(entry(1), entry(2));
    const kinds = node.effects.map(({ kind }) => kind).filter((kind) => kind === 'empty' || kind === 'apply' || kind === 'lease');
    expect(kinds).toEqual(['empty', 'apply', 'apply', 'lease']);
    expect(node.applied).toEqual([1, 2]);
  });

  it('is asked for again every second, also where that failed', () => {
    const node = Driven.settled();
    expect(node.wakeAt).toBe(node.now.mono + RENEW_EVERY_MS);
    node.pass(RENEW_EVERY_MS);
    const sentAt = node.now.mono;
    node.renew(FAILED);
    expect(node.wakeAt).toBe(sentAt + RENEW_EVERY_MS);
  });

  it.each([
    ['lacks an entry that it counts', { kind: 'renewed', seq: 2, entries: [entry(1)] }],
    ['skips an entry', { kind: 'renewed', seq: 2, entries: [entry(2)] }],
    ['has entries of another incarnation', { kind: 'renewed', seq: 1, entries: [entry(1, { incarnation: 'j' })] }],
    ['finds another log', CHANGED],
    ['finds a gap', { kind: 'gap' }],
  ] as const)('ends at once where its renewal %s; the next begins with an empty node', (_name, result) => {
    const node = Driven.settled();
    node.pass(RENEW_EVERY_MS);
    node.renew(result);
    expect(node.leaseUntil).toBeUndefined();
    node.join({ kind: 'joined', position: { ...POSITION, incarnation: 'j', applied: 9, nonce: 'x' }, holds: [] });
    expect(node.emptied).toBe(1);
    node.renew();
    expect(node.emptied).toBe(2);
    expect(node.leaseUntil).toBeDefined();
  });

  it('takes nothing from a renewal of a position that was given up', () => {
    const node = Driven.settled();
    node.purge(1);
    node.pass(RENEW_EVERY_MS);
    node.committed(CHANGED);
    node.renewWith(entry(1));
    expect(node.leaseUntil).toBeUndefined();
    expect(node.applied).toEqual([]);
  });

  it('is not given under another secret', () => {
    const node = new Driven();
    node.tell({ kind: 'started' });
    node.join({ kind: 'secret-differs' });
    expect(node.effects.map(({ kind }) => kind)).toContain('secret-differs');
    expect(node.asks('renew')).toBe(0);
  });

  it('is given up before the node leaves', () => {
    const node = Driven.settled();
    node.pass(RENEW_EVERY_MS);
    node.tell({ kind: 'drain' });
    expect(node.leaseUntil).toBeUndefined();
    expect(node.effects.map(({ kind }) => kind)).not.toContain('leave');
    node.renew();
    expect(node.leaseUntil).toBeUndefined();
    expect(node.effects.map(({ kind }) => kind)).toContain('leave');
    node.purge(1);
    expect(node.answers).toEqual([{ token: 1, kind: 'rejected' }]);
  });
});

describe('what is pushed', () => {
  it('is not acknowledged again at once where that failed: without a connection it would fail for ever, and nothing else would have its turn', () => {
    const node = Driven.settled();
    node.tell({ kind: 'pushed', entries: [entry(1)] });
    node.acknowledge(FAILED);
    expect(node.asks('acknowledge')).toBe(0);
    node.pass(RENEW_EVERY_MS);
    expect(node.asked('renew').position.applied).toBe(1);
  });

  it('is applied once and in order, and acknowledged', () => {
    const node = Driven.settled();
    node.tell({ kind: 'pushed', entries: [entry(1), entry(2)] });
    node.tell({ kind: 'pushed', entries: [entry(1), entry(2), entry(3)] });
    expect(node.applied).toEqual([1, 2, 3]);
    expect(node.asked('acknowledge').position.applied).toBe(2);
    node.acknowledge();
    expect(node.asked('acknowledge').position.applied).toBe(3);
    node.acknowledge();
    expect(node.asks('acknowledge')).toBe(0);
  });

  it.each([
    ['leaves a gap', entry(3)],
    ['is of another incarnation', entry(1, { incarnation: 'j' })],
  ])('is not applied where it %s: the log itself is asked', (_name, pushed) => {
    const node = Driven.settled();
    node.tell({ kind: 'pushed', entries: [pushed] });
    expect(node.applied).toEqual([]);
    expect(node.asks('renew')).toBe(1);
  });

  it('raises doubt where it is another purge of the last number', () => {
    const node = Driven.settled();
    node.tell({ kind: 'pushed', entries: [entry(1)] });
    node.tell({ kind: 'pushed', entries: [entry(1, { nonce: 'other' })] });
    expect(node.asks('renew')).toBe(1);
  });
});

describe('a purge', () => {
  it('is confirmed when all have acknowledged that hold leases', () => {
    const node = Driven.settled();
    node.purge(1);
    node.commit(1, OTHERS);
    expect(node.applied).toEqual([1]);
    expect(node.answers).toEqual([]);
    node.standings({ ...OTHERS, b: standing(0) });
    expect(node.answers).toEqual([]);
    node.tell({ kind: 'hinted' });
    node.standings({ ...OTHERS, b: standing(1) });
    expect(node.answers).toEqual([{ token: 1, kind: 'confirmed', id: ID, nodes: { confirmed: 2, expired: 0 } }]);
  });

  it('is confirmed at once where nobody else holds one, and not before it was committed', () => {
    const node = Driven.settled();
    node.purge(1);
    expect(node.answers).toEqual([]);
    node.commit(1);
    expect(node.answers.map(({ kind }) => kind)).toEqual(['confirmed']);
  });

  it('is not confirmed by a node that is gone from the list', () => {
    const node = Driven.settled();
    node.purge(1);
    node.commit(1, OTHERS);
    node.standings({ a: standing(1) });
    expect(node.answers).toEqual([]);
  });

  it('waits for those of others that come before it', () => {
    const node = Driven.settled();
    node.purge(2);
    node.commit(2);
    expect(node.applied).toEqual([]);
    node.renewWith(entry(1), entry(2));
    expect(node.applied).toEqual([1, 2]);
    expect(node.answers.map(({ kind }) => kind)).toEqual(['confirmed']);
  });

  it('is confirmed D after it was applied here, and who was silent is evicted by the counter of then', () => {
    const node = Driven.settled();
    node.purge(1);
    node.commit(1, { b: standing(0, { counter: 7 }) });
    node.standings({ b: standing(0, { counter: 8 }) });
    node.pass(EXPIRY_MS - 1);
    expect(node.answers).toEqual([]);
    node.pass(1);
    expect(node.answers).toEqual([{ token: 1, kind: 'confirmed', id: ID, nodes: { confirmed: 1, expired: 1 } }]);
    expect(node.effects).toContainEqual({ kind: 'evict', nodes: new Map([['b', 7]]) });
  });

  it('is not confirmed fast before the log has been seen for D', () => {
    const node = new Driven();
    node.tell({ kind: 'started' });
    node.join();
    node.renew();
    node.pass(500);
    node.purge(1);
    node.commit(1);
    expect(node.answers).toEqual([]);
    expect(node.applied).toEqual([1]);
    node.pass(EXPIRY_MS - 500);
    expect(node.answers.map(({ kind }) => kind)).toEqual(['confirmed']);
  });

  it('is answered `committed` when the wait is over, and can be asked for again', () => {
    const node = Driven.settled();
    node.purge(1, { waitMs: 0 });
    node.commit(1, OTHERS);
    expect(node.answers).toEqual([{ token: 1, kind: 'committed', id: ID, boundMs: EXPIRY_MS }]);
    node.pass(100);
    node.tell({ kind: 'purge-resumed', token: 2, id: ID, waitMs: 50 });
    node.pass(50);
    expect(node.answers.at(-1)).toEqual({ token: 2, kind: 'committed', id: ID, boundMs: EXPIRY_MS - 150 });
    node.tell({ kind: 'purge-resumed', token: 3, id: ID, waitMs: Infinity });
    node.standings({ b: standing(1) });
    expect(node.answers.at(-1)).toMatchObject({ token: 3, kind: 'confirmed' });
    node.tell({ kind: 'purge-resumed', token: 4, id: ID, waitMs: 0 });
    expect(node.answers.at(-1)).toMatchObject({ token: 4, kind: 'confirmed' });
    node.tell({ kind: 'purge-resumed', token: 5, id: { ...ID, seq: 2 }, waitMs: 0 });
    expect(node.answers.at(-1)).toEqual({ token: 5, kind: 'forgotten' });
    node.tell({ kind: 'purge-resumed', token: 6, id: { ...ID, nonce: 'of another purge of that number' }, waitMs: 0 });
    expect(node.answers.at(-1)).toEqual({ token: 6, kind: 'forgotten' });
  });

  it.each([
    ['unknown', FAILED],
    ['rejected', CHANGED],
    ['out-of-holds', { kind: 'out-of-holds' }],
  ] as const)('is answered `%s` where its COMMIT ended so', (kind, result) => {
    const node = Driven.settled();
    node.purge(1);
    node.committed(result);
    expect(node.answers).toEqual([{ token: 1, kind }]);
  });

  it('is rejected where the log has not been reached for a lease', () => {
    const node = Driven.settled();
    node.pass(RENEW_EVERY_MS);
    node.renew(FAILED);
    node.pass(LEASE_MS);
    node.purge(1);
    expect(node.answers).toEqual([{ token: 1, kind: 'rejected' }]);
    expect(node.asks('commit')).toBe(0);
  });

  it('is rejected as soon as the lease is over in whole ms, as all threads of the node read it', () => {
    const node = Driven.settled();
    node.pass(RENEW_EVERY_MS + 0.25);
    node.renew();
    node.pass(LEASE_MS - 0.25, 0);
    node.purge(1);
    expect([node.leaseUntil?.mono, node.answers]).toEqual([node.now.mono, [{ token: 1, kind: 'rejected' }]]);
  });

  it('is answered `unknown` where its log is lost before it is confirmed', () => {
    const node = Driven.settled();
    node.purge(1);
    node.commit(1, OTHERS);
    node.pass(RENEW_EVERY_MS);
    node.renew(CHANGED);
    expect(node.answers).toEqual([{ token: 1, kind: 'unknown' }]);
  });
});

describe('a purge that a write could not confirm', () => {
  it('takes the lease until it is in the log and applied', () => {
    const node = Driven.settled();
    node.purge(1, { onFailure: 'retry' });
    node.committed(FAILED);
    expect(node.answers).toEqual([{ token: 1, kind: 'unknown' }]);
    expect(node.leaseUntil).toBeUndefined();
    expect(node.asked('commit').purge).toEqual(purgeOf(1));
    node.committed(FAILED);
    expect(node.asks('commit')).toBe(0);
    node.pass(RENEW_EVERY_MS);
    node.renew();
    expect(node.leaseUntil).toBeUndefined();
    node.commit(1);
    expect(node.applied).toEqual([1]);
    expect(node.leaseUntil).toBeDefined();
  });

  it('is told when it begins to be owed and when nothing is any more, however many there are and however often it is tried', () => {
    const node = Driven.settled();
    for (const token of [1, 2]) node.purge(token, { onFailure: 'retry' });
    for (let failed = 0; failed < 5; failed++) {
      node.committed(FAILED);
      node.pass(RENEW_EVERY_MS);
    }
    expect(node.owed).toEqual([true]);
    node.commit(1);
    expect(node.owed).toEqual([true]);
    node.commit(2);
    expect(node.owed).toEqual([true, false]);
  });

  it('leaves no room for its hold: purges without', () => {
    const node = Driven.settled();
    node.purge(1, { onFailure: 'retry', purge: { ...purgeOf(1), settleMs: 50 } });
    node.committed(FAILED);
    node.committed({ kind: 'out-of-holds' });
    node.pass(RENEW_EVERY_MS);
    expect(node.asked('commit').purge).toEqual(purgeOf(1));
  });

  it('becomes one of everything where they are many', () => {
    const node = Driven.settled();
    node.pass(RENEW_EVERY_MS);
    node.renew(FAILED);
    node.pass(LEASE_MS);
    for (let i = 0; i <= 100; i++) node.purge(i, { onFailure: 'retry' });
    node.renew();
    node.committed(FAILED);
    node.pass(RENEW_EVERY_MS);
    expect(node.asked('commit').purge).toMatchObject({ all: true, mode: 'hard' });
  });

  it('takes the lease as well where it was answered `committed` and this node lacks it', () => {
    const node = Driven.settled();
    node.purge(2, { onFailure: 'retry', waitMs: 0 });
    node.commit(2);
    expect(node.answers.map(({ kind }) => kind)).toEqual(['committed']);
    expect(node.leaseUntil).toBeUndefined();
    node.renewWith(entry(1), entry(2));
    expect(node.leaseUntil).toBeDefined();
    expect(node.owed).toEqual([]);
  });
});

describe('barriers', () => {
  it('share one in flight and one queued', () => {
    const node = Driven.settled('barrier');
    expect(node.leaseUntil).toBeUndefined();
    for (const token of [1, 2, 3]) node.tell({ kind: 'barrier-asked', token });
    expect(node.asks('renew')).toBe(1);
    node.renewWith(entry(1));
    expect(node.barriers).toEqual(['1 passed']);
    expect(node.applied).toEqual([1]);
    node.renew();
    expect(node.barriers).toEqual(['1 passed', '2 passed', '3 passed']);
  });

  it('fail with their renewal, and then at once until one succeeds', () => {
    const node = Driven.settled('barrier');
    for (const token of [1, 2]) node.tell({ kind: 'barrier-asked', token });
    node.renew(FAILED);
    node.tell({ kind: 'barrier-asked', token: 3 });
    expect(node.barriers).toEqual(['1 failed', '2 failed', '3 failed']);
    node.pass(RENEW_EVERY_MS);
    node.renew();
    node.tell({ kind: 'barrier-asked', token: 4 });
    node.renew();
    expect(node.barriers.at(-1)).toBe('4 passed');
  });

  it('fail where the log is another one', () => {
    const node = Driven.settled('barrier');
    node.tell({ kind: 'barrier-asked', token: 1 });
    node.renew(CHANGED);
    expect(node.barriers).toEqual(['1 failed']);
  });

  it('make nobody wait: neither for acknowledgements of this node nor for its own lease', () => {
    const node = Driven.settled('barrier');
    node.tell({ kind: 'pushed', entries: [entry(1)] });
    expect(node.asks('acknowledge')).toBe(0);
  });
});
