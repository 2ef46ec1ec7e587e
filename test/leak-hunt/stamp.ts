// What an answer says of itself: whose it is, for which key and variant, and which answer of the origin it was. SECURITY §14, release bar 4.
// The stamp is the entity-tag, and every byte of the body follows from it: whoever has the one can check the other, whole, cut or in ranges.
import { hash } from 'node:crypto';

export interface Stamp {
  /** Path and query as the origin was asked. */
  readonly key: string;
  /** `public`, or every credential and cookie that the origin was shown. */
  readonly scope: string;
  /** `name=value` of every request field that the answer depends on. */
  readonly variant: readonly string[];
  readonly version: number;
  readonly nonce: number;
  /** Of the whole body. */
  readonly bytes: number;
}

const BLOCK_BYTES = 2048;
const LARGEST_BYTES = 1024 * 1024;
/** Every place of it differs from every other. */
const PLACES = Array.from({ length: LARGEST_BYTES / 8 }, (_, i) => i.toString(36).padStart(7, '.')).join(' ');

export function entityTag({ key, scope, variant, version, nonce, bytes }: Stamp): string {
  return `"${[key, scope, variant.join('~'), version, nonce, bytes].join('|')}"`;
}

export function parseEntityTag(text: string): Stamp | undefined {
  const parts = /^"([^|"]+)\|([^|"]+)\|([^|"]*)\|(\d+)\|(\d+)\|(\d+)"$/.exec(text);
  if (parts === null) return undefined;
  const [, key = '', scope = '', variant = '', version, nonce, bytes] = parts;
  return {
    key,
    scope,
    variant: variant === '' ? [] : variant.split('~'),
    version: Number(version),
    nonce: Number(nonce),
    bytes: Number(bytes),
  };
}

/** The stamp's hash at the head of every block, and the place in between. */
export function bodyOf(stamp: Stamp): Buffer {
  const said = entityTag(stamp);
  const sha = hash('sha256', said);
  const blocks = [`${said}\n`];
  for (let at = said.length + 1; at < stamp.bytes; at += BLOCK_BYTES) blocks.push(sha, PLACES.slice(at, at + BLOCK_BYTES - sha.length));
  return Buffer.from(blocks.join('').slice(0, stamp.bytes), 'latin1');
}
