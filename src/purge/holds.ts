// Which tags may not be stored for a while, and which lowest versions do purges demand? PURGE-PROTOCOL §3.6, and §3.1 for the limits.
// Known: two tags whose 53 kept bits are equal share a hold or a version; accepted because that only refuses to store more.
import type { Publication } from './authority.ts';

/** Of holds, and of versions. */
export const MAX_HOLDS = 4096;

/** How long a demanded version is remembered at least: longer than any replica should lag. Forgotten only to make room. */
export const VERSION_KEPT_MS = 3_600_000;

export class Holds {
  readonly #until = new Map<number, number>();
  readonly #lowest = new Map<number, { readonly lowest: number; readonly at: number }>();
  readonly #keepMs: number;
  /** Of a purge-all with settle. */
  #allUntil = 0;

  /** A hold is forgotten `keepMs` after its end: by then every fill it concerned has had its head, or timed out. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** Whether there is room for all that `publication` asks to be remembered. Changes nothing but to forget what is over. */
  hasRoom(publication: Publication): boolean {
    const { heldUntil, selectors, versions = [], at } = publication;
    const held = heldUntil === undefined ? [] : keysOf(selectors.tagIds);
    const versioned = versions.flatMap((version) => keysOf(version.tagIds));
    if (this.#fits(this.#until, held) && this.#fits(this.#lowest, versioned)) return true;
    this.#forget(at);
    return this.#fits(this.#until, held) && this.#fits(this.#lowest, versioned);
  }

  /** Remembers; the caller has asked `hasRoom`. */
  record(publication: Publication): void {
    const { heldUntil, selectors, versions = [], at } = publication;
    if (heldUntil !== undefined) {
      for (const key of keysOf(selectors.tagIds)) raise(this.#until, key, heldUntil);
      if (selectors.all) this.#allUntil = Math.max(this.#allUntil, heldUntil);
    }
    for (const { tagIds, lowest } of versions) for (const key of keysOf(tagIds)) this.#demand(key, { lowest, at });
  }

  /** Whether a response with `tagIds` whose request was sent at `sentAt` is passed on and not stored. */
  holding(tagIds: Int32Array, sentAt: number): boolean {
    if (sentAt < this.#allUntil) return true;
    if (this.#until.size === 0) return false;
    for (let i = 0; i < tagIds.length; i += 2) {
      const until = this.#until.get(keyOf(tagIds[i] as number, tagIds[i + 1] as number));
      if (until !== undefined && sentAt < until) return true;
    }
    return false;
  }

  accepts(stated: readonly { readonly tagIds: Int32Array; readonly version: number }[]): boolean {
    return stated.every(({ tagIds, version }) => keysOf(tagIds).every((key) => version >= (this.#lowest.get(key)?.lowest ?? 0)));
  }

  #demand(key: number, { lowest, at }: { readonly lowest: number; readonly at: number }): void {
    this.#lowest.set(key, { lowest: Math.max(lowest, this.#lowest.get(key)?.lowest ?? 0), at });
  }

  #fits(map: ReadonlyMap<number, unknown>, keys: readonly number[]): boolean {
    if (map.size + keys.length <= MAX_HOLDS) return true;
    const added = new Set(keys.filter((key) => !map.has(key)));
    return map.size + added.size <= MAX_HOLDS;
  }

  #forget(now: number): void {
    for (const [key, until] of this.#until) if (until + this.#keepMs < now) this.#until.delete(key);
    for (const [key, { at }] of this.#lowest) if (at + VERSION_KEPT_MS < now) this.#lowest.delete(key);
  }
}

function raise(map: Map<number, number>, key: number, value: number): void {
  map.set(key, Math.max(map.get(key) ?? 0, value));
}

function keysOf(tagIds: Int32Array): number[] {
  const keys: number[] = [];
  for (let i = 0; i < tagIds.length; i += 2) keys.push(keyOf(tagIds[i] as number, tagIds[i + 1] as number));
  return keys;
}

/** 21 bits of the bucket hash and the fingerprint: a safe integer. */
function keyOf(bucket: number, fingerprint: number): number {
  return (bucket >>> 11) * 2 ** 32 + (fingerprint >>> 0);
}
