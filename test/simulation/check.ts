// Is a simulated history one that the protocol permits? PURGE-PROTOCOL §6, invariants 1, 2, 4, 5, 6 and 7, and §3.2 rule 8; what the world itself saw broken (3 and 10) stands in it.
import { type Floor, Floors } from '../history/floors.ts';
import type { History, Read } from './history.ts';
import { CLOCKS_DIFFER } from './purge-kinds.ts';
import type { Stated } from './origin.ts';

export interface Checked {
  /** Invariant and what broke it. */
  readonly violations: readonly string[];
  /** I2 where nothing promises it: heads that were given away after a confirmed purge that they lack, to requests from before it. */
  readonly late: number;
  /** I6 across nodes: answers that are older than what another node had answered before. */
  readonly backwards: number;
}

type Answered = Read & { readonly stated: Stated };

/** By register, what the reads of a history are measured by. */
interface Known {
  readonly acked: Floors;
  /** By node. */
  readonly softened: Floors;
  /** By node, page and scope; and by page and scope alone. */
  readonly seen: Floors;
  readonly seenAnywhere: Floors;
  readonly writtenAt: ReadonlyMap<string, number>;
  readonly lagMs: number;
}

export function check(history: History): Checked {
  const answers = history.reads.filter((read): read is Answered => read.stated !== undefined);
  const known = knownOf(history, answers);
  const violations = answers.flatMap((read) => [
    fault(read, 'I1', unpurged(read, known, read.sentAt)),
    fault(read, 'I2', isPromisedFresh(read) ? unpurged(read, known, read.committedAt) : undefined),
    fault(read, 'I4', scopeFault(read)),
    fault(read, 'I5', integrityFault(read)),
    fault(
      read,
      'I6',
      olderThan(read, (register) => known.seen.before(`${keyAt(read)} ${register}`, read.sentAt)),
    ),
    fault(read, 'I7', invention(read, known)),
    fault(read, 'rule 8', unsoftened(read, known)),
  ]);
  return {
    violations: [...history.faults, ...violations.filter((violation) => violation !== undefined)],
    late: answers.filter((read) => !isPromisedFresh(read) && unpurged(read, known, read.committedAt) !== undefined).length,
    backwards: answers.filter(
      (read) => olderThan(read, (register) => known.seenAnywhere.before(`${keyOf(read)} ${register}`, read.sentAt)) !== undefined,
    ).length,
  };
}

/** An origin that lags goes back by itself: nothing is taken for seen. */
function knownOf({ acks, softenings, writes, lagMs }: History, answers: readonly Answered[]): Known {
  const monotonic = lagMs === 0 ? answers : [];
  return {
    acked: new Floors(acks.map((ack) => ({ ...ack, register: `${ack.register}` }))),
    softened: new Floors(softenings.map(({ node, register, ...floor }) => ({ register: `${node} ${register}`, ...floor }))),
    seen: new Floors(monotonic.flatMap((read) => seenBy(read, keyAt(read)))),
    seenAnywhere: new Floors(monotonic.flatMap((read) => seenBy(read, keyOf(read)))),
    writtenAt: new Map(writes.map(({ register, version, at }) => [`${register}=${version}`, at])),
    lagMs,
  };
}

export function hitsOf({ reads }: Pick<History, 'reads'>): number {
  return reads.filter(isFromStore).length;
}

/** What is stored is judged in the step that gives it away, and a lease that is held then knows every confirmed purge. A barrier was passed before. */
function isPromisedFresh(read: Answered): boolean {
  return read.underLease && isFromStore(read);
}

function isFromStore({ from }: Read): boolean {
  return from === 'hit' || from === 'stale' || from === 'stale-if-error';
}

/** Older than what a purge confirmed before `at` was for. Of what an origin that lags has just said, F1 asks only that it was asked after the write. */
function unpurged(read: Answered, { acked, writtenAt, lagMs }: Known, at: number): string | undefined {
  const isExcused = (register: number, version: number): boolean =>
    lagMs > 0 && !isFromStore(read) && (writtenAt.get(`${register}=${version}`) ?? 0) < read.fetchedAt;
  return olderThan(read, (register) => {
    const version = acked.before(`${register}`, at);
    return isExcused(register, version) ? 0 : version;
  });
}

/**
 * Fresh after a soft purge, or stale for longer than its window after it. What was on its way counts as stale since it came: marks.ts. A weak validator may
 * confirm what is older all the same.
 */
function unsoftened(read: Answered, { softened }: Known): string | undefined {
  const { from, node, sentAt, receivedAt, stated } = read;
  if ((from !== 'hit' && from !== 'stale') || stated.page.weak) return undefined;
  const windowMs = from === 'hit' ? 0 : stated.page.staleMs * CLOCKS_DIFFER;
  if (from === 'stale' && sentAt - windowMs < receivedAt) return undefined;
  return olderThan(read, (register) => softened.before(`${node} ${register}`, sentAt - windowMs));
}

function olderThan({ stated }: Answered, floor: (register: number) => number): string | undefined {
  for (const [register, version] of versionsOf(stated))
    if (version < floor(register)) return `r${register}=${version}, where it was ${floor(register)}`;
  return undefined;
}

function scopeFault({ stated, scope }: Answered): string | undefined {
  return stated.scope === (stated.page.scoped ? scope : 'public') ? undefined : `it is that of ${stated.scope}`;
}

function integrityFault({ stated, page, whole }: Answered): string | undefined {
  return stated.page.name === page && whole ? undefined : `it is ${stated.page.name}, whole: ${whole}`;
}

function invention({ stated, endedAt }: Answered, { writtenAt }: Known): string | undefined {
  for (const [register, version] of versionsOf(stated)) {
    if (version > 0 && (writtenAt.get(`${register}=${version}`) ?? Infinity) > endedAt) return `nobody wrote r${register}=${version}`;
  }
  return undefined;
}

/** What a fetch gave before it was stored tells the cache nothing: it may have been for those alone who asked before a purge. */
function seenBy(read: Answered, key: string): Floor[] {
  if (!isFromStore(read)) return [];
  return versionsOf(read.stated).map(([register, version]) => ({ register: `${key} ${register}`, version, at: read.endedAt }));
}

function versionsOf({ page, versions }: Stated): (readonly [register: number, version: number])[] {
  return page.registers.map((register, i) => [register, versions[i] ?? 0]);
}

/** A page, and whose it is. */
function keyOf({ stated }: Answered): string {
  return `${stated.page.name} ${stated.scope}`;
}

function keyAt(read: Answered): string {
  return `${read.node} ${keyOf(read)}`;
}

function fault(read: Answered, invariant: string, what: string | undefined): string | undefined {
  if (what === undefined) return undefined;
  const { from, page, scope, node, sentAt, endedAt } = read;
  return `${invariant} ${from} of ${page} for ${scope} at ${node}, sent at ${sentAt.toFixed(1)}, ended at ${endedAt.toFixed(1)}: ${what}`;
}
