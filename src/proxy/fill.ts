// A body on its way from an origin to its readers, and perhaps into the store.
//
// The idea: while it is kept, the fill runs at the origin's speed into a buffer bounded by max_object, and each reader takes from it at its own
// speed, from the first byte, whenever it joined. Once it is not kept (never storable, or grown too large), it is a relay: only what the slowest
// reader has not taken is held, and the origin waits for that reader. A reader that takes nothing is cut by its own stall timeout, so one slow
// client can delay the others of a relay by that long at most.
// What must stay true: a reader sees every byte once and in order; its end is clean only if the origin's was; chunks are never changed.
import type { Client } from './client.ts';

/** A relay lets the slowest reader fall this far behind before the origin has to wait. */
const RELAY_WINDOW_BYTES = 256 * 1024;

interface Reader {
  readonly client: Client;
  readonly done: (complete: boolean) => void;
  /** Index into the chunks ever received. */
  position: number;
  bytes: number;
  waiting: boolean;
}

type FillEnd = 'open' | 'complete' | 'failed';

export class Fill {
  /** Bytes received from the origin so far. */
  bytes = 0;
  /** Whether everything since the first byte is still here. */
  kept: boolean;
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
  #gathering: boolean;

  /** `gathers`: nothing is dropped before `gathered` is called, since those who wait for the head decide one after another whether to read. */
  constructor(options: { readonly keep: boolean; readonly maxKeptBytes: number; readonly gathers: boolean; readonly resumeOrigin: () => void }) {
    this.kept = options.keep;
    this.#gathering = options.gathers;
    this.#maxKeptBytes = options.maxKeptBytes;
    this.#resumeOrigin = options.resumeOrigin;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Whether a reader that comes now would still get every byte. */
  get isWhole(): boolean {
    return this.#dropped === 0 && !this.#discarding;
  }

  /** A piece from the origin. False: the origin is to wait until `resumeOrigin` is called. */
  push(chunk: Buffer): boolean {
    this.bytes += chunk.length;
    if (this.#discarding) return true;
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.kept && this.bytes > this.#maxKeptBytes) this.release();
    for (const reader of this.#readers) this.#advance(reader);
    this.#trim();
    this.#originWaits = this.#isFull();
    return !this.#originWaits;
  }

  /** Stops keeping what every reader has taken: from here on a relay. */
  release(): void {
    this.kept = false;
    this.#trim();
  }

  /** Everybody who waited for the head has decided. */
  gathered(): void {
    this.#gathering = false;
    this.#makeRoom();
  }

  /** The origin's end. After `complete` the bytes are whole; after `failed` every reader is cut. */
  finish(end: 'complete' | 'failed'): void {
    if (this.#end !== 'open') return;
    this.#end = end;
    for (const reader of this.#readers) this.#advance(reader);
  }

  /** The whole body, as received. Only meaningful while `kept`. */
  body(): Buffer {
    return this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks, this.bytes);
  }

  /** Streams to a client whose head has been sent, while `isWhole`. `done` is called once, with the bytes it was given. */
  read(client: Client, done: (result: { complete: boolean; bytes: number }) => void): void {
    if (!this.isWhole) throw new Error('a relay that has dropped bytes was joined');
    const reader: Reader = {
      client,
      position: this.#dropped,
      bytes: 0,
      waiting: false,
      done: (complete) => {
        if (!this.#readers.delete(reader)) return;
        this.#makeRoom();
        done({ complete, bytes: reader.bytes });
      },
    };
    this.#readers.add(reader);
    client.onDrain(() => {
      reader.waiting = false;
      this.#advance(reader);
      this.#makeRoom();
    });
    client.onGone(() => reader.done(false));
    this.#advance(reader);
    this.#makeRoom();
  }

  #advance(reader: Reader): void {
    while (!reader.waiting && !reader.client.gone) {
      const chunk = this.#chunks[reader.position - this.#dropped];
      if (chunk === undefined) break;
      reader.position++;
      reader.bytes += chunk.length;
      reader.waiting = !reader.client.write(chunk);
    }
    if (this.#end === 'failed') {
      reader.client.destroy();
      reader.done(false);
    } else if (this.#end === 'complete' && reader.position === this.#dropped + this.#chunks.length) {
      reader.client.end();
      reader.done(true);
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
    const taken = slowest - this.#dropped;
    if (taken <= 0) return;
    for (const chunk of this.#chunks.splice(0, taken)) this.#heldBytes -= chunk.length;
    this.#dropped = slowest;
  }

  /** No reader will come any more: what arrives from here on is counted and dropped (an unsafe request runs to its end). */
  discard(): void {
    this.kept = false;
    this.#discarding = true;
    this.#chunks = [];
    this.#heldBytes = 0;
    this.#makeRoom();
  }
}
