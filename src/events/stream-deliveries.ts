// What was read of the stream and is not acknowledged yet: each entry is carried to the intake, and acknowledged or set aside when it is over.
import { pause } from '../pause.ts';
import { Bell } from './bell.ts';
import { InFlight } from './in-flight.ts';
import type { Intake } from './intake.ts';
import { readStreamEntry, type StreamEntry } from './stream-entry.ts';

export interface DeliveryParts {
  readonly intake: Intake;
  /** Of the kind of source. */
  readonly name: string;
  /** Of events that name none themselves. */
  readonly source: string;
  /** Entries under way at once. */
  readonly most: number;
  readonly acknowledge: (ids: readonly string[]) => Promise<void>;
  /** `why`: one line a fault. */
  readonly setAside: (letter: { readonly id: string; readonly why: string; readonly fields: readonly string[] }) => Promise<void>;
}

const LOOK_AGAIN_MS = 1_000;

export class StreamDeliveries {
  readonly #parts: DeliveryParts;
  readonly #bell = new Bell();
  readonly #inFlight: InFlight;
  /** Of those in flight. */
  readonly #entries = new Map<string, StreamEntry>();
  /** How often the group was lost: ids may begin anew then. */
  #lives = 0;
  #flushing: Promise<void> | undefined;

  constructor(parts: DeliveryParts) {
    const { intake, name } = parts;
    this.#parts = parts;
    this.#inFlight = new InFlight({ intake, name, pause, settled: () => this.#settled() });
  }

  /** How many more may be read. */
  get room(): number {
    return this.#parts.most - this.#inFlight.size;
  }

  has(id: string): boolean {
    return this.#inFlight.has(id);
  }

  /** In their order. What is under way already is not begun again. */
  take(entries: readonly StreamEntry[]): void {
    for (const entry of entries) {
      if (this.has(entry.id)) continue;
      this.#entries.set(entry.id, entry);
      this.#inFlight.add(entry.id, readStreamEntry(entry, { source: this.#parts.source, id: this.#idOf(entry) }));
    }
  }

  /** Whether there is for half of what may be under way; it waits a while for that. */
  async hasRoom(): Promise<boolean> {
    const isRoomy = (): boolean => this.room >= this.#parts.most / 2;
    if (!isRoomy()) await this.#bell.wait(LOOK_AGAIN_MS);
    return isRoomy();
  }

  /** One at a time; what settles meanwhile rings again. Rejects where Redis did not take it: it is tried again then. */
  async flush(): Promise<void> {
    if (this.#flushing !== undefined) return this.#flushing;
    this.#flushing = this.#acknowledge();
    try {
      await this.#flushing;
    } finally {
      this.#flushing = undefined;
    }
  }

  /** The group is another one: from now on an id may be that of another entry. */
  beginAnew(): void {
    this.#lives++;
    this.#inFlight.forgetAll();
    this.#entries.clear();
  }

  /** Another node has them now. */
  abandon(): void {
    this.#inFlight.abandon();
    for (const id of this.#entries.keys()) if (!this.has(id)) this.#entries.delete(id);
  }

  /** Nothing is waited for any more. */
  stop(): void {
    this.#bell.ring();
  }

  /** What can be acknowledged then is. */
  async close(): Promise<void> {
    this.stop();
    await this.#inFlight.close();
    await this.flush().catch(() => undefined);
  }

  #idOf({ id }: StreamEntry): string {
    return this.#lives === 0 ? id : `${id}@${this.#lives}`;
  }

  #settled(): void {
    this.#bell.ring();
    // Where that fails the next turn does it.
    this.flush().catch(() => undefined);
  }

  async #acknowledge(): Promise<void> {
    const { acknowledge, setAside } = this.#parts;
    for (;;) {
      const settled = this.#inFlight.acknowledgements();
      if (settled.done.length + settled.faulty.length === 0) return;
      if (settled.done.length > 0) await acknowledge(settled.done);
      for (const { id, why } of settled.faulty) await setAside({ id, why, fields: this.#entries.get(id)?.fields ?? [] });
      this.#inFlight.forget(settled);
      for (const id of [...settled.done, ...settled.faulty.map((one) => one.id)]) this.#entries.delete(id);
    }
  }
}
