// Which requests invalidate, and what (RFC 9111 §4.4; PURGE-PROTOCOL §3.2 rule 11)?
import { fieldLines } from '../http/fields.ts';
import { isSafe, type ResponseHead } from '../http/message.ts';
import { resolveReference, type Target } from '../http/target.ts';

/** Whether an unsafe request may have written. `status` is undefined where the answer was lost after the request was sent. */
export function invalidates(method: string, status: number | undefined): boolean {
  return !isSafe(method) && (status === undefined || status < 400);
}

/**
 * The target itself, then what Location and Content-Location name, each once. Another authority's URLs are left alone:
 * one origin could otherwise empty another's entries. The scheme is the request's, since TLS may end in front of Freshet.
 */
export function invalidatedTargets(target: Target, head: ResponseHead | undefined): readonly Target[] {
  const targets = new Map([[`${target.path}${target.query}`, target]]);
  if (head === undefined) return [target];
  for (const name of ['location', 'content-location']) {
    for (const reference of fieldLines(head.fields, name)) {
      const named = resolveReference(target, reference);
      if (named?.authority === target.authority) targets.set(`${named.path}${named.query}`, { ...named, scheme: target.scheme });
    }
  }
  return [...targets.values()];
}
