// What an answer says, and do two answers say the same? Status, content-type and body: JSON by value, anything else by bytes.
import { isUtf8 } from 'node:buffer';
import type { JsonPath } from '../config/json-path.ts';
import { changedPaths } from './changed-paths.ts';
import { parseJson } from './json-value.ts';

/** An answer as it was sent or stored. */
export interface Content {
  readonly status: number;
  readonly type: string;
  /** Content-Encoding, lower case; empty: none. */
  readonly coding: string;
  /** Of a redirect, or of what was created. */
  readonly location?: string | undefined;
  readonly body: Buffer;
}

/** What differs: `status`, `location`, `content-type`, `body`, or paths into a JSON body. Nothing: they say the same. */
export type Differences = readonly string[];

/** Whether nothing need be decoded to see that they are the same. */
export function isIdentical(a: Content, b: Content): boolean {
  return a.status === b.status && a.location === b.location && sameType(a.type, b.type) && a.coding === b.coding && a.body.equals(b.body);
}

/** Of two whose bodies are decoded. Answers of different status are not looked into. */
export function differencesOf(a: Content, b: Content, ignored: readonly JsonPath[]): Differences {
  if (a.status !== b.status) return ['status'];
  const head = [...(a.location === b.location ? [] : ['location']), ...(sameType(a.type, b.type) ? [] : ['content-type'])];
  if (a.body.equals(b.body)) return head;
  const [left, right] = [jsonOf(a), jsonOf(b)];
  return left === undefined || right === undefined ? [...head, 'body'] : [...head, ...changedPaths(left.value, right.value, ignored)];
}

/** What is not UTF-8 would be read as if it were, and two texts as one. */
function jsonOf({ type, body }: Content): { readonly value: unknown } | undefined {
  return /^application\/(?:[^;\s]+\+)?json\s*(?:;|$)/i.test(type) && isUtf8(body) ? parseJson(body.toString('utf8')) : undefined;
}

/** RFC 9110 §8.3.1: case and white space around parameters mean nothing. The case of a value may, but not to a charset, the one parameter of JSON and text. */
function sameType(a: string, b: string): boolean {
  return a === b || plain(a) === plain(b);
}

function plain(type: string): string {
  return type
    .toLowerCase()
    .replaceAll(/[ \t]*;[ \t]*/g, ';')
    .replaceAll('"', '');
}
