// What is stored? `GET /v1/entries`: pages of a walk over the shelves of all threads, in turns, so that requests are served in between.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Answer } from '../purge/problem.ts';
import { json, problem } from './answer.ts';
import type { Selection, Turn, TurnQuestion } from './shelf.ts';

export interface EntriesParts {
  /** One for each thread that serves, in the order of their numbers. */
  shelves(): readonly Shelf[];
  /** The tag ids that an entry of this URL has, in any of its keyed forms; undefined where it is no URL. */
  urlIds(url: string): Int32Array | undefined;
}

export interface Shelf {
  /** Which of several threads it is in. */
  readonly worker?: number;
  /** Rejects where the thread is gone, and what it stored with it. */
  turn(question: TurnQuestion): Turn | Promise<Turn>;
}

interface Question {
  readonly selection: Selection;
  readonly limit: number;
  readonly place: Place;
}

/** Where a page begins. `worker` is absent where there is one shelf. */
interface Place {
  readonly worker?: number;
  readonly cursor: number;
}

const DEFAULT_LIMIT = 100;
const MOST = 1_000;
const ALLOWED = ['url', 'tag', 'limit', 'cursor'];

/** A page: the entries that match, and in `next` the cursor of the next page, or null at the end. Stops early once `isGone`. */
export async function listEntries(query: string, parts: EntriesParts, isGone: () => boolean): Promise<Answer> {
  const question = readQuestion(new URLSearchParams(query), parts);
  if (typeof question === 'string') return problem('bad-request', question);
  const { selection, limit } = question;
  const entries: unknown[] = [];
  let place: Place | undefined = question.place;
  while (place !== undefined && entries.length < limit && !isGone()) {
    const shelves: readonly Shelf[] = parts.shelves();
    const shelf = shelfAt(shelves, place);
    if (shelf === undefined) break;
    const turn = await takenFrom(shelf, { selection, limit: limit - entries.length, cursor: isAt(shelf, place) ? place.cursor : 0 });
    entries.push(...turn.entries.map((entry) => (shelf.worker === undefined ? entry : { worker: shelf.worker, ...entry })));
    place = turn.next === undefined ? startOf(shelves[shelves.indexOf(shelf) + 1]) : placeOn(shelf, turn.next);
    if (place !== undefined) await nextTurn();
  }
  return json({ entries, next: place === undefined ? null : written(place) });
}

/** What a thread that is gone had stored is gone too. */
async function takenFrom(shelf: Shelf, question: TurnQuestion): Promise<Turn> {
  try {
    return await shelf.turn(question);
  } catch {
    return { entries: [], next: undefined };
  }
}

/** The one that `place` names, or the first after it. */
function shelfAt(shelves: readonly Shelf[], place: Place): Shelf | undefined {
  return shelves.find(({ worker = 0 }) => worker >= (place.worker ?? 0));
}

function isAt(shelf: Shelf, place: Place): boolean {
  return (shelf.worker ?? 0) === (place.worker ?? shelf.worker ?? 0);
}

function startOf(shelf: Shelf | undefined): Place | undefined {
  return shelf && placeOn(shelf, 0);
}

function placeOn({ worker }: Shelf, cursor: number): Place {
  return { ...(worker === undefined ? {} : { worker }), cursor };
}

function written({ worker, cursor }: Place): string {
  return worker === undefined ? String(cursor) : `${worker}.${cursor}`;
}

function readPlace(text: string): Place | undefined {
  const [, worker, cursor = ''] = /^(?:(\d{1,4})\.)?(\d{1,16})$/.exec(text) ?? [];
  const at = wholeNumber(cursor);
  return at === undefined ? undefined : { ...(worker === undefined ? {} : { worker: Number(worker) }), cursor: at };
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
  const place = readPlace(query.get('cursor') ?? '0');
  if (place === undefined) return `cursor: found ${JSON.stringify(query.get('cursor'))}; what "next" of the page before said is allowed.`;
  if (tag !== null) return { limit, place, selection: { kind: 'tag', tag } };
  if (url === null) return { limit, place, selection: { kind: 'all' } };
  const ids = parts.urlIds(url);
  if (ids === undefined) return `url: found ${JSON.stringify(url)}; http://HOST/PATH or /PATH is allowed.`;
  return { limit, place, selection: { kind: 'url', ids } };
}

function wholeNumber(text: string): number | undefined {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}
