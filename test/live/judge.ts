// Is a live history one that the protocol permits, and was the cache of use in it? PURGE-PROTOCOL §6, I8 too.
import { check } from '../history/check.ts';
import type { LiveHistory } from './live.ts';
import { FLEETS, nameOf, type Scenario } from './scenarios.ts';

export interface Judged {
  readonly violations: readonly string[];
  /** In one line. */
  readonly summary: string;
}

/** Of the confirmations of a run without faults: those of the first three seconds wait for the list of nodes to be sure. */
const MEDIAN_BELOW_MS = 1_000;

export function judge(scenario: Scenario, history: LiveHistory): Judged {
  const { reads, hitRatio, violations: broken } = check(history);
  const hits = history.reads.filter(({ hit }) => hit).length;
  const waits = waitsOf(history);
  const useless: string[] = [];
  if (hits === 0 || waits.length === 0) useless.push(`I8 ${hits} hits, ${waits.length} purges confirmed`);
  if (scenario.fault === 'none') useless.push(...disturbed(scenario, history, { hitRatio, medianMs: middleOf(waits) }));
  const violations = [...broken, ...useless];
  const summary = [
    `${nameOf(scenario)}: ${reads} reads, ${hits} hits (${(100 * hitRatio).toFixed(0)} %)`,
    `${waits.length} purges confirmed, ${history.refusals.length} not; median ${middleOf(waits).toFixed(1)} ms, slowest ${(waits.at(-1) ?? 0).toFixed(0)} ms; ${violations.length} violations`,
  ].join('; ');
  return { violations, summary };
}

/** Where nothing happens, every node confirms every purge. */
function disturbed(
  { fleet }: Scenario,
  { acks, refusals }: LiveHistory,
  { hitRatio, medianMs }: { readonly hitRatio: number; readonly medianMs: number },
): string[] {
  const found: string[] = [];
  const confirming = FLEETS[fleet].filter(({ mode }) => mode === 'lease').length;
  if (hitRatio < 1 / 3) found.push(`I8 ${(100 * hitRatio).toFixed(0)} % hits`);
  if (medianMs > MEDIAN_BELOW_MS) found.push(`I8 half of the purges took more than ${medianMs.toFixed(0)} ms`);
  if (refusals.length > 0) found.push(`I8 ${refusals.length} purges were not confirmed, such as ${refusals[0]}`);
  for (const { register, nodes } of acks) {
    if (nodes === undefined || (nodes.confirmed === confirming && nodes.expired === 0)) continue;
    found.push(`I10 a purge of ${register}: ${nodes.confirmed} nodes confirmed it and ${nodes.expired} expired, of ${confirming}`);
  }
  return found;
}

/** Once for each purge, however many registers it named. */
function waitsOf({ acks }: LiveHistory): number[] {
  const confirmed = acks.filter(({ boundMs }) => boundMs === undefined);
  return [...new Map(confirmed.map(({ sentAt, ackedAt }) => [ackedAt, ackedAt - sentAt])).values()].toSorted((a, b) => a - b);
}

function middleOf(sorted: readonly number[]): number {
  return sorted[sorted.length >> 1] ?? 0;
}
