// What of a response can be asked about again: its validators (RFC 9110 §8.8).
import { type EntityTag, parseEntityTag } from '../http/entity-tag.ts';
import { type Fields, fieldValue } from '../http/fields.ts';
import { parseHttpDate } from '../http/http-date.ts';

export interface Validators {
  readonly entityTag: EntityTag | undefined;
  /** As the origin wrote it; it goes back as it came. */
  readonly lastModified: string | undefined;
}

/** Well-formed ones only. */
export function validatorsOf(fields: Fields): Validators {
  const lastModified = fieldValue(fields, 'last-modified');
  return {
    entityTag: parseEntityTag(fieldValue(fields, 'etag')),
    lastModified: parseHttpDate(lastModified) === undefined ? undefined : lastModified,
  };
}

/** Whether an entry can be confirmed by a 304: it has a validator, and an origin evaluates preconditions for its status (RFC 9110 §13.2.1). */
export function canValidate(response: { readonly status: number; readonly fields: Fields }): boolean {
  if (response.status < 200 || response.status > 299) return false;
  const { entityTag, lastModified } = validatorsOf(response.fields);
  return entityTag !== undefined || lastModified !== undefined;
}
