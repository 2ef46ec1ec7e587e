// May one more connection of a client stay? So many in all may, which node:net counts, and so many of one address. What is refused is counted,
// and told to the operator once in a while, not once a connection.
import type { Clock } from '../clock.ts';
import { SourceCounts, sourceOf } from '../identity/sources.ts';
import type { Limit } from '../observe/limits.ts';
import type { Observer } from '../observe/observer.ts';

export interface AdmissionParts {
  readonly clock: Clock;
  readonly observer: Pick<Observer, 'limitReached' | 'warn'>;
  /** Of a peer that speaks for many clients: `trusted_proxies`. */
  readonly trusted: (address: string) => boolean;
}

type ConnectionLimit = Extract<Limit, 'limits.connections' | 'limits.connections_per_address'>;

const WARN_EVERY_MS = 60_000;

export class Admission {
  readonly #parts: AdmissionParts;
  readonly #open = new SourceCounts();
  readonly #warned = new Map<ConnectionLimit, { readonly at: number; unsaid: number }>();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Whether a connection from `address` may stay beside `most` others of its source. One that may is counted until it has `left`. */
  admits(address: string, most: number): boolean {
    if (this.#open.of(address) >= most && !this.#parts.trusted(address)) {
      this.refused('limits.connections_per_address', sourceOf(address));
      return false;
    }
    this.#open.add(address);
    return true;
  }

  left(address: string): void {
    this.#open.remove(address);
  }

  refused(setting: ConnectionLimit, address: string): void {
    const { clock, observer } = this.#parts;
    observer.limitReached(setting);
    const now = clock.now();
    const last = this.#warned.get(setting);
    if (last !== undefined && now - last.at < WARN_EVERY_MS) {
      last.unsaid++;
      return;
    }
    observer.warn('connections of clients are refused', { setting, address, refused: 1 + (last?.unsaid ?? 0) });
    this.#warned.set(setting, { at: now, unsaid: 0 });
  }
}
