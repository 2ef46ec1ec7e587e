// What is stored in one thread? A walk over its store in turns, each short enough not to be felt by requests.
import type { Clock } from '../clock.ts';
import { scrubbedAxes } from '../observe/scrub.ts';
import type { Marks } from '../purge/authority.ts';
import { ageMs } from '../rules/freshness.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import type { Store, StoreEntry } from '../store/store.ts';

/** Which entries: all, those with a tag, or those with one of the ids of a URL. */
export type Selection =
  | { readonly kind: 'all' }
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'url'; readonly ids: Int32Array };

export interface TurnQuestion {
  readonly selection: Selection;
  /** At most so many are wanted. */
  readonly limit: number;
  /** 0, or what the turn before said. */
  readonly cursor: number;
}

export interface Turn {
  readonly entries: readonly Readonly<Record<string, unknown>>[];
  /** Undefined at the end. */
  readonly next: number | undefined;
}

export interface ShelfParts {
  readonly store: Store;
  readonly marks: Marks;
  readonly clock: Clock;
}

/** Entries looked at before the event loop gets its turn. */
const TURN_ENTRIES = 512;

/** Slices are no longer than what is still wanted, so that the cursor is never behind what was found. */
export function takeTurn({ selection, limit, cursor }: TurnQuestion, { store, marks, clock }: ShelfParts): Turn {
  const found: StoreEntry[] = [];
  let next: number | undefined = cursor;
  for (let seen = 0; seen < TURN_ENTRIES && next !== undefined && found.length < limit; ) {
    const slice: ReturnType<Store['slice']> = store.slice(next, limit - found.length);
    for (const entry of slice.entries) if (isSelected(entry.response, selection)) found.push(entry);
    seen += Math.max(1, slice.entries.length);
    next = slice.next;
  }
  const now = clock.now();
  return { entries: found.map((entry) => describe(entry, marks, now)), next };
}

function isSelected({ tags, tagIds }: StoredResponse, selection: Selection): boolean {
  switch (selection.kind) {
    case 'all':
      return true;
    case 'tag':
      return tags.includes(selection.tag);
    case 'url':
      return sharesId(tagIds, selection.ids);
  }
}

/** Whether a pair (bucket, fingerprint) stands in both. */
function sharesId(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i += 2) {
    for (let j = 0; j < b.length; j += 2) if (a[i] === b[j] && a[i + 1] === b[j + 1]) return true;
  }
  return false;
}

/** Never fields or bodies: they may be a user's own. */
function describe({ key, response }: StoreEntry, marks: Marks, now: number): Record<string, unknown> {
  return {
    key,
    status: response.status,
    bytes: response.body.length,
    ageSeconds: seconds(ageMs(response, now)),
    ttlSeconds: seconds(response.freshUntil - now),
    staleWhileRevalidateSeconds: seconds(response.staleWhileRevalidateMs),
    staleIfErrorSeconds: seconds(response.staleIfErrorMs),
    verdict: marks.gateEntry(response).kind,
    scope: response.scopeId,
    tags: response.tags,
    varies: scrubbedAxes(response),
    asOf: response.asOf,
  };
}

function seconds(durationMs: number): number {
  return Math.floor(durationMs / 1_000);
}
