// What the main thread and those that serve say to each other. PURGE-PROTOCOL §3.4: nothing here carries a purge to a reader, whose marks are shared memory.
import type { Turn, TurnQuestion } from '../admin/shelf.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { LogEpochs } from '../cluster/log-epochs.ts';
import type { Config, ListenAddress } from '../config/config.ts';
import type { Request } from '../http/message.ts';
import type { EffectReport } from '../observe/purge-effects.ts';
import type { RoutesSeen } from '../map/stored-sightings.ts';
import type { Snapshot } from '../observe/snapshot.ts';
import type { Explanation } from '../proxy/explain.ts';
import type { MarkMemory } from '../purge/marks.ts';
import type { PurgeOrder, PurgeOutcome } from '../purge/order.ts';
import type { Refused } from '../purge/rate.ts';

/** What a thread starts with. */
export interface WorkerStart {
  /** Which one it is, counted from 1. */
  readonly worker: number;
  /** Its own share of it (share.ts). */
  readonly config: Config;
  readonly secrets: { readonly tags: Uint8Array; readonly scopes: Uint8Array };
  /** Which epoch is which purge of the shared log, where there is one. */
  readonly epochs: LogEpochs | undefined;
  /** Each request asks for a barrier. */
  readonly asksBarrier: boolean;
  readonly marks: MarkMemory;
  /** Of what was stored lately, in all threads. */
  readonly sketch: SharedArrayBuffer;
  /** One instant, where somebody else moves the clock. */
  readonly instant?: Float64Array;
}

/** Asked of a thread that serves. */
export type OfWorker = {
  /** Where it listens once it accepts. */
  readonly open: { readonly given: ListenAddress; readonly answered: ListenAddress };
  readonly reload: { readonly given: Config; readonly answered: void };
  readonly epochs: { readonly given: LogEpochs; readonly answered: void };
  readonly snapshot: { readonly given: undefined; readonly answered: Snapshot };
  readonly sightings: { readonly given: undefined; readonly answered: RoutesSeen };
  readonly turn: { readonly given: TurnQuestion; readonly answered: Turn };
  readonly explain: { readonly given: Request; readonly answered: Explanation };
  /** How long it may take. */
  readonly close: { readonly given: number; readonly answered: void };
};

/** Asked of the main thread, which answers when it has published. */
export type OfMain = {
  readonly purge: { readonly given: PurgeOrder; readonly answered: PurgeOutcome };
  /** Whether every purge confirmed before the question is in the marks. */
  readonly barrier: { readonly given: undefined; readonly answered: boolean };
  /** What purges did in one of them. */
  readonly effects: { readonly given: { readonly worker: number; readonly report: EffectReport }; readonly answered: void };
  /** Verdicts, as they are found. */
  readonly audited: { readonly given: readonly AuditRecord[]; readonly answered: void };
  readonly purgeAtRate: { readonly given: PurgeOrder; readonly answered: PurgeOutcome | Refused };
};
