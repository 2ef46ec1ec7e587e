// Was an entry that differs from its origin caught by a purge, missed by all of them, or is it the origin that differs with itself?
//
// The idea: a hit is compared with what the origin says after it (the first reading). What differs is stale, or the origin does not say the same twice.
// So the entry is watched for a window, in which the purge of the write that was seen may still come; if none came, the origin is read once more (the
// second reading), and what differs in both readings alike, and not between them, is what nobody purged.
// The races: a purge between the hit and the first reading has ended the entry, so nothing is missed; a write between the readings makes them differ from
// each other, but not back to the entry; a replica that lags answers older than the entry, which its versions or Last-Modified tell, or catches up with it.
// What must stay true: whether the entry was purged is asked of the marks, and in the step that judges, after the reading it judges has come.
import { pathsOutside } from './changed-paths.ts';
import type { Differences } from './content.ts';

/** `gone`: the entry ended otherwise before its purge was due. `failed`: the origin, or the marks, could not say. `skipped`: nothing was asked. */
export const VERDICTS = ['equal', 'caught', 'missed', 'unstable', 'gone', 'failed', 'skipped'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What has become of an entry: it would still answer; a purge ended it; its lifetime, a newer one or the lack of room did; nobody can say now. */
export type EntryState = 'answers' | 'purged' | 'gone' | 'unknown';

/** How old what a reading says is, beside the entry, where that can be told. */
export type Order = 'older' | 'newer' | 'untold';

export type AtOnce = Extract<Verdict, 'equal' | 'caught' | 'gone' | 'unstable'> | 'watch';

export function judgeFirst(reading: { readonly differences: Differences; readonly order: Order; readonly entry: EntryState }): AtOnce {
  if (reading.differences.length === 0) return 'equal';
  if (reading.entry === 'purged') return 'caught';
  if (reading.entry === 'gone') return 'gone';
  return reading.order === 'older' ? 'unstable' : 'watch';
}

export type WhileWatched = Extract<Verdict, 'caught' | 'gone' | 'failed'> | 'watch' | 'read-again';

export function judgeWatched({ entry, isDue }: { readonly entry: EntryState; readonly isDue: boolean }): WhileWatched {
  switch (entry) {
    case 'purged':
      return 'caught';
    case 'gone':
      return 'gone';
    case 'unknown':
      return isDue ? 'failed' : 'watch';
    case 'answers':
      return isDue ? 'read-again' : 'watch';
  }
}

export interface Readings {
  /** Of the first reading from the entry, of the second from it, and of the two from each other. */
  readonly first: Differences;
  readonly second: Differences;
  readonly between: Differences;
  /** Of the first and the second beside the entry. */
  readonly orders: readonly [first: Order, second: Order];
  readonly entry: EntryState;
}

export interface Judged {
  readonly verdict: Extract<Verdict, 'caught' | 'gone' | 'failed' | 'missed' | 'unstable'>;
  /** What differs from the entry, and with `unstable` from itself. */
  readonly differences: Differences;
}

export function judgeSecond({ first, second, between, orders, entry }: Readings): Judged {
  if (entry === 'purged') return { verdict: 'caught', differences: first };
  if (entry === 'gone') return { verdict: 'gone', differences: first };
  if (entry === 'unknown') return { verdict: 'failed', differences: first };
  if (second.length === 0 || orders[1] === 'older') return { verdict: 'unstable', differences: first };
  // Two later versions: a write is proven, however many followed.
  if (orders[0] === 'newer' && orders[1] === 'newer') return { verdict: 'missed', differences: second };
  const lasting = pathsOutside(second, between).filter((path) => first.includes(path));
  return lasting.length > 0 ? { verdict: 'missed', differences: lasting } : { verdict: 'unstable', differences: second };
}
