// Which field controls this cache, and what does it say (DESIGN section 2 "Response control", RFC 9213 §2.2)?
import { type Directives, parseCacheControl } from '../http/cache-control.ts';
import { type Fields, fieldLines, fieldValue } from '../http/fields.ts';
import { parseSurrogateControl, parseTargetedControl } from '../http/targeted-control.ts';

export interface ResponseControl {
  readonly source: 'freshet-cache-control' | 'cdn-cache-control' | 'surrogate-control' | 'cache-control';
  readonly directives: Directives;
}

const TARGETED = ['freshet-cache-control', 'cdn-cache-control'] as const;

/** The first field that is there and valid; the others, Expires included, then say nothing. */
export function responseControl(fields: Fields): ResponseControl {
  for (const source of TARGETED) {
    const directives = parseTargetedControl(fieldValue(fields, source));
    if (directives !== undefined) return { source, directives };
  }
  const surrogate = parseSurrogateControl(fieldLines(fields, 'surrogate-control'));
  if (surrogate.has('max-age') || surrogate.has('no-store')) return { source: 'surrogate-control', directives: surrogate };
  return { source: 'cache-control', directives: parseCacheControl(fieldLines(fields, 'cache-control')) };
}
