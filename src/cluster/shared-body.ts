// A stored response as one value in Redis. SECURITY §4, §12: versioned, its lengths checked, and authenticated together with the name it lies under, so that
// who can write to Redis can neither make one nor put it elsewhere. Instants of different nodes do not agree, so it states durations.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { StoredResponse } from '../rules/stored-response.ts';

/** Another one is not read: nodes of two versions share nothing. */
const VERSION = 1;
const LENGTH_BYTES = 4;
const MAC_BYTES = 32;

/** Where a value lies, and the key that every node makes of the secret. */
export interface Place {
  readonly name: string;
  readonly key: Buffer;
}

/** Kept from StoredResponse as it is; the age is that at the writing. */
type Same = Omit<StoredResponse, 'body' | 'part' | 'receivedAt' | 'freshUntil' | 'tagIds' | 'asOf' | 'order' | 'checkedAt'>;

interface When {
  /** The last purge that was applied when its origin request was sent. */
  readonly seq: number;
  /** For how long it was still fresh, ms: Redis keeps it no longer. */
  readonly freshMs: number;
  /** Epoch ms, of the node that wrote it. */
  readonly wroteAt: number;
}

interface Head extends Same, When {
  readonly version: number;
  /** Pairs of (bucket, fingerprint). */
  readonly tagIds: readonly number[];
}

export interface SharedBody extends When {
  readonly response: Same & Pick<StoredResponse, 'body' | 'tagIds'>;
}

/** Of a response that is whole and fresh at `now`. */
export function encodeBody(
  response: StoredResponse,
  place: Place,
  at: { readonly seq: number; readonly now: number; readonly wall: number },
): Buffer {
  const { body, part: _part, receivedAt, freshUntil, tagIds, asOf: _asOf, order: _order, checkedAt: _checkedAt, ...same } = response;
  const when = { seq: at.seq, freshMs: freshUntil - at.now, wroteAt: at.wall };
  const head: Head = { version: VERSION, ...same, initialAgeMs: same.initialAgeMs + at.now - receivedAt, tagIds: [...tagIds], ...when };
  const text = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(text.length);
  return seal(Buffer.concat([length, text, body]), place);
}

/** Undefined where it is not what a node of this version wrote in this place. */
export function decodeBody(value: Buffer, place: Place): SharedBody | undefined {
  const bytes = unseal(value, place);
  if (bytes === undefined) return undefined;
  const end = LENGTH_BYTES + bytes.readUInt32BE();
  // The cast: a node wrote it, of this version if it says so.
  const { version, tagIds, seq, freshMs, wroteAt, ...same } = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, end)) as Head;
  if (version !== VERSION) return undefined;
  return { response: { ...same, body: Buffer.from(bytes.subarray(end)), tagIds: Int32Array.from(tagIds) }, seq, freshMs, wroteAt };
}

/** The fields that responses of a key vary on. */
export function encodeAxes(axes: readonly string[], place: Place): Buffer {
  return seal(Buffer.from(axes.join()), place);
}

export function decodeAxes(value: Buffer, place: Place): readonly string[] | undefined {
  return unseal(value, place)?.toString().split(',');
}

function seal(bytes: Buffer, place: Place): Buffer {
  return Buffer.concat([macOf(bytes, place), bytes]);
}

/** Nothing of a value is read before it is known to be ours. */
function unseal(value: Buffer, place: Place): Buffer | undefined {
  const bytes = value.subarray(MAC_BYTES);
  return value.length > MAC_BYTES && timingSafeEqual(value.subarray(0, MAC_BYTES), macOf(bytes, place)) ? bytes : undefined;
}

function macOf(bytes: Buffer, { name, key }: Place): Buffer {
  return createHmac('sha256', key).update(`${name.length}:${name}`).update(bytes).digest();
}
