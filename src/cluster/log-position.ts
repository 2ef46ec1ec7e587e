// Which entries of the log come next, and do they belong to it at all? PURGE-PROTOCOL §4.3.
import type { LogEntry, Position } from './coordination-log.ts';

export interface Taken {
  readonly position: Position;
  /** Those that had not been applied, in order. */
  readonly entries: readonly LogEntry[];
  /** Something is missing or of another log: only what came before it was taken. */
  readonly doubtful: boolean;
}

/** Goes on from `position` over `entries` as far as they follow. Those from before are passed over. */
export function takeEntries(position: Position, entries: readonly LogEntry[]): Taken {
  let { applied, nonce } = position;
  const taken: LogEntry[] = [];
  const result = (doubtful: boolean): Taken => ({ position: { ...position, applied, nonce }, entries: taken, doubtful });
  for (const entry of entries) {
    if (entry.incarnation !== position.incarnation || entry.seq > applied + 1) return result(true);
    if (entry.seq === applied && entry.nonce !== nonce) return result(true);
    if (entry.seq <= applied) continue;
    taken.push(entry);
    ({ seq: applied, nonce } = entry);
  }
  return result(false);
}

/** Whether two positions are in the same log of the same Redis process. */
export function isSameLog(a: Position, b: Position): boolean {
  return a.incarnation === b.incarnation && a.server === b.server;
}
