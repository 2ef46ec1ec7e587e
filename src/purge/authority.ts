// Who numbers purges and says that one is confirmed: the process (purge/marks.ts) now; shared memory and Redis sit behind the same interface.
import type { Verdict } from '../rules/stored-response.ts';

/** Hashed selectors of one purge. Each array holds pairs of (bucket, fingerprint). */
export interface PurgeSelectors {
  readonly tagIds: Int32Array;
  readonly all: boolean;
}

export interface Publication {
  readonly selectors: PurgeSelectors;
  readonly mode: 'hard' | 'soft';
  /** Instant of the purge, epoch ms; a soft purge makes entries stale since then. */
  readonly at: number;
  /** Fills carrying one of `tagIds` whose request was sent before this instant are not stored. Absent: no hold. */
  readonly heldUntil?: number;
  /** Lowest acceptable version by tag id pair, in the order of `tags`. */
  readonly versions?: readonly { readonly tagIds: Int32Array; readonly lowest: number }[];
}

export type Confirmation =
  | { readonly kind: 'confirmed'; readonly epoch: number }
  /** No room for the holds or versions it asks for: nothing was published. */
  | { readonly kind: 'out-of-holds' };

/** The marks as readers see them. Every method is synchronous: no await may stand between a verdict and what it permits. */
export interface Marks {
  /** Whether every purge confirmed until now is in the marks; without it, verdicts are `purged` or `uncoordinated`. Ask it before `epoch`, and afresh each time. */
  readonly isCoordinated: boolean;
  /** The last published epoch. Read it before the marks, never after. */
  readonly epoch: number;
  /** PURGE-PROTOCOL §3.2 `gate`: what may be done with something that carries `tagIds` and whose origin request was sent as of epoch `asOf`. `sentAt` is its instant, for holds. */
  gate(subject: { readonly tagIds: Int32Array; readonly asOf: number; readonly sentAt: number }): Verdict;
  /** The same for an entry: skipped when nothing was published since `checkedAt`, which it updates. */
  gateEntry(entry: { readonly tagIds: Int32Array; readonly asOf: number; readonly receivedAt: number; checkedAt: number }): Verdict;
  /** Whether every stated version is at least what purges demanded. */
  versionsAccepted(stated: readonly { readonly tagIds: Int32Array; readonly version: number }[]): boolean;
}

/** The process with one thread that serves, or with several. */
export type AuthorityName = 'process' | 'workers';

export interface Authority {
  readonly name: AuthorityName;
  readonly marks: Marks;
  /** Numbers, writes and publishes. For the process it has happened when the call returns; the promise is for authorities that ask others. */
  publish(publication: Publication): Confirmation | Promise<Confirmation>;
}
