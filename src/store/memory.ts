// Where are responses kept in one process? In an LRU sized in charged bytes (charge.ts), one slot a key, with all its variants.
// Known: a slot is used and evicted as a whole, so one variant in demand keeps its siblings; maxVariants bounds them.
import { LRUCache } from 'lru-cache';
import type { StoredResponse } from '../rules/stored-response.ts';
import { chargedBytes, unpinned } from './charge.ts';
import type { Slot } from './ring.ts';
import { MAX_SLOT_RESPONSES, Ring } from './ring.ts';
import type { PutResult, RemovalReason, Store, StoreEntry, StoreStats } from './store.ts';

const NONE: readonly never[] = [];
const STORED: PutResult = { kind: 'stored' };

export class MemoryStore implements Store {
  readonly #maxBytes: number;
  /** Several variants together never take more than this, so that one key cannot empty the store. */
  readonly #maxSlotBytes: number;
  readonly #slots: LRUCache<string, Slot>;
  readonly #ring = new Ring();
  readonly #removals: Record<RemovalReason, number> = { evicted: 0, expired: 0, purged: 0, replaced: 0, cleared: 0 };
  #entries = 0;
  #uses = 0;

  constructor(options: { readonly maxBytes: number }) {
    this.#maxBytes = Math.max(1, Math.floor(options.maxBytes));
    this.#maxSlotBytes = this.#maxBytes / 4;
    this.#slots = new LRUCache({
      maxSize: this.#maxBytes,
      noDisposeOnSet: true,
      dispose: (slot, _key, reason) => {
        if (reason === 'evict') this.#forget(slot, 'evicted');
      },
    });
  }

  lookup(key: string): readonly StoredResponse[] {
    return this.#slots.get(key)?.responses ?? NONE;
  }

  peek(key: string): readonly StoredResponse[] {
    return this.#slots.peek(key)?.responses ?? NONE;
  }

  axes(key: string): readonly string[] {
    return this.#slots.peek(key)?.axes ?? NONE;
  }

  put(key: string, response: StoredResponse, limits: { readonly maxVariants: number }): PutResult {
    const old = this.#slots.peek(key);
    const replaced = old?.responses.find((candidate) => sameVariant(candidate, response));
    if (replaced !== undefined && isLater(replaced, response)) return { kind: 'refused', reason: 'newer-stored' };
    release(response);
    const own = chargedBytes(key, response);
    if (own > this.#maxBytes) return { kind: 'refused', reason: 'too-large' };
    const others = old?.responses.filter((candidate) => candidate !== replaced) ?? [];
    const kept = this.#within({ key, uses: old?.uses }, others, { bytes: this.#maxSlotBytes - own, count: variantCap(limits.maxVariants) - 1 });
    if (replaced !== undefined) this.#removals.replaced++;
    this.#removals.evicted += others.length - kept.length;
    this.#write(old, makeSlot(key, [response, ...kept], this.#usesOf(old, kept)?.set(response, ++this.#uses)));
    return STORED;
  }

  used(key: string, response: StoredResponse): void {
    const uses = this.#slots.peek(key)?.uses;
    if (uses?.has(response) === true) uses.set(response, ++this.#uses);
  }

  holds(key: string, response: StoredResponse): boolean {
    return this.peek(key).includes(response);
  }

  /** Known: removing one of several variants counts as a use of the key, since the LRU takes a new size only by `set`. */
  remove(key: string, response: StoredResponse, reason: RemovalReason): void {
    const slot = this.#slots.peek(key);
    if (slot?.responses.includes(response) !== true) return;
    const kept = slot.responses.filter((candidate) => candidate !== response);
    if (kept.length === 0) {
      this.#slots.delete(key);
      this.#forget(slot, reason);
      return;
    }
    this.#removals[reason]++;
    this.#write(slot, makeSlot(key, kept, this.#usesOf(slot, kept)));
  }

  clear(): void {
    this.#removals.cleared += this.#entries;
    this.#entries = 0;
    this.#ring.clear();
    this.#slots.clear();
  }

  slice(cursor: number, limit: number): { readonly entries: readonly StoreEntry[]; readonly next: number | undefined } {
    return this.#ring.slice(cursor, Math.max(1, limit));
  }

  get stats(): StoreStats {
    return { entries: this.#entries, bytes: this.#slots.calculatedSize, maxBytes: this.#maxBytes, removals: { ...this.#removals } };
  }

  /**
   * Those used last of `responses` that stay within `room`; the first that does not fit ends it, so that none outlives one used later. One that lacks an
   * axis of a newer one is not selected any more (SECURITY §4.4), and so does not outlive it either.
   */
  #within(
    { key, uses }: { readonly key: string; readonly uses: Slot['uses'] },
    responses: readonly StoredResponse[],
    room: { bytes: number; count: number },
  ): readonly StoredResponse[] {
    const byUse = uses === undefined ? responses : responses.toSorted((a, b) => (uses.get(b) ?? 0) - (uses.get(a) ?? 0));
    let bytes = 0;
    const kept = new Set<StoredResponse>();
    for (const response of byUse.slice(0, room.count)) {
      bytes += chargedBytes(key, response);
      if (bytes > room.bytes) break;
      kept.add(response);
    }
    return responses.filter((response) => kept.has(response));
  }

  /** For a slot in which `kept` are not alone or were not; undefined where there is nothing to compare. */
  #usesOf(old: Slot | undefined, kept: readonly StoredResponse[]): Map<StoredResponse, number> | undefined {
    if (kept.length === 0) return undefined;
    return new Map(kept.map((response) => [response, old?.uses?.get(response) ?? 0]));
  }

  /** `next` is a new object even where only its size differs: the LRU ignores the size of a value that it already has. */
  #write(old: Slot | undefined, next: Slot): void {
    if (old === undefined) this.#ring.add(next);
    else this.#ring.replace(old, next);
    this.#entries += next.responses.length - (old?.responses.length ?? 0);
    this.#slots.set(next.key, next, { size: next.bytes });
  }

  #forget(slot: Slot, reason: RemovalReason): void {
    this.#ring.remove(slot);
    this.#entries -= slot.responses.length;
    this.#removals[reason] += slot.responses.length;
  }
}

function makeSlot(key: string, responses: readonly StoredResponse[], uses: Slot['uses']): Slot {
  const bytes = responses.reduce((sum, response) => sum + chargedBytes(key, response), 0);
  return { key, responses, axes: unionOfAxes(responses), bytes, ...(uses !== undefined && { uses }), place: 0 };
}

function unionOfAxes(responses: readonly StoredResponse[]): readonly string[] {
  const [first] = responses;
  if (first === undefined) return NONE;
  if (responses.every((response) => sameTexts(response.axes, first.axes))) return first.axes.length === 0 ? NONE : first.axes.toSorted();
  return [...new Set(responses.flatMap((response) => response.axes))].toSorted();
}

function variantCap(maxVariants: number): number {
  return Math.min(Math.max(1, maxVariants), MAX_SLOT_RESPONSES);
}

/** The cast: the same bytes in memory of their own; nothing else can tell, and the caller keeps holding the very entry that is stored. */
function release(response: StoredResponse): void {
  (response as { body: Buffer }).body = unpinned(response.body);
}

function isLater(a: StoredResponse, b: StoredResponse): boolean {
  return a.asOf > b.asOf || (a.asOf === b.asOf && a.order > b.order);
}

/** Axes are compared as lists: whoever makes a response sorts them. */
function sameVariant(a: StoredResponse, b: StoredResponse): boolean {
  return sameTexts(a.axes, b.axes) && sameTexts(a.axisValues, b.axisValues);
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
