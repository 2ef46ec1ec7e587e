// What a source has read and not yet acknowledged: carried to the intake until it is over, however often that takes, and not read again meanwhile.
// Of one subject the next is handed on only when the one before it is over, so that a purge which could not be confirmed is not overtaken.
import type { Event, ReadEvent } from './event.ts';
import type { Intake, Taken } from './intake.ts';
import { Turns } from './turns.ts';

export interface InFlightParts {
  readonly intake: Pick<Intake, 'take' | 'malformed'>;
  /** Of the source. */
  readonly name: string;
  /** Resolves after so long, or at once where the signal is given. */
  readonly pause: (durationMs: number, signal: AbortSignal) => Promise<void>;
  /** There is something to acknowledge. */
  readonly settled: () => void;
}

export interface Acknowledgements {
  /** Those that are over. */
  readonly done: readonly string[];
  /** Those to be set aside. */
  readonly faulty: readonly { readonly id: string; readonly why: string }[];
}

/** `kept`: it is not over, and nobody tries it any more. */
type End = 'over' | 'kept' | { readonly fault: string };

/** The intake has tried for long before it says that it failed. */
const PAUSE_MS = 1_000;

export class InFlight {
  readonly #parts: InFlightParts;
  readonly #turns = new Turns(Infinity);
  readonly #under = new Map<string, Promise<void>>();
  readonly #done = new Set<string>();
  readonly #faulty = new Map<string, string>();
  #closing = new AbortController();

  constructor(parts: InFlightParts) {
    this.#parts = parts;
  }

  /** Those that wait for their acknowledgement among them. */
  get ids(): readonly string[] {
    return [...this.#under.keys(), ...this.#done, ...this.#faulty.keys()];
  }

  get size(): number {
    return this.#under.size + this.#done.size + this.#faulty.size;
  }

  has(id: string): boolean {
    return this.#under.has(id) || this.#done.has(id) || this.#faulty.has(id);
  }

  /** `id`: by which the source acknowledges it. */
  add(id: string, read: ReadEvent): void {
    const carried = this.#carry(read, this.#closing.signal).then((end) => {
      // Since it was abandoned it may have been read again.
      if (this.#under.get(id) !== carried) return;
      this.#under.delete(id);
      this.#settle(id, end);
    });
    this.#under.set(id, carried);
  }

  acknowledgements(): Acknowledgements {
    return { done: [...this.#done], faulty: Array.from(this.#faulty, ([id, why]) => ({ id, why })) };
  }

  /** They are acknowledged. */
  forget({ done, faulty }: Acknowledgements): void {
    for (const id of done) this.#done.delete(id);
    for (const { id } of faulty) this.#faulty.delete(id);
  }

  /** Somebody else has what is not over: what has not begun does not begin, and nothing of it is acknowledged here. */
  abandon(): void {
    this.#closing.abort();
    this.#closing = new AbortController();
    this.#under.clear();
  }

  /** Nobody has them any more, and their ids may be those of others: nothing of them is acknowledged either. */
  forgetAll(): void {
    this.abandon();
    this.#done.clear();
    this.#faulty.clear();
  }

  /** Tries nothing again; resolves when nothing is under way any more. What was not over by then is read once more by whoever reads next. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#under.values());
  }

  async #carry(read: ReadEvent, signal: AbortSignal): Promise<End> {
    if (read.kind !== 'event') return this.#malformed(read.detail);
    return this.#turns.run(subjectOf(read.event), () => this.#takeUntilOver(read.event, signal));
  }

  #settle(id: string, end: End): void {
    if (end === 'kept') return;
    if (end === 'over') this.#done.add(id);
    else this.#faulty.set(id, end.fault);
    this.#parts.settled();
  }

  async #takeUntilOver(event: Event, signal: AbortSignal): Promise<End> {
    const { intake, name, pause } = this.#parts;
    while (!signal.aborted) {
      const taken = await intake.take(event, name);
      if (taken.kind === 'rejected') return { fault: faultsOf(taken) };
      if (taken.kind !== 'failed') return 'over';
      await pause(PAUSE_MS, signal);
    }
    return 'kept';
  }

  #malformed(detail: string): End {
    this.#parts.intake.malformed(this.#parts.name, detail);
    return { fault: detail };
  }
}

/** One line a fault. */
export function faultsOf({ faults }: Extract<Taken, { readonly kind: 'rejected' }>): string {
  return faults.map(({ detail }) => detail).join('\n');
}

function subjectOf({ source, subject }: Event): string | undefined {
  return subject === undefined ? undefined : JSON.stringify([source, subject]);
}
