// What the nodes of a cluster have in common, all made of `redis.secret`: none of these keys can be told from another. PURGE-PROTOCOL §4.2, SECURITY §4.
import { hkdfSync } from 'node:crypto';

const KEY_BYTES = 32;

/** `check` lies in Redis beside the incarnation; the others never leave the process. `bodies` is for shared responses. */
export type SecretUse = 'check' | 'tags' | 'scopes' | 'bodies';

/** RFC 5869. */
export function deriveKey(secret: string, use: SecretUse): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `freshet ${use}`, KEY_BYTES));
}
