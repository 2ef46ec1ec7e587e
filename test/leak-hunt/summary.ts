// A hunt in a few words, and whether it was one: zero crossings, and answers out of the store.
import type { Tally } from './hunt.ts';

/** A proxy that never caches must not pass. Each worker has a store of its own. */
const LOWEST_HIT_RATIO = 0.1;

export function hitRatio({ hits, answers }: Tally): number {
  return hits / answers;
}

export function failureOf(tally: Tally): string | undefined {
  if (tally.faults.length > 0) return `${tally.faults.length} answers were wrong`;
  if (!(hitRatio(tally) > LOWEST_HIT_RATIO)) return `only ${percent(hitRatio(tally))} hits`;
  if (tally.collapsed === 0 || tally.stale === 0 || tally.left === 0 || tally.cut === 0) return 'not everything was tried';
  return undefined;
}

export function summary(seed: number, tally: Tally, tookMs: number): string {
  const { asked, answers, collapsed, stale, left, cut, purges, changes, rotations, forwarded, faults } = tally;
  return [
    `leak hunt: seed ${seed}: ${asked} requests, ${answers} answered, ${forwarded} forwarded, ${purges} purges, ${changes} tiers changed without one, ${rotations} keys changed`,
    `${percent(hitRatio(tally))} hits, ${collapsed} collapsed, ${stale} stale, ${left} clients left, ${cut} answers cut`,
    `${faults.length} crossings and other faults, ${(tookMs / 1000).toFixed(1)} s`,
  ].join('; ');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
