// For how long are entries fresh? Counts in buckets that double, so that those of several threads add up; the least and the most exactly.
import { z } from 'zod';

/** Milliseconds. `counts[i]`: those below 2^i seconds and not below the one before. */
export const LIFETIMES = z.object({ least: z.number(), most: z.number(), counts: z.array(z.number()) });
export type Lifetimes = z.output<typeof LIFETIMES>;

/** 2^24 seconds are half a year; what lives longer counts there. */
const BUCKETS = 25;

export function noLifetimes(): Lifetimes {
  return { least: Infinity, most: 0, counts: Array<number>(BUCKETS).fill(0) };
}

/** What arrived stale is fresh for no time. */
export function addLifetime(into: Lifetimes, remainingMs: number): void {
  const lifetimeMs = Math.max(0, remainingMs);
  const at = bucketOf(lifetimeMs);
  into.least = Math.min(into.least, lifetimeMs);
  into.most = Math.max(into.most, lifetimeMs);
  into.counts[at] = (into.counts[at] ?? 0) + 1;
}

export function joinLifetimes(into: Lifetimes, from: Lifetimes): void {
  into.least = Math.min(into.least, from.least);
  into.most = Math.max(into.most, from.most);
  from.counts.forEach((count, at) => (into.counts[at] = (into.counts[at] ?? 0) + count));
}

/** The middle one as far as its bucket tells: within a factor of two, never outside of what there was. */
export function medianOf({ least, most, counts }: Lifetimes): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  const at = counts.findIndex((count) => (below += count) * 2 >= total);
  const [from, to] = at === 0 ? [0, 1] : [2 ** (at - 1), 2 ** at];
  return Math.min(most, Math.max(least, Math.round(((from + to) / 2) * 1_000)));
}

function bucketOf(lifetimeMs: number): number {
  const seconds = lifetimeMs / 1_000;
  return seconds < 1 ? 0 : Math.min(BUCKETS - 1, Math.floor(Math.log2(seconds)) + 1);
}
