// The file of `freshet validate`: its settings, their units and defaults. docs/validate.md explains them.
import { z } from 'zod';
import { duration, given, integer, list, oneOf, optional, type Read, rate, refused, section, setting, text, timeout } from '../config/setting.ts';
import { method, nonEmpty, originUrl, token } from '../config/values.ts';
import { JSON_PATH_ALLOWED, parseJsonPath } from './json-path.ts';
import type { ValueRange } from './plan.ts';

/** Visible, and one line: what may stand in a field. */
const FIELD_TEXT = /^[\x20-\x7e]*$/;
const MOST_KEYS = 1000;

/** Secrets, mostly: what was found is not repeated. */
const headers = z.record(
  text(
    { allowed: 'the name of a field', read: (value) => given(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(value) ? value.toLowerCase() : undefined) },
    { about: 'Of a field.' },
  ),
  text(
    { allowed: 'visible ASCII characters', read: (value) => given(FIELD_TEXT.test(value) ? value : undefined), secret: true },
    { about: 'Its value.' },
  ),
);

const user = section({
  name: nonEmpty('a name', { about: 'By which reports and `as` name this user.' }),
  headers: headers.default({}),
  values: z.record(nonEmpty('a name', { about: 'A name in templates.' }), plainText({ about: 'What it stands for.' })).default({}),
});

const write = section({
  method: optional(method({ about: 'Of the write.', default: 'PUT' })),
  url: pathTemplate({ about: 'Its path: {key}, {owner}, {user} and values of the user are filled in.' }),
  via: optional(oneOf(['freshet', 'origin'], { about: 'origin: past Freshet, at the API itself.', default: 'freshet' })),
  as: z.exactOptional(nonEmpty('the name of a user', { about: 'Who writes; without it the owner of the value.' })),
  headers: headers.default({}),
  body: z.unknown().optional(),
  purge: optional(
    list(nonEmpty('a tag', { about: 'A tag.' }), { about: 'Tags that are purged after it; none where the API purges by itself.', default: [] }),
  ),
});

const read = section({
  url: pathTemplate({ about: 'Its path, filled in like that of the write.' }),
  value: text({ allowed: JSON_PATH_ALLOWED, read: (value) => given(parseJsonPath(value)) }, { about: 'Where in the answer the value stands.' }),
  may_lag: optional(duration({ about: 'By how much it may lag behind writes: it has a short life, and nobody purges it.', default: '0s' })),
});

const resource = section({
  name: nonEmpty('a name', { about: 'By which reports name it.' }),
  keys: optional(keys()),
  owner: z.exactOptional(nonEmpty('a template such as {user} or {tier}', { about: 'Whose values differ: a template of users.' })),
  users: z.exactOptional(list(nonEmpty('the name of a user', { about: 'A user.' }), { about: 'Who reads it; without it everybody.' })),
  value: optional(valueRange()),
  write,
  reads: list(read, { about: 'Answers that show the value.' }).refine((reads) => (reads as readonly unknown[]).length > 0, {
    error: 'found an empty list; allowed: at least one read',
  }),
});

export const planSchema = section({
  freshet: originUrl({ about: 'Where clients reach Freshet.' }),
  origin: z.exactOptional(originUrl({ about: 'The API itself; needed by writes with `via: origin`.' })),
  purge: z.exactOptional(
    section({
      url: text({ allowed: 'http://HOST:8081/v1/purge, or http://HOST:8080/', read: readUrl }, { about: 'Where `purge` of a write is sent.' }),
      token: z.exactOptional(token({ about: 'Its Bearer token.' })),
    }),
  ),
  debug_token: z.exactOptional(token({ about: '`admin.token` of Freshet: with it a fault is reported with the tags of the answer.' })),
  duration: optional(duration({ about: 'Of the traffic.', default: '10s' }, { leastMs: 100, mostMs: 3_600_000 })),
  most_writes: z.exactOptional(integer({ about: 'It ends earlier when so many were sent.' }, { least: 1, most: 1_000_000_000 })),
  readers: optional(integer({ about: 'That read at once.', default: 8 }, { least: 1, most: 256 })),
  writers: optional(integer({ about: 'That write at once.', default: 2 }, { least: 1, most: 64 })),
  rate: optional(rate({ about: 'Requests a second, all together.', default: '200/s' })),
  pause: optional(duration({ about: 'Of each writer, before its next write.', default: '100ms' }, { mostMs: 60_000 })),
  grace: optional(duration({ about: 'What is still stale so long after its write was missed by every purge.', default: '1s' }, { mostMs: 60_000 })),
  timeout: optional(timeout({ about: 'Of one request.', default: '10s' })),
  users: optional(list(user, { about: 'Who reads and writes; without any: one without credentials.', default: [] })),
  resources: list(resource, { about: 'What is written and read.' }).refine((resources) => (resources as readonly unknown[]).length > 0, {
    error: 'found an empty list; allowed: at least one resource',
  }),
});

export type PlanFile = z.output<typeof planSchema>;
export type ResourceFile = PlanFile['resources'][number];

function pathTemplate(about: { readonly about: string }) {
  const allowed = 'a path (/products/{key})';
  return text({ allowed, read: (value) => given(/^\/[\x21-\x7e]*$/.test(value) && !value.includes('#') ? value : undefined) }, about);
}

/** Numbers and booleans are what they spell: they end in paths and texts. */
function plainText(about: { readonly about: string }) {
  return setting({ allowed: 'a text or a number', schema: { type: ['string', 'number'] }, read: readPlain }, about);
}

function readPlain(found: unknown): Read<string> {
  return given(typeof found === 'string' || typeof found === 'number' ? String(found) : undefined);
}

function keys() {
  const about = { about: 'What {key} stands for, one after the other.', default: ['1'] };
  return setting({ allowed: `a list of 1 to ${MOST_KEYS} texts or numbers`, schema: { type: 'array', minItems: 1 }, read: readKeys }, about);
}

function readKeys(found: unknown): Read<readonly string[]> {
  if (!Array.isArray(found) || found.length === 0 || found.length > MOST_KEYS) return { kind: 'refuse' };
  const texts = found.filter((key): key is string | number => typeof key === 'string' || typeof key === 'number').map(String);
  return given(texts.length === found.length && new Set(texts).size === texts.length ? texts : undefined);
}

function valueRange() {
  const about = { about: 'text, or which whole numbers may be written.', default: 'text' };
  return setting({ allowed: 'text, number, or { from: 1000, to: 999999 }', schema: {}, read: readRange }, about);
}

const NUMBERS: ValueRange = { kind: 'number', least: 1000, most: 999_999 };
/** Fewer are used up by a run. */
const LEAST_NUMBERS = 1000;

function readRange(found: unknown): Read<ValueRange> {
  if (found === 'text') return given<ValueRange>({ kind: 'text' });
  if (found === 'number') return given(NUMBERS);
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return { kind: 'refuse' };
  const { from, to, ...rest } = found as Readonly<Record<string, unknown>>;
  if (Object.keys(rest).length > 0 || !Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return { kind: 'refuse' };
  const [least, most] = [Number(from), Number(to)];
  return most - least < LEAST_NUMBERS
    ? refused(`found ${most - least + 1} numbers; allowed: at least ${LEAST_NUMBERS + 1}`)
    : given({ kind: 'number', least, most });
}

function readUrl(value: string): Read<string> {
  return given(/^https?:\/\/[^/?#\\@\s]+(\/[^?#\s]*)?$/i.test(value) && URL.canParse(value) ? new URL(value).href : undefined);
}
