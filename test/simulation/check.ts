// Is a simulated history one that the protocol permits? PURGE-PROTOCOL §6, invariants 1, 2, 4, 5, 6 and 7; what the world itself saw broken (3 and 10) stands in it.
import { type Floor, Floors } from '../history/floors.ts';
import type { History, Read } from './history.ts';
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

export function check({ reads, acks, writes, faults }: History): Checked {
  const answers = reads.filter((read): read is Answered => read.stated !== undefined);
  const confirmed = new Floors(acks.map(({ register, version, at }) => ({ register: `${register}`, version, at })));
  const seen = new Floors(answers.flatMap((read) => seenBy(read, keyAt(read))));
  const seenAnywhere = new Floors(answers.flatMap((read) => seenBy(read, keyOf(read))));
  const writtenAt = new Map(writes.map(({ register, version, at }) => [`${register}=${version}`, at]));
  const late = answers.filter((read) => lateFault(read, confirmed) !== undefined);
  const violations = answers.flatMap((read) => [
    fault(
      read,
      'I1',
      olderThan(read, (register) => confirmed.before(`${register}`, read.sentAt)),
    ),
    fault(read, 'I2', isPromisedFresh(read) ? lateFault(read, confirmed) : undefined),
    fault(read, 'I4', scopeFault(read)),
    fault(read, 'I5', integrityFault(read)),
    fault(
      read,
      'I6',
      olderThan(read, (register) => seen.before(`${keyAt(read)} ${register}`, read.sentAt)),
    ),
    fault(read, 'I7', invention(read, writtenAt)),
  ]);
  return {
    violations: [...faults, ...violations.filter((violation) => violation !== undefined)],
    late: late.filter((read) => !isPromisedFresh(read)).length,
    backwards: answers.filter((read) => olderThan(read, (register) => seenAnywhere.before(`${keyOf(read)} ${register}`, read.sentAt)) !== undefined)
      .length,
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

function lateFault(read: Answered, confirmed: Floors): string | undefined {
  return olderThan(read, (register) => confirmed.before(`${register}`, read.committedAt));
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

function invention({ stated, endedAt }: Answered, writtenAt: ReadonlyMap<string, number>): string | undefined {
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
