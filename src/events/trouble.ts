// What the operator is told of a source that cannot read: each trouble once, and when it is over.

export interface TroubleLog {
  warn(message: string, detail: Readonly<Record<string, unknown>>): void;
  info(message: string, detail: Readonly<Record<string, unknown>>): void;
}

export interface TroubleParts {
  readonly log: TroubleLog;
  readonly clock: { now(): number };
  /** As its lines name it: `the outbox public.freshet_outbox`. */
  readonly what: string;
}

export class Trouble {
  readonly #parts: TroubleParts;
  #why = '';
  #since: number | undefined;
  #failures = 0;

  constructor(parts: TroubleParts) {
    this.#parts = parts;
  }

  /** In a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Empty: there is none. */
  get why(): string {
    return this.#why;
  }

  failed(why: string): void {
    const { log, clock, what } = this.#parts;
    this.#failures++;
    this.#since ??= clock.now();
    if (why === this.#why) return;
    this.#why = why;
    log.warn(`${what} cannot be read: it is tried again until it can`, { why });
  }

  over(): void {
    if (this.#since === undefined) return;
    const { log, clock, what } = this.#parts;
    log.info(`${what} is read again`, { afterMs: Math.round(clock.now() - this.#since) });
    this.#since = undefined;
    this.#why = '';
    this.#failures = 0;
  }
}
