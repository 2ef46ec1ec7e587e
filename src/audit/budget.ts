// May one more hit be audited, or one more reading be made? By the settings and what is under way; time is an argument.
import type { AuditConfig } from '../config/config.ts';
import { TokenBucket } from '../purge/rate.ts';
import { READINGS } from './verdict.ts';

/** Entries under audit at once; each may hold its body and one of the origin's. */
const MOST_AUDITS = 64;

export class Budget {
  readonly #bucket: TokenBucket;
  readonly #mostAudits: number;
  readonly #concurrency: number;
  /** How long an entry is watched at most: twice the window, and longer where the rate gives no more readings. */
  readonly patienceMs: number;
  #reading = 0;
  #isBehind = false;

  constructor({ ratePerSecond, windowMs, concurrency }: Pick<AuditConfig, 'ratePerSecond' | 'windowMs' | 'concurrency'>) {
    this.#bucket = new TokenBucket({ ratePerSecond, burst: Math.max(1, ratePerSecond) });
    this.#concurrency = concurrency;
    this.patienceMs = 2 * Math.max(windowMs, (READINGS * 1_000) / ratePerSecond);
    this.#mostAudits = Math.min(MOST_AUDITS, Math.max(1, Math.floor((ratePerSecond * windowMs) / 1_000 / READINGS)));
  }

  /** The same for every hit, whatever is known of its entry: so that what is wrong counts for no more than what is right. */
  mayAudit({ audits, hasRoom, now }: { readonly audits: number; readonly hasRoom: boolean; readonly now: number }): boolean {
    return audits < this.#mostAudits && !this.#isBehind && this.#mayRead(hasRoom, now);
  }

  /** All that is watched is about to be looked at: what waited for its turn may wait no more. */
  looking(): void {
    this.#isBehind = false;
  }

  /** What is watched goes before what is not. */
  mayReadAgain({ hasRoom, now }: { readonly hasRoom: boolean; readonly now: number }): boolean {
    const may = this.#mayRead(hasRoom, now);
    if (!may) this.#isBehind = true;
    return may;
  }

  begun(): void {
    this.#reading++;
  }

  ended(): void {
    this.#reading--;
  }

  #mayRead(hasRoom: boolean, now: number): boolean {
    return this.#reading < this.#concurrency && hasRoom && this.#bucket.take(now).kind === 'admitted';
  }
}
