// What do the fields meant for caches like us say: targeted fields (RFC 9213 §2.1) and Surrogate-Control (W3C Edge Architecture)?
import { parseDictionary } from 'structured-headers';
import { type Directives, makeDirectives, parseCacheControl } from './cache-control.ts';
import { listMembers } from './fields.ts';

/** The name under which Surrogate-Capability announces us, and which `;name` after a Surrogate-Control directive addresses. */
const CAPABILITY = 'freshet';

/** What forbids, counts whatever value it is given. */
const PROHIBITIONS: ReadonlySet<string> = new Set(['no-store', 'no-cache', 'private']);
const NUMBERS: ReadonlySet<string> = new Set(['max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error']);

/** Undefined where the field is absent, empty or not a valid Dictionary: it is then ignored (RFC 9213 §2.1). Parameters are ignored. */
export function parseTargetedControl(value: string | undefined): Directives | undefined {
  const members = value === undefined ? [] : dictionaryMembers(value);
  if (members.length === 0) return undefined;
  const found = new Map<string, string | undefined>();
  let malformed = false;
  for (const [name, bare] of members) {
    if (NUMBERS.has(name)) {
      if (typeof bare !== 'number' || !Number.isInteger(bare)) return undefined;
      malformed ||= bare < 0;
      found.set(name, String(bare));
    } else if (bare === true || PROHIBITIONS.has(name)) {
      found.set(name, undefined);
    }
  }
  return makeDirectives(found, malformed);
}

/** Names and bare values; inner lists have none. Nothing where the parser refuses. */
function dictionaryMembers(value: string): (readonly [string, unknown])[] {
  try {
    return [...parseDictionary(value)].map(([name, [bare]]) => [name, bare] as const);
  } catch {
    return [];
  }
}

/** Directives addressed to others (`max-age=60;other`) are left out; one addressed to us beats the same one addressed to nobody. */
export function parseSurrogateControl(lines: readonly string[]): Directives {
  const ours: string[] = [];
  const everybodys: string[] = [];
  for (const member of lines.flatMap(listMembers)) {
    const [directive = '', ...targets] = splitParameters(member);
    if (targets.length === 0) everybodys.push(directive);
    else if (targets.includes(CAPABILITY)) ours.push(directive);
  }
  const addressed = new Set(ours.map(directiveName));
  return parseCacheControl([...ours, ...everybodys.filter((directive) => !addressed.has(directiveName(directive)))]);
}

function directiveName(directive: string): string {
  return directive.split('=', 1).join('').toLowerCase();
}

/** `directive;target;target`, with `;` inside quotes left alone. An unterminated quote stays in its piece and is malformed there. */
function splitParameters(member: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  // Once a quote has no end, none behind it has: looking for each would take the square of the length.
  let ends = true;
  for (let i = 0; i <= member.length; i++) {
    if (member[i] === '"' && ends) {
      const end = endOfQuote(member, i);
      ends = end !== -1;
      if (ends) i = end;
    } else if (i === member.length || member[i] === ';') {
      if (i > start) pieces.push(member.slice(start, i));
      start = i + 1;
    }
  }
  return pieces;
}

function endOfQuote(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i;
  }
  return -1;
}
