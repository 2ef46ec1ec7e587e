// Whose is a connection, a question or a verification, by the address that it came from? What one client could take all of is counted by source (SECURITY S6).
import { isIP } from 'node:net';
import { plainAddress } from '../http/trusted.ts';

/** How many of something there are at once of each source. */
export class SourceCounts {
  /** None with 0. */
  readonly #counts = new Map<string, number>();

  /** Sources that have any. */
  get sources(): number {
    return this.#counts.size;
  }

  of(address: string): number {
    return this.#counts.get(sourceOf(address)) ?? 0;
  }

  add(address: string): void {
    this.#counts.set(sourceOf(address), this.of(address) + 1);
  }

  /** One that was added. */
  remove(address: string): void {
    const left = this.of(address) - 1;
    if (left === 0) this.#counts.delete(sourceOf(address));
    else this.#counts.set(sourceOf(address), left);
  }
}

/** For whom an address counts: an IPv4 address, however the socket names it, and of an IPv6 one the /64, all of which is one client's. */
export function sourceOf(address: string): string {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return plain;
  const [before = '', after = ''] = plain.replace(/%.*$/, '').split('::');
  const [first, last] = [before, after].map((part) => (part === '' ? [] : part.split(':'))) as [string[], string[]];
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
}
