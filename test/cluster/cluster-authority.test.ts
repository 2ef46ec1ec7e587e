// A node over a log whose commits stand still until they are let go: what it takes from Redis for itself and what not, and that it leaves nobody without an answer.
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClusterAuthority } from '../../src/cluster/cluster-authority.ts';
import type { Committed, CoordinationLog, LoggedPurge, NodeMode, Position } from '../../src/cluster/coordination-log.ts';
import { epochOf, seqOf } from '../../src/cluster/log-epochs.ts';
import type { Publication } from '../../src/purge/authority.ts';
import { SettableClock } from '../support/clock.ts';
import { FAILED, POSITION } from './driven.ts';

const OF_NEW_RULES = Int32Array.of(1, 2);
const BY_OLD_RULES: Publication = { selectors: { tagIds: Int32Array.of(3, 4), all: false }, mode: 'hard', at: 0 };
/** Of the marks. */
const LAST_EPOCH = 5;
const ignored = (): void => {};
const ONCE = { waitMs: Infinity, onFailure: 'answer' } as const;

/** A log of one node, in which commits stand still until they are let go. */
class HeldLog implements CoordinationLog {
  commits = 0;
  /** Of the commits to come. */
  failing = 0;
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
    if (this.failing-- > 0) return FAILED;
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
/** Whether it owes a purge, as often as it says so. */
let owed: boolean[];

/** Resolves when it has its place in the log. */
async function join(mode: NodeMode): Promise<ClusterAuthority> {
  const established = Promise.withResolvers<void>();
  const joining = new ClusterAuthority({
    mode,
    log,
    clock: new SettableClock(),
    memoryBytes: 64 * 1024,
    holdKeepMs: 0,
    lastEpoch: LAST_EPOCH,
    exhausted: ignored,
    epochsChanged: ignored,
    watcher: {
      emptied: () => established.resolve(),
      renewed: ignored,
      joined: ignored,
      leaseChanged: ignored,
      waitedOut: ignored,
      owes: (isOwing) => owed.push(isOwing),
      leaving: ignored,
    },
  });
  await joining.join();
  await established.promise;
  return joining;
}

beforeEach(async () => {
  log = new HeldLog();
  owed = [];
  authority = await join('lease');
});
afterEach(() => authority.close());

/** The purge of the log that was the last when something is asked for now. */
function seqNow(): number | undefined {
  return authority.epochs && seqOf(authority.epochs, authority.marks.epoch);
}

/** Nobody else is asked, so it takes no longer. */
function atOnce<T>(answer: Promise<T> | undefined): Promise<T | 'no answer' | undefined> {
  return Promise.race([answer, turn('no answer' as const)]);
}

/** What may be done with what another node, or this one when it had these rules before, stored as of `seq`. */
function verdictOn(seq: number): string {
  const asOf = authority.epochs && epochOf(authority.epochs, seq);
  return asOf === undefined ? 'unusable' : authority.marks.gate({ tagIds: OF_NEW_RULES, asOf, sentAt: 0 }).kind;
}

describe('after a reload by which purges name things otherwise (PURGE-PROTOCOL §4.4 "L2 entries")', () => {
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
});

it('when its epochs start again, purges of the log and epochs go on together', async () => {
  for (let i = 0; i <= LAST_EPOCH; i++) void authority.publish(BY_OLD_RULES, ONCE);
  await log.letGo(LAST_EPOCH + 1);
  expect([seqNow(), verdictOn(LAST_EPOCH + 1), verdictOn(LAST_EPOCH)]).toEqual([LAST_EPOCH + 1, 'ok', 'unusable']);
});

it('says when the purge of a write begins to be owed, and when it is made', async () => {
  log.failing = 1;
  const answer = await authority.publish(BY_OLD_RULES, { ...ONCE, onFailure: 'retry' });
  expect([answer.kind, owed]).toEqual(['unknown', [true]]);
  await log.letGo(1);
  expect(owed).toEqual([true, false]);
});

describe('once it is closed', () => {
  it('a purge is rejected, and one that was under way is unknown', async () => {
    const underway = authority.publish(BY_OLD_RULES, ONCE);
    await authority.close();
    expect([await atOnce(underway), await atOnce(authority.publish(BY_OLD_RULES, ONCE))]).toEqual([{ kind: 'unknown' }, { kind: 'rejected' }]);
  });

  it('no barrier is passed', async () => {
    const asking = await join('barrier');
    await asking.close();
    expect(await atOnce(asking.barrier?.())).toBe(false);
  });
});
