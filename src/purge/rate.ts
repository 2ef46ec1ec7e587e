// May another purge come in now? Token buckets; time is an argument. SECURITY §6 "DoS".
import type { Clock } from '../clock.ts';
import type { PurgeOrder, PurgeOutcome, Purges } from './order.ts';

export interface Refused {
  readonly kind: 'refused';
  readonly retryAfterSeconds: number;
}

export type Admission = { readonly kind: 'admitted' } | Refused;

/** `burst` at once, then `ratePerSecond`. */
export class TokenBucket {
  readonly #ratePerSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: number | undefined;

  constructor(limits: { readonly ratePerSecond: number; readonly burst: number }) {
    this.#ratePerSecond = limits.ratePerSecond;
    this.#burst = limits.burst;
    this.#tokens = limits.burst;
  }

  take(now: number): Admission {
    const elapsedMs = Math.max(0, now - (this.#filledAt ?? now));
    this.#tokens = Math.min(this.#burst, this.#tokens + (elapsedMs / 1000) * this.#ratePerSecond);
    this.#filledAt = now;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return { kind: 'admitted' };
    }
    return { kind: 'refused', retryAfterSeconds: Math.max(1, Math.ceil((1 - this.#tokens) / this.#ratePerSecond)) };
  }
}

/** Operator purges: at the configured rate, a second's worth at once. A purge-all costs the whole cache, so it has a slower bucket of its own. */
export class PurgeRate {
  readonly #ordinary: TokenBucket;
  readonly #all = new TokenBucket({ ratePerSecond: 1, burst: 5 });

  constructor(ratePerSecond: number) {
    this.#ordinary = new TokenBucket({ ratePerSecond, burst: Math.max(1, ratePerSecond) });
  }

  admit(order: { readonly all: boolean }, now: number): Admission {
    return (order.all ? this.#all : this.#ordinary).take(now);
  }
}

export interface RatedParts {
  readonly purger: Purges;
  readonly clock: Clock;
  /** Read at every purge, so that a reload counts at once. */
  readonly rate: () => PurgeRate;
  /** One came faster. */
  readonly overRate: () => void;
}

/** How operators purge: at the rate, or not at all. */
export function atRate({ purger, clock, rate, overRate }: RatedParts): (order: PurgeOrder) => Promise<PurgeOutcome | Refused> {
  return async (order) => {
    const admission = rate().admit(order, clock.now());
    if (admission.kind === 'admitted') return purger.purge(order);
    overRate();
    return admission;
  };
}
