// What does Cache-Control say (RFC 9111 §5.2), and is it well-formed? A security parser: anything odd is reported, nothing is guessed (SECURITY §4.1).
import { listMembers } from './fields.ts';

export interface Directives {
  /** Something in the value is outside the grammar, or two values of one directive contradict each other. A response like that is not stored. */
  readonly malformed: boolean;
  /** Whether the directive is there, with or without a value, well-formed or not: `private="set-cookie"` counts as `private`. */
  has(name: string): boolean;
  /** Its text, unquoted; undefined where it has none. */
  value(name: string): string | undefined;
  /** Its delta-seconds (RFC 9111 §1.2.2), at most 2^31; undefined where it has none or the value is none. */
  seconds(name: string): number | undefined;
}

/** RFC 9111 §1.2.2: what does not fit is taken as this. */
export const MAX_DELTA_SECONDS = 2 ** 31;

/** Directives whose value is delta-seconds; `true` where the value may be left out. */
const DELTA_DIRECTIVES: ReadonlyMap<string, boolean> = new Map([
  ['max-age', false],
  ['s-maxage', false],
  ['stale-while-revalidate', false],
  ['stale-if-error', false],
  ['min-fresh', false],
  ['max-stale', true],
]);

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const DIRECTIVE = new RegExp(`^(${TOKEN})(?:=(?:(${TOKEN})|"((?:[\\t !\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*)"))?$`);
const LEADING_TOKEN = new RegExp(`^${TOKEN}`);

const NONE: Directives = makeDirectives(new Map(), false);

/**
 * The directives of a field, a request's or a response's, whose lines are given one by one: a quote that one leaves open hides nothing in the next.
 * The first of a repeated directive counts.
 */
export function parseCacheControl(lines: readonly string[]): Directives {
  if (lines.length === 0) return NONE;
  const found = new Map<string, string | undefined>();
  let malformed = false;
  for (const member of lines.flatMap(listMembers)) {
    const directive = parseDirective(member);
    const name = directive.name.toLowerCase();
    malformed ||= directive.malformed || !fitsValue(name, directive.value);
    if (found.has(name)) malformed ||= contradicts(name, found.get(name), directive.value);
    else found.set(name, directive.value);
  }
  return makeDirectives(found, malformed);
}

interface Directive {
  readonly name: string;
  readonly value: string | undefined;
  readonly malformed: boolean;
}

function parseDirective(member: string): Directive {
  const parts = DIRECTIVE.exec(member);
  if (parts === null) return { name: LEADING_TOKEN.exec(member)?.[0] ?? '', value: undefined, malformed: true };
  const [, name = '', token, quoted] = parts;
  return { name, value: token ?? quoted?.replaceAll(/\\(.)/g, '$1'), malformed: false };
}

function fitsValue(name: string, value: string | undefined): boolean {
  const optional = DELTA_DIRECTIVES.get(name);
  if (optional === undefined) return true;
  return value === undefined ? optional : parseDeltaSeconds(value) !== undefined;
}

function contradicts(name: string, first: string | undefined, second: string | undefined): boolean {
  if (!DELTA_DIRECTIVES.has(name) || first === second) return false;
  return parseDeltaSeconds(first) !== parseDeltaSeconds(second);
}

/** RFC 9111 §1.2.2: digits only. */
export function parseDeltaSeconds(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  return Math.min(Number(text), MAX_DELTA_SECONDS);
}

/** Directives out of another syntax (RFC 9213, Surrogate-Control); names in lower case. */
export function makeDirectives(found: ReadonlyMap<string, string | undefined>, malformed: boolean): Directives {
  return {
    malformed,
    has: (name) => found.has(name),
    value: (name) => found.get(name),
    seconds: (name) => parseDeltaSeconds(found.get(name)),
  };
}
