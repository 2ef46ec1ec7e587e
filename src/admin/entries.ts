// What is stored? `GET /v1/entries`: pages of a walk over the store, in slices, so that requests are served in between.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { scrubbedAxes } from '../observe/scrub.ts';
import type { Marks } from '../purge/authority.ts';
import type { Answer } from '../purge/problem.ts';
import { ageMs } from '../rules/freshness.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import type { Store, StoreEntry } from '../store/store.ts';
import { json, problem } from './answer.ts';

export interface EntriesParts {
  readonly store: Store;
  readonly marks: Marks;
  readonly clock: Clock;
  /** The tag ids that an entry of this URL has, in any of its keyed forms; undefined where it is no URL. */
  urlIds(url: string): Int32Array | undefined;
}

interface Question {
  readonly matches: (response: StoredResponse) => boolean;
  readonly limit: number;
  readonly cursor: number;
}

const DEFAULT_LIMIT = 100;
const MOST = 1_000;
/** Entries looked at before the event loop gets its turn. */
const TURN_ENTRIES = 512;
const ALLOWED = ['url', 'tag', 'limit', 'cursor'];

/** A page: the entries that match, and in `next` the cursor of the next page, or null at the end. Stops early once `isGone`. */
export async function listEntries(query: string, parts: EntriesParts, isGone: () => boolean): Promise<Answer> {
  const question = readQuestion(new URLSearchParams(query), parts);
  if (typeof question === 'string') return problem('bad-request', question);
  const found: StoreEntry[] = [];
  let cursor: number | undefined = question.cursor;
  while (cursor !== undefined && found.length < question.limit && !isGone()) {
    cursor = scanTurn({ ...question, cursor }, parts.store, found);
    if (cursor !== undefined) await nextTurn();
  }
  const now = parts.clock.now();
  return json({ entries: found.map((entry) => describe(entry, parts.marks, now)), next: cursor === undefined ? null : String(cursor) });
}

/** Slices are no longer than what the page still lacks, so that the cursor is never behind what was found. */
function scanTurn({ matches, limit, cursor }: Question, store: Store, found: StoreEntry[]): number | undefined {
  let next: number | undefined = cursor;
  for (let seen = 0; seen < TURN_ENTRIES && next !== undefined && found.length < limit; ) {
    const slice: ReturnType<Store['slice']> = store.slice(next, limit - found.length);
    for (const entry of slice.entries) if (matches(entry.response)) found.push(entry);
    seen += Math.max(1, slice.entries.length);
    next = slice.next;
  }
  return next;
}

/** The question, or what is wrong with it. */
function readQuestion(query: URLSearchParams, parts: EntriesParts): Question | string {
  const unknown = [...query.keys()].find((name) => !ALLOWED.includes(name));
  if (unknown !== undefined) return `found ${JSON.stringify(unknown)}; allowed: ${ALLOWED.join(', ')}.`;
  const repeated = ALLOWED.find((name) => query.getAll(name).length > 1);
  if (repeated !== undefined) return `${repeated} stands there more than once.`;
  const [url, tag] = [query.get('url'), query.get('tag')];
  if (url !== null && tag !== null) return 'found url and tag; one of them is allowed.';
  const limit = wholeNumber(query.get('limit') ?? `${DEFAULT_LIMIT}`);
  if (limit === undefined || limit < 1 || limit > MOST) return `limit: found ${JSON.stringify(query.get('limit'))}; 1 to ${MOST} is allowed.`;
  const cursor = wholeNumber(query.get('cursor') ?? '0');
  if (cursor === undefined) return `cursor: found ${JSON.stringify(query.get('cursor'))}; what "next" of the page before said is allowed.`;
  if (tag !== null) return { limit, cursor, matches: (response) => response.tags.includes(tag) };
  if (url === null) return { limit, cursor, matches: () => true };
  const ids = parts.urlIds(url);
  if (ids === undefined) return `url: found ${JSON.stringify(url)}; http://HOST/PATH or /PATH is allowed.`;
  return { limit, cursor, matches: (response) => sharesId(response.tagIds, ids) };
}

function wholeNumber(text: string): number | undefined {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
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
