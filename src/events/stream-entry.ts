// What does an entry of the Redis stream say? From its fields to an Event, or to what is wrong with it.
import { parseJson } from '../http/json.ts';
import { type Event, faultOfNames, MAX_EVENT_BYTES, type ReadEvent, readEventText } from './event.ts';
import { PURGE_TYPE } from './rules.ts';

export interface StreamEntry {
  /** As Redis gave it: `1732698000000-0`. */
  readonly id: string;
  /** Names and values, one after the other. */
  readonly fields: readonly string[];
}

/** Earlier than any time that Redis makes an id of: then it was given by hand, and says no time. */
const FIRST_TIME = 1e12;

/** What an entry may be, each of them alone. */
const KINDS = ['event', 'tags', 'type'] as const;

/**
 * `event`: a CloudEvent as JSON. Or `tags`, separated by spaces or as a JSON list, to be purged. Or `type` with `subject` and `data` (JSON).
 * `source` names the stream, and `id` stands where the entry has none of its own.
 */
export function readStreamEntry(entry: StreamEntry, { source, id }: { readonly source: string; readonly id: string }): ReadEvent {
  const fields = new Map(entry.fields.flatMap((name, at) => (at % 2 === 0 ? [[name, entry.fields[at + 1] ?? ''] as const] : [])));
  const kinds = KINDS.filter((name) => (fields.get(name) ?? '') !== '');
  if (kinds.length > 1) return malformed(`the entry has ${kinds.join(' and ')}; one of them is allowed, since the others would purge nothing`);
  const event = fields.get('event');
  if (event !== undefined) return readEventText(event);
  const bytes = entry.fields.reduce((sum, field) => sum + Buffer.byteLength(field), 0);
  if (bytes > MAX_EVENT_BYTES) return malformed(`the entry has ${bytes} bytes; ${MAX_EVENT_BYTES} are allowed`);
  const [type = '', subject = '', tags = '', data = '', own = ''] = ['type', 'subject', 'tags', 'data', 'id'].map((name) => fields.get(name) ?? '');
  const fault = faultOfNames({ id: own, type, subject });
  if (fault !== undefined) return malformed(fault);
  const named = {
    // An empty one would make all that have it one event.
    id: own === '' ? id : own,
    source,
    ...timeOf(entry.id),
    ...(subject !== '' && { subject }),
  };
  if (tags !== '') return tagged(named, tags);
  if (type === '')
    return malformed(`the entry has neither event, tags nor type; it has ${[...fields.keys()].slice(0, 10).join(', ') || 'no fields'}`);
  if (data === '') return { kind: 'event', event: { ...named, type } };
  const parsed = parseJson(data);
  return parsed === undefined ? malformed('data: it is not JSON') : { kind: 'event', event: { ...named, type, data: parsed } };
}

function tagged(named: Omit<Event, 'type' | 'data'>, text: string): ReadEvent {
  const tags = text.startsWith('[') ? parseJson(text) : text.trim().split(/\s+/);
  if (!Array.isArray(tags)) return malformed('tags: they begin as a JSON list and are none');
  return { kind: 'event', event: { ...named, type: PURGE_TYPE, data: { tags } } };
}

function timeOf(id: string): { readonly time?: number } {
  const time = Number(id.split('-', 1)[0]);
  return time >= FIRST_TIME && Number.isSafeInteger(time) ? { time } : {};
}

function malformed(detail: string): ReadEvent {
  return { kind: 'malformed', detail };
}
