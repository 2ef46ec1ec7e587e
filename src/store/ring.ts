// The places of the slots, so that a pass over the store can stop and go on later (LRU iterators follow live links and cannot).
// A pass walks from the end to the start: removing a place moves the last one, already visited, into the gap. So a pass sees every
// entry that is there throughout, and perhaps some twice.
import type { StoredResponse } from '../rules/stored-response.ts';
import type { StoreEntry } from './store.ts';

/** The stored responses of one key. `place` is the ring's own. */
export interface Slot {
  readonly key: string;
  /** Newest first. Replaced, never changed. */
  readonly responses: readonly StoredResponse[];
  readonly axes: readonly string[];
  readonly bytes: number;
  /** When each was used last or stored, by a counter of the store's. Absent where there is one alone. */
  readonly uses?: Map<StoredResponse, number>;
  place: number;
}

/** A cursor is `whole * STRIDE + rest`: slots not begun, and responses left, counted from the oldest, in the slot after those. 0 starts a pass. */
const STRIDE = 65_536;

/** More variants than this a key cannot have. */
export const MAX_SLOT_RESPONSES = STRIDE - 1;

export class Ring {
  readonly #slots: Slot[] = [];

  add(slot: Slot): void {
    slot.place = this.#slots.length;
    this.#slots.push(slot);
  }

  /** Puts `next` where `old` was. */
  replace(old: Slot, next: Slot): void {
    next.place = old.place;
    this.#slots[old.place] = next;
  }

  remove(slot: Slot): void {
    const last = this.#slots.pop();
    if (last === undefined || last === slot) return;
    last.place = slot.place;
    this.#slots[slot.place] = last;
  }

  clear(): void {
    this.#slots.length = 0;
  }

  slice(cursor: number, limit: number): { entries: StoreEntry[]; next: number | undefined } {
    const entries: StoreEntry[] = [];
    let { whole, rest } = this.#position(cursor);
    while (entries.length < limit) {
      if (rest === 0) {
        if (whole === 0) return { entries, next: undefined };
        whole--;
        rest = this.#responsesAt(whole).length;
      }
      rest = this.#take(entries, { whole, rest, limit });
    }
    const done = whole === 0 && rest === 0;
    return { entries, next: done ? undefined : whole * STRIDE + rest };
  }

  #position(cursor: number): { whole: number; rest: number } {
    const size = this.#slots.length;
    const whole = Math.floor(cursor / STRIDE);
    if (!(cursor >= 1) || whole > size) return { whole: size, rest: 0 };
    return { whole, rest: Math.min(Math.floor(cursor) % STRIDE, this.#responsesAt(whole).length) };
  }

  #responsesAt(place: number): readonly StoredResponse[] {
    return this.#slots[place]?.responses ?? [];
  }

  /** Adds what still fits of the slot at `whole`, and returns how many of its responses are left. */
  #take(entries: StoreEntry[], at: { whole: number; rest: number; limit: number }): number {
    const slot = this.#slots[at.whole];
    if (slot === undefined) return 0;
    const from = slot.responses.length - at.rest;
    const taken = slot.responses.slice(from, from + at.limit - entries.length);
    for (const response of taken) entries.push({ key: slot.key, response });
    return at.rest - taken.length;
  }
}
