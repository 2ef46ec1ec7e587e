// What does a PURGE request ask for: the tags in its tag headers, else its URL? DESIGN section 2 "Purging". A request that could mean both is refused.
import { type Fields, fieldLines, hasField } from '../http/fields.ts';
import type { Target } from '../http/target.ts';
import { NOTHING, type PurgeOrder } from './order.ts';
import { type Fault, faultOfGroups, faultOfTags, malformed, parseSettle, quoted, SETTLE_ALLOWED } from './purge-body.ts';
import { TAG_HEADERS, tagsNamedIn } from './surrogate-keys.ts';

export interface PurgeRequest {
  readonly target: Target;
  readonly fields: Fields;
}

/** The order that `request` states, without who asks; or its fault. `tagHeaders`: those that count in responses. */
export function readPurgeMethod(
  { target, fields }: PurgeRequest,
  tagHeaders: readonly string[],
): { readonly order: Omit<PurgeOrder, 'kind' | 'actor'> } | { readonly fault: Fault } {
  if (hasBody(fields)) return { fault: malformed('PURGE takes no body; a JSON body goes to POST /v1/purge on the admin listener.') };
  const mode = softPurge(fields);
  if (typeof mode !== 'string') return { fault: mode };
  const settle = fieldLines(fields, 'purge-settle')[0];
  const settleMs = settle === undefined ? undefined : parseSettle(settle);
  if (settle !== undefined && settleMs === undefined) return { fault: malformed(`Purge-Settle: found ${quoted(settle)}; ${SETTLE_ALLOWED}.`) };
  const selectors = selectorsOf({ target, fields }, tagHeaders);
  if ('fault' in selectors) return selectors;
  return { order: { ...NOTHING, ...selectors, mode, ...(settleMs === undefined ? {} : { settleMs }) } };
}

/** RFC 9112 §6.3. Whoever sends one means what it says, which nobody reads. */
function hasBody(fields: Fields): boolean {
  return hasField(fields, 'transfer-encoding') || fieldLines(fields, 'content-length').some((length) => Number(length) !== 0);
}

type Selectors = Pick<PurgeOrder, 'urls'> | Pick<PurgeOrder, 'tags' | 'groups'>;

function selectorsOf({ target, fields }: PurgeRequest, tagHeaders: readonly string[]): Selectors | { readonly fault: Fault } {
  // Surrogate-Key names tags of a PURGE wherever the API states them.
  const headers = [...new Set(['surrogate-key', ...tagHeaders])];
  const silent = TAG_HEADERS.find((name) => hasField(fields, name) && !headers.includes(name));
  if (silent !== undefined) return { fault: malformed(`${silent} carries no tags here; ${headers.join(', ')} can (tags.headers).`) };
  const present = headers.filter((name) => hasField(fields, name));
  if (present.length > 0) return namedBy(fields, present, target.authority);
  if (target.path === '*') return { fault: malformed('* is not a URL that can be purged.') };
  return { urls: [{ authority: target.authority, path: target.path, query: target.query }] };
}

/** A group is bound to the host of the response that named it (RFC 9875 §2.1), here that of the request. */
function namedBy(fields: Fields, headers: readonly string[], origin: string): Selectors | { readonly fault: Fault } {
  const named = tagsNamedIn(fields, headers);
  if (named === undefined) return { fault: malformed('cache-groups: a list of strings in double quotes is allowed (RFC 9875 §2).') };
  const { tags, groups } = named;
  if (tags.length + groups.length === 0) return { fault: { kind: 'no-selector', detail: `There is no tag in ${headers.join(', ')}.` } };
  const fault = faultOfTags(tags) ?? faultOfGroups(groups, tags.length);
  return fault === undefined ? { tags, groups: groups.map((group) => ({ origin, group })) } : { fault };
}

function softPurge(fields: Fields): 'hard' | 'soft' | Fault {
  let mode: 'hard' | 'soft' = 'hard';
  for (const name of ['soft-purge', 'fastly-soft-purge']) {
    for (const value of fieldLines(fields, name)) {
      if (value !== '0' && value !== '1') return malformed(`${name}: found ${quoted(value)}; 0 or 1 is allowed.`);
      if (value === '1') mode = 'soft';
    }
  }
  return mode;
}
