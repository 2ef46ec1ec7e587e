// What may stand in a log line? No credentials, cookies or tokens, and no query values (DESIGN section 2, SECURITY §6): a second fence,
// behind callers that do not hand them over.
import type { StoredResponse } from '../rules/stored-response.ts';

const SECRET_NAME = /authorization|cookie|credential|password|secret|token|api-?key/i;
const MASKED = '[masked]';
const TEXT_LENGTH = 2_000;
const DEPTH = 4;

/** A copy of `detail` in which members with a telling name are masked and errors are words. */
export function scrubbed(detail: Readonly<Record<string, unknown>>, depth = DEPTH): Record<string, unknown> {
  return Object.fromEntries(Object.entries(detail).map(([name, value]) => [name, SECRET_NAME.test(name) ? MASKED : scrubbedValue(value, depth - 1)]));
}

/** `text` without the credentials of URLs and of Authorization values; at most 2,000 characters. */
export function scrubbedText(text: string): string {
  const masked = text.replace(/(\/\/)[^/?#@\s]*@/g, `$1${MASKED}@`).replace(/\b(bearer|basic|token)\s+[^\s,"']+/gi, `$1 ${MASKED}`);
  return masked.length > TEXT_LENGTH ? `${masked.slice(0, TEXT_LENGTH)}…` : masked;
}

/** `path` with the names of its query, if it has one, but not the values. A word without `=`, or with nothing behind it, may be a value (base64 ends so). */
export function withoutQueryValues(path: string): string {
  const mark = path.indexOf('?');
  if (mark === -1) return path;
  const words = path.slice(mark + 1).split('&');
  return `${path.slice(0, mark)}?${words.map((word) => (/=[^=]/.test(word) ? `${word.slice(0, word.indexOf('='))}=*` : '*')).join('&')}`;
}

/** The request fields that a response varies on, by name. Any of them may be a credential but those that negotiate what the representation is like. */
export function scrubbedAxes({ axes, axisValues }: Pick<StoredResponse, 'axes' | 'axisValues'>): Record<string, string> {
  return Object.fromEntries(axes.map((axis, i) => [axis, NEGOTIATING.has(axis) ? (axisValues[i] ?? '') : MASKED]));
}

const NEGOTIATING: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-datetime',
  'accept-encoding',
  'accept-language',
  'save-data',
  'x-forwarded-proto',
]);

function scrubbedValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return scrubbedText(value);
  if (value instanceof Error) return scrubbedError(value, depth);
  if (typeof value !== 'object' || value === null) return value;
  if (depth <= 0) return '…';
  return Array.isArray(value) ? value.map((member) => scrubbedValue(member, depth - 1)) : scrubbed({ ...value }, depth);
}

function scrubbedError(error: Error, depth: number): Record<string, unknown> {
  const code = 'code' in error ? { code: error.code } : {};
  const cause = error.cause === undefined || depth <= 0 ? {} : { cause: scrubbedValue(error.cause, depth - 1) };
  return { name: error.name, message: scrubbedText(error.message), ...code, ...cause };
}
