// Who numbers purges and says that one is confirmed: the process, alone or with workers, or Redis with all its nodes (both in cluster/).
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

/** Of the nodes that could have answered from their caches: how many said to have applied it, and how many had lost the right to. */
export interface NodeCount {
  readonly confirmed: number;
  readonly expired: number;
}

export type Confirmation =
  /** `epoch`: of this process, now. `marked`: of the purge's own marks here, where that is another, or not known. `id` and `nodes` where others were asked. */
  | { readonly kind: 'confirmed'; readonly epoch: number; readonly marked?: number | undefined; readonly id?: string; readonly nodes?: NodeCount }
  /** It will hold everywhere after `boundMs`; what became of it is `ended`. */
  | { readonly kind: 'committed'; readonly id: string; readonly boundMs: number; readonly ended: Promise<Confirmation> }
  /** No room for the holds or versions it asks for: nothing was published. */
  | { readonly kind: 'out-of-holds' }
  /** Whether it was published, or holds everywhere, nobody knows. */
  | { readonly kind: 'unknown' }
  /** Nothing was published. */
  | { readonly kind: 'rejected' };

/** Of whoever asked for a purge. */
export interface Patience {
  /** For the confirmation; Infinity. */
  readonly waitMs: number;
  /** `retry`: it follows a write that has happened, so it must come to hold whatever is answered now. */
  readonly onFailure: 'answer' | 'retry';
}

/** What the gate reads of a stored response. */
export interface GatedEntry {
  readonly tagIds: Int32Array;
  /** The same, where they are kept as text: they are read there. */
  readonly packedIds?: string;
  readonly asOf: number;
  readonly receivedAt: number;
  checkedAt: number;
}

/** The marks as readers see them. Every method is synchronous: no await may stand between a verdict and what it permits. */
export interface Marks {
  /** Whether every purge confirmed until now is in the marks; without it, verdicts are `purged` or `uncoordinated`. Ask it before `epoch`, and afresh each time. */
  readonly isCoordinated: boolean;
  /** The last published epoch. Read it before the marks, never after. */
  readonly epoch: number;
  /** PURGE-PROTOCOL §3.2 `gate`: what may be done with something that carries `tagIds` and whose origin request was sent as of epoch `asOf`. `sentAt` is its instant, for holds. */
  gate(subject: { readonly tagIds: Int32Array; readonly asOf: number; readonly sentAt: number }): Verdict;
  /** The same for an entry: skipped when nothing was published since `checkedAt`, which it updates. */
  gateEntry(entry: GatedEntry): Verdict;
  /** Whether every stated version is at least what purges demanded. */
  versionsAccepted(stated: readonly { readonly tagIds: Int32Array; readonly version: number }[]): boolean;
}

/** The process with one thread that serves, or with several; Redis, by the mode of this node. */
export type AuthorityName = 'process' | 'workers' | 'lease' | 'barrier';

export interface Authority {
  readonly name: AuthorityName;
  readonly marks: Marks;
  /** Numbers, writes and publishes. For the process it has happened when the call returns; the promise is for authorities that ask others. */
  publish(publication: Publication, patience: Patience): Confirmation | Promise<Confirmation>;
  /** In this process and at once: for what concerns nobody else. The result is its epoch. */
  publishHere(publication: Publication): number;
}
