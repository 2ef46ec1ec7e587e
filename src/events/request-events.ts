// Which events does a request carry? CloudEvents' HTTP binding 1.0: structured, batched, or binary (attributes in `ce-` fields).
// The package's own reader of requests is not used: it takes a batch whole or not at all, makes a time of one that it cannot read, and decodes no percent in fields.
import { type Fields, fieldLines } from '../http/fields.ts';
import { isRecord, parseJson } from '../http/json.ts';
import { type ReadEvent, readEventText } from './event.ts';

export type RequestEvents =
  | { readonly kind: 'events'; readonly events: readonly ReadEvent[] }
  | { readonly kind: 'malformed' | 'too-large'; readonly detail: string };

/** Of a batch. */
export const MOST_EVENTS = 256;

const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const PREFIX = 'ce-';

/** `isSigned`: the body is, and fields are not; so no fields make another event of a body that is one. */
export function eventsIn({
  fields,
  body,
  isSigned = false,
}: {
  readonly fields: Fields;
  readonly body: string;
  readonly isSigned?: boolean;
}): RequestEvents {
  const type = mediaType(fields);
  if (type === STRUCTURED) return one(structured(body));
  if (type === BATCH) return batch(parseJson(body));
  if (type.startsWith('application/cloudevents')) return malformed(`content-type: found ${type}; ${STRUCTURED} and ${BATCH} are allowed.`);
  if (fields.some((name, at) => at % 2 === 0 && name.startsWith(PREFIX))) {
    if (isSigned && isEvents(parseJson(body)))
      return malformed('The body is an event itself and was signed as that: ce- fields make no other of it.');
    return one(binary(fields, body, type));
  }
  // Who sends JSON without saying that it is an event most likely left that out.
  const json = type === 'application/json' ? parseJson(body) : undefined;
  if (Array.isArray(json)) return batch(json);
  if (json !== undefined) return one(structured(body));
  return malformed(`There is no event: send ${STRUCTURED}, ${BATCH}, or attributes in ce- fields (CloudEvents 1.0).`);
}

function structured(body: string): ReadEvent {
  const json = parseJson(body);
  return json === undefined ? { kind: 'malformed', detail: 'The event is not JSON.' } : bounded(json);
}

function batch(json: unknown): RequestEvents {
  if (!Array.isArray(json)) return malformed('A batch is a JSON array of events.');
  if (json.length > MOST_EVENTS) return { kind: 'too-large', detail: `There are ${json.length} events; ${MOST_EVENTS} are allowed in one batch.` };
  return { kind: 'events', events: json.map(bounded) };
}

function bounded(json: unknown): ReadEvent {
  return readEventText(JSON.stringify(json));
}

function isEvents(json: unknown): boolean {
  return (Array.isArray(json) ? json : [json]).some((item) => isRecord(item) && 'specversion' in item);
}

/** Data that is no JSON is nothing that a rule could look into. */
function binary(fields: Fields, body: string, type: string): ReadEvent {
  const attributes = new Map<string, unknown>();
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!name.startsWith(PREFIX)) continue;
    const value = decoded(fields[i + 1] ?? '');
    if (value === undefined) return { kind: 'malformed', detail: `${name} has a % that begins no percent-encoding.` };
    if (attributes.has(name)) return { kind: 'malformed', detail: `${name} stands there more than once.` };
    attributes.set(name, value);
  }
  const isJson = /^application\/json$|\+json$/.test(type);
  const data = isJson && body !== '' ? parseJson(body) : undefined;
  if (isJson && body !== '' && data === undefined) return { kind: 'malformed', detail: 'The data is not JSON, as content-type says.' };
  const named = [...attributes].map(([name, value]) => [name.slice(PREFIX.length), value]);
  const { data: _, data_base64: __, ...rest } = Object.fromEntries(named) as Record<string, unknown>;
  return bounded({ ...rest, ...(data === undefined ? {} : { data }) });
}

/** HTTP binding §3.1.3.2: quotes are taken off, then percent-encodings are decoded. */
function decoded(value: string): string | undefined {
  const bare = /^"(.*)"$/.exec(value)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? value;
  try {
    return decodeURIComponent(bare);
  } catch {
    return undefined;
  }
}

function mediaType(fields: Fields): string {
  const [line = '', ...others] = fieldLines(fields, 'content-type');
  return others.length > 0 ? '' : (line.split(';', 1)[0] ?? '').trim().toLowerCase();
}

function one(event: ReadEvent): RequestEvents {
  return event.kind === 'malformed' ? event : { kind: 'events', events: [event] };
}

function malformed(detail: string): RequestEvents {
  return { kind: 'malformed', detail };
}
