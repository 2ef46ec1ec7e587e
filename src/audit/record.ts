// What a thread that serves tells the main one of an audit, or of what was skipped. Plain data: nothing in it is a credential, a query value or a value of a body.
import type { Verdict } from './verdict.ts';

export interface AuditRecord {
  readonly route: string;
  readonly verdict: Verdict;
  /** Hits of the entry that were sampled until the verdict, this one's among them. */
  readonly hits: number;
  /** With `caught`: from the hit to the purge. */
  readonly afterMs?: number;
  /** With `missed` and `unstable`. */
  readonly difference?: Difference;
}

/** An entry and how the origin differs from it. Instants in epoch ms. */
export interface Difference {
  /** The same for every audit of one entry, and for no other's. */
  readonly entry: string;
  readonly hitAt: number;
  readonly fetchedAt: number;
  readonly ageMs: number;
  /** Host, path and the names of the query. */
  readonly url: string;
  readonly scope: string;
  readonly tags: readonly string[];
  /** Fit to be shown. */
  readonly changed: readonly string[];
  /** Of the entry and of the origin's answer. */
  readonly statuses: readonly [stored: number, origin: number];
}
