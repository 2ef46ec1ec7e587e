// The comparison of two answers whose bodies may be encoded: what is not the same byte for byte is decoded first, in threads of its own.
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import type { JsonPath } from '../config/json-path.ts';
import { type Content, type Differences, differencesOf, isIdentical } from './content.ts';

type Decode = (body: Buffer, limits: { readonly maxOutputLength: number }) => Promise<Buffer>;

const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
  ['zstd', promisify(zstdDecompress)],
]);

export interface Comparing {
  readonly ignore: readonly JsonPath[];
  /** Of a decoded body; one that is larger is not compared. */
  readonly maxBodyBytes: number;
}

/** Undefined where a body cannot be decoded, so that nobody can say. */
export async function compared(a: Content, b: Content, how: Comparing): Promise<Differences | undefined> {
  if (isIdentical(a, b)) return [];
  if (a.status !== b.status) return ['status'];
  const [left, right] = await Promise.all([decoded(a, how), decoded(b, how)]);
  return left && right && differencesOf(left, right, how.ignore);
}

/** RFC 9110 §8.4: codings are listed in the order in which they were applied. */
async function decoded(content: Content, { maxBodyBytes }: Comparing): Promise<Content | undefined> {
  const codings = content.coding.split(',').map((coding) => coding.trim());
  let { body } = content;
  for (const coding of codings.toReversed()) {
    if (coding === '' || coding === 'identity') continue;
    try {
      const decode = DECODERS.get(coding);
      if (decode === undefined) return undefined;
      body = await decode(body, { maxOutputLength: maxBodyBytes });
    } catch {
      return undefined;
    }
  }
  return { ...content, body };
}
