// What does Freshet write to its log? One JSON line a request (all, or a sample with every failure), and lines for the operator.
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';
import type { RequestEnd } from './observer.ts';
import { scrubbed, scrubbedText, withoutQueryValues } from './scrub.ts';

export interface LogOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `sample`: one request in 100, and every one that failed. */
  readonly access: 'off' | 'sample' | 'all';
  /** Which of several threads writes: stands in every line. */
  readonly worker?: number;
  /** Standard output where absent. */
  readonly destination?: DestinationStream;
}

const SAMPLE_EVERY = 100;

/** Lines about requests leave together: a write of its own costs each more than a hit. Never more at once than a pipe keeps in one piece among writers. */
const IN_BACKGROUND = { sync: false, minLength: 2_048, maxWrite: 4_096, periodicFlush: 100 };

export class Log {
  readonly #logger: Logger;
  readonly #access: LogOptions['access'];
  readonly #queryValues: boolean;
  #requests = 0;

  constructor({ level, access, worker, destination: given }: LogOptions) {
    // pino flushes when the process ends, not when it is killed.
    this.#logger = pino(
      {
        level,
        base: worker === undefined ? null : { worker },
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      given ?? standardOutput(),
    );
    this.#access = access;
    this.#queryValues = level === 'debug' || level === 'trace';
  }

  requestEnded(end: RequestEnd): void {
    const failed = end.outcome === 'error' || end.status >= 500 || end.failure !== undefined;
    if (!this.#chosen(failed)) return;
    const line = { ...end, path: scrubbedText(this.#queryValues ? end.path : withoutQueryValues(end.path)) };
    if (failed) this.#logger.warn(line, 'request');
    else this.#logger.info(line, 'request');
  }

  info(message: string, detail: Readonly<Record<string, unknown>>): void {
    this.#logger.info(scrubbed(detail), scrubbedText(message));
  }

  warn(message: string, detail: Readonly<Record<string, unknown>>): void {
    this.#logger.warn(scrubbed(detail), scrubbedText(message));
  }

  error(message: string, detail: Readonly<Record<string, unknown>>): void {
    this.#logger.error(scrubbed(detail), scrubbedText(message));
  }

  #chosen(failed: boolean): boolean {
    if (this.#access !== 'sample') return this.#access === 'all';
    return this.#requests++ % SAMPLE_EVERY === 0 || failed;
  }
}

let output: DestinationStream | undefined;

/** One for every log of the process, so that what is written after a reload stays behind what was written before. */
function standardOutput(): DestinationStream {
  return (output ??= destination(IN_BACKGROUND));
}
