// May one more connection of a client stay? So many in all may, which node:net counts, and so many of one address. What is refused is counted,
// and told to the operator once in a while, not once a connection.
import { isIP } from 'node:net';
import type { Clock } from '../clock.ts';
import { plainAddress } from '../http/trusted.ts';
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
  /** Open connections by source; none with 0. */
  readonly #open = new Map<string, number>();
  readonly #warned = new Map<ConnectionLimit, { readonly at: number; unsaid: number }>();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Whether a connection from `address` may stay beside `most` others of its source. One that may is counted until it has `left`. */
  admits(address: string, most: number): boolean {
    const source = sourceOf(address);
    const open = this.#open.get(source) ?? 0;
    if (open >= most && !this.#parts.trusted(address)) {
      this.refused('limits.connections_per_address', source);
      return false;
    }
    this.#open.set(source, open + 1);
    return true;
  }

  left(address: string): void {
    const source = sourceOf(address);
    const open = (this.#open.get(source) ?? 1) - 1;
    if (open === 0) this.#open.delete(source);
    else this.#open.set(source, open);
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

/** For whom a connection counts: an IPv4 address, however the socket names it, and of an IPv6 one the /64, all of which is one client's. */
export function sourceOf(address: string): string {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return plain;
  const [before = '', after = ''] = plain.replace(/%.*$/, '').split('::');
  const [first, last] = [before, after].map((part) => (part === '' ? [] : part.split(':'))) as [string[], string[]];
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
}
