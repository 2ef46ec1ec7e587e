// Was an entry that differs from its origin caught by a purge, missed by all of them, or is it the origin that differs with itself?
//
// The idea: a hit is compared with what the origin says after it (the first reading). What differs is stale, or the origin does not say the same twice.
// So the entry is watched for a window, in which the purge of the write that was seen may still come, and the origin is read again now and then until the
// window is over. What differs in all readings alike, and between none of them, is what nobody purged.
// The races: a purge between the hit and the first reading has ended the entry, so nothing is missed; a write between the readings makes them differ from
// each other, but not back to the entry; a replica that lags answers older than the entry, which its versions or Last-Modified tell, or catches up with it.
// What must stay true: whether the entry was purged is asked of the marks, and in the step that judges, after the reading it judges has come.
import type { Verdict as Gate } from '../rules/stored-response.ts';
import { MOST_PATHS, pathsOutside } from './changed-paths.ts';
import type { Differences } from './content.ts';

/** `gone`: the entry ended otherwise before its purge was due. `failed`: the origin, or the marks, could not say. `skipped`: nothing was asked. */
export const VERDICTS = ['equal', 'caught', 'missed', 'unstable', 'gone', 'failed', 'skipped'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What has become of an entry: it would still answer; a purge ended it; its lifetime, a newer one or the lack of room did; nobody can say now. */
export type EntryState = 'answers' | 'purged' | 'gone' | 'unknown';

/** `gate`: what the marks say of it. `isOfThisCache`: it was stored since the cache last began empty, which is nobody's purge. */
export function entryStateOf(
  gate: Gate['kind'],
  { isKept, isOfThisCache }: { readonly isKept: boolean; readonly isOfThisCache: boolean },
): EntryState {
  switch (gate) {
    case 'ok':
      return isKept ? 'answers' : 'gone';
    case 'purged':
    case 'softened':
      return isOfThisCache ? 'purged' : 'gone';
    case 'held':
    case 'uncoordinated':
      return 'unknown';
  }
}

/** How old what a reading says is, beside the entry, where that can be told. */
export type Order = 'older' | 'newer' | 'untold';

/** Of an entry that differs, in all: the first when it was hit, the last when its window is over. An origin that tosses a coin says the other thing in all of them once in 256 times. */
export const READINGS = 8;

/** One answer of the origin: how it differs from the entry, and how from the first reading. */
export interface Seen {
  readonly differences: Differences;
  readonly between: Differences;
  readonly order: Order;
}

/** What the readings so far say together. */
export interface Evidence {
  readonly firstAt: number;
  readonly readings: number;
  /** Paths at which every reading differs from the entry, and none from another. */
  readonly lasting: Differences;
  /** Paths that differed once, and then said what the entry says. */
  readonly returned: Differences;
  /** All that differed. */
  readonly seen: Differences;
  /** Every reading states a later version: a write is proven, however many followed. */
  readonly isNewer: boolean;
}

/** `flipping`: paths known to be one thing and then the other here; they prove nothing. */
export function evidenceOf({ differences, order }: Omit<Seen, 'between'>, known: { readonly at: number; readonly flipping: Differences }): Evidence {
  return {
    firstAt: known.at,
    readings: 1,
    lasting: order === 'older' ? [] : pathsOutside(differences, known.flipping),
    returned: [],
    seen: differences,
    isNewer: order === 'newer',
  };
}

export function weighed(evidence: Evidence, { differences, between, order }: Seen): Evidence {
  const { lasting } = evidence;
  const isOther = between.some((path) => WHOLE.has(path));
  return {
    ...evidence,
    readings: evidence.readings + 1,
    lasting: order === 'older' || isOther ? [] : pathsOutside(lasting, between),
    returned: order === 'older' ? evidence.returned : [...evidence.returned, ...saidAgain(lasting, differences)],
    seen: [...new Set([...evidence.seen, ...differences])],
    isNewer: evidence.isNewer && order === 'newer',
  };
}

/** Answers that differ so have nothing else to be compared. */
const WHOLE: ReadonlySet<string> = new Set(['status', 'body']);

/** Those of `paths` at which an answer says what the entry says: it does not differ there, nor in what they are part of, nor in a part of them. */
function saidAgain(paths: Differences, differences: Differences): Differences {
  if (differences.length >= MOST_PATHS || differences.some((path) => WHOLE.has(path))) return [];
  return pathsOutside(paths, differences).filter((path) => pathsOutside(differences, [path]).length === differences.length);
}

export type AtOnce = Extract<Verdict, 'equal' | 'caught' | 'gone' | 'unstable'> | 'watch';

export function judgeFirst({ evidence, entry }: { readonly evidence: Evidence; readonly entry: EntryState }): AtOnce {
  if (evidence.seen.length === 0) return 'equal';
  if (entry === 'purged') return 'caught';
  if (entry === 'gone') return 'gone';
  return provesNothing(evidence) ? 'unstable' : 'watch';
}

export type WhileWatched = Extract<Verdict, 'caught' | 'gone' | 'failed' | 'missed' | 'unstable' | 'skipped'> | 'watch' | 'read-again';

export interface Watched {
  readonly evidence: Evidence;
  readonly entry: EntryState;
  /** The window was over, and it still answered. */
  readonly isLate: boolean;
  readonly now: number;
  readonly windowMs: number;
}

/** A miss needs all readings, and what proves nothing has until the end of its window to be caught. What ends later, before all readings are there, proves nothing either way. */
export function judgeWatched({ evidence, entry, isLate, now, windowMs }: Watched): WhileWatched {
  const isDue = now >= evidence.firstAt + windowMs;
  switch (entry) {
    case 'purged':
      return isLate ? 'skipped' : 'caught';
    case 'gone':
      return isLate ? 'skipped' : 'gone';
    case 'unknown':
      return isDue ? 'failed' : 'watch';
    case 'answers':
      if (provesNothing(evidence)) return isDue ? 'unstable' : 'watch';
      if (evidence.readings >= READINGS) return 'missed';
      return now >= evidence.firstAt + (windowMs * evidence.readings) / (READINGS - 1) ? 'read-again' : 'watch';
  }
}

/** What a report shows of it. */
export function shownOf({ lasting, seen }: Evidence): Differences {
  return lasting.length > 0 ? lasting : seen;
}

function provesNothing({ lasting, isNewer }: Evidence): boolean {
  return lasting.length === 0 && !isNewer;
}
