// Of several nodes one reads a source for all of them: does this one? The operator is told each time that this changes.
import type { TroubleLog } from './trouble.ts';

export interface StandingParts {
  readonly log: TroubleLog;
  /** As its lines name it: `the outbox`. */
  readonly what: string;
  /** What one node, or nodes that share purges, must have for itself: `an outbox`. */
  readonly unit: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Whether what another node purges is purged here too. */
  readonly sharesPurges: boolean;
}

export class Standing {
  readonly #parts: StandingParts;
  #reads: boolean | undefined;

  constructor(parts: StandingParts) {
    this.#parts = parts;
  }

  get reads(): boolean {
    return this.#reads === true;
  }

  /** Whether that is new. `detail`: who reads, where that is known. */
  become(standing: 'reads' | 'stands-by', detail: Readonly<Record<string, unknown>> = {}): boolean {
    const reads = standing === 'reads';
    if (reads === this.#reads) return false;
    this.#reads = reads;
    this.#say({ ...this.#parts.detail, ...detail });
    return true;
  }

  /** Nobody knows who reads now; who stood by does so until it is told otherwise. */
  forget(): void {
    if (this.reads) this.#reads = undefined;
  }

  #say(detail: Readonly<Record<string, unknown>>): void {
    const { log, what, unit, sharesPurges } = this.#parts;
    if (this.reads) return log.info(`this node reads ${what}`, detail);
    if (sharesPurges) return log.info(`another node reads ${what}: this one stands by`, detail);
    log.warn(
      `another process reads ${what}, and without redis its purges do not reach this node: ${unit} is for one node, or for nodes that share purges`,
      detail,
    );
  }
}
