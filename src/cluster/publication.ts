// A purge as the marks take it, and as the log has it: instants here, durations there, since no two nodes' clocks agree.
import type { Publication } from '../purge/authority.ts';
import type { LoggedPurge } from './coordination-log.ts';

/** What the log states as durations begins at `at`, where it is applied. */
export function publicationOf({ tagIds, all, mode, settleMs, versions }: LoggedPurge, at: number): Publication {
  return {
    selectors: { tagIds, all },
    mode,
    at,
    ...(settleMs > 0 ? { heldUntil: at + settleMs } : {}),
    ...(versions.length > 0 ? { versions } : {}),
  };
}

export function loggedOf({ selectors, mode, at, heldUntil = at, versions = [] }: Publication): LoggedPurge {
  return { ...selectors, mode, settleMs: heldUntil - at, versions };
}
