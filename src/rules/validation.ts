// How is a stored response validated, and what does a 304 make of it (RFC 9111 §4.3)?
import { parseEntityTag, strongMatch, weakMatch } from '../http/entity-tag.ts';
import { type Fields, fieldValue, withoutFields } from '../http/fields.ts';
import type { ResponseHead } from '../http/message.ts';
import { type FillContext, judgeStorability, type Storability } from './storability.ts';
import type { StoredResponse } from './stored-response.ts';
import { canValidate, validatorsOf } from './validator.ts';

/** If-None-Match and If-Modified-Since (RFC 9111 §4.3.1); nothing where it cannot be validated. */
export function conditionalFields(stored: StoredResponse): Fields {
  if (!canValidate(stored)) return [];
  const { entityTag, lastModified } = validatorsOf(stored.fields);
  const fields: string[] = [];
  if (entityTag !== undefined) fields.push('if-none-match', `${entityTag.weak ? 'W/' : ''}${entityTag.opaque}`);
  if (lastModified !== undefined) fields.push('if-modified-since', lastModified);
  return fields;
}

/**
 * Whether the 304 selects this entry (RFC 9111 §4.3.4). One that names another validator confirms something else.
 * One that names none answers the validator we sent, as origins that leave it out mean it.
 */
export function confirms(stored: StoredResponse, head304: ResponseHead): boolean {
  const held = validatorsOf(stored.fields);
  const stated = fieldValue(head304.fields, 'etag');
  if (stated !== undefined) {
    const named = parseEntityTag(stated);
    if (named === undefined || held.entityTag === undefined) return false;
    return named.weak ? weakMatch(named, held.entityTag) : strongMatch(named, held.entityTag);
  }
  const lastModified = fieldValue(head304.fields, 'last-modified');
  return lastModified === undefined || held.lastModified === undefined || lastModified === held.lastModified;
}

/** They describe the stored bytes, which a 304 does not change (RFC 9111 §3.2). ETag is confirmed already, and kept in the form we hold. */
const KEPT: ReadonlySet<string> = new Set(['content-encoding', 'content-length', 'content-md5', 'content-range', 'etag']);

/**
 * The stored fields, each replaced by those of its name in the 304 (RFC 9111 §3.2). `head304` is without hop-by-hop fields.
 * Age is that of the 304; Date too, so that without one the entry counts from its receipt (RFC 9110 §6.6.1).
 */
export function freshenedFields(stored: StoredResponse, head304: ResponseHead): Fields {
  const updates = withoutFields(head304.fields, KEPT);
  const replaced = new Set(['age', 'date']);
  for (let i = 0; i < updates.length; i += 2) replaced.add(updates[i] as string);
  return [...withoutFields(stored.fields, replaced), ...updates];
}

/** The freshened entry judged anew, times and Vary included; `context.head` is the 304. A refusal means that it may answer once more and is dropped. */
export function freshnessAfter304(stored: StoredResponse, context: FillContext): Storability {
  const head = { status: stored.status, statusText: stored.statusText, fields: freshenedFields(stored, context.head) };
  return judgeStorability({ ...context, request: { ...context.request, method: 'GET' }, head });
}
