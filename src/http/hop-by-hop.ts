// Which fields end at this hop (RFC 9110 §7.6.1)? And which may a Connection field never take away (SECURITY §9)?
import { listMembers, type Fields } from './fields.ts';

export type HopByHop = { readonly kind: 'ok'; readonly fields: string[] } | { readonly kind: 'nominates'; readonly name: string };

/** The end-to-end fields; `nominates` where Connection lists a field that must reach the recipient: to be refused, not obeyed. */
export function hopByHop(fields: Fields): HopByHop {
  let listed: Set<string> | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== 'connection') continue;
    for (const option of listMembers(fields[i + 1] as string)) {
      const name = option.toLowerCase();
      if (mustStay(name)) return { kind: 'nominates', name };
      listed ??= new Set();
      listed.add(name);
    }
  }
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (!HOP_BY_HOP.has(name) && !listed?.has(name)) kept.push(name, fields[i + 1] as string);
  }
  return { kind: 'ok', fields: kept };
}

/** Whether a field of that name ends at this hop in any message. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name);
}

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
]);

/** Fields that route, frame, authorise, select, or decide what is stored and for whom. */
function mustStay(name: string): boolean {
  return END_TO_END.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix));
}

const PREFIXES: readonly string[] = ['x-forwarded-', 'surrogate-', 'freshet-', 'cache-', 'cdn-', 'content-', 'if-'];

const END_TO_END: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'cookie',
  'set-cookie',
  'auth-scope',
  'forwarded',
  'via',
  'x-real-ip',
  'origin',
  'pragma',
  'expires',
  'age',
  'date',
  'etag',
  'last-modified',
  'vary',
  'range',
  'location',
  'xkey',
  'www-authenticate',
]);
