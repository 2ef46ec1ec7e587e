// Is this answer the asker's own, for what was asked, and whole where it looks whole? Every answer of a hunt passes here.
import { hash } from 'node:crypto';
import { fieldLines, fieldValue } from '../../src/http/fields.ts';
import { parseContentRange } from '../../src/http/range.ts';
import type { Got } from '../support/keep-alive.ts';
import { type Area, type Identity, shown } from './areas.ts';
import { bodyOf, parseEntityTag, type Stamp } from './stamp.ts';

export interface Asked {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST';
  readonly area: Area;
  /** As the origin must have been asked it: with the route's query rule applied. */
  readonly key: string;
  /** Those that its answer may have. */
  readonly scopes: readonly string[];
  readonly identity: Identity;
  /** Values of the fields that answers vary on; `-` where it has none. */
  readonly axes: Readonly<Record<string, string>>;
  /** No other request has it. */
  readonly id: string;
  readonly body?: string;
}

/** What Freshet may answer by itself: that the origin failed. */
const OWN: ReadonlySet<number> = new Set([502, 503, 504]);

/** What is wrong with the answer; empty where nothing is. */
export function faultsOf(asked: Asked, got: Got): string[] {
  const faults = personalFaults(asked, got);
  if (asked.method === 'PUT' || (asked.method === 'POST' && asked.area.posts !== true)) return [...faults, ...writeFaults(asked, got)];
  const said = fieldValue(got.fields, 'etag');
  if (asked.area.turnsAway?.(asked.identity) === true) return got.status === 401 ? ownFaults(got) : [`${got.status} for whom 401 was due`];
  if (said === undefined) return OWN.has(got.status) ? [...faults, ...ownFaults(got)] : [...faults, `${got.status} without a stamp`];
  const stamp = parseEntityTag(said);
  if (stamp === undefined) return [...faults, `the stamp ${said} is none`];
  // RFC 9110 §9.3.3: what is posted to may answer with another resource, and says so.
  const key = asked.method === 'POST' ? (fieldValue(got.fields, 'content-location') ?? asked.key) : asked.key;
  return [...faults, ...stampFaults({ ...asked, key }, stamp), ...bodyFaults(asked, got, stamp)];
}

/** What was made for one request or one user must not be another's. */
function personalFaults(asked: Asked, got: Got): string[] {
  const faults: string[] = [];
  for (const name of ['set-cookie', 'authentication-info']) {
    for (const value of fieldLines(got.fields, name)) if (!isOwn(asked, value)) faults.push(`${name} of another request: ${value}`);
  }
  const user = fieldValue(got.fields, 'x-user');
  if (user !== undefined && !asked.scopes.includes(user)) faults.push(`x-user of ${user}`);
  return faults;
}

function isOwn({ id, area, scopes }: Asked, value: string): boolean {
  return value === `answer=${id}` || (area.setsCookie === 'of-scope' && scopes.some((scope) => value === `scope=${scope}`));
}

function stampFaults(asked: Asked, stamp: Stamp): string[] {
  const faults: string[] = [];
  if (!asked.scopes.includes(stamp.scope)) faults.push(`CROSSED to the scope of ${stamp.scope}`);
  if (stamp.key !== asked.key) faults.push(`CROSSED to the key ${stamp.key}`);
  for (const axis of stamp.variant) {
    const [name = '', value] = axis.split('=');
    if (asked.axes[name] !== value) faults.push(`CROSSED to the variant ${axis}`);
  }
  return faults;
}

/** A cut body must be a beginning of the right one; one that looks whole must be all of it. */
function bodyFaults(asked: Asked, got: Got, stamp: Stamp): string[] {
  if (asked.method === 'HEAD' || got.status === 304) return got.body.length > 0 ? ['a body where there is none'] : [];
  const whole = knownBody(fieldValue(got.fields, 'etag') ?? '', stamp);
  const range = got.status === 206 ? parseContentRange(fieldValue(got.fields, 'content-range')) : undefined;
  if (got.status === 206 && range === undefined) return ['a 206 without a range'];
  if (range !== undefined && range.completeBytes !== stamp.bytes) return [`a part of ${range.completeBytes} bytes, stamped ${stamp.bytes}`];
  const due = range === undefined ? whole : whole.subarray(range.first, range.last + 1);
  if (!due.subarray(0, got.body.length).equals(got.body)) return ['MIXED: bytes that are not those of its stamp'];
  if (got.whole && got.body.length !== due.length) return [`SHORT: looks whole with ${got.body.length} of ${due.length} bytes`];
  return [];
}

const KNOWN_BODIES = 64;
const known = new Map<string, Buffer>();

/** The same answer is met again and again. */
function knownBody(said: string, stamp: Stamp): Buffer {
  const body = known.get(said) ?? bodyOf(stamp);
  if (known.size >= KNOWN_BODIES) known.clear();
  known.set(said, body);
  return body;
}

function writeFaults(asked: Asked, got: Got): string[] {
  if (OWN.has(got.status) || !got.whole) return [];
  const due = ['written', asked.key, shown(asked.identity), asked.id, hash('sha256', asked.body ?? '')].join('|');
  return got.body.toString() === due ? [] : [`CROSSED: the answer to a write is ${got.body.toString().slice(0, 100)}`];
}

function ownFaults({ body }: Got): string[] {
  return /\|/.test(body.toString()) ? ['an error of our own holds a stamp'] : [];
}
