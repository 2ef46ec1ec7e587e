// Was this sent by who knows the secret, and just now? Standard Webhooks 1.0.0 with symmetric secrets. Time is an argument.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Fields, fieldLines } from '../http/fields.ts';

export interface SignedMessage {
  readonly fields: Fields;
  readonly body: string;
}

export interface SignatureSettings {
  /** `whsec_` and base64; of several any will do, so that one can follow another. */
  readonly secret: readonly string[];
  readonly toleranceMs: number;
}

const SCHEME = 'v1,';

/** Undefined where the signature is good; else what is wrong, without a word about secrets. */
export function signatureFault({ fields, body }: SignedMessage, { secret, toleranceMs }: SignatureSettings, now: number): string | undefined {
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => fieldLines(fields, name));
  if (id?.length !== 1 || timestamp?.length !== 1 || signature?.length !== 1)
    return 'webhook-id, webhook-timestamp and webhook-signature are needed, each once.';
  const [stamp = ''] = timestamp;
  if (!/^\d{1,12}$/.test(stamp)) return 'webhook-timestamp is no number of seconds.';
  if (Math.abs(now - Number(stamp) * 1_000) > toleranceMs) return 'webhook-timestamp is too far from the time here.';
  const presented = (signature[0] ?? '').split(' ').filter((one) => one.startsWith(SCHEME));
  const isGood = secret.some((one) => {
    const expected = signatureOf({ id: id[0] ?? '', stamp, body }, one);
    return presented.some((text) => isSame(text.slice(SCHEME.length), expected));
  });
  return isGood ? undefined : 'No v1 signature in webhook-signature is that of this message.';
}

/** `webhook-signature` of a message, without its scheme. */
export function signatureOf({ id, stamp, body }: { readonly id: string; readonly stamp: string; readonly body: string }, secret: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return createHmac('sha256', key).update(`${id}.${stamp}.${body}`, 'utf8').digest('base64');
}

/** In constant time, but for the length, which is no secret. */
function isSame(presented: string, expected: string): boolean {
  const [a, b] = [Buffer.from(presented, 'utf8'), Buffer.from(expected, 'utf8')];
  return a.length === b.length && timingSafeEqual(a, b);
}
