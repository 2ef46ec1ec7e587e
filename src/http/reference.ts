// What does a URI reference point at, seen from a base? RFC 3986 §5.2 to the letter: no character is encoded or decoded on the way.

export interface UriParts {
  readonly scheme: string | undefined;
  readonly authority: string | undefined;
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
  /** With its `#`, or empty. */
  readonly fragment: string;
}

/** The five components (RFC 3986 appendix B). Every text has some; whether they are legal is the caller's question. */
export function splitReference(text: string): UriParts {
  const parts = COMPONENTS.exec(text);
  return {
    scheme: parts?.[1],
    authority: parts?.[2],
    path: parts?.[3] ?? '',
    query: parts?.[4] ?? '',
    fragment: parts?.[5] ?? '',
  };
}

const COMPONENTS = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/s;

/** RFC 3986 §5.2.2 for a base that has an authority; the fragment is dropped. */
export function resolveParts(base: UriParts, reference: UriParts): UriParts {
  if (reference.scheme !== undefined) return { ...reference, path: removeDotSegments(reference.path), fragment: '' };
  if (reference.authority !== undefined) {
    return { ...reference, scheme: base.scheme, path: removeDotSegments(reference.path), fragment: '' };
  }
  const { scheme, authority } = base;
  if (reference.path === '')
    return { scheme, authority, path: base.path, query: reference.query === '' ? base.query : reference.query, fragment: '' };
  const path = reference.path.startsWith('/') ? reference.path : base.path.slice(0, base.path.lastIndexOf('/') + 1) + reference.path;
  return { scheme, authority, path: removeDotSegments(path), query: reference.query, fragment: '' };
}

/** RFC 3986 §5.2.4 for paths that are empty or start with `/`. */
function removeDotSegments(path: string): string {
  if (!path.startsWith('/')) return path;
  const segments = path.slice(1).split('/');
  const kept: string[] = [];
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1;
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
    if (isLast && (segment === '.' || segment === '..')) kept.push('');
  }
  return `/${kept.join('/')}`;
}

/** A URL that is to be shown to somebody: a query may hold a token. */
export function withoutQuery(url: string): string {
  return url.replace(/^([^?#]*\?).*$/s, '$1***');
}
