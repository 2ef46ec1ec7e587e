// Hashes of tags as text. V8 keeps a typed array of more than 64 bytes outside its heap, which costs several hundred bytes besides; characters lie in it.

/** Two characters an id, the lower half first. */
type PackedIds = string;

/** Pairs of (bucket, fingerprint), either way. */
export type TagIds = Int32Array | PackedIds;

export function packIds(ids: Int32Array): PackedIds {
  const bytes = Buffer.allocUnsafe(ids.byteLength);
  for (let i = 0; i < ids.length; i++) bytes.writeInt32LE(ids[i] as number, 4 * i);
  return bytes.toString('utf16le');
}

export function unpackIds(ids: PackedIds): Int32Array {
  return Int32Array.from({ length: countOf(ids) }, (_, i) => idAt(ids, i));
}

/** Of its numbers, not of its pairs. */
export function countOf(ids: TagIds): number {
  return typeof ids === 'string' ? ids.length / 2 : ids.length;
}

/** `i` is below `countOf(ids)`. */
export function idAt(ids: TagIds, i: number): number {
  return typeof ids === 'string' ? ids.charCodeAt(2 * i) | (ids.charCodeAt(2 * i + 1) << 16) : (ids[i] as number);
}
