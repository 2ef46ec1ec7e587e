// Where are responses kept in one process? In slots, one a key, with all its variants; what leaves for room is chosen by clock-ring.ts, and is charged by charge.ts.
// Known: a slot is used and evicted as a whole, so one variant in demand keeps its siblings; maxVariants bounds them.
import type { StoredResponse } from '../rules/stored-response.ts';
import { chargedBytes } from './charge.ts';
import { ClockRing, MAX_SLOT_RESPONSES } from './clock-ring.ts';
import { ShardedMap } from './sharded-map.ts';
import { axesOf, responsesOf, Several, type Slot, usesOf } from './slot.ts';
import type { PutResult, RemovalReason, Store, StoreEntry, StoreStats } from './store.ts';

/** Told of an entry that has left for room, or for another one. */
export type GaveWay = (key: string, response: StoredResponse, reason: 'evicted' | 'replaced') => void;

const STORED: PutResult = { kind: 'stored' };

export class MemoryStore implements Store {
  readonly #maxBytes: number;
  readonly #gaveWay: GaveWay;
  /** Several variants together never take more than this, so that one key cannot empty the store. */
  readonly #maxSlotBytes: number;
  readonly #slots = new ShardedMap<Slot>();
  readonly #ring = new ClockRing();
  readonly #removals: Record<RemovalReason, number> = { evicted: 0, expired: 0, purged: 0, replaced: 0, cleared: 0 };
  #entries = 0;
  #bytes = 0;
  #uses = 0;

  constructor(options: { readonly maxBytes: number; readonly gaveWay?: GaveWay }) {
    this.#maxBytes = Math.max(1, Math.floor(options.maxBytes));
    this.#maxSlotBytes = this.#maxBytes / 4;
    this.#gaveWay = options.gaveWay ?? (() => undefined);
  }

  lookup(key: string): readonly StoredResponse[] {
    const slot = this.#slots.get(key);
    if (slot !== undefined) slot.isUsed = true;
    return responsesOf(slot);
  }

  peek(key: string): readonly StoredResponse[] {
    return responsesOf(this.#slots.get(key));
  }

  axes(key: string): readonly string[] {
    return axesOf(this.#slots.get(key));
  }

  put(key: string, response: StoredResponse, limits: { readonly maxVariants: number }): PutResult {
    const old = this.#slots.get(key);
    const present = responsesOf(old);
    const replaced = present.find((candidate) => sameVariant(candidate, response));
    if (replaced !== undefined && isLater(replaced, response)) return { kind: 'refused', reason: 'newer-stored' };
    const own = chargedBytes(key, response);
    if (own > this.#maxBytes) return { kind: 'refused', reason: 'too-large' };
    const others = present.filter((candidate) => candidate !== replaced);
    const kept = this.#within({ key, uses: usesOf(old) }, others, { bytes: this.#maxSlotBytes - own, count: variantCap(limits.maxVariants) - 1 });
    if (replaced !== undefined) this.#count(key, [replaced], 'replaced');
    this.#count(
      key,
      others.filter((candidate) => !kept.includes(candidate)),
      'evicted',
    );
    const slot = this.#makeSlot(old, { key, responses: [response, ...kept] });
    usesOf(slot)?.set(response, ++this.#uses);
    this.#write(old, slot);
    this.#makeRoom(slot);
    return STORED;
  }

  used(key: string, response: StoredResponse): void {
    const uses = usesOf(this.#slots.get(key));
    if (uses?.has(response) === true) uses.set(response, ++this.#uses);
  }

  holds(key: string, response: StoredResponse): boolean {
    return this.peek(key).includes(response);
  }

  remove(key: string, response: StoredResponse, reason: RemovalReason): void {
    const slot = this.#slots.get(key);
    const present = responsesOf(slot);
    if (slot === undefined || !present.includes(response)) return;
    if (present.length === 1) return this.#forget(slot, reason);
    this.#count(key, [response], reason);
    this.#write(slot, this.#makeSlot(slot, { key, responses: present.filter((candidate) => candidate !== response) }));
  }

  clear(): void {
    this.#removals.cleared += this.#entries;
    this.#entries = 0;
    this.#bytes = 0;
    this.#ring.clear();
    this.#slots.clear();
  }

  slice(cursor: number, limit: number): { readonly entries: readonly StoreEntry[]; readonly next: number | undefined } {
    return this.#ring.slice(cursor, Math.max(1, limit));
  }

  get stats(): StoreStats {
    return { entries: this.#entries, bytes: this.#bytes, maxBytes: this.#maxBytes, removals: { ...this.#removals } };
  }

  /**
   * Those used last of `responses` that stay within `room`; the first that does not fit ends it, so that none outlives one used later. One that lacks an
   * axis of a newer one is not selected any more (SECURITY §4.4), and so does not outlive it either.
   */
  #within(
    { key, uses }: { readonly key: string; readonly uses: Map<StoredResponse, number> | undefined },
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

  /** In the place of `old`: a use of the key. */
  #makeSlot(old: Slot | undefined, { key, responses }: { readonly key: string; readonly responses: readonly StoredResponse[] }): Slot {
    const bytes = responses.reduce((sum, response) => sum + chargedBytes(key, response), 0);
    const [first] = responses as readonly [StoredResponse, ...StoredResponse[]];
    const before = usesOf(old);
    const content =
      responses.length === 1 ? first : new Several(responses, new Map(responses.map((response) => [response, before?.get(response) ?? 0])));
    return { key: old?.key ?? key, content, bytes, isUsed: old !== undefined, place: 0 };
  }

  #write(old: Slot | undefined, next: Slot): void {
    if (old === undefined) this.#ring.add(next);
    else this.#ring.replace(old, next);
    this.#entries += responsesOf(next).length - responsesOf(old).length;
    this.#bytes += next.bytes - (old?.bytes ?? 0);
    this.#slots.set(next.key, next);
  }

  /** `kept`, which alone is never too much, stays. */
  #makeRoom(kept: Slot): void {
    while (this.#bytes > this.#maxBytes && this.#ring.size > 1) this.#forget(this.#ring.next(kept), 'evicted');
  }

  #forget(slot: Slot, reason: RemovalReason): void {
    const responses = responsesOf(slot);
    this.#slots.delete(slot.key);
    this.#ring.remove(slot);
    this.#entries -= responses.length;
    this.#bytes -= slot.bytes;
    this.#count(slot.key, responses, reason);
  }

  #count(key: string, responses: readonly StoredResponse[], reason: RemovalReason): void {
    this.#removals[reason] += responses.length;
    if (reason !== 'evicted' && reason !== 'replaced') return;
    for (const response of responses) this.#gaveWay(key, response, reason);
  }
}

function variantCap(maxVariants: number): number {
  return Math.min(Math.max(1, maxVariants), MAX_SLOT_RESPONSES);
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
