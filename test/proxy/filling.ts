// A fill between a scripted origin and clients that take what they like: values, no sockets.
import { expect } from 'vitest';
import type { Client } from '../../src/proxy/client.ts';
import { Fill, type ReaderEnd, FillBudget } from '../../src/proxy/fill.ts';

const KIB = 1024;

/** A client whose connection takes what `takes` says, in turn, and then everything. */
export class Reader implements Client {
  gone = false;
  readonly headSent = true;
  readonly chunks: Buffer[] = [];
  ends = 0;
  cuts = 0;
  /** What `done` was called with. */
  readonly results: { end: ReaderEnd; bytes: number }[] = [];
  readonly #takes: boolean[];
  #blocked = false;
  #drained = (): void => undefined;
  #left: (() => void)[] = [];

  constructor(takes: readonly boolean[] = []) {
    this.#takes = [...takes];
  }

  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }

  onGone(listener: () => void): void {
    if (this.gone) listener();
    else this.#left.push(listener);
  }

  onDrain(listener: () => void): void {
    this.#drained = listener;
  }

  write(chunk: Buffer): boolean {
    expect(this.#blocked).toBe(false);
    this.chunks.push(chunk);
    this.#blocked = !(this.#takes.shift() ?? true);
    return !this.#blocked;
  }

  drain(): void {
    if (!this.#blocked || this.gone) return;
    this.#blocked = false;
    this.#drained();
  }

  leave(): void {
    if (this.gone) return;
    this.gone = true;
    for (const left of this.#left.splice(0)) left();
  }

  end(): void {
    this.ends++;
  }

  destroy(): void {
    this.cuts++;
    this.leave();
  }

  informational(): void {}
  head(): void {}
  answer(): void {}
  answerLines(): void {}
}

/** A reader that takes its first chunk and nothing more until it is drained. */
export const slow = (): Reader => new Reader([false]);

export interface Setting {
  readonly keep?: boolean;
  readonly maxKeptBytes?: number;
  readonly budget?: FillBudget;
}

/** An origin with `chunks` to send, which stops where it is told to and goes on at once when it may. */
export class Source {
  readonly budget: FillBudget;
  readonly fill: Fill;
  readonly sent: Buffer[] = [];
  readonly readers: Reader[] = [];
  paused = false;
  #resumes = 0;
  readonly #chunks: Buffer[];

  constructor(chunks: readonly Buffer[], { keep = true, maxKeptBytes = 1024 * KIB, budget = new FillBudget(1024 * KIB) }: Setting = {}) {
    this.#chunks = [...chunks];
    this.budget = budget;
    this.fill = new Fill({ keep, maxKeptBytes, budget, resumeOrigin: () => this.#resume() });
  }

  get resumes(): number {
    return this.#resumes;
  }

  get isSpent(): boolean {
    return this.#chunks.length === 0;
  }

  /** Sends one chunk, unless it is to wait. False where there is nothing to send or it waits. */
  send(): boolean {
    const chunk = this.paused ? undefined : this.#chunks.shift();
    if (chunk === undefined) return false;
    this.sent.push(chunk);
    // A chunk sent from inside `push` may have paused it already.
    if (!this.fill.push(chunk)) this.paused = true;
    return true;
  }

  sendAll(): void {
    while (this.send());
  }

  read(reader: Reader): Reader {
    this.readers.push(reader);
    this.fill.read(reader, (result) => reader.results.push(result));
    return reader;
  }

  #resume(): void {
    expect(this.paused).toBe(true);
    this.#resumes++;
    this.paused = false;
    this.send();
  }
}
