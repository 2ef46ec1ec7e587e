// Purges of writes that happened, which could not be put into the log yet: while there is one, its node serves nothing from its cache. PURGE-PROTOCOL §3.2 rule 11.
// They are tried one after another, the oldest first.
import type { LoggedPurge } from './coordination-log.ts';
import type { AskedPurge, PendingPurge } from './pending-purge.ts';

/** More than these become one purge of everything: Redis may stay away for hours. */
const MOST_OWED = 100;

/** After an attempt that failed. */
const RETRY_AFTER_MS = 250;

export class OwedPurges {
  #owed: LoggedPurge[] = [];
  /** What is on its way into the log, or there and not applied. */
  #attempted: LoggedPurge | undefined;
  #attemptAt = 0;

  get areThere(): boolean {
    return this.#owed.length > 0;
  }

  /** When the next may be tried; Infinity where there is none, or one is being tried. */
  get nextAttemptAt(): number {
    return this.areThere && this.#attempted === undefined ? this.#attemptAt : Infinity;
  }

  /** The next, for which nobody waits any longer. */
  attempt(): AskedPurge | undefined {
    const [purge] = this.#owed;
    this.#attempted = purge;
    return purge === undefined ? undefined : { purge, onFailure: 'retry', caller: undefined };
  }

  /** It is not in the log for certain, or this node has lost the log before it applied it. */
  failed({ purge, onFailure }: Pick<AskedPurge, 'purge' | 'onFailure'>, now: number): void {
    if (purge === this.#attempted) return this.#end(now + RETRY_AFTER_MS);
    if (onFailure !== 'retry') return;
    this.#owed.push(purge);
    if (this.#owed.length > MOST_OWED) this.#owed = [inOne(this.#owed)];
  }

  /** There is no room for what it asks to be remembered: it purges without. */
  refused({ purge }: AskedPurge, now: number): void {
    if (purge !== this.#attempted) return;
    this.#owed = this.#owed.map((owed) => (owed === purge ? { ...owed, settleMs: 0, versions: [] } : owed));
    this.#end(now + RETRY_AFTER_MS);
  }

  /** It is in the log and applied here. */
  applied({ purge }: PendingPurge, now: number): void {
    if (purge !== this.#attempted) return;
    this.#owed = this.#owed.filter((owed) => owed !== purge);
    this.#end(now);
  }

  #end(attemptAt: number): void {
    this.#attempted = undefined;
    this.#attemptAt = attemptAt;
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
