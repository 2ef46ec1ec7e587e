// Is an answer of the origin older than what is stored? Where both state the version of a tag, or when they were last modified, that tells.
import { type Fields, fieldValue } from '../http/fields.ts';
import { parseHttpDate } from '../http/http-date.ts';
import { statedVersions } from '../purge/surrogate-keys.ts';
import type { Order } from './verdict.ts';

/** Of `reading` beside `stored`. A later Last-Modified proves nothing: some origins say now. */
export function orderOf(reading: Fields, stored: Fields): Order {
  const before = statedVersions(stored);
  const steps = [...statedVersions(reading)].map(([tag, version]) => Math.sign(version - (before.get(tag) ?? version)));
  if (steps.includes(-1)) return 'older';
  if (steps.includes(1)) return 'newer';
  const [was, is] = [modifiedAt(stored), modifiedAt(reading)];
  return was !== undefined && is !== undefined && is < was ? 'older' : 'untold';
}

function modifiedAt(fields: Fields): number | undefined {
  return parseHttpDate(fieldValue(fields, 'last-modified'));
}
