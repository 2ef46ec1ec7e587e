// A signed request, as a sender after the Standard Webhooks scheme makes it.
import { signatureOf } from '../../src/events/signature.ts';

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const OTHER_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** The three fields, flat. */
export function signedFields(
  body: string,
  { secret = SECRET, id = 'msg_1', at = Date.now() }: { secret?: string; id?: string; at?: number } = {},
): string[] {
  const stamp = String(Math.floor(at / 1_000));
  return ['webhook-id', id, 'webhook-timestamp', stamp, 'webhook-signature', `v1,${signatureOf({ id, stamp, body }, secret)}`];
}
