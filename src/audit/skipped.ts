// Sampled hits that were not compared, told together: there may be as many as hits.
import type { AuditRecord } from './record.ts';

const TELL_AFTER_MS = 1_000;

export class Skipped {
  readonly #told: (records: readonly AuditRecord[]) => void;
  readonly #hits = new Map<string, number>();
  #telling: NodeJS.Timeout | undefined;

  constructor(told: (records: readonly AuditRecord[]) => void) {
    this.#told = told;
  }

  add(route: string, hits: number): void {
    this.#hits.set(route, (this.#hits.get(route) ?? 0) + hits);
    this.#telling ??= setTimeout(() => this.tell(), TELL_AFTER_MS).unref();
  }

  tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    if (this.#hits.size > 0) this.#told(Array.from(this.#hits, ([route, hits]) => ({ route, verdict: 'skipped', hits })));
    this.#hits.clear();
  }
}
