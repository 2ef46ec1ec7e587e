// Purges of writes that happened, which could not be put into the log yet: while there is one, its node serves nothing from its cache. PURGE-PROTOCOL §3.2 rule 11.
import type { LoggedPurge } from './coordination-log.ts';

/** More than these become one purge of everything: Redis may stay away for hours. */
const MOST_OWED = 100;

export class OwedPurges {
  #owed: LoggedPurge[] = [];

  /** The one to be committed next. */
  get first(): LoggedPurge | undefined {
    return this.#owed[0];
  }

  add(purge: LoggedPurge): void {
    this.#owed.push(purge);
    if (this.#owed.length > MOST_OWED) this.#owed = [inOne(this.#owed)];
  }

  /** `purge` is in the log and applied here. */
  paid(purge: LoggedPurge): void {
    this.#owed = this.#owed.filter((owed) => owed !== purge);
  }

  /** There is no room for what it asks to be remembered: it purges without. */
  simplify(purge: LoggedPurge): void {
    this.#owed = this.#owed.map((owed) => (owed === purge ? { ...owed, settleMs: 0, versions: [] } : owed));
  }
}

function inOne(purges: readonly LoggedPurge[]): LoggedPurge {
  return {
    tagIds: new Int32Array(0),
    all: true,
    mode: 'hard',
    settleMs: Math.max(...purges.map(({ settleMs }) => settleMs)),
    versions: purges.flatMap(({ versions }) => versions),
  };
}
