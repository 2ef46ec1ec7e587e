// Purges of every kind, and what each of them promises where reads of the origin may lag. PURGE-PROTOCOL §3.2 rules 8 and 12, §3.6.
import type { LoggedPurge } from '../../src/cluster/coordination-log.ts';
import type { Random } from '../history/random.ts';
import { tagIdsOfRegisters } from './cache.ts';

/** What a purge is for: versions of registers that were committed before it was sent. */
export type Written = readonly (readonly [register: number, version: number])[];

/** How far reads of the origin may be behind in a world: not at all, or less than some settle windows, or less than the longest. */
export const LAGS_MS: readonly number[] = [0, 0, 40, 300];

const SETTLES_MS: readonly number[] = [50, 350];

/** How much faster than another the clock of a node may go, and some more. */
export const CLOCKS_DIFFER = 1.02;

export function hardPurge(written: Written, all: boolean): LoggedPurge {
  return { tagIds: tagIdsOf(written), all, mode: 'hard', settleMs: 0, versions: [] };
}

/** What follows a write is never soft. */
export function anyPurge(random: Random, written: Written, { follows }: { readonly follows: 'write' | 'nothing' }): LoggedPurge {
  const all = random.chance(0.05);
  const isSoft = random.chance(0.3) && follows === 'nothing';
  return {
    tagIds: all ? new Int32Array(0) : tagIdsOf(written),
    all,
    mode: isSoft ? 'soft' : 'hard',
    settleMs: random.chance(0.3) ? random.pick(SETTLES_MS) : 0,
    versions: random.chance(0.3) ? written.map(([register, lowest]) => ({ tagIds: tagIdsOfRegisters([register]), lowest })) : [],
  };
}

/** Whether nothing older can be stored after it. Versions that are demanded of some say nothing of all. */
export function outlasts({ settleMs, versions, all }: LoggedPurge, lagMs: number): boolean {
  return lagMs === 0 || settleMs >= lagMs * CLOCKS_DIFFER || (versions.length > 0 && !all);
}

function tagIdsOf(written: Written): Int32Array {
  return tagIdsOfRegisters(written.map(([register]) => register));
}
