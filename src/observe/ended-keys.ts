// Which keys have lost an entry to a purge and have nothing fresh yet? The sweep is through a small store within milliseconds, long before anybody asks
// again: so what it removed is remembered for a while, to tell who asks for it later.
//
// The idea: a table of fixed size. A key has one place in it; whoever comes to a place that is taken pushes the other out, of which nothing is known then.
// A key is known by 32 bits more of its hash, so that two are taken for one next to never; only figures would be wrong.

/** Places. */
const SIZE = 32_768;

/** How long it is waited for a request before an entry counts as never asked for again. */
export const REMEMBERED_MS = 600_000;

/** Places looked at in a turn: all of them in some ten seconds. */
const AGED_AT_ONCE = 64;

export type PurgeMode = 'hard' | 'soft';

/** What became of entries that were purged: somebody asked for them, nobody did within REMEMBERED_MS, or it was not remembered for so long. */
export type Later = 'asked' | 'unasked' | 'forgotten';

export interface Ending {
  readonly epoch: number;
  readonly mode: PurgeMode;
  /** Undefined where nobody knows any more. */
  readonly purgedAt: number | undefined;
}

export class EndedKeys {
  /** Told how many entries, one or more. */
  readonly #became: (later: Later, entries: number) => void;
  readonly #fingerprints = new Int32Array(SIZE);
  /** Negative after soft purges; 0 where the place is free. */
  readonly #epochs = new Float64Array(SIZE);
  /** When the purge was; NaN where nobody knows. */
  readonly #purgedAt = new Float64Array(SIZE);
  readonly #endedAt = new Float64Array(SIZE);
  /** Entries that nobody has asked for. */
  readonly #waiting = new Int32Array(SIZE);
  #hand = 0;

  constructor(became: (later: Later, entries: number) => void) {
    this.#became = became;
  }

  /** An entry under `key` was found purged. */
  end(key: string, { epoch, mode, purgedAt }: Ending, now: number): void {
    const { place, fingerprint } = placeOf(key);
    if (this.#fingerprints[place] !== fingerprint) this.#free(place, 'forgotten');
    this.#fingerprints[place] = fingerprint;
    this.#epochs[place] = mode === 'hard' ? epoch : -epoch;
    this.#purgedAt[place] = purgedAt ?? NaN;
    this.#endedAt[place] = now;
    this.#waiting[place] = (this.#waiting[place] as number) + 1;
  }

  /** A request for `key` found nothing that it could use: the purge that is to blame. */
  ask(key: string): Ending | undefined {
    const place = this.#find(key);
    if (place === undefined) return undefined;
    this.#tell(place, 'asked');
    return this.#endingAt(place);
  }

  /** Something fresh is stored under `key`. */
  refresh(key: string): Ending | undefined {
    const place = this.#find(key);
    if (place === undefined) return undefined;
    const ending = this.#endingAt(place);
    this.#free(place, 'asked');
    return ending;
  }

  /** Lets go of what nobody has asked for in time, some places further each time. */
  age(now: number): void {
    for (let i = 0; i < AGED_AT_ONCE; i++) {
      const place = this.#hand;
      this.#hand = (place + 1) % SIZE;
      if (this.#epochs[place] !== 0 && now - (this.#endedAt[place] as number) > REMEMBERED_MS) this.#free(place, 'unasked');
    }
  }

  #find(key: string): number | undefined {
    const { place, fingerprint } = placeOf(key);
    return this.#epochs[place] !== 0 && this.#fingerprints[place] === fingerprint ? place : undefined;
  }

  #endingAt(place: number): Ending {
    const epoch = this.#epochs[place] as number;
    const purgedAt = this.#purgedAt[place] as number;
    return { epoch: Math.abs(epoch), mode: epoch > 0 ? 'hard' : 'soft', purgedAt: Number.isNaN(purgedAt) ? undefined : purgedAt };
  }

  #free(place: number, later: Later): void {
    this.#tell(place, later);
    this.#epochs[place] = 0;
  }

  #tell(place: number, later: Later): void {
    const entries = this.#waiting[place] as number;
    this.#waiting[place] = 0;
    if (entries > 0) this.#became(later, entries);
  }
}

/** Two hashes in one pass (FNV-1a, from two offsets with two primes). */
function placeOf(key: string): { readonly place: number; readonly fingerprint: number } {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
    b ^= b >>> 13;
  }
  return { place: (a ^ (a >>> 15)) & (SIZE - 1), fingerprint: b };
}
