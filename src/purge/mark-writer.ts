// The one writer of the marks: numbers purges, writes them and publishes them. PURGE-PROTOCOL §3.1 "One writer".
// The order is the proof: holds, floor and marks are written before the epoch is published; whoever answers a purge does so after.
import { FATE } from '../rules/purge-fate.ts';
import type { Publication } from './authority.ts';
import { allocateHolds } from './holds.ts';
import type { Lease } from './lease.ts';
import { allocateTable, type MarkTable } from './mark-table.ts';
import { GENERATION_SIZE, INSTANT_UNIT_MS, type MarkMemory, SharedMarks, type SharedState, stateOf, WORD } from './marks.ts';
import { allocateTraces } from './traces.ts';

const LAST_INSTANT = 2 ** 31 - 1;

export interface MarkWriterOptions {
  /** Of the table of hard marks; soft marks take a quarter more. */
  readonly memoryBytes: number;
  /** How long a hold is remembered after its end: the longest headers_timeout. */
  readonly holdKeepMs: number;
  /** Called when epochs start again, about once in 2^31 purges or 248 days: nothing stored until now may be used any more, so empty the store. */
  readonly exhausted: () => void;
  /** Where others purge too: without it held, nothing here answers. */
  readonly lease?: Lease;
  /** Purges in a generation; smaller in tests. */
  readonly lastEpoch?: number;
}

export class MarkWriter {
  readonly marks: SharedMarks;
  /** For readers in other threads. */
  readonly memory: MarkMemory;
  readonly #state: SharedState;
  readonly #exhausted: () => void;
  readonly #lastEpoch: number;
  #started = false;

  constructor(options: MarkWriterOptions) {
    this.memory = {
      header: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * Object.keys(WORD).length)),
      start: new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT)),
      traces: allocateTraces(),
      hard: allocateTable(options.memoryBytes, 2),
      soft: allocateTable(options.memoryBytes / 4, 5),
      holds: allocateHolds(),
      ...(options.lease === undefined ? {} : { lease: options.lease.words }),
    };
    this.#state = { ...stateOf(this.memory, options.holdKeepMs), ...(options.lease === undefined ? {} : { lease: options.lease }) };
    this.marks = new SharedMarks(this.#state);
    this.#exhausted = options.exhausted;
    this.#lastEpoch = options.lastEpoch ?? GENERATION_SIZE - 1;
  }

  /** Upper bound of the share of checks of a tag that find another's mark: of the two tables the worse. */
  get falseShareEstimate(): number {
    return Math.max(this.#state.hard.falseShare, this.#state.soft.falseShare);
  }

  /** Whether all that `publication` asks to be remembered can be. */
  hasRoom(publication: Publication): boolean {
    return this.#state.holds.hasRoom(publication);
  }

  /** Everybody sees it when the call returns; its result is the epoch. The caller has asked `hasRoom`. */
  publish(publication: Publication): number {
    const { header, holds } = this.#state;
    if (!this.#started) this.#startUnits(publication.at);
    if (this.#isSpent(publication.at)) {
      this.restart(publication.at);
      this.#exhausted();
    }
    const epoch = (header[WORD.published] as number) + 1;
    this.#state.traces.begin(this.marks.epoch + 1, publication.at);
    holds.record(publication);
    if (publication.mode === 'hard') this.#markHard(publication, epoch);
    else this.#markSoft(publication, epoch);
    Atomics.store(header, WORD.published, epoch);
    return this.marks.epoch;
  }

  #markHard({ selectors }: Publication, epoch: number): void {
    if (selectors.all) this.#noteOvertaken(Atomics.exchange(this.#state.header, WORD.floor, epoch));
    else this.#writeAll(this.#state.hard, selectors.tagIds, { epoch, instant: 0 });
  }

  #markSoft({ selectors, at }: Publication, epoch: number): void {
    const { header, soft } = this.#state;
    const instant = this.#unitsOf(at);
    if (selectors.all) {
      // In the order of MarkTable: a reader in between gets an instant that is too early.
      const before = Atomics.exchange(header, WORD.softFloor, epoch);
      this.#noteOvertaken(before);
      Atomics.store(header, WORD.softFloorBefore, before);
      Atomics.store(header, WORD.softFloorAt, instant);
      if (before === 0) Atomics.store(header, WORD.softFloorFirstAt, instant);
    } else {
      this.#writeAll(soft, selectors.tagIds, { epoch, instant });
    }
    Atomics.store(header, WORD.lastSoft, epoch);
  }

  #writeAll(table: MarkTable, tagIds: Int32Array, mark: { readonly epoch: number; readonly instant: number }): void {
    for (let i = 0; i < tagIds.length; i += 2) this.#noteOvertaken(table.write(tagIds[i] as number, tagIds[i + 1] as number, mark));
  }

  /** `mark` is what stood where another stands now: no purge has 0, and one that marks a tag twice is not published yet. */
  #noteOvertaken(mark: number): void {
    const epoch = (this.#state.header[WORD.generation] as number) * GENERATION_SIZE + mark;
    const fate = this.marks.fateOf(epoch) ?? FATE.swept;
    if ((fate & FATE.swept) === 0) this.marks.addFate(epoch, FATE.partly);
  }

  #unitsOf(at: number): number {
    return Math.max(0, Math.floor((at - (this.#state.start[0] as number)) / INSTANT_UNIT_MS));
  }

  #isSpent(at: number): boolean {
    return (this.#state.header[WORD.published] as number) >= this.#lastEpoch || this.#unitsOf(at) > LAST_INSTANT;
  }

  #startUnits(at: number): void {
    this.#started = true;
    this.#state.start[0] = at;
  }

  /** The next generation, with nothing marked: whatever was fetched until now is purged as a whole. Odd while it is being made: marks.ts. */
  restart(at: number): void {
    const { header, hard, soft, traces } = this.#state;
    Atomics.add(header, WORD.generation, 1);
    hard.clear();
    soft.clear();
    traces.clear();
    this.#startUnits(at);
    for (const word of [WORD.floor, WORD.lastSoft, WORD.softFloor, WORD.softFloorAt, WORD.softFloorBefore, WORD.softFloorFirstAt, WORD.published])
      Atomics.store(header, word, 0);
    Atomics.add(header, WORD.generation, 1);
  }
}
