// A body on its way from an origin to its readers, and perhaps into the store.
//
// The idea: while it is kept, the fill runs at the origin's speed into a buffer bounded by max_object, and each reader takes from it at its own
// speed, from the first byte, whenever it joined. Once it is not kept (never storable, or grown too large), it is a relay: only what the slowest
// reader has not taken is held, and the origin waits for that reader. A reader that takes nothing is cut by its own stall timeout, so one slow
// client can delay the others of a relay by that long at most.
// What must stay true: a reader sees every byte once and in order; its end is clean only if the origin's was; chunks are never changed.
import type { Reason } from '../rules/reasons.ts';
import type { Client } from './client.ts';

/** A relay lets the slowest reader fall this far behind before the origin has to wait. */
const RELAY_WINDOW_BYTES = 256 * 1024;

/** What all fills together may hold; over it they become relays, so that slow readers slow the origin down instead of filling the memory. */
export class FillBudget {
  /** The setting store.fills. */
  maxBytes: number;
  heldBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get isSpent(): boolean {
    return this.heldBytes > this.maxBytes;
  }
}

interface Reader {
  readonly client: Client;
  readonly done: (end: ReaderEnd) => void;
  /** Index into the chunks ever received. */
  position: number;
  bytes: number;
  waiting: boolean;
}

/** How it ended for one reader: all of it taken, cut because the origin's end was not good, or the client gone. */
export type ReaderEnd = 'complete' | 'cut' | 'gone';

type FillEnd = 'open' | 'complete' | 'failed';

export class Fill {
  /** Bytes received from the origin so far. */
  bytes = 0;
  /** Whether everything since the first byte is still here. */
  kept: boolean;
  /** Why it is not kept although it should have been. */
  released: 'too-large' | 'fills-over-limit' | undefined;
  /** Why its end was not good. */
  failure: Reason | undefined;
  readonly #maxKeptBytes: number;
  readonly #resumeOrigin: () => void;
  #chunks: Buffer[] = [];
  /** How many chunks were dropped in front of #chunks[0]. */
  #dropped = 0;
  #readers = new Set<Reader>();
  #end: FillEnd = 'open';
  #heldBytes = 0;
  #originWaits = false;
  #discarding = false;
  #emptied = false;
  #gathering = true;
  readonly #budget: FillBudget;

  /** Nothing is dropped before `gathered` is called, since those who wait for the head decide one after another whether to read. */
  constructor(options: { readonly keep: boolean; readonly maxKeptBytes: number; readonly budget: FillBudget; readonly resumeOrigin: () => void }) {
    this.#budget = options.budget;
    this.kept = options.keep && !options.budget.isSpent;
    if (options.keep && !this.kept) this.released = 'fills-over-limit';
    this.#maxKeptBytes = options.maxKeptBytes;
    this.#resumeOrigin = options.resumeOrigin;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Whether a reader that comes now would still get every byte. */
  get isWhole(): boolean {
    return this.#dropped === 0 && !this.#discarding && !this.#emptied;
  }

  /** A piece from the origin. False: the origin is to wait until `resumeOrigin` is called. */
  push(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    if (this.#discarding) return true;
    this.#chunks.push(chunk);
    this.#hold(chunk.length);
    if (this.kept && this.bytes > this.#maxKeptBytes) this.#release('too-large');
    else if (this.kept && this.#budget.isSpent) this.#release('fills-over-limit');
    for (const reader of this.#readers) this.#advance(reader);
    this.#trim();
    this.#originWaits = this.#isFull();
    return !this.#originWaits;
  }

  /** Stops keeping what every reader has taken: from here on a relay. */
  #release(reason: 'too-large' | 'fills-over-limit'): void {
    this.kept = false;
    this.released = reason;
    this.#trim();
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes;
    this.#budget.heldBytes += bytes;
  }

  /** Everybody who waited for the head has decided, and what is to be stored of it is stored or still to come. */
  gathered(): void {
    this.#gathering = false;
    this.#makeRoom();
    this.#letGo();
  }

  /** The origin's end. After `complete` the bytes are whole; after `failed` every reader is cut. */
  finish(end: 'complete' | 'failed', failure?: Reason): void {
    this.#end = end;
    this.failure = failure;
    for (const reader of this.#readers) this.#advance(reader);
    this.#letGo();
  }

  /** The whole body where it is all here and ended well: what needs no streaming. */
  get complete(): Buffer | undefined {
    return this.#end === 'complete' && this.isWhole ? this.body() : undefined;
  }

  /** What is here, as received: the whole body while `kept`. */
  body(): Buffer {
    return this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks, this.bytes);
  }

  /** Streams to a client whose head has been sent, while `isWhole`. `done` is called once, with the bytes it was given. */
  read(client: Client, done: (result: { end: ReaderEnd; bytes: number }) => void): void {
    if (!this.isWhole) throw new Error('a relay that has dropped bytes was joined');
    const reader: Reader = {
      client,
      position: this.#dropped,
      bytes: 0,
      waiting: false,
      done: (end) => {
        if (!this.#readers.delete(reader)) return;
        this.#makeRoom();
        this.#letGo();
        done({ end, bytes: reader.bytes });
      },
    };
    this.#readers.add(reader);
    client.onDrain(() => {
      reader.waiting = false;
      this.#advance(reader);
      this.#makeRoom();
    });
    client.onGone(() => reader.done('gone'));
    this.#advance(reader);
    this.#makeRoom();
  }

  #advance(reader: Reader): void {
    // Room may come after its end, and a client may have been gone when it joined.
    if (!this.#readers.has(reader)) return;
    while (!reader.waiting && !reader.client.gone) {
      const chunk = this.#chunks[reader.position - this.#dropped];
      if (chunk === undefined) break;
      reader.position++;
      reader.bytes += chunk.length;
      reader.waiting = !reader.client.write(chunk);
    }
    if (this.#end === 'failed') {
      reader.client.destroy();
      reader.done('cut');
    } else if (this.#end === 'complete' && reader.position === this.#dropped + this.#chunks.length) {
      reader.client.end();
      reader.done('complete');
    }
  }

  #makeRoom(): void {
    this.#trim();
    if (!this.#originWaits || this.#isFull()) return;
    this.#originWaits = false;
    this.#resumeOrigin();
  }

  #isFull(): boolean {
    return !this.kept && this.#heldBytes > RELAY_WINDOW_BYTES;
  }

  /** Before the first reader came nothing is dropped: it is about to come. */
  #trim(): void {
    if (this.kept || this.#gathering || this.#readers.size === 0) return;
    let slowest = Number.POSITIVE_INFINITY;
    for (const reader of this.#readers) slowest = Math.min(slowest, reader.position);
    for (const chunk of this.#chunks.splice(0, slowest - this.#dropped)) this.#hold(-chunk.length);
    this.#dropped = slowest;
  }

  /** No reader will come any more: what arrives from here on is counted and dropped (an unsafe request runs to its end). */
  discard(): void {
    this.kept = false;
    this.#discarding = true;
    this.#gathering = false;
    this.#empty();
    this.#makeRoom();
  }

  /** After its end it holds only what readers have still to take. */
  #letGo(): void {
    if (this.#end === 'open' || this.#gathering) return;
    this.kept = false;
    if (this.#readers.size === 0) this.#empty();
    else this.#trim();
  }

  #empty(): void {
    this.#hold(-this.#heldBytes);
    this.#chunks = [];
    this.#emptied = true;
  }
}
