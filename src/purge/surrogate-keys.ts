// Which tags, groups and versions does a response state, and what does a write's response ask to be purged? DESIGN section 2, RFC 9875, SECURITY §6 and §7.
import { isInnerList, parseList } from 'structured-headers';
import { type Fields, fieldLines, fieldValue, trimWhitespace } from '../http/fields.ts';

export type ResponseTags = { readonly kind: 'tags'; readonly tags: readonly string[]; readonly groups: readonly string[] } | Refused;

interface Refused {
  readonly kind: 'refused';
  readonly reason: 'tags-over-limit' | 'tag-malformed';
  /** The setting that was met; none for the length of one tag. */
  readonly limit?: 'tags.max_bytes' | 'tags.max_count';
}

/** The part of the configuration's `tags` that decides here. */
export interface TagSettings {
  /** Lower case. */
  readonly headers: readonly string[];
  /** Of all tag headers of a response together. */
  readonly maxBytes: number;
  readonly maxCount: number;
}

export const MAX_TAG_BYTES = 1024;

/** SECURITY §6: visible ASCII without the comma. */
const TAG = /^[\x21-\x2b\x2d-\x7e]+$/;

/** What separates the members of a tag header; a name of the user's own choosing takes either. */
const SEPARATORS: ReadonlyMap<string, RegExp> = new Map([
  ['surrogate-key', /[ \t]+/],
  ['xkey', /[ \t]+/],
  ['cache-tag', /,/],
]);
const EITHER = /[ \t,]+/;
const GROUPS = 'cache-groups';

/** Every field that can carry tags or groups; `tags.headers` says which do. */
export const TAG_HEADERS: readonly string[] = [...SEPARATORS.keys(), GROUPS];

/** Whether `tag` is in the grammar; its length is for the caller, who answers it differently. */
export function isTag(tag: string): boolean {
  return TAG.test(tag);
}

/**
 * The tags of all tag headers together, without repetitions, and the cache groups.
 * Refused where something is over the limits or malformed, a stated version included: such a response could not be purged by all that it states.
 * (RFC 9651 §4.2 ignores a malformed Cache-Groups; ignoring it and not storing is within that.)
 */
export function responseTags(fields: Fields, settings: TagSettings): ResponseTags {
  const tags = new Set<string>();
  const groups = new Set<string>();
  let bytes = 0;
  for (const name of settings.headers) {
    const lines = fieldLines(fields, name);
    for (const line of lines) bytes += line.length;
    if (bytes > settings.maxBytes) return { ...OVER_LIMIT, limit: 'tags.max_bytes' };
    if (name === GROUPS) {
      const named = stringList(lines.join(', '));
      if (named === undefined) return MALFORMED;
      for (const group of named) groups.add(group);
    } else {
      for (const line of lines) for (const tag of split(line, name)) tags.add(tag);
    }
  }
  const refused = refusedFor(tags, groups, settings.maxCount);
  if (refused !== undefined) return refused;
  if (parseVersions(fields) === undefined) return MALFORMED;
  return { kind: 'tags', tags: [...tags], groups: [...groups] };
}

const OVER_LIMIT: Refused = { kind: 'refused', reason: 'tags-over-limit' };
const MALFORMED: Refused = { kind: 'refused', reason: 'tag-malformed' };

function refusedFor(tags: ReadonlySet<string>, groups: ReadonlySet<string>, maxCount: number): Refused | undefined {
  if (tags.size + groups.size > maxCount) return { ...OVER_LIMIT, limit: 'tags.max_count' };
  for (const name of [...tags, ...groups]) if (name.length > MAX_TAG_BYTES) return OVER_LIMIT;
  for (const tag of tags) if (!isTag(tag)) return MALFORMED;
  return undefined;
}

/** `Surrogate-Version: product:42=17`: the version of the data behind a tag; of several for one tag the lowest. Empty where malformed: `responseTags` refuses that. */
export function statedVersions(fields: Fields): ReadonlyMap<string, number> {
  return parseVersions(fields) ?? new Map();
}

function parseVersions(fields: Fields): Map<string, number> | undefined {
  const versions = new Map<string, number>();
  const value = fieldValue(fields, 'surrogate-version');
  if (value === undefined) return versions;
  for (const member of value.split(',')) {
    const parts = VERSION.exec(member);
    if (parts === null) return undefined;
    const tag = parts[1] as string;
    versions.set(tag, Math.min(versions.get(tag) ?? Infinity, Number(parts[2])));
  }
  return versions;
}

/** The last `=` divides; 15 digits are a safe integer. */
const VERSION = /^[ \t]*([\x21-\x2b\x2d-\x7e]{1,1024})=([0-9]{1,15})[ \t]*$/;

/** What a response to an unsafe method asks to be purged. Malformed tags and lists name nothing that could have been stored, so they are ignored. */
export function purgeRequestedBy(fields: Fields, settings: TagSettings): { readonly tags: readonly string[]; readonly groups: readonly string[] } {
  const tags = fieldLines(fields, 'surrogate-key-purge').flatMap((line) => split(line, 'surrogate-key'));
  const value = settings.headers.includes(GROUPS) ? fieldValue(fields, 'cache-group-invalidation') : undefined;
  const groups = value === undefined ? [] : (stringList(value) ?? []);
  return { tags: [...new Set(tags.filter(isTag))], groups: [...new Set(groups)] };
}

/** Each tag and group in `headers`, whatever the limits; undefined where Cache-Groups is malformed. */
export function tagsNamedIn(
  fields: Fields,
  headers: readonly string[],
): { readonly tags: readonly string[]; readonly groups: readonly string[] } | undefined {
  const ofTags = headers.filter((name) => name !== GROUPS);
  const tags = ofTags.flatMap((name) => fieldLines(fields, name).flatMap((line) => split(line, name)));
  const groups = headers.includes(GROUPS) ? stringList(fieldLines(fields, GROUPS).join(', ')) : [];
  return groups && { tags: [...new Set(tags)], groups: [...new Set(groups)] };
}

/** The members of a tag header's line, as that header separates them. */
function split(line: string, name: string): string[] {
  return line
    .split(SEPARATORS.get(name) ?? EITHER)
    .map(trimWhitespace)
    .filter((tag) => tag !== '');
}

/** A List of Strings (RFC 9875 §2, RFC 9651 §3.1); parameters are ignored. Undefined where it is anything else. */
function stringList(value: string): string[] | undefined {
  try {
    const strings: string[] = [];
    for (const member of parseList(value)) {
      if (isInnerList(member) || typeof member[0] !== 'string') return undefined;
      strings.push(member[0]);
    }
    return strings;
  } catch {
    return undefined;
  }
}
