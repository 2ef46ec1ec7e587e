// Was every event purged, after its commit and in order? Judged by the log of purges that nodes share, which outlives whoever is killed.

/** What a writer did. */
export interface Committed {
  readonly event: number;
  readonly subject: number;
  /** The last number in the log of purges before its transaction was committed, or its entry added. */
  readonly after: number;
}

/** What the log has: each purge by its number, and the events that it named. */
export interface Purged {
  readonly number: number;
  readonly events: readonly number[];
}

export interface Verdict {
  readonly lost: readonly number[];
  /** Purged, but never after its commit. */
  readonly early: readonly number[];
  /** Purged although its transaction was rolled back. */
  readonly undone: readonly number[];
  /** Purged for the first time before one of its subject that was committed earlier. */
  readonly outOfOrder: readonly number[];
  /** Not purged again after one of its subject that was committed earlier was. */
  readonly overtaken: readonly number[];
  /** Purges of an event beyond its first. */
  readonly repeats: number;
}

export function judge(committed: readonly Committed[], rolledBack: readonly number[], log: readonly Purged[]): Verdict {
  const numbers = new Map<number, number[]>();
  for (const { number, events } of log) for (const event of events) numbers.getOrInsertComputed(event, () => []).push(number);
  const purgesOf = (event: number): readonly number[] => numbers.get(event) ?? [];
  const lost = committed.filter(({ event }) => purgesOf(event).length === 0);
  const early = committed.filter(({ event, after }) => purgesOf(event).length > 0 && purgesOf(event).every((number) => number <= after));
  return {
    lost: lost.map(({ event }) => event),
    early: early.map(({ event }) => event),
    undone: rolledBack.filter((event) => purgesOf(event).length > 0),
    outOfOrder: behind(committed, (event) => purgesOf(event)[0]),
    overtaken: behind(committed, (event) => purgesOf(event).at(-1)),
    repeats: committed.reduce((sum, { event }) => sum + Math.max(0, purgesOf(event).length - 1), 0),
  };
}

/** Of each subject in the order of its commits. */
function behind(committed: readonly Committed[], numberOf: (event: number) => number | undefined): readonly number[] {
  const latest = new Map<number, number>();
  return committed.flatMap(({ event, subject }) => {
    const number = numberOf(event);
    if (number === undefined) return [];
    const before = latest.get(subject) ?? 0;
    latest.set(subject, Math.max(before, number));
    return number < before ? [event] : [];
  });
}

export function isClean({ lost, early, undone, outOfOrder, overtaken }: Verdict): boolean {
  return [lost, early, undone, outOfOrder, overtaken].every((events) => events.length === 0);
}
