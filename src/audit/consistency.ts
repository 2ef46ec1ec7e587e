// How consistent is a route, in nines? Of the sampled hits that came to a judgement, the share after which the entry was right, or gone, within the window.
import type { Verdict } from './verdict.ts';

export type Verdicts = Readonly<Partial<Record<Verdict, number>>>;

export interface Consistency {
  readonly share: number;
  readonly nines: number;
}

export function isJudged(verdict: Verdict): boolean {
  return verdict === 'equal' || verdict === 'caught' || verdict === 'gone' || verdict === 'missed';
}

/** `hits`: by verdict; `audits`: how many came to a judgement. Undefined where nothing was judged. */
export function consistencyOf({ hits, audits }: { readonly hits: Verdicts; readonly audits: number }): Consistency | undefined {
  const { equal = 0, caught = 0, gone = 0, missed = 0 } = hits;
  const judged = equal + caught + gone + missed;
  if (judged === 0 || audits === 0) return undefined;
  return { share: 1 - missed / judged, nines: nines({ judged, missed, weight: judged / audits }) };
}

/**
 * One audit more than was seen is counted as missed, with as many hits as audits had on the average: so a hundred audits without any prove two nines, and not
 * infinitely many, however many hits joined them.
 */
function nines({ judged, missed, weight }: { readonly judged: number; readonly missed: number; readonly weight: number }): number {
  return Math.log10((judged + weight) / (missed + weight));
}
