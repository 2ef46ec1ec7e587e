// What happened, as CloudEvents 1.0 says it: from JSON of unknown shape to an Event, or to what is wrong with it. The `cloudevents` package judges the attributes.
import { CloudEvent } from 'cloudevents';
import { isRecord, parseJson } from '../http/json.ts';

export interface Event {
  /** Unique within `source`: events are told apart by the two. */
  readonly id: string;
  /** Who says so, a URI reference: `/shop/orders`. */
  readonly source: string;
  /** `order.updated`. */
  readonly type: string;
  /** What it is about: events of one subject (of one source) are taken in their order. */
  readonly subject?: string;
  /** When it happened, epoch ms. */
  readonly time?: number;
  readonly data?: unknown;
  /** Attributes of its own. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export type ReadEvent = { readonly kind: 'event'; readonly event: Event } | { readonly kind: 'malformed'; readonly detail: string };

/** Of one event as JSON text. */
export const MAX_EVENT_BYTES = 64 * 1024;

/** The JSON format: attributes and `data` side by side. */
export function readEventText(text: string): ReadEvent {
  if (Buffer.byteLength(text) > MAX_EVENT_BYTES) return malformed(`The event is over ${MAX_EVENT_BYTES} bytes.`);
  const json = parseJson(text);
  return json === undefined ? malformed('The event is not JSON.') : readEvent(json);
}

/**
 * The package would make up an id and a time where there is none, take 0.3 unchecked, and fail on an extension named as one of its methods:
 * these are asked for here, and only then is the rest left to it.
 */
export function readEvent(json: unknown): ReadEvent {
  if (!isRecord(json)) return malformed('An event is a JSON object with specversion, id, source and type.');
  const fault = faultOfAttributes(json);
  if (fault !== undefined) return malformed(fault);
  try {
    return { kind: 'event', event: eventOf(new CloudEvent(json), json['time']) };
  } catch (error) {
    return malformed(`The event is no CloudEvent 1.0: ${firstLine(error)}.`);
  }
}

const NEEDED = ['id', 'source', 'type'] as const;
/** Longer ones could not be logged, nor remembered. */
const MAX_ATTRIBUTE_LENGTH = 1024;

/** Where a source makes an event of parts: why it could not be logged or remembered. */
export function faultOfNames(names: Readonly<Record<'id' | 'type' | 'subject', string>>): string | undefined {
  const long = Object.entries(names).find(([, value]) => value.length > MAX_ATTRIBUTE_LENGTH);
  return long === undefined ? undefined : `${long[0]}: it has ${long[1].length} characters; ${MAX_ATTRIBUTE_LENGTH} are allowed`;
}

function faultOfAttributes(json: Readonly<Record<string, unknown>>): string | undefined {
  if (json['specversion'] !== '1.0') return `specversion: found ${shown(json['specversion'])}; "1.0" is allowed.`;
  for (const name of NEEDED)
    if (!isText(json[name])) return `${name}: found ${shown(json[name])}; a text of 1 to ${MAX_ATTRIBUTE_LENGTH} characters is needed.`;
  if (json['data'] !== undefined && json['data_base64'] !== undefined) return 'data and data_base64: one of them is allowed.';
  const clash = Object.keys(json).find((name) => METHODS.has(name));
  if (clash !== undefined) return `${clash}: an extension of this name is not allowed.`;
  const { subject, time } = json;
  if (subject !== undefined && !isText(subject))
    return `subject: found ${shown(subject)}; a text of 1 to ${MAX_ATTRIBUTE_LENGTH} characters is allowed.`;
  if (time !== undefined && !(typeof time === 'string' && TIMESTAMP.test(time) && !Number.isNaN(Date.parse(time)))) {
    return `time: found ${shown(time)}; an instant as RFC 3339 writes it is allowed (2026-01-31T12:00:00Z).`;
  }
  return undefined;
}

/** Of the package's class: an extension named so would take the place of one. */
const METHODS: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(CloudEvent.prototype));

const TIMESTAMP = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

const KNOWN = new Set(['id', 'source', 'type', 'subject', 'time', 'data', 'data_base64', 'specversion', 'datacontenttype', 'dataschema']);

function eventOf(read: CloudEvent<unknown>, time: unknown): Event {
  const extensions = Object.entries(read).filter(([name, value]) => !KNOWN.has(name) && value !== undefined);
  const data = dataOf(read);
  return {
    id: read.id,
    source: read.source,
    type: read.type,
    ...(read.subject === undefined ? {} : { subject: read.subject }),
    ...(typeof time === 'string' ? { time: Date.parse(time) } : {}),
    ...(data === undefined ? {} : { data }),
    ...(extensions.length === 0 ? {} : { extensions: Object.fromEntries(extensions) }),
  };
}

/** Bytes count where they are JSON. */
function dataOf({ data, data_base64: encoded, datacontenttype: type = 'application/json' }: CloudEvent<unknown>): unknown {
  if (encoded === undefined) return data;
  return /[/+]json\b/i.test(type) ? parseJson(Buffer.from(encoded, 'base64').toString('utf8')) : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ATTRIBUTE_LENGTH;
}

/** What stood there, as it may be repeated to its sender. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [line = '', detail = ''] = text.split('\n').map((part) => part.trim());
  const { instancePath = '', message = '' } = { ...(parseJson(detail) as { instancePath?: string; message?: string } | undefined) };
  return message === '' ? line : `${instancePath.replace(/^\//, '')} ${message}`.trim();
}

function malformed(detail: string): ReadEvent {
  return { kind: 'malformed', detail };
}
