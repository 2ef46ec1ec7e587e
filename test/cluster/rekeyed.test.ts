// After a reload by which purges name things otherwise, a node takes nothing from Redis that a purge may have missed. PURGE-PROTOCOL §4.4 "L2 entries".
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ClusterAuthority } from '../../src/cluster/cluster-authority.ts';
import type { Committed, CoordinationLog, LoggedPurge, Position } from '../../src/cluster/coordination-log.ts';
import { epochOf, seqOf } from '../../src/cluster/log-epochs.ts';
import type { Publication } from '../../src/purge/authority.ts';
import { SettableClock } from '../support/clock.ts';
import { POSITION } from './driven.ts';

const OF_NEW_RULES = Int32Array.of(1, 2);
const BY_OLD_RULES: Publication = { selectors: { tagIds: Int32Array.of(3, 4), all: false }, mode: 'hard', at: 0 };
const ignored = (): void => {};
const ONCE = { waitMs: Infinity, onFailure: 'answer' } as const;

/** A log of one node, in which commits stand still until they are let go. */
class HeldLog implements CoordinationLog {
  commits = 0;
  #held = Promise.withResolvers<void>();
  #seq = 0;
  #applied = 0;
  #acknowledged = Promise.withResolvers<void>();

  async join() {
    return { kind: 'joined', position: POSITION, holds: [] } as const;
  }

  async renew() {
    return { kind: 'renewed', seq: 0, entries: [] } as const;
  }

  async commit(_position: Position, _purge: LoggedPurge): Promise<Committed> {
    this.commits++;
    await this.#held.promise;
    return { kind: 'committed', seq: ++this.#seq, nonce: `n${this.#seq}`, nodes: new Map() };
  }

  async acknowledge(_nodeId: string, { applied }: Position) {
    this.#applied = applied;
    this.#acknowledged.resolve();
    this.#acknowledged = Promise.withResolvers();
    return { kind: 'done' } as const;
  }

  async standings() {
    return { kind: 'standings', nodes: new Map() } as const;
  }

  /** Resolves when the node has applied so many. */
  async letGo(count: number): Promise<void> {
    this.#held.resolve();
    while (this.#applied < count) await this.#acknowledged.promise;
  }

  async evict(): Promise<void> {}
  async leave(): Promise<void> {}
  async close(): Promise<void> {}
  follow(): void {}
  onHint(): void {}
}

let log: HeldLog;
let authority: ClusterAuthority;

beforeEach(async () => {
  log = new HeldLog();
  const caching = Promise.withResolvers<void>();
  authority = new ClusterAuthority({
    mode: 'lease',
    log,
    clock: new SettableClock(),
    memoryBytes: 64 * 1024,
    holdKeepMs: 0,
    exhausted: ignored,
    epochsChanged: ignored,
    watcher: { emptied: ignored, renewed: ignored, joined: ignored, leaseChanged: () => caching.resolve(), waitedOut: ignored, leaving: ignored },
  });
  await authority.join();
  await caching.promise;
});
afterEach(() => authority.close());

/** The purge of the log that was the last when something is asked for now. */
function seqNow(): number | undefined {
  return authority.epochs && seqOf(authority.epochs, authority.marks.epoch);
}

/** What may be done with what another node, or this one when it had these rules before, stored as of `seq`. */
function verdictOn(seq: number): string {
  const asOf = authority.epochs && epochOf(authority.epochs, seq);
  return asOf === undefined ? 'unusable' : authority.marks.gate({ tagIds: OF_NEW_RULES, asOf, sentAt: 0 }).kind;
}

it('what was stored as of the last purge would outlive one that is under way', async () => {
  expect([seqNow(), verdictOn(0)]).toEqual([0, 'ok']);
  void authority.publish(BY_OLD_RULES, ONCE);
  authority.publishHere();
  expect([seqNow(), verdictOn(0)]).toEqual([undefined, 'unusable']);
  await log.letGo(1);
  expect(verdictOn(0)).toBe('unusable');
});

it('what is stored from then on can be told from it, though nobody purges', async () => {
  authority.publishHere();
  expect(log.commits).toBe(1);
  await log.letGo(1);
  expect([seqNow(), verdictOn(1), verdictOn(0)]).toEqual([1, 'ok', 'unusable']);
});
