// May the client have the selected response, has it already, or did it forbid this one (RFC 9110 §13; RFC 9111 §4.3.2)?
import { parseEntityTag, parseEntityTagList, strongMatch, weakMatch } from '../http/entity-tag.ts';
import { fieldValue, hasField, withoutFields, withoutLines, type Fields } from '../http/fields.ts';
import { parseHttpDate } from '../http/http-date.ts';

/** A response as far as preconditions ask for it. */
interface Selected {
  readonly status: number;
  /** As `fieldValue` of its fields. */
  value(name: string): string | undefined;
}

/**
 * In the order of RFC 9110 §13.2.2, for GET and HEAD and a response of the 2xx class; anything else proceeds.
 * `failed` is a 412. Deviation: RFC 9111 §4.3.2 leaves If-Match and If-Unmodified-Since to the origin; a gateway stands for it
 * (RFC 9110 §3.7), and ignoring them would hand a client that resumes a download the bytes of another version. No setting.
 */
export function evaluatePreconditions(
  request: { readonly method: string; readonly fields: Fields },
  response: Selected,
): 'proceed' | 'not-modified' | 'failed' {
  if (!isConditional(request.fields)) return 'proceed';
  if ((request.method !== 'GET' && request.method !== 'HEAD') || response.status < 200 || response.status > 299) return 'proceed';
  if (isForbidden(request.fields, response)) return 'failed';
  return isKnown(request.fields, response) ? 'not-modified' : 'proceed';
}

export function selected({ status, fields }: { readonly status: number; readonly fields: Fields }): Selected {
  return { status, value: (name) => fieldValue(fields, name) };
}

/** One pass, since most requests have none and this runs on every hit. */
function isConditional(fields: Fields): boolean {
  for (let i = 0; i < fields.length; i += 2) if ((fields[i] as string).startsWith('if-')) return true;
  return false;
}

/** RFC 9110 §13.1.1, §13.1.4. */
function isForbidden(request: Fields, response: Selected): boolean {
  const ifMatch = fieldValue(request, 'if-match');
  if (ifMatch !== undefined) {
    const list = parseEntityTagList(ifMatch);
    if (list.kind === 'any') return false;
    const held = parseEntityTag(response.value('etag'));
    return held === undefined || !list.tags.some((tag) => strongMatch(tag, held));
  }
  const since = parseHttpDate(fieldValue(request, 'if-unmodified-since'));
  const modifiedAt = parseHttpDate(response.value('last-modified'));
  return since !== undefined && modifiedAt !== undefined && modifiedAt > since;
}

/** RFC 9110 §13.1.2, §13.1.3; RFC 9111 §4.3.2: without Last-Modified the Date counts. */
function isKnown(request: Fields, response: Selected): boolean {
  const ifNoneMatch = fieldValue(request, 'if-none-match');
  if (ifNoneMatch !== undefined) {
    const list = parseEntityTagList(ifNoneMatch);
    if (list.kind === 'any') return true;
    const held = parseEntityTag(response.value('etag'));
    return held !== undefined && list.tags.some((tag) => weakMatch(tag, held));
  }
  const since = parseHttpDate(fieldValue(request, 'if-modified-since'));
  const modifiedAt = parseHttpDate(response.value('last-modified') ?? response.value('date'));
  return since !== undefined && modifiedAt !== undefined && modifiedAt <= since;
}

/** What a 304 carries (RFC 9110 §15.4.5): everything but the metadata of a representation that is not sent. */
export function notModifiedFields(fields: Fields): string[] {
  return withoutFields(fields, hasField(fields, 'etag') ? REPRESENTATION_AND_DATE : REPRESENTATION);
}

/** The same of field lines, of which `response` has more than are given. */
export function notModifiedLines(lines: string, response: Pick<Selected, 'value'>): string {
  return withoutLines(lines, response.value('etag') === undefined ? REPRESENTATION : REPRESENTATION_AND_DATE);
}

const REPRESENTATION: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-range',
  'content-md5',
  'content-disposition',
  'content-digest',
  'repr-digest',
  'digest',
]);

/** Last-Modified guides the cache in front only where there is no entity-tag. */
const REPRESENTATION_AND_DATE: ReadonlySet<string> = new Set([...REPRESENTATION, 'last-modified']);
