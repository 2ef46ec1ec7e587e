// Which slot leaves for room, and how does a pass over the store stop and go on? The slots in a ring, with a hand that goes round.
//
// The idea (the clock of operating systems): a use leaves a note on its slot, and nothing else is written on a hit. The hand takes the first slot without a
// note, and removes the notes that it passes, so what leaves was not used since the hand came last: near to the least recently used.
// Who takes a place is last in the array, and so moves into the place of the one that leaves, just behind the hand.
//
// A pass over all walks from the end to the start: removing a place moves the last one, already visited, into the gap. So a pass sees every
// entry that is there throughout, and perhaps some twice.
import type { StoredResponse } from '../rules/stored-response.ts';
import { responsesOf, type Slot } from './slot.ts';
import type { StoreEntry } from './store.ts';

/** A cursor is `whole * STRIDE + rest`: slots not begun, and responses left, counted from the oldest, in the slot after those. 0 starts a pass. */
const STRIDE = 65_536;

/** More variants than this a key cannot have. */
export const MAX_SLOT_RESPONSES = STRIDE - 1;

/** So many used slots are passed at most: to pass a million of them would hold the event loop. */
const MOST_PASSED = 64;

export class ClockRing {
  readonly #slots: Slot[] = [];
  #hand = 0;

  get size(): number {
    return this.#slots.length;
  }

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

  /** The slot that is to leave, not `kept`: there must be another. The hand is past it. */
  next(kept: Slot): Slot {
    for (let passed = 0; ; passed++) {
      this.#hand %= this.#slots.length;
      const slot = this.#slots[this.#hand++] as Slot;
      if (slot === kept) continue;
      if (!slot.isUsed || passed >= MOST_PASSED) return slot;
      slot.isUsed = false;
    }
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
    return responsesOf(this.#slots[place]);
  }

  /** Adds what still fits of the slot at `whole`, and returns how many of its responses are left. */
  #take(entries: StoreEntry[], at: { whole: number; rest: number; limit: number }): number {
    const slot = this.#slots[at.whole];
    if (slot === undefined) return 0;
    const responses = responsesOf(slot);
    const from = responses.length - at.rest;
    const taken = responses.slice(from, from + at.limit - entries.length);
    for (const response of taken) entries.push({ key: slot.key, response });
    return at.rest - taken.length;
  }
}
