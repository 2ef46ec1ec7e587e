// Is this text a signed token that only one reading fits? Before any key is asked for: RFC 7515 §7.1, SECURITY §5. Whether it is true is verifier.ts.
import { type JsonObject, memberOf, parseStrictObject } from './strict-json.ts';

export interface Token {
  readonly header: { readonly alg: string; readonly kid?: string };
  /** Unverified: only good for choosing who is to have signed it. */
  readonly claims: JsonObject;
}

export const MAX_TOKEN_BYTES = 8 * 1024;

/** Undefined for what is none: too long, not three parts (a JWE has five), not canonically encoded, a member twice, extensions (RFC 7515 §4.1.11), another token inside. */
export function readToken(text: string): Token | undefined {
  if (text.length > MAX_TOKEN_BYTES) return undefined;
  const parts = text.split('.');
  if (parts.length !== 3 || !parts.every(isCanonical)) return undefined;
  const header = parseStrictObject(decoded(parts[0] ?? ''));
  const claims = parseStrictObject(decoded(parts[1] ?? ''));
  if (header === undefined || claims === undefined || !isPlain(header)) return undefined;
  const alg = memberOf(header, 'alg');
  const kid = memberOf(header, 'kid');
  if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string')) return undefined;
  return { header: kid === undefined ? { alg } : { alg, kid }, claims };
}

/** Without what would give the rest another meaning. `jwk`, `jku`, `x5c` and `x5u` may stand there: nobody reads them. */
function isPlain(header: JsonObject): boolean {
  const contents = memberOf(header, 'cty');
  return (
    memberOf(header, 'crit') === undefined && memberOf(header, 'b64') === undefined && memberOf(header, 'enc') === undefined && contents === undefined
  );
}

/** RFC 4648 §3.5: the bits that are left over are zero, so that no two texts are the same bytes. */
function isCanonical(part: string): boolean {
  return part !== '' && /^[A-Za-z0-9_-]+$/.test(part) && Buffer.from(part, 'base64url').toString('base64url') === part;
}

/** Empty, which is no JSON, where the bytes are no UTF-8. */
function decoded(part: string): string {
  const bytes = Buffer.from(part, 'base64url');
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : '';
}
