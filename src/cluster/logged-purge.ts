// A purge as Redis keeps it: fields of an entry in the log, and what `holds` remembers of it. PURGE-PROTOCOL §4.2. Little-endian wherever it runs.
import type { LogEntry, LoggedPurge } from './coordination-log.ts';

/** A reply of Redis as bytes: texts and tags come the same way. */
export type Reply = Buffer | number | null | readonly Reply[];

/** Bucket and fingerprint. */
const ID_BYTES = 8;
/** An id and a double. */
const VERSION_BYTES = 16;

/** kind, tags, settle and versions, as COMMIT takes them. */
export function encodePurge(purge: LoggedPurge): readonly (string | Buffer)[] {
  const kind = `${purge.mode === 'hard' ? 'h' : 's'}${purge.all ? 'a' : ''}`;
  const versions = purge.versions.flatMap(({ tagIds, lowest }) => idsOf(tagIds).map((id) => Buffer.concat([id, double(lowest)])));
  return [kind, Buffer.concat(idsOf(purge.tagIds)), String(purge.settleMs), Buffer.concat(versions)];
}

/** Of an entry as XRANGE and XREAD give it; nothing where it is none of Freshet's. */
export function decodeEntry(reply: Reply | undefined): LogEntry | undefined {
  const [id, fields] = listOf(reply);
  const { i, n, k, t, w, v } = pairsOf(fields);
  const [, seq] = /^(\d{1,15})-0$/.exec(textOf(id)) ?? [];
  const kind = textOf(k);
  if (seq === undefined || i === undefined || n === undefined || !/^[hs]a?$/.test(kind)) return undefined;
  const purge: LoggedPurge = {
    tagIds: decodeIds(bytesOf(t)),
    all: kind.endsWith('a'),
    mode: kind.startsWith('h') ? 'hard' : 'soft',
    settleMs: Number(textOf(w)),
    versions: decodeVersions(bytesOf(v)),
  };
  return { seq: Number(seq), nonce: textOf(n), incarnation: textOf(i), purge };
}

/** `holds` as HGETALL gives it: a purge for each that is still to last from `now` on, by the clock of Redis, and one with all versions. */
export function decodeHolds(reply: Reply | undefined, now: number): readonly LoggedPurge[] {
  const held: LoggedPurge[] = [];
  const versions: { tagIds: Int32Array; lowest: number }[] = [];
  const flat = listOf(reply);
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const field = bytesOf(flat[at]);
    const value = Number(textOf(flat[at + 1]).split(' ', 1)[0]);
    const kind = String.fromCharCode(field[0] ?? 0);
    const tagIds = decodeIds(field.subarray(1));
    if (kind === 'v') versions.push({ tagIds, lowest: value });
    else if ((kind === 'h' || kind === 'a') && value > now) {
      held.push({ tagIds: kind === 'a' ? new Int32Array() : tagIds, all: kind === 'a', mode: 'hard', settleMs: value - now, versions: [] });
    }
  }
  if (versions.length > 0) held.push({ tagIds: new Int32Array(), all: false, mode: 'hard', settleMs: 0, versions });
  return held;
}

export function textOf(reply: Reply | undefined): string {
  return typeof reply === 'number' ? String(reply) : bytesOf(reply).toString('latin1');
}

export function listOf(reply: Reply | undefined): readonly Reply[] {
  return isList(reply) ? reply : [];
}

/** A flat list of names and values. */
export function pairsOf(reply: Reply | undefined): Readonly<Record<string, Reply | undefined>> {
  const flat = listOf(reply);
  return Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[textOf(name), flat[at + 1]] as const] : [])));
}

function isList(reply: Reply | undefined): reply is readonly Reply[] {
  return Array.isArray(reply);
}

function bytesOf(reply: Reply | undefined): Buffer {
  return Buffer.isBuffer(reply) ? reply : Buffer.alloc(0);
}

function idsOf(tagIds: Int32Array): Buffer[] {
  const ids: Buffer[] = [];
  for (let at = 0; at < tagIds.length; at += 2) {
    const id = Buffer.alloc(ID_BYTES);
    id.writeInt32LE(tagIds[at] as number, 0);
    id.writeInt32LE(tagIds[at + 1] as number, 4);
    ids.push(id);
  }
  return ids;
}

function decodeIds(bytes: Buffer): Int32Array {
  return Int32Array.from({ length: 2 * Math.floor(bytes.length / ID_BYTES) }, (_, at) => bytes.readInt32LE(4 * at));
}

function decodeVersions(bytes: Buffer): LoggedPurge['versions'] {
  return Array.from({ length: Math.floor(bytes.length / VERSION_BYTES) }, (_, index) => {
    const at = VERSION_BYTES * index;
    return { tagIds: decodeIds(bytes.subarray(at, at + ID_BYTES)), lowest: bytes.readDoubleLE(at + ID_BYTES) };
  });
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}
