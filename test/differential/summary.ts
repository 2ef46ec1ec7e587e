// A differential run in a few words, and whether it was one.
import type { Tally } from './episode.ts';

/** A run in which node:http reads everything compares it with itself. */
const LOWEST_FAST_SHARE = 0.4;
const LOWEST_HIT_SHARE = 0.05;
const STATUSES = [200, 204, 206, 301, 304, 400, 404, 410, 412, 414, 416, 417, 431, 504, 505, 508];

export function failureOf(tally: Tally): string | undefined {
  if (!(tally.fast / tally.answers > LOWEST_FAST_SHARE)) return `only ${tally.fast} of ${tally.answers} answers came by the fast path`;
  if (!(tally.hits / tally.answers > LOWEST_HIT_SHARE)) return `only ${tally.hits} of ${tally.answers} answers were hits`;
  const missing = STATUSES.filter((status) => !tally.statuses.has(status));
  return missing.length === 0 ? undefined : `nothing was answered ${missing.join(', ')}`;
}

export function summary({ turns, answers, fast, hits, statuses, permitted }: Tally, tookMs: number): string {
  const byStatus = [...statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status} × ${count}`);
  return [
    `differential: ${turns} turns, ${answers} answers on either side, ${fast} of them by the fast path, ${hits} hits, ${(tookMs / 1000).toFixed(1)} s`,
    `  ${byStatus.join(', ')}`,
    ...[...permitted].map(([reason, count]) => `  not compared further, ${count} times: ${reason}`),
  ].join('\n');
}
