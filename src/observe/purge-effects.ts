// What did purges do in one thread? Noted where an entry turns out purged: by the sweep, by a request, or when another takes its place. Nothing is noted on a hit.
//
// The idea: a mark is the epoch of its purge, so whoever finds an entry purged can say by which. An entry with several newer marks is counted for the newest of
// them, and the others have met it too. Known: a mark that had to leave a full bucket of the table speaks for others (freshet_purge_false_share_ratio says how
// often), so an entry may be counted for a purge that did not name it; it was ended all the same.
// Which purges met something is noted where all threads see it (purge/traces.ts); what exactly leaves as a report for the main thread, which keeps it by purge
// (effect-ledger.ts), and as counts for the metrics.
import { FATE } from '../rules/purge-fate.ts';
import { EndedKeys, type Later, type PurgeMode } from './ended-keys.ts';

/** How an entry was found: by the sweep, by a request for it, when another took its place, or when it left for room. */
export type FoundBy = 'sweep' | 'request' | 'replacement' | 'eviction';

export interface EffectObserver {
  purgedEntryFound(mode: PurgeMode, by: FoundBy): void;
  purgedEntriesLater(later: Later, entries: number): void;
  originAskedAfterPurge(mode: PurgeMode): void;
  freshAfterPurge(mode: PurgeMode, durationMs: number): void;
  writePurged(durationMs: number): void;
}

/** What the marks can say of purges that were. */
export interface PurgeTraces {
  /** The epochs of the marks that `entry` carries from after its fetch; of each tag the last. */
  endings(entry: Omit<TracedEntry, 'checkedAt'>, mode: PurgeMode): readonly number[];
  /** When that purge was; undefined where it is too long ago. */
  purgedAt(epoch: number): number | undefined;
  /** Adds bits of FATE to what became of it. */
  addFate(epoch: number, bits: number): void;
}

export interface TracedEntry {
  readonly tagIds: Int32Array;
  readonly packedIds?: string;
  readonly asOf: number;
  checkedAt: number;
}

/** What one thread has to add about one purge. */
export interface EffectDelta {
  readonly epoch: number;
  readonly entries: number;
  readonly requests: number;
  /** The first fresh response that it stored after it. */
  readonly freshAt?: number | undefined;
}

export interface EffectReport {
  /** The sweep has been round the whole store since this epoch was published. */
  readonly sweptSince: number;
  readonly deltas: readonly EffectDelta[];
}

/** Purges of which a thread reports at once; the others are counted in part then. */
const MOST_DELTAS = 1_000;

interface Finding {
  readonly mode: PurgeMode;
  readonly by: FoundBy;
  readonly now: number;
  readonly epochs: readonly number[];
  /** Of soft purges that a hard one ended the entry of: they have met it too. */
  readonly others: readonly number[];
}

interface Growing {
  entries: number;
  requests: number;
  freshAt: number | undefined;
}

export class PurgeEffects {
  readonly #traces: PurgeTraces;
  readonly #observer: EffectObserver;
  readonly #ended: EndedKeys;
  #deltas = new Map<number, Growing>();
  #sweptSince = 0;
  #reported = 0;

  constructor({ traces, observer }: { readonly traces: PurgeTraces; readonly observer: EffectObserver }) {
    this.#traces = traces;
    this.#observer = observer;
    this.#ended = new EndedKeys((later, entries) => observer.purgedEntriesLater(later, entries));
  }

  /** A hard-purged entry leaves the store. */
  ended(key: string, entry: TracedEntry, { by, now }: { readonly by: FoundBy; readonly now: number }): void {
    this.#note(key, { mode: 'hard', by, now, epochs: this.#traces.endings(entry, 'hard'), others: this.#traces.endings(entry, 'soft') });
  }

  /** An entry was found soft-purged, once more perhaps: it stays in the store, and says itself that it was counted. */
  softened(key: string, entry: TracedEntry, { by, now }: { readonly by: FoundBy; readonly now: number }): void {
    const epochs = this.#traces.endings(entry, 'soft');
    const counted = -2 - newestOf(epochs);
    if (entry.checkedAt === counted) return;
    entry.checkedAt = counted;
    this.#note(key, { mode: 'soft', by, now, epochs, others: [] });
  }

  /** An entry has left the store, and no purge was thought of. */
  left(key: string, entry: TracedEntry, found: { readonly by: FoundBy; readonly now: number }): void {
    if (this.#traces.endings(entry, 'hard').length > 0) this.ended(key, entry, found);
    else if (this.#traces.endings(entry, 'soft').length > 0) this.softened(key, entry, found);
  }

  /** A response that was on its way was not stored for what purges had marked meanwhile: they have met that. */
  overtook(response: Pick<TracedEntry, 'tagIds' | 'asOf'>): void {
    for (const epoch of this.#traces.endings(response, 'hard')) this.#traces.addFate(epoch, FATE.met);
  }

  /** A request found nothing under `key` that it could use: whether a purge is to blame. */
  asked(key: string): PurgeMode | undefined {
    const ending = this.#ended.ask(key);
    if (ending === undefined) return undefined;
    this.#change(ending.epoch, (delta) => delta.requests++);
    return ending.mode;
  }

  /** A request goes to the origin; `mode` is what `asked` said of it. */
  sentToOrigin(mode: PurgeMode | undefined): void {
    if (mode !== undefined) this.#observer.originAskedAfterPurge(mode);
  }

  /** A response was stored under `key`. */
  stored(key: string, now: number): void {
    const ending = this.#ended.refresh(key);
    if (ending === undefined) return;
    if (ending.purgedAt !== undefined) this.#observer.freshAfterPurge(ending.mode, Math.max(0, now - ending.purgedAt));
    this.#change(ending.epoch, (delta) => (delta.freshAt ??= now));
  }

  /** From the answer to a write to the confirmation of its purge. */
  writePurged(durationMs: number): void {
    this.#observer.writePurged(durationMs);
  }

  /** The sweep has been round everything that was stored when `epoch` was the last that was published. */
  sweptSince(epoch: number): void {
    this.#sweptSince = epoch;
  }

  age(now: number): void {
    this.#ended.age(now);
  }

  /** What happened since the last one; undefined where nothing did. */
  report(): EffectReport | undefined {
    if (this.#deltas.size === 0 && this.#sweptSince === this.#reported) return undefined;
    const deltas = Array.from(this.#deltas, ([epoch, delta]) => ({ epoch, ...delta }));
    this.#deltas = new Map();
    this.#reported = this.#sweptSince;
    return { sweptSince: this.#sweptSince, deltas };
  }

  #note(key: string, { mode, by, now, epochs, others }: Finding): void {
    this.#observer.purgedEntryFound(mode, by);
    // Ended by a new generation of epochs as a whole: no purge is to blame.
    if (epochs.length === 0) return;
    const newest = newestOf(epochs);
    for (const epoch of new Set([...epochs, ...others])) {
      this.#traces.addFate(epoch, FATE.met);
      this.#change(epoch, (delta) => (delta.entries += epoch === newest ? 1 : 0));
    }
    this.#ended.end(key, { epoch: newest, mode, purgedAt: this.#traces.purgedAt(newest) }, now);
  }

  #change(epoch: number, change: (delta: Growing) => void): void {
    let delta = this.#deltas.get(epoch);
    if (delta === undefined && this.#deltas.size >= MOST_DELTAS) return this.#traces.addFate(epoch, FATE.partly);
    if (delta === undefined) this.#deltas.set(epoch, (delta = { entries: 0, requests: 0, freshAt: undefined }));
    change(delta);
  }
}

function newestOf(epochs: readonly number[]): number {
  let newest = 0;
  for (const epoch of epochs) if (epoch > newest) newest = epoch;
  return newest;
}
