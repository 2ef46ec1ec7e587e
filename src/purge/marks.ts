// What may be done with something fetched as of an epoch? The marks as their readers see them. PURGE-PROTOCOL §3.1, §3.2 `gate`.
//
// The idea: an epoch is generation · 2^31 + n. `n` counts purges and is what tables hold (Int32, the widest that Atomics read cheaply); when it or the
// clock of soft purges runs out, the writer starts a new generation, and whatever was fetched in an older one is purged as a whole.
//
// The races: the writer publishes `n` last. While it restarts, the generation is odd. A reader of `epoch` takes the generation first, then `n`: caught in
// a restart it gets an epoch that is too old, or of an odd generation, and both only cost a miss. A check takes both before the marks and
// the generation once more after them: had the tables been emptied under it, that has changed, and the verdict is `purged`. The shortcut in `gateEntry`
// takes `n` first: a pair made of an old `n` and a new generation was nobody's epoch yet, so it equals no `checkedAt`.
//
// What must stay true: every load comes in the order written here, the lease before all others, and `checkedAt` only ever takes an epoch loaded before a clean check.
import type { TagIds } from '../rules/packed-ids.ts';
import type { Verdict } from '../rules/stored-response.ts';
import type { GatedEntry, Marks } from './authority.ts';
import { type HoldMemory, Holds } from './holds.ts';
import { Lease, systemClocks } from './lease.ts';
import { MarkTable } from './mark-table.ts';
import { type TraceMemory, TRACED, Traces } from './traces.ts';

/** One more than the highest `n`. */
export const GENERATION_SIZE = 2 ** 31;

/** Two of one generation: nothing was emptied between them. */
export function generationOf(epoch: number): number {
  return Math.floor(epoch / GENERATION_SIZE);
}

/** Instants of soft purges are kept in these units from the generation's start on, rounded down: never later than they were. */
export const INSTANT_UNIT_MS = 10;

/** Words of the header. */
export const WORD = {
  generation: 0,
  published: 1,
  floor: 2,
  lastSoft: 3,
  softFloor: 4,
  softFloorAt: 5,
  softFloorBefore: 6,
  softFloorFirstAt: 7,
} as const;

/** What reader and writer share. `start` holds one number, the instant that the units of soft marks are counted from: written only while the generation is odd, and before the first purge. */
export interface SharedState {
  readonly header: Int32Array;
  readonly start: Float64Array;
  readonly traces: Traces;
  readonly hard: MarkTable;
  readonly soft: MarkTable;
  readonly holds: Holds;
  /** Absent where nobody else purges. */
  readonly lease?: Lease;
}

/** The memory of a SharedState: what is posted to another thread, so that it reads what the writer publishes here. */
export interface MarkMemory {
  readonly header: Int32Array;
  readonly start: Float64Array;
  readonly traces: TraceMemory;
  readonly hard: Int32Array;
  readonly soft: Int32Array;
  readonly holds: HoldMemory;
  readonly lease?: BigInt64Array;
}

/** `holdKeepMs` is for the writer. */
export function stateOf({ header, start, traces, hard, soft, holds, lease }: MarkMemory, holdKeepMs: number): SharedState {
  return {
    header,
    start,
    traces: new Traces(traces),
    hard: new MarkTable(hard, 2),
    soft: new MarkTable(soft, 5),
    holds: new Holds(holdKeepMs, holds),
    ...(lease === undefined ? {} : { lease: new Lease(systemClocks, lease) }),
  };
}

/** The marks in `memory`, for a thread that only reads them. */
export function attachMarks(memory: MarkMemory): SharedMarks {
  return new SharedMarks(stateOf(memory, 0));
}

const OK: Verdict = { kind: 'ok' };
const PURGED: Verdict = { kind: 'purged' };
const HELD: Verdict = { kind: 'held' };
const UNCOORDINATED: Verdict = { kind: 'uncoordinated' };

export class SharedMarks implements Marks {
  readonly #state: SharedState;
  readonly #header: Int32Array;

  constructor(state: SharedState) {
    this.#state = state;
    this.#header = state.header;
  }

  get isCoordinated(): boolean {
    return this.#state.lease?.isHeld ?? true;
  }

  get epoch(): number {
    const generation = Atomics.load(this.#header, WORD.generation);
    return generation * GENERATION_SIZE + Atomics.load(this.#header, WORD.published);
  }

  gate(subject: { readonly tagIds: Int32Array; readonly asOf: number; readonly sentAt: number }): Verdict {
    const coordinated = this.isCoordinated;
    const verdict = vouched(coordinated, notBefore(this.#judge(subject.tagIds, subject.asOf), subject.sentAt));
    if (verdict.kind === 'purged' || !coordinated) return verdict;
    return this.#state.holds.holding(subject.tagIds, subject.sentAt) ? HELD : verdict;
  }

  /** An entry is never held: what was held was not stored, and what was stored before the hold is purged or softened by its mark. */
  gateEntry(entry: GatedEntry): Verdict {
    const coordinated = this.isCoordinated;
    const published = Atomics.load(this.#header, WORD.published);
    const isKnown = Atomics.load(this.#header, WORD.generation) * GENERATION_SIZE + published === entry.checkedAt;
    if (isKnown) return vouched(coordinated, OK);
    const epoch = this.epoch;
    const verdict = vouched(coordinated, notBefore(this.#judge(entry.packedIds ?? entry.tagIds, entry.asOf), entry.receivedAt));
    if (verdict.kind === 'ok') entry.checkedAt = epoch;
    return verdict;
  }

  /** Which purges ended or softened an entry: the epochs of its marks, of each tag the last. Empty where it is from an older generation. */
  endings(entry: Pick<GatedEntry, 'tagIds' | 'packedIds' | 'asOf'>, mode: 'hard' | 'soft'): readonly number[] {
    const { header, hard, soft } = this.#state;
    const base = Atomics.load(header, WORD.generation) * GENERATION_SIZE;
    const n = entry.asOf - base;
    if (n < 0) return [];
    const [table, floor] = mode === 'hard' ? [hard, WORD.floor] : [soft, WORD.softFloor];
    const ofAll = Atomics.load(header, floor);
    // Not both of them: one is made of the other when it is asked for.
    const marks = table.marksAfter(entry.packedIds ?? entry.tagIds, n);
    return (ofAll > n ? [...marks, ofAll] : marks).map((mark) => base + mark);
  }

  /** The first epoch of which is known when it was and what became of it; its place is cleared before the next is published. */
  get oldest(): number {
    return this.epoch - TRACED + 2;
  }

  /** When the purge of that epoch was published; undefined where that is too long ago. */
  purgedAt(epoch: number): number | undefined {
    return this.#isTraced(epoch) ? this.#state.traces.dateOf(epoch) : undefined;
  }

  /** What became of it, as bits of FATE; undefined where it is too long ago. */
  fateOf(epoch: number): number | undefined {
    return this.#isTraced(epoch) ? this.#state.traces.fateOf(epoch) : undefined;
  }

  /** More of what became of it. */
  addFate(epoch: number, bits: number): void {
    if (this.#isTraced(epoch)) this.#state.traces.add(epoch, bits);
  }

  versionsAccepted(stated: readonly { readonly tagIds: Int32Array; readonly version: number }[]): boolean {
    return this.#state.holds.accepts(stated);
  }

  #isTraced(epoch: number): boolean {
    return epoch >= this.oldest && epoch <= this.epoch;
  }

  #judge(tagIds: TagIds, asOf: number): Verdict {
    const generation = Atomics.load(this.#header, WORD.generation);
    const published = Atomics.load(this.#header, WORD.published);
    const n = asOf - generation * GENERATION_SIZE;
    if (generation % 2 === 1 || n < 0 || n >= GENERATION_SIZE) return PURGED;
    const verdict = n >= published ? OK : this.#compare(tagIds, n);
    return Atomics.load(this.#header, WORD.generation) === generation ? verdict : PURGED;
  }

  /** As with a tag: since the last purge of everything, or, for what was there before the one before, since the first. */
  #softFloorAt(n: number): number {
    const { header } = this.#state;
    return Atomics.load(header, n < Atomics.load(header, WORD.softFloorBefore) ? WORD.softFloorFirstAt : WORD.softFloorAt);
  }

  #compare(tagIds: TagIds, n: number): Verdict {
    const { header, hard, soft } = this.#state;
    if (n < Atomics.load(header, WORD.floor) || hard.anyAfter(tagIds, n)) return PURGED;
    if (n >= Atomics.load(header, WORD.lastSoft)) return OK;
    const units = earlier(soft.earliestAfter(tagIds, n), n < Atomics.load(header, WORD.softFloor) ? this.#softFloorAt(n) : undefined);
    return units === undefined ? OK : { kind: 'softened', since: (this.#state.start[0] as number) + units * INSTANT_UNIT_MS };
  }
}

/** What is known to be purged stays so; nothing else can be said without a lease. */
function vouched(coordinated: boolean, verdict: Verdict): Verdict {
  return coordinated || verdict.kind === 'purged' ? verdict : UNCOORDINATED;
}

/** Nothing was made stale before it was fetched. Known: of more than two soft purges, what was fetched between the first and the last but one counts as stale since its fetch. */
function notBefore(verdict: Verdict, fetchedAt: number): Verdict {
  return verdict.kind === 'softened' && verdict.since < fetchedAt ? { kind: 'softened', since: fetchedAt } : verdict;
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
