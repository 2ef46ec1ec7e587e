// Events that no rule could take, kept in memory until they are replayed: a bounded number of them, and of bytes.
import { hash } from 'node:crypto';
import type { Event } from './event.ts';
import { type DeadLetter, describedEvent, type Ends } from './source.ts';

const MOST_LETTERS = 1_000;
const MOST_BYTES = 8 * 1024 * 1024;

interface Kept {
  readonly event: Event;
  readonly why: readonly string[];
  readonly at: number;
  readonly bytes: number;
}

export class DeadLetters {
  /** By the id of the letter, oldest first. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  get count(): number {
    return this.#kept.size;
  }

  /** The same event again takes the place of the one before. The oldest leave where there is no room. */
  put(event: Event, { why, at }: { readonly why: readonly string[]; readonly at: number }): void {
    this.remove(event);
    const bytes = JSON.stringify([event, why]).length;
    this.#kept.set(letterId(event), { event, why, at, bytes });
    this.#bytes += bytes;
    for (const [id, oldest] of this.#kept) {
      if (this.#kept.size <= MOST_LETTERS && this.#bytes <= MOST_BYTES) return;
      this.#kept.delete(id);
      this.#bytes -= oldest.bytes;
    }
  }

  remove(event: Event): void {
    const id = letterId(event);
    this.#bytes -= this.#kept.get(id)?.bytes ?? 0;
    this.#kept.delete(id);
  }

  find(id: string): Event | undefined {
    return this.#kept.get(id)?.event;
  }

  /** In that order. */
  list(most: number, from: Ends): readonly DeadLetter[] {
    const kept = [...this.#kept];
    return (from === 'newest' ? kept.toReversed() : kept)
      .slice(0, most)
      .map(([id, { event, why, at }]) => ({ id, why, at, event: describedEvent(event) }));
  }
}

/** The same for the same event whenever it comes. */
function letterId({ source, id }: Event): string {
  return hash('sha256', JSON.stringify([source, id]), 'hex').slice(0, 12);
}
