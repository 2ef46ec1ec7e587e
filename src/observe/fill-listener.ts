// What the fill path tells whoever keeps the map: what was stored, and what was not. Never told by a hit.
import type { Reason } from '../rules/reasons.ts';

/** By a fill, or by a validation. */
export interface EntryStored {
  readonly route: string;
  readonly path: string;
  readonly tags: readonly string[];
  /** Of these, and of its URL, prefixes, scope and route. */
  readonly tagIds: Int32Array;
  /** For how long it is fresh from now on. */
  readonly lifetimeMs: number;
  readonly canValidate: boolean;
}

export interface EntryRefused {
  readonly route: string;
  readonly path: string;
  readonly reason: Reason;
  /** Where that is what it varies on: those of these fields that hold credentials. */
  readonly credentials: readonly string[];
}

export interface FillListener {
  entryStored(stored: EntryStored): void;
  entryRefused(refused: EntryRefused): void;
}
