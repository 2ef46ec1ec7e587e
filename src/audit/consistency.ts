// How consistent is a route, in nines? Of the audits that came to a judgement, the share after which the entry was right, or gone, within the window.
import type { Verdict } from './verdict.ts';

export type Verdicts = Readonly<Partial<Record<Verdict, number>>>;

/** Undefined where nothing was judged. */
export function consistencyOf(verdicts: Verdicts): { readonly judged: number; readonly share: number; readonly nines: number } | undefined {
  const { equal = 0, caught = 0, gone = 0, missed = 0 } = verdicts;
  const judged = equal + caught + gone + missed;
  if (judged === 0) return undefined;
  return { judged, share: 1 - missed / judged, nines: nines(judged, missed) };
}

/** One miss more than was seen is counted: so a hundred audits without any prove two nines, and not infinitely many. */
function nines(judged: number, missed: number): number {
  return Math.log10((judged + 1) / (missed + 1));
}
