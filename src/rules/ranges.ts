// Which bytes of a stored response answer a Range request (RFC 9110 §14.2), and when do two parts make one (RFC 9111 §3.4)?
import { parseEntityTag, strongMatch } from '../http/entity-tag.ts';
import { fieldValue, withField, withoutFields, type Fields } from '../http/fields.ts';
import { parseHttpDate } from '../http/http-date.ts';
import { formatContentRange, parseRange, type ContentRange, type RangeRequest } from '../http/range.ts';
import { unpacked } from './packed-response.ts';
import type { StoredResponse } from './stored-response.ts';

export type RangeAnswer =
  /** The response as it is. For a stored part: it does not answer this request (unless the request asked for that very 206). */
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly first: number; readonly last: number; readonly completeBytes: number | undefined; readonly body: Buffer }
  | { readonly kind: 'unsatisfiable'; readonly completeBytes: number };

const WHOLE: RangeAnswer = { kind: 'whole' };

/** For GET alone; several ranges, malformed ones and an If-Range that does not hold are answered with the whole. */
export function rangeAnswer(
  request: { readonly method: string; readonly fields: Fields },
  stored: Pick<StoredResponse, 'status' | 'fields' | 'body' | 'part'>,
): RangeAnswer {
  const value = request.method === 'GET' ? fieldValue(request.fields, 'range') : undefined;
  if (value === undefined || (stored.part === undefined && stored.status !== 200)) return WHOLE;
  const range = parseRange(value);
  if ((range.kind !== 'range' && range.kind !== 'suffix') || !ifRangeHolds(request.fields, stored.fields)) return WHOLE;
  const held = stored.part ?? { first: 0, last: stored.body.length - 1, completeBytes: stored.body.length };
  return slice(range, held, stored.body);
}

function slice(range: SingleRange, held: ContentRange, body: Buffer): RangeAnswer {
  const { completeBytes } = held;
  const wanted = positions(range, completeBytes);
  if (wanted === undefined) return completeBytes === undefined ? WHOLE : { kind: 'unsatisfiable', completeBytes };
  const { first, last } = wanted;
  if (first < held.first || last > held.last || body.length !== held.last - held.first + 1) return WHOLE;
  return { kind: 'part', first, last, completeBytes, body: body.subarray(first - held.first, last - held.first + 1) };
}

type SingleRange = Extract<RangeRequest, { kind: 'range' | 'suffix' }>;

/** Absolute positions, or undefined where there are none: beyond the end, or counted from an end that is not known. */
function positions(range: SingleRange, completeBytes: number | undefined): { first: number; last: number } | undefined {
  if (completeBytes === undefined) {
    return range.kind === 'range' && range.last !== undefined ? { first: range.first, last: range.last } : undefined;
  }
  const end = completeBytes - 1;
  const first = range.kind === 'range' ? range.first : Math.max(0, completeBytes - range.length);
  const last = range.kind === 'range' ? Math.min(range.last ?? end, end) : end;
  return first > end ? undefined : { first, last };
}

/** RFC 9110 §13.1.5: a strong entity-tag, or a Last-Modified that is strong because the Date is at least a second later (§8.8.2.2). */
function ifRangeHolds(request: Fields, response: Fields): boolean {
  const condition = fieldValue(request, 'if-range');
  if (condition === undefined) return true;
  const named = parseEntityTag(condition);
  if (named !== undefined) {
    const held = parseEntityTag(fieldValue(response, 'etag'));
    return held !== undefined && strongMatch(named, held);
  }
  const modifiedAt = parseHttpDate(fieldValue(response, 'last-modified'));
  const date = parseHttpDate(fieldValue(response, 'date'));
  return modifiedAt !== undefined && date !== undefined && modifiedAt === parseHttpDate(condition) && date - modifiedAt >= 1000;
}

/**
 * The two as one response: complete (200) where nothing is missing any more, else a larger part. Undefined where they may not be combined:
 * no strong validator in common, another epoch (PURGE-PROTOCOL §3.2 rule 10), scope or variant, a gap, or lengths that disagree.
 * Fields are the newer one's (RFC 9111 §3.4); in time the result is as careful as the more careful of the two.
 */
export function combineParts(a: StoredResponse, b: StoredResponse): StoredResponse | undefined {
  const [older, newer] = a.order <= b.order ? [a, b] : [b, a];
  if (!belongTogether(older, newer)) return undefined;
  const union = unionOf(extent(older), extent(newer));
  if (union === undefined || !isConsistent(older) || !isConsistent(newer)) return undefined;
  const body = Buffer.alloc(union.last - union.first + 1);
  older.body.copy(body, extent(older).first - union.first);
  newer.body.copy(body, extent(newer).first - union.first);
  const isComplete = union.completeBytes === body.length;
  const { part: _, ...rest } = unpacked(newer);
  return {
    ...rest,
    ...(isComplete
      ? { status: 200, statusText: 'OK', fields: withoutFields(newer.fields, FRAMING) }
      : { part: union, fields: withField(withoutFields(newer.fields, LENGTH), 'content-range', formatContentRange(union)) }),
    body,
    ...moreCareful(older, newer),
    tags: [...new Set([...older.tags, ...newer.tags])],
    tagIds: unionOfIds(older.tagIds, newer.tagIds),
    checkedAt: Math.min(older.checkedAt, newer.checkedAt),
  };
}

const LENGTH: ReadonlySet<string> = new Set(['content-length']);
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'content-range']);

function belongTogether(a: StoredResponse, b: StoredResponse): boolean {
  const tagA = parseEntityTag(fieldValue(a.fields, 'etag'));
  const tagB = parseEntityTag(fieldValue(b.fields, 'etag'));
  if (tagA === undefined || tagB === undefined || !strongMatch(tagA, tagB)) return false;
  if (a.asOf !== b.asOf || a.scopeId !== b.scopeId || fieldValue(a.fields, 'content-encoding') !== fieldValue(b.fields, 'content-encoding'))
    return false;
  return sameTexts(a.axes, b.axes) && sameTexts(a.axisValues, b.axisValues);
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}

function extent(stored: StoredResponse): ContentRange {
  return stored.part ?? { first: 0, last: stored.body.length - 1, completeBytes: stored.body.length };
}

function isConsistent(stored: StoredResponse): boolean {
  const { first, last } = extent(stored);
  return stored.body.length > 0 && stored.body.length === last - first + 1;
}

/** Undefined where they leave a gap, or one ends beyond the length that the other knows. */
function unionOf(a: ContentRange, b: ContentRange): ContentRange | undefined {
  if (a.first > b.last + 1 || b.first > a.last + 1) return undefined;
  const completeBytes = a.completeBytes ?? b.completeBytes;
  if (completeBytes !== (b.completeBytes ?? a.completeBytes)) return undefined;
  const last = Math.max(a.last, b.last);
  if (completeBytes !== undefined && last >= completeBytes) return undefined;
  return { first: Math.min(a.first, b.first), last, completeBytes };
}

/** Both lists of (bucket, fingerprint) pairs, each pair once. */
function unionOfIds(a: Int32Array, b: Int32Array): Int32Array {
  const pairs = new Map<string, readonly [number, number]>();
  for (const ids of [a, b]) {
    for (let i = 0; i + 1 < ids.length; i += 2) {
      const pair = [ids[i] as number, ids[i + 1] as number] as const;
      pairs.set(pair.join(), pair);
    }
  }
  return Int32Array.from([...pairs.values()].flat());
}

function moreCareful(a: StoredResponse, b: StoredResponse) {
  return {
    freshUntil: Math.min(a.freshUntil, b.freshUntil),
    staleWhileRevalidateMs: Math.min(a.staleWhileRevalidateMs, b.staleWhileRevalidateMs),
    staleIfErrorMs: Math.min(a.staleIfErrorMs, b.staleIfErrorMs),
    keepMs: Math.min(a.keepMs, b.keepMs),
    alwaysValidate: a.alwaysValidate || b.alwaysValidate,
    neverStale: a.neverStale || b.neverStale,
  };
}
