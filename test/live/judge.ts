// Is a live history one that the protocol permits, and was the cache of use in it? PURGE-PROTOCOL §6, I8 too.
import { EXPIRY_MS } from '../../src/cluster/lease-terms.ts';
import { check } from '../history/check.ts';
import type { Ack } from '../history/record.ts';
import type { LiveHistory } from './live.ts';
import { FLEETS, nameOf, type Scenario, sharesBodies } from './scenarios.ts';

export interface Judged {
  readonly violations: readonly string[];
  /** In one line. */
  readonly summary: string;
}

/** Of the confirmations of a run without faults: those of the first three seconds wait for the list of nodes to be sure. */
const MEDIAN_BELOW_MS = 1_000;

/** What the history shows besides what every history must. */
interface Figures {
  readonly hits: number;
  readonly hitRatio: number;
  /** Hits on what another node had asked the origin for. */
  readonly sharedHits: number;
  /** From the sending of purges to their confirmation, ascending. */
  readonly waitsMs: readonly number[];
  /** Purges that were answered before their confirmation, and confirmed to whoever asked again. */
  readonly followed: number;
}

export function judge(scenario: Scenario, history: LiveHistory): Judged {
  const { reads, hitRatio, violations: broken } = check(history);
  const figures = { hitRatio, ...figuresOf(history) };
  const violations = [...broken, ...boundFaults(history), ...useless(scenario, figures)];
  if (scenario.fault === 'none') violations.push(...disturbed(scenario, history, figures));
  const { hits, sharedHits, waitsMs, followed } = figures;
  const summary = [
    `${nameOf(scenario)}: ${reads} reads, ${hits} hits (${(100 * hitRatio).toFixed(0)} %), ${sharedHits} of them on what another node had fetched`,
    `${waitsMs.length} purges confirmed, ${followed} of them after a 202, ${history.refusals.length} not; median ${middleOf(waitsMs).toFixed(1)} ms, slowest ${(waitsMs.at(-1) ?? 0).toFixed(0)} ms`,
    `${violations.length} violations`,
  ].join('; ');
  return { violations, summary };
}

function figuresOf({ reads, acks, fetchedBy }: LiveHistory): Omit<Figures, 'hitRatio'> {
  const hits = reads.filter(({ hit }) => hit);
  // Once for each purge, however many registers it named.
  const confirmed = [...new Map(acks.filter((ack) => !isPromise(ack)).map((ack) => [ack.sentAt, ack])).values()];
  const promised = new Set(acks.filter(isPromise).map(({ sentAt }) => sentAt));
  return {
    hits: hits.length,
    sharedHits: hits.filter(({ stated, node }) => stated !== undefined && fetchedBy.get(stated.nonce) !== node).length,
    waitsMs: confirmed.map(({ sentAt, ackedAt }) => ackedAt - sentAt).toSorted((a, b) => a - b),
    followed: confirmed.filter(({ sentAt }) => promised.has(sentAt)).length,
  };
}

/** Answered 202: what it promises is its bound. */
function isPromise({ boundMs }: Ack): boolean {
  return boundMs !== undefined;
}

function boundFaults({ acks }: LiveHistory): string[] {
  const late = acks.filter(({ boundMs = 0 }) => boundMs > EXPIRY_MS);
  return late.map(({ register, boundMs }) => `I9 a purge of ${register} is to hold after ${boundMs} ms only`);
}

function useless(scenario: Scenario, { hits, sharedHits, waitsMs }: Figures): string[] {
  const found: string[] = [];
  if (hits === 0 || waitsMs.length === 0) found.push(`I8 ${hits} hits, ${waitsMs.length} purges confirmed`);
  if (sharesBodies(scenario) !== sharedHits > 0) found.push(`I8 ${sharedHits} hits on what another node had fetched`);
  return found;
}

/** Where nothing happens, every node confirms every purge, and whoever did not wait is told so later. */
function disturbed({ fleet }: Scenario, { acks, refusals }: LiveHistory, { hitRatio, waitsMs, followed }: Figures): string[] {
  const found: string[] = [];
  const confirming = FLEETS[fleet].filter(({ mode }) => mode === 'lease').length;
  const medianMs = middleOf(waitsMs);
  if (hitRatio < 1 / 3) found.push(`I8 ${(100 * hitRatio).toFixed(0)} % hits`);
  if (medianMs > MEDIAN_BELOW_MS) found.push(`I8 half of the purges took more than ${medianMs.toFixed(0)} ms`);
  if (refusals.length > 0) found.push(`I8 ${refusals.length} purges were not confirmed, such as ${refusals[0]}`);
  if (followed === 0) found.push('I9 no purge was answered before its confirmation');
  for (const { register, nodes } of acks) {
    if (nodes === undefined || (nodes.confirmed === confirming && nodes.expired === 0)) continue;
    found.push(`I10 a purge of ${register}: ${nodes.confirmed} nodes confirmed it and ${nodes.expired} expired, of ${confirming}`);
  }
  return found;
}

function middleOf(sorted: readonly number[]): number {
  return sorted[sorted.length >> 1] ?? 0;
}
