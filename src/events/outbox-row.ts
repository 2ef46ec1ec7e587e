// What does a row of the outbox say? From its columns to an Event, or to what is wrong with it.
import { parseJson } from '../http/json.ts';
import { faultOfNames, MAX_EVENT_BYTES, type ReadEvent } from './event.ts';
import type { OutboxName, OutboxRow } from './outbox-table.ts';
import { PURGE_TYPE } from './rules.ts';

const MICROSECONDS = 1_000;

/** Which row it is: of two that had the same number neither was inserted at the microsecond of the other, and numbers begin anew where a table does. As in outbox-table.ts. */
export function keyOf({ id, at }: Pick<OutboxRow, 'id' | 'at'>): string {
  return `${id}@${at ?? 'infinity'}`;
}

/** The number of the row, of its key. */
export function idIn(key: string): string {
  return key.slice(0, key.indexOf('@'));
}

export function readOutboxRow(row: OutboxRow, { schema, table }: OutboxName): ReadEvent {
  const { id, at, bytes, tags, type, subject, data } = row;
  if (bytes > MAX_EVENT_BYTES) return malformed(`the row has ${bytes} bytes; ${MAX_EVENT_BYTES} are allowed`);
  const fault = faultOfNames({ id, type: type ?? '', subject: subject ?? '' });
  if (fault !== undefined) return malformed(fault);
  const event = {
    id: keyOf(row),
    source: `postgres:${schema}.${table}`,
    ...(at !== null && { time: Number(at) / MICROSECONDS }),
  };
  if (tags !== null && type !== null)
    return malformed('the row has tags and a type; allowed: tags to be purged, or an event with type, subject and data');
  if (tags !== null) return { kind: 'event', event: { ...event, type: PURGE_TYPE, data: { tags } } };
  if (type === null || type === '')
    return malformed('the row has neither tags nor a type; allowed: tags to be purged, or an event with type, subject and data');
  return {
    kind: 'event',
    event: { ...event, type, ...(subject !== null && subject !== '' && { subject }), ...(data !== null && { data: parseJson(data) }) },
  };
}

function malformed(detail: string): ReadEvent {
  return { kind: 'malformed', detail };
}
