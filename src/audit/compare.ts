// The comparison of two answers whose bodies may be large or encoded: what is not the same byte for byte is decoded in threads of zlib's, and large JSON is
// looked through in a thread of its own, so that no client waits.
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import type { JsonPath } from '../config/json-path.ts';
import { CompareThread } from './compare-thread.ts';
import { type Content, type Differences, differencesOf, isIdentical } from './content.ts';

type Decode = (body: Buffer, limits: { readonly maxOutputLength: number }) => Promise<Buffer>;

const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
  ['zstd', promisify(zstdDecompress)],
]);

/** Of both bodies together; it is parsed and compared in some milliseconds at the worst. */
const AT_ONCE_BYTES = 16_384;

export interface Comparing {
  readonly ignore: readonly JsonPath[];
  /** Of a decoded body; one that is larger is not compared. */
  readonly maxBodyBytes: number;
}

export class Comparison {
  readonly #how: Comparing;
  readonly #thread: CompareThread;

  constructor(how: Comparing) {
    this.#how = how;
    this.#thread = new CompareThread(how.ignore);
  }

  /** Undefined where a body cannot be decoded or looked through, so that nobody can say. */
  async of(a: Content, b: Content): Promise<Differences | undefined> {
    if (isIdentical(a, b)) return [];
    if (a.status !== b.status) return ['status'];
    const [left, right] = await Promise.all([decoded(a, this.#how), decoded(b, this.#how)]);
    if (left === undefined || right === undefined) return undefined;
    if (left.body.length + right.body.length <= AT_ONCE_BYTES) return differencesOf(left, right, this.#how.ignore);
    return this.#thread.differencesOf(left, right);
  }

  close(): void {
    this.#thread.close();
  }
}

/** RFC 9110 §8.4: codings are listed in the order in which they were applied. */
async function decoded(content: Content, { maxBodyBytes }: Comparing): Promise<Content | undefined> {
  if (content.coding === '') return content;
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
