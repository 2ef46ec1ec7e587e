// Where do two JSON values differ? By value: the order of members does not matter, nor does what the configuration ignores.
import type { JsonPath, JsonStep } from '../config/json-path.ts';
import { Decimal, sameNumber } from './json-value.ts';

/** More than anybody reads; who has so many differs anyway. */
export const MOST_PATHS = 500;

/** Below it, values are compared as text. */
const DEPTH = 100;

/** What stands nowhere: a member that only one of the two has. */
const ABSENT = Symbol('absent');

interface Place {
  /** As text: `$.items[2].price`. */
  readonly path: string;
  /** Of ignored paths that lead here, the steps that are left. */
  readonly ignored: readonly (readonly JsonStep[])[];
  readonly depth: number;
}

/** Of `a` and `b` as JSON.parse makes them (json-value.ts), the paths at which they differ, in the order of `a`; of arrays of different lengths, the array. */
export function changedPaths(a: unknown, b: unknown, ignored: readonly JsonPath[]): readonly string[] {
  const changed: string[] = [];
  compare(a, b, { path: '$', ignored: ignored.map(({ steps }) => steps), depth: 0 }, changed);
  return changed;
}

function compare(a: unknown, b: unknown, place: Place, changed: string[]): void {
  if (changed.length >= MOST_PATHS || place.ignored.some((left) => left.length === 0)) return;
  if (Array.isArray(a) && Array.isArray(b)) return compareItems(a, b, place, changed);
  if (isObject(a) && isObject(b)) return compareMembers(a, b, place, changed);
  if (!isSame(a, b)) changed.push(place.path);
}

function compareItems(a: readonly unknown[], b: readonly unknown[], place: Place, changed: string[]): void {
  if (place.depth >= DEPTH) return compareTexts(a, b, place, changed);
  const common = Math.min(a.length, b.length);
  for (let i = common; i < Math.max(a.length, b.length); i++) {
    if (!itemOf(place, i).ignored.some((left) => left.length === 0)) return void changed.push(place.path);
  }
  for (let i = 0; i < common; i++) compare(a[i], b[i], itemOf(place, i), changed);
}

function compareMembers(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>, place: Place, changed: string[]): void {
  if (place.depth >= DEPTH) return compareTexts(a, b, place, changed);
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    compare(Object.hasOwn(a, name) ? a[name] : ABSENT, Object.hasOwn(b, name) ? b[name] : ABSENT, memberOf(place, name), changed);
  }
}

function compareTexts(a: unknown, b: unknown, place: Place, changed: string[]): void {
  if (!sameText(a, b)) changed.push(place.path);
}

/** What is nested beyond the stack is not the same as anything. */
function sameText(a: unknown, b: unknown): boolean {
  try {
    return JSON.stringify(a) === JSON.stringify(b);
  } catch {
    return false;
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return isNumber(a) && isNumber(b) ? sameNumber(a, b) : a === b;
}

function isNumber(value: unknown): value is number | Decimal {
  return typeof value === 'number' || value instanceof Decimal;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Decimal);
}

function itemOf({ path, ignored, depth }: Place, index: number): Place {
  const left = stepped(ignored, (step) => step.kind === 'any' || (step.kind === 'index' && step.index === index));
  return { path: `${path}[${index}]`, ignored: left, depth: depth + 1 };
}

function memberOf({ path, ignored, depth }: Place, name: string): Place {
  const left = stepped(ignored, (step) => step.kind === 'any' || (step.kind === 'name' && step.name === name));
  return { path: path + (PLAIN_NAME.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`), ignored: left, depth: depth + 1 };
}

/** A name that an API gives its members: words, each with a small number at its end at most. Anything else may be somebody's data, or a credential. */
const PLAIN_NAME = /^(?=.{1,40}$)_*[A-Za-z]+\d{0,3}(?:[_-]+[A-Za-z]+\d{0,3})*_*$/;

function stepped(ignored: Place['ignored'], takes: (step: JsonStep) => boolean): Place['ignored'] {
  if (ignored.length === 0) return ignored;
  return ignored.flatMap((left) => (left[0] !== undefined && takes(left[0]) ? [left.slice(1)] : []));
}

/** `paths` as they may be shown: names that are no identifiers stand as `[…]`. */
export function shownPaths(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.map((path) => path.replace(/\["(?:[^"\\]|\\.)*"\]/g, '[…]')))];
}

/** Those of `paths` that are neither among `others` nor below one of them. */
export function pathsOutside(paths: readonly string[], others: readonly string[]): readonly string[] {
  return paths.filter((path) => !others.some((other) => path === other || path.startsWith(`${other}.`) || path.startsWith(`${other}[`)));
}
