// Which stored response of a key was selected by the fields of this request (RFC 9111 §4.1)?
// An axis is a request field that some stored response of the key varies on; all are compared on the union of them (SECURITY §4.4).
import { type Fields, fieldValue, listMembers } from '../http/fields.ts';
import { normaliseEncodings, normaliseLanguages, preferredLanguage } from './negotiation.ts';
import type { Policy } from './policy.ts';
import type { StoredResponse } from './stored-response.ts';

/** The value of an axis that the request does not have; no field value can be this. */
const ABSENT = '\0';
const LANGUAGE = 'accept-language';
/** Of a response, and of all that is stored under one key together (SECURITY §4.4). */
export const MAX_AXES = 8;

/** The names a response varies on, lower case, sorted, each once; `*` stays `*`. */
export function varyNames(fields: Fields): readonly string[] {
  const value = fieldValue(fields, 'vary');
  return value === undefined ? [] : unionAxes([], listMembers(value.toLowerCase()));
}

/** Sorted, each once. */
export function unionAxes(known: readonly string[], vary: readonly string[]): readonly string[] {
  if (vary.length === 0) return known;
  return [...new Set([...known, ...vary])].toSorted();
}

/** The request's value on each axis: lines combined, white space around commas dropped, and what `normalise` names brought into one form. */
export function axisValues(axes: readonly string[], requestFields: Fields, policy: Policy): readonly string[] {
  return axes.map((axis) => {
    const value = fieldValue(requestFields, axis);
    return value === undefined ? ABSENT : normaliseValue(axis, value, policy);
  });
}

function normaliseValue(axis: string, value: string, policy: Policy): string {
  if (policy.normalise.has(axis)) {
    if (axis === 'accept-encoding') return normaliseEncodings(value);
    if (axis === LANGUAGE) return normaliseLanguages(value);
  }
  return value.includes(',') ? listMembers(value).join(',') : value;
}

/** Whether `stored` was selected by the same fields. `axes` is the union over its key; a response that was stored without one of them does not match. */
export function matchesRequest(stored: StoredResponse, axes: readonly string[], requestFields: Fields, policy: Policy): boolean {
  return variantSelector(axes, requestFields, policy)(stored);
}

/** The same question for all stored responses of a key: the request's values are made once, at the first that needs them. */
export function variantSelector(axes: readonly string[], requestFields: Fields, policy: Policy): (stored: StoredResponse) => boolean {
  if (axes.length === 0) return storedWithoutAxes;
  let values: readonly string[] | undefined;
  return (stored) => {
    values ??= axisValues(axes, requestFields, policy);
    if (matchesValues(stored, axes, values)) return true;
    return prefersLanguage(stored, requestFields, policy) && matchesValues(stored, axes, values, LANGUAGE);
  };
}

function storedWithoutAxes(stored: StoredResponse): boolean {
  return stored.axes.length === 0;
}

function matchesValues(stored: StoredResponse, axes: readonly string[], values: readonly string[], ignored?: string): boolean {
  if (stored.axes.length !== axes.length) return false;
  return axes.every((axis, i) => stored.axes[i] === axis && (axis === ignored || stored.axisValues[i] === values[i]));
}

/** RFC 9111 §4.1: selection may know what the field means; a response in the one language the request prefers is what any selection would give. */
function prefersLanguage(stored: StoredResponse, requestFields: Fields, policy: Policy): boolean {
  if (stored.language === undefined || !policy.normalise.has(LANGUAGE)) return false;
  return preferredLanguage(fieldValue(requestFields, LANGUAGE)) === stored.language;
}
