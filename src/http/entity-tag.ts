// Entity-tags and how two of them compare (RFC 9110 §8.8.3). A backslash in one is a character like any other.

export interface EntityTag {
  readonly weak: boolean;
  /** With its quotes. */
  readonly opaque: string;
}

/** What If-Match and If-None-Match name. */
export type EntityTagList = { readonly kind: 'any' } | { readonly kind: 'tags'; readonly tags: readonly EntityTag[] };

const OPAQUE = '"[!\\x23-\\x7e\\x80-\\xff]*"';
const ENTITY_TAG = new RegExp(`^(W/)?(${OPAQUE})$`);
const LIST_MEMBER = new RegExp(`[ \\t]*(?:(W/)?(${OPAQUE})[ \\t]*(?=,|$)|[^,]*)(?:,|$)`, 'gy');

/** Undefined where there is none or it is malformed: unquoted, or with a lower-case `w/`. */
export function parseEntityTag(value: string | undefined): EntityTag | undefined {
  const parts = ENTITY_TAG.exec(value ?? '');
  return parts === null ? undefined : { weak: parts[1] !== undefined, opaque: parts[2] ?? '' };
}

/** The members of a list; malformed ones are left out, since they match nothing. */
export function parseEntityTagList(value: string): EntityTagList {
  if (value.trim() === '*') return { kind: 'any' };
  const tags: EntityTag[] = [];
  for (const [, weak, opaque] of value.matchAll(LIST_MEMBER)) {
    if (opaque !== undefined) tags.push({ weak: weak !== undefined, opaque });
  }
  return { kind: 'tags', tags };
}

/** RFC 9110 §8.8.3.2: equal, and neither is weak. */
export function strongMatch(a: EntityTag, b: EntityTag): boolean {
  return !a.weak && !b.weak && a.opaque === b.opaque;
}

/** RFC 9110 §8.8.3.2: equal, weak or not. */
export function weakMatch(a: EntityTag, b: EntityTag): boolean {
  return a.opaque === b.opaque;
}
