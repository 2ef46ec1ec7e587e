// What may a stored part of a response answer, and what is missing from it (RFC 9111 §3.3, RFC 9110 §14)?
import { parseEntityTag, strongMatch } from '../http/entity-tag.ts';
import { type Fields, fieldValue } from '../http/fields.ts';
import { parseRange } from '../http/range.ts';
import type { StoredResponse } from './stored-response.ts';
import { validatorsOf } from './validator.ts';

type Part = NonNullable<StoredResponse['part']>;

/** Whether a GET asks for one range that lies inside the stored part. */
export function partAnswers(stored: StoredResponse, request: { readonly method: string; readonly fields: Fields }): boolean {
  if (stored.part === undefined || request.method !== 'GET') return false;
  return isInside(stored.part, fieldValue(request.fields, 'range')) && ifRangeHolds(stored, fieldValue(request.fields, 'if-range'));
}

function isInside(part: Part, rangeValue: string | undefined): boolean {
  const range = parseRange(rangeValue);
  const lastOfAll = part.completeBytes === undefined ? undefined : part.completeBytes - 1;
  if (range.kind === 'range') {
    const end = Math.min(range.last ?? Number.POSITIVE_INFINITY, lastOfAll ?? Number.POSITIVE_INFINITY);
    return range.first >= part.first && range.first <= part.last && end <= part.last;
  }
  if (range.kind !== 'suffix' || lastOfAll === undefined) return false;
  return part.last === lastOfAll && range.length > 0 && lastOfAll - range.length + 1 >= part.first;
}

/** RFC 9110 §13.1.5; by date only where it is exactly Last-Modified. Where it does not hold, the whole is asked for. */
function ifRangeHolds(stored: StoredResponse, value: string | undefined): boolean {
  if (value === undefined) return true;
  const { entityTag, lastModified } = validatorsOf(stored.fields);
  const wanted = parseEntityTag(value);
  if (wanted !== undefined) return entityTag !== undefined && strongMatch(wanted, entityTag);
  return value === lastModified;
}

/** The Range that would complete it: only for a part from the start, with the strong entity-tag without which nothing may be combined (RFC 9111 §3.4). */
export function missingRange(stored: StoredResponse): string | undefined {
  const { part } = stored;
  if (part === undefined || part.first !== 0) return undefined;
  if (part.completeBytes !== undefined && part.last + 1 >= part.completeBytes) return undefined;
  const { entityTag } = validatorsOf(stored.fields);
  return entityTag === undefined || entityTag.weak ? undefined : `bytes=${part.last + 1}-`;
}
