// How long may a node answer from its cache, and when has everybody else's right to do so run out? PURGE-PROTOCOL §4.4.

/** Both clocks of one node in ms: the monotonic one, and the wall clock, which goes on where the other stands still (a suspended machine). */
export interface Moment {
  readonly mono: number;
  readonly wall: number;
}

/** T: from the sending of a renewal on. */
export const LEASE_MS = 3_000;

export const RENEW_EVERY_MS = 1_000;

/** D: after so long by any node's clock, a lease that was asked for before is over by its holder's, with rates that differ by less than 2 %. */
export const EXPIRY_MS = LEASE_MS * 1.02 + 50;

/** The end of a lease whose renewal was sent at `sentAt`: never from when its answer came. In whole ms, as threads share it: to all of them it is over at once. */
export function leaseFrom(sentAt: Moment): Moment {
  return { mono: Math.floor(sentAt.mono) + LEASE_MS, wall: Math.floor(sentAt.wall) + LEASE_MS };
}

/** Whether `until` is still ahead by both clocks. */
export function isBefore(now: Moment, until: Moment | undefined): boolean {
  return until !== undefined && now.mono < until.mono && now.wall < until.wall;
}
