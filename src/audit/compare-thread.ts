// The thread that looks through large bodies (compare-worker.ts), started when the first is to be compared, and ended with its auditor.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { JsonPath } from '../config/json-path.ts';
import type { Content, Differences } from './content.ts';

/** What the thread is asked, and what it answers. */
export interface Question {
  readonly id: number;
  readonly contents: readonly [Given, Given];
}
export type Given = Omit<Content, 'body'> & { readonly body: Uint8Array<ArrayBuffer> };
export interface Answer {
  readonly id: number;
  readonly differences: Differences;
}

const ENTRY = new URL(`./compare-worker${extname(import.meta.url)}`, import.meta.url);
/** Two bodies of the most that may be configured, parsed. */
const HEAP_MIB = 256;
/** Bodies that take longer are not worth it; all others wait. */
const LONGEST_MS = 10_000;

export class CompareThread {
  readonly #ignore: readonly JsonPath[];
  readonly #waiting = new Map<number, (differences: Differences | undefined) => void>();
  #thread: Worker | undefined;
  #asked = 0;
  #isClosed = false;

  constructor(ignore: readonly JsonPath[]) {
    this.#ignore = ignore;
  }

  /** Undefined where the thread ends first, or has been closed: nobody can say. */
  differencesOf(a: Content, b: Content): Promise<Differences | undefined> {
    if (this.#isClosed) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<Differences | undefined>();
    this.#thread ??= this.#start();
    // Copies that are handed over take a quarter of the time of copies that postMessage makes.
    const contents = [
      { ...a, body: new Uint8Array(a.body) },
      { ...b, body: new Uint8Array(b.body) },
    ] as const;
    const question: Question = { id: this.#asked++, contents };
    const thread = this.#thread;
    const timer = setTimeout(() => void thread.terminate(), LONGEST_MS).unref();
    this.#waiting.set(question.id, (differences) => {
      clearTimeout(timer);
      resolve(differences);
    });
    thread.postMessage(
      question,
      contents.map(({ body }) => body.buffer),
    );
    return promise;
  }

  close(): void {
    this.#isClosed = true;
    void this.#thread?.terminate();
  }

  #start(): Worker {
    const thread = new Worker(ENTRY, { workerData: this.#ignore, resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB } });
    thread.unref();
    return thread
      .on('message', ({ id, differences }: Answer) => {
        this.#waiting.get(id)?.(differences);
        this.#waiting.delete(id);
      })
      .on('error', () => undefined)
      .on('exit', () => {
        this.#thread = undefined;
        for (const resolve of this.#waiting.values()) resolve(undefined);
        this.#waiting.clear();
      });
  }
}
