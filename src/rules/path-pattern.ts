// What may a route's `path` say, and what does it mean?

/** A path pattern in segments: `/products/:id`, `/me/**` (`**` only last, matches the rest including nothing), `*` one segment. */
export interface PathPattern {
  readonly source: string;
  readonly segments: readonly PathSegment[];
}
export type PathSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'rest' };

export type CompiledPattern = { readonly kind: 'pattern'; readonly pattern: PathPattern } | { readonly kind: 'refuse'; readonly message: string };

/** Parameters and `*` take one segment that is not empty; a literal is compared with unreserved characters decoded. */
export function compilePattern(path: string): CompiledPattern {
  if (!path.startsWith('/')) return refuse(path, 'must start with /');
  const texts = path.slice(1).split('/');
  const segments: PathSegment[] = [];
  const names = new Set<string>();
  for (const [i, text] of texts.entries()) {
    const fault = segmentFault(text, i === texts.length - 1);
    if (fault !== undefined) return refuse(path, fault);
    const segment = compileSegment(text);
    if (segment.kind === 'parameter') {
      if (names.has(segment.name)) return refuse(path, `has the parameter :${segment.name} twice`);
      names.add(segment.name);
    }
    segments.push(segment);
  }
  return { kind: 'pattern', pattern: { source: path, segments } };
}

function refuse(path: string, fault: string): CompiledPattern {
  return { kind: 'refuse', message: `path ${JSON.stringify(path)} ${fault}` };
}

function segmentFault(text: string, isLast: boolean): string | undefined {
  if (text === '**') return isLast ? undefined : 'has ** before its end';
  if (text === '*') return undefined;
  if (text.includes('*')) return `has * within the segment ${JSON.stringify(text)}: * and ** stand alone`;
  if (text.startsWith(':'))
    return PARAMETER.test(text) ? undefined : `has a malformed parameter ${JSON.stringify(text)}: letters, digits and _ may follow the colon`;
  if (!LITERAL.test(text)) return `has a character in ${JSON.stringify(text)} that no request path has`;
  if (/^(?:\.|%2e){1,2}$/i.test(text)) return 'has a dot segment: such requests are refused';
  return undefined;
}

const PARAMETER = /^:[A-Za-z_]\w*$/;
/** Visible ASCII without `#`, `/`, `?`, `\`, and percent only before two hex digits. */
const LITERAL = /^(?:[!"$&-.0->@-[\]-~]|%[0-9A-Fa-f]{2})*$/;

function compileSegment(text: string): PathSegment {
  if (text === '**') return { kind: 'rest' };
  if (text === '*') return { kind: 'any' };
  if (text.startsWith(':')) return { kind: 'parameter', name: text.slice(1) };
  return { kind: 'literal', text: unreservedDecoded(text.replace(/%[0-9A-Fa-f]{2}/g, (hex) => hex.toUpperCase())) };
}

/**
 * RFC 3986 §6.2.2.2: `%6De` and `me` are one segment to every origin, so they take one route, or a scoped route could be walked around.
 * For matching only: keys and forwarding keep what was received.
 */
export function unreservedDecoded(segment: string): string {
  return segment.includes('%') ? segment.replace(UNRESERVED, (hex) => String.fromCharCode(Number.parseInt(hex.slice(1), 16))) : segment;
}

/** `-`, `.`, digits, letters, `_`, `~`; hex in upper case. */
const UNRESERVED = /%(?:2[DE]|3\d|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])/g;
