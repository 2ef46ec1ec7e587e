// Keys of an issuer, fetched from its jwks_url: one fetch at a time, rarely, and the last good ones kept through an outage (SECURITY §5 "JWKS").
//
// The idea: a token whose key is known is verified at once. Two things fetch: keys older than REFRESH_MS (so that a removed key stops working), and a
// key id that is not there (so that a new one works at once). Both share one fetch and one cooldown, so that random ids cannot hammer the issuer.
// In an outage the old keys go on until `maxAgeMs`, and then nothing is verified. While fetches fail, nobody waits for another who has a key. Of those whose
// key is not there only so many may wait for a fetch: ids can be made up, and those who wait are counted against what else is to be verified.
import { Agent, request } from 'undici';
import type { Clock } from '../clock.ts';
import { type FoundKey, KeySet, type KeySource } from './keys.ts';
import type { Token } from './token.ts';

export interface RemoteKeysOptions {
  readonly url: string;
  /** How old the last good keys may become while none can be fetched. */
  readonly maxAgeMs: number;
  /** The machine's own time, which does not stand still while it sleeps. */
  readonly clock: Clock;
  /** Of a whole fetch. */
  readonly timeoutMs?: number;
  /** How many wait for a key that is not there, of all issuers together. */
  readonly unknown: { waiting: number };
  /** One more did not wait: there are MAX_UNKNOWN. */
  readonly crowded: () => void;
  /** The keys are no longer what they were. */
  readonly changed: () => void;
  readonly failed: (why: string) => void;
}

export const REFRESH_MS = 5 * 60_000;
export const COOLDOWN_MS = 10_000;
/** Of those that wait for a key that is not there. */
export const MAX_UNKNOWN = 256;
const TIMEOUT_MS = 5000;
const MAX_BYTES = 256 * 1024;

interface Fetched {
  readonly text: string;
  readonly keys: KeySet;
  readonly at: number;
}

export class RemoteKeys implements KeySource {
  readonly #options: RemoteKeysOptions;
  readonly #agent: Agent;
  #fetched: Fetched | undefined;
  #pending: Promise<boolean> | undefined;
  #attemptedAt = -Infinity;
  #failing = false;

  constructor(options: RemoteKeysOptions) {
    this.#options = options;
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    const limits = { maxResponseSize: MAX_BYTES, headersTimeout: timeoutMs, bodyTimeout: timeoutMs, connectTimeout: timeoutMs };
    this.#agent = new Agent({ connections: 1, allowH2: false, ...limits });
  }

  async find(header: Token['header']): Promise<FoundKey> {
    const present = await this.#look(header);
    if (present.kind !== 'unknown') return this.#find(header);
    const { unknown, crowded } = this.#options;
    if (unknown.waiting >= MAX_UNKNOWN) {
      crowded();
      return present;
    }
    unknown.waiting++;
    try {
      return await this.#find(header);
    } finally {
      unknown.waiting--;
    }
  }

  async #find(header: Token['header']): Promise<FoundKey> {
    if (!this.#isYoungerThan(REFRESH_MS)) {
      const refreshed = this.#refresh();
      if (!this.#failing || !this.#isYoungerThan(this.#options.maxAgeMs)) await refreshed;
    }
    const found = await this.#look(header);
    if (found.kind !== 'unknown') return found;
    const before = this.#fetched;
    const refreshed = await this.#refresh();
    if (this.#fetched !== before) return this.#look(header);
    return refreshed === false ? { kind: 'unavailable' } : found;
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #look(header: Token['header']): Promise<FoundKey> {
    const fetched = this.#fetched;
    const { maxAgeMs } = this.#options;
    if (fetched === undefined || !this.#isYoungerThan(maxAgeMs)) return { kind: 'unavailable' };
    const found = await fetched.keys.find(header);
    return found.kind === 'key' ? { ...found, until: fetched.at + maxAgeMs } : found;
  }

  /** A clock that was set back makes keys old, not young for ever. */
  #isYoungerThan(ageMs: number): boolean {
    if (this.#fetched === undefined) return false;
    const age = this.#options.clock.now() - this.#fetched.at;
    return age >= 0 && age < ageMs;
  }

  /** Whether a fetch brought keys; undefined where it is too soon for one. Never rejects. */
  #refresh(): Promise<boolean | undefined> {
    if (this.#pending !== undefined) return this.#pending;
    const sinceMs = this.#options.clock.now() - this.#attemptedAt;
    if (sinceMs >= 0 && sinceMs < COOLDOWN_MS) return Promise.resolve(undefined);
    this.#attemptedAt = this.#options.clock.now();
    this.#pending = this.#fetch().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #fetch(): Promise<boolean> {
    const { clock, url, timeoutMs = TIMEOUT_MS } = this.#options;
    const at = clock.now();
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const { statusCode, body } = await request(url, {
        dispatcher: this.#agent,
        signal,
        headers: { accept: 'application/json, application/jwk-set+json' },
      });
      const text = await body.text();
      // A redirect too: it could lead anywhere (SECURITY §5).
      if (statusCode !== 200) throw new Error(`status ${statusCode}`);
      this.#take(text, at);
      this.#failing = false;
      return true;
    } catch (error) {
      this.#failing = true;
      this.#options.failed(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  #take(text: string, at: number): void {
    const before = this.#fetched?.text;
    this.#fetched = before === text && this.#fetched !== undefined ? { ...this.#fetched, at } : { text, keys: new KeySet(JSON.parse(text)), at };
    if (before !== undefined && before !== text) this.#options.changed();
  }
}
