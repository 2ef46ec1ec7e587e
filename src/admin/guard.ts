// May this request be answered at all? SECURITY §6: tokens, and the two ways a browser could be made to ask (CSRF, DNS rebinding).
import { isLoopback } from '../config/address.ts';
import { type Fields, hasField } from '../http/fields.ts';
import type { Target } from '../http/target.ts';
import { authorise } from '../purge/endpoint.ts';
import type { Answer } from '../purge/problem.ts';
import { problem } from './answer.ts';

export interface AdminTokens {
  /** For everything. Absent: nobody is asked for a token (the configuration allows that on loopback only). */
  readonly token?: string;
  /** For purges only. */
  readonly purgeToken?: string;
}

/** What a request needs: nothing, the right to purge, or the admin token. */
export type Right = 'none' | 'purge' | 'admin';

/**
 * A browser names the page's origin on every unsafe cross-site request, and on same-site ones with these methods too. So a page whose
 * name was rebound to us cannot purge either; what it could still read is stopped by `misdirected`.
 */
export function fromBrowser(method: string, fields: Fields): Answer | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined;
  if (!hasField(fields, 'origin') && !hasField(fields, 'sec-fetch-site')) return undefined;
  return problem('cross-origin', 'The request comes from a web page (it has Origin or Sec-Fetch-Site); pages may not use this listener.');
}

/**
 * On loopback, Host must be a loopback name or the configured one: a page whose name was rebound to 127.0.0.1 sends its own.
 * PURGE is exempt, since its Host says which URL is meant; `fromBrowser` covers it.
 */
export function misdirected(method: string, target: Target, listenHost: string): Answer | undefined {
  if (method === 'PURGE' || target.authority === '' || !isLoopback(listenHost)) return undefined;
  const host = target.authority.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (isLoopback(host) || host === listenHost.toLowerCase()) return undefined;
  return problem('wrong-host', `Host: found ${JSON.stringify(host)}; localhost, a loopback address or ${listenHost} is allowed.`);
}

/** RFC 6750 §3. */
export function unauthorised(right: Right, fields: Fields, { token, purgeToken }: AdminTokens): Answer | undefined {
  if (right === 'none' || token === undefined) return undefined;
  const admin = authorise(fields, token);
  if (admin === 'ok') return undefined;
  if (purgeToken !== undefined && authorise(fields, purgeToken) === 'ok') {
    return right === 'purge' ? undefined : problem('token-lacks-right', 'This token permits purges only.');
  }
  const challenge = admin === 'missing' ? 'Bearer realm="freshet"' : 'Bearer realm="freshet", error="invalid_token"';
  return problem(admin === 'missing' ? 'token-missing' : 'token-wrong', 'Send the admin token: Authorization: Bearer TOKEN.', [
    'www-authenticate',
    challenge,
  ]);
}
