// Which tags may not be stored for a while, and which lowest versions do purges demand? PURGE-PROTOCOL §3.6, and §3.1 for the limits.
// In shared memory: the writer of the marks writes it before it publishes, readers in any thread ask it. One that asks while it is laid out anew is refused.
import type { Publication } from './authority.ts';
import { allocateHoldTable, HoldTable, MOVING } from './hold-table.ts';
import { SharedNumbers } from './shared-numbers.ts';

/** Of holds, and of versions. */
export const MAX_HOLDS = 4096;

/** How long a demanded version is remembered at least: longer than any replica should lag. Forgotten only to make room. */
export const VERSION_KEPT_MS = 3_600_000;

/** What readers in other threads need. */
export interface HoldMemory {
  readonly until: SharedArrayBuffer;
  readonly lowest: SharedArrayBuffer;
  /** One number: the end of the hold of a purge-all with settle. */
  readonly allUntil: BigInt64Array;
}

export function allocateHolds(): HoldMemory {
  return {
    until: allocateHoldTable(),
    lowest: allocateHoldTable(),
    allUntil: new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)),
  };
}

export class Holds {
  readonly #until: HoldTable;
  readonly #lowest: HoldTable;
  readonly #allUntil: SharedNumbers;
  readonly #keepMs: number;

  /** A hold is forgotten `keepMs` after its end: by then every fill it concerned has had its head, or timed out. That is the writer's business only. */
  constructor(keepMs: number, memory: HoldMemory = allocateHolds()) {
    this.#keepMs = keepMs;
    this.#until = new HoldTable(memory.until);
    this.#lowest = new HoldTable(memory.lowest);
    this.#allUntil = new SharedNumbers(memory.allUntil);
  }

  /** Whether there is room for all that `publication` asks to be remembered. Changes nothing but to forget what is over. */
  hasRoom(publication: Publication): boolean {
    const { heldUntil, selectors, versions = [], at } = publication;
    const held = heldUntil === undefined ? [] : [selectors.tagIds];
    const versioned = versions.map(({ tagIds }) => tagIds);
    if (fits(this.#until, held) && fits(this.#lowest, versioned)) return true;
    this.#until.keepOnly(({ value }) => value + this.#keepMs >= at);
    this.#lowest.keepOnly(({ notedAt }) => notedAt + VERSION_KEPT_MS >= at);
    return fits(this.#until, held) && fits(this.#lowest, versioned);
  }

  /** Remembers; the caller has asked `hasRoom`. */
  record(publication: Publication): void {
    const { heldUntil, selectors, versions = [], at } = publication;
    if (heldUntil !== undefined) {
      raise(this.#until, selectors.tagIds, { value: heldUntil, notedAt: at });
      if (selectors.all) this.#allUntil.store(0, Math.max(this.#allUntil.load(0), heldUntil));
    }
    for (const { tagIds, lowest } of versions) raise(this.#lowest, tagIds, { value: lowest, notedAt: at });
  }

  /** Whether a response with `tagIds` whose request was sent at `sentAt` is passed on and not stored. */
  holding(tagIds: Int32Array, sentAt: number): boolean {
    if (sentAt < this.#allUntil.load(0)) return true;
    for (let i = 0; i < tagIds.length; i += 2) {
      const until = this.#until.get(tagIds[i] as number, tagIds[i + 1] as number);
      if (until === MOVING || (until !== undefined && sentAt < until)) return true;
    }
    return false;
  }

  accepts(stated: readonly { readonly tagIds: Int32Array; readonly version: number }[]): boolean {
    return stated.every(({ tagIds, version }) => {
      for (let i = 0; i < tagIds.length; i += 2) {
        const lowest = this.#lowest.get(tagIds[i] as number, tagIds[i + 1] as number);
        if (lowest === MOVING || (lowest !== undefined && version < lowest)) return false;
      }
      return true;
    });
  }
}

function raise(table: HoldTable, tagIds: Int32Array, { value, notedAt }: { readonly value: number; readonly notedAt: number }): void {
  for (const [bucket, fingerprint] of pairsOf(tagIds)) {
    const before = table.get(bucket, fingerprint);
    table.set({ bucket, fingerprint, value: typeof before === 'number' ? Math.max(before, value) : value, notedAt });
  }
}

function fits(table: HoldTable, groups: readonly Int32Array[]): boolean {
  const count = groups.reduce((sum, tagIds) => sum + tagIds.length / 2, 0);
  if (table.size + count <= MAX_HOLDS) return true;
  const added = new Set<string>();
  for (const tagIds of groups) for (const pair of pairsOf(tagIds)) if (table.get(...pair) === undefined) added.add(pair.join());
  return table.size + added.size <= MAX_HOLDS;
}

function* pairsOf(tagIds: Int32Array): Generator<[bucket: number, fingerprint: number]> {
  for (let i = 0; i < tagIds.length; i += 2) yield [tagIds[i] as number, tagIds[i + 1] as number];
}
