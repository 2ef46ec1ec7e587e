// The threads that serve, as the main thread keeps them: started, asked, started again when one ends, drained.
//
// The idea: a thread that ends takes its entries, its connections and what it was asked with it, and nothing else: marks, holds and receipts are not its own.
// The races: one that starts has the configuration that is in force at that moment, and is told of each later one after; one that ends while it is asked
// rejects the question, and whoever asked goes on without it.
// What must stay true: after `reload` no thread serves by an older configuration. One that does not take it in time is ended.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { LogEpochs } from '../cluster/log-epochs.ts';
import type { Config, ListenAddress } from '../config/config.ts';
import type { Observer } from '../observe/observer.ts';
import { countsOf, type Snapshot, together } from '../observe/snapshot.ts';
import { heapMiBFor } from '../store/heap-growth.ts';
import { type Answers, Channel } from './channel.ts';
import type { OfMain, OfWorker, WorkerStart } from './messages.ts';

export interface WorkersParts {
  readonly count: number;
  /** Read whenever a thread starts. */
  readonly startOf: (worker: number) => WorkerStart;
  readonly answers: Answers<OfMain>;
  /** One has ended unasked. */
  readonly ended: () => void;
  readonly observer: Pick<Observer, 'warn' | 'info' | 'error'>;
}

/** Of a thread that may be stuck: longer than any pause of a healthy one. */
const RELOAD_TIMEOUT_MS = 10_000;
const SNAPSHOT_TIMEOUT_MS = 1_000;
/** After its last answer a thread ends by itself. */
const EXIT_TIMEOUT_MS = 2_000;

const FIRST_BACKOFF_MS = 100;
const MOST_BACKOFF_MS = 10_000;
/** A thread that has served this long starts again at once. */
const SOUND_AFTER_MS = 60_000;

/** Beside app.ts, whatever it is compiled to. */
const ENTRY = new URL(`../worker${extname(import.meta.url)}`, import.meta.url);

export class Workers {
  readonly #slots: readonly Slot[];

  constructor(parts: WorkersParts) {
    this.#slots = Array.from({ length: parts.count }, (_, i) => new Slot(i + 1, parts));
  }

  /** Resolves when all accept; rejects with a RunError, and then none is left running. The first finds the port where it may be any. */
  async open(listen: ListenAddress): Promise<ListenAddress> {
    try {
      const [first, ...others] = this.#slots;
      const address = (await first?.open(listen)) ?? listen;
      await Promise.all(others.map((slot) => slot.open({ host: listen.host, port: address.port })));
      first?.listenOn({ host: listen.host, port: address.port });
      return address;
    } catch (error) {
      await this.close(0);
      throw error;
    }
  }

  /** Those that accept now. */
  get serving(): readonly Slot[] {
    return this.#slots.filter((slot) => slot.isOpen);
  }

  get crashes(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.crashes, 0);
  }

  /** Resolves when all that serve do so by `config`; those that start later find it in `startOf`. */
  async reload(config: Config): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.reload(config)));
  }

  /** One that starts later finds them in `startOf`. */
  tellEpochs(epochs: LogEpochs): void {
    for (const slot of this.#slots) slot.ask('epochs', epochs).catch(() => undefined);
  }

  /** What they have counted, and what those counted that have ended. */
  async snapshots(): Promise<readonly Snapshot[]> {
    return Promise.all(this.#slots.map((slot) => slot.snapshot()));
  }

  /** As a crash would end it. Resolves when the next one accepts. */
  async replace(worker: number): Promise<void> {
    await this.#slots[worker - 1]?.replace();
  }

  /** Each finishes what is in flight within `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.close(timeoutMs)));
  }
}

/** One number, and the threads that have it one after the other. */
export class Slot {
  readonly worker: number;
  crashes = 0;
  readonly #parts: WorkersParts;
  #thread: Worker | undefined;
  #channel: Channel<OfWorker, OfMain> | undefined;
  #listen: ListenAddress = { host: '', port: 0 };
  #openedAt: number | undefined;
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #opened = Promise.withResolvers<void>();
  #isClosing = false;
  #counted: Snapshot = new Map();
  #ended: Snapshot = new Map();

  constructor(worker: number, parts: WorkersParts) {
    this.worker = worker;
    this.#parts = parts;
  }

  get isOpen(): boolean {
    return this.#openedAt !== undefined;
  }

  listenOn(listen: ListenAddress): void {
    this.#listen = listen;
  }

  /** Rejects where the thread ends before it answers. */
  async ask<Name extends keyof OfWorker>(name: Name, given: OfWorker[Name]['given']): Promise<OfWorker[Name]['answered']> {
    if (this.#channel === undefined) throw new Error(`worker ${this.worker} is not there`);
    return this.#channel.ask(name, given);
  }

  /** Starts a thread; resolves when it accepts. */
  async open(listen: ListenAddress): Promise<ListenAddress> {
    this.#listen = listen;
    const start = this.#parts.startOf(this.worker);
    const thread = new Worker(ENTRY, { workerData: start, resourceLimits: { maxOldGenerationSizeMb: heapMiBFor(start.config.store.memoryBytes) } });
    const channel = new Channel<OfWorker, OfMain>(thread, this.#parts.answers);
    this.#thread = thread;
    this.#channel = channel;
    let fault: unknown;
    thread.on('error', (error) => (fault = error)).on('exit', () => this.#gone(channel, fault));
    const address = await channel.ask('open', listen);
    this.#openedAt = performance.now();
    this.#opened.resolve();
    return address;
  }

  async reload(config: Config): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined) return;
    const taken = await within(RELOAD_TIMEOUT_MS, channel.ask('reload', config));
    if (taken.kind !== 'late') return;
    this.#parts.observer.error('a worker did not take the new configuration in time and is ended', { worker: this.worker });
    await this.#thread?.terminate();
  }

  async snapshot(): Promise<Snapshot> {
    const answer = this.isOpen ? await within(SNAPSHOT_TIMEOUT_MS, this.ask('snapshot', undefined)) : undefined;
    if (answer?.kind === 'answered') this.#counted = answer.answered;
    return together([this.#ended, this.#counted]);
  }

  async replace(): Promise<void> {
    const thread = this.#thread;
    this.#opened = Promise.withResolvers();
    const { promise } = this.#opened;
    await thread?.terminate();
    await promise;
  }

  async close(timeoutMs: number): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#restart);
    const thread = this.#thread;
    if (thread === undefined) return;
    const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    const closed = this.ask('close', timeoutMs).catch(() => undefined);
    await within(timeoutMs + EXIT_TIMEOUT_MS, closed);
    await within(EXIT_TIMEOUT_MS, exited);
    await thread.terminate();
  }

  #gone(channel: Channel<OfWorker, OfMain>, fault: unknown): void {
    channel.end(new Error(`worker ${this.worker} has ended`));
    this.#thread = undefined;
    this.#channel = undefined;
    this.#ended = countsOf(together([this.#ended, this.#counted]));
    this.#counted = new Map();
    const servedMs = this.#openedAt === undefined ? 0 : performance.now() - this.#openedAt;
    this.#openedAt = undefined;
    if (this.#isClosing) return;
    this.crashes++;
    this.#parts.ended();
    this.#failures = servedMs >= SOUND_AFTER_MS ? 0 : this.#failures + 1;
    const inMs = backoffMs(this.#failures);
    this.#parts.observer.error('a worker ended; another takes its place, with nothing stored', { worker: this.worker, inMs, error: fault });
    this.#restart = setTimeout(() => void this.#openAgain(), inMs);
  }

  async #openAgain(): Promise<void> {
    try {
      await this.open(this.#listen);
      this.#parts.observer.info('a worker has taken the place of one that ended', { worker: this.worker });
    } catch (error) {
      if (this.#isClosing) return;
      this.#parts.observer.error('a worker could not take the place of one that ended', { worker: this.worker, error });
      await this.#thread?.terminate();
    }
  }
}

/** The first failure in a row costs no time. */
function backoffMs(failures: number): number {
  return failures <= 1 ? 0 : Math.min(MOST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failures - 2));
}

type Within<T> = { readonly kind: 'answered'; readonly answered: T } | { readonly kind: 'failed' | 'late' };

async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<Within<T>> {
  const late = Promise.withResolvers<Within<T>>();
  const timer = setTimeout(() => late.resolve({ kind: 'late' }), timeoutMs);
  const settled = promise.then(
    (answered): Within<T> => ({ kind: 'answered', answered }),
    (): Within<T> => ({ kind: 'failed' }),
  );
  const first = await Promise.race([settled, late.promise]);
  clearTimeout(timer);
  return first;
}
