// The kinds of value a setting can have, each with the text it is written as, what is allowed, and its JSON Schema for editors.
import { z } from 'zod';
import { notAllowed, problemsOf } from './problems.ts';
import {
  BYTE_RATE_ALLOWED,
  DURATION_ALLOWED,
  formatByteRate,
  formatDuration,
  formatSize,
  PERCENT_ALLOWED,
  parseByteRate,
  parseDuration,
  parsePercent,
  parseRate,
  parseSize,
  RATE_ALLOWED,
  SIZE_ALLOWED,
} from './units.ts';

export type Setting<T> = z.ZodType<T>;

/** What the README and editors say of a setting; `default` as it would be written in the file. */
export interface About {
  readonly about: string;
  readonly default?: unknown;
}

/** A value, or the refusal of one; without words of its own it says what is allowed. */
export type Read<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'refuse'; readonly message?: string };

interface Kind<T> {
  readonly allowed: string;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly read: (found: unknown) => Read<T>;
  /** What was found must not be repeated in a message. */
  readonly secret?: boolean;
}

export function given<T>(value: T | undefined): Read<T> {
  return value === undefined ? { kind: 'refuse' } : { kind: 'value', value };
}

export function refused(message: string): Read<never> {
  return { kind: 'refuse', message };
}

export function setting<T>(kind: Kind<T>, about: About): Setting<T> {
  const parsed = z.unknown().transform((found, context): T => {
    const result = kind.read(found);
    if (result.kind === 'value') return result.value;
    const hidden = kind.secret === true && found !== undefined;
    const message = result.message ?? (hidden ? `found something else (not shown); allowed: ${kind.allowed}` : notAllowed(found, kind.allowed));
    context.issues.push({ code: 'custom', message, input: found });
    return z.NEVER;
  });
  return parsed.meta({ ...kind.schema, ...described(about) });
}

/** A setting that may be left out and then has its default, given as it would be written. */
export function optional<T>(inner: Setting<T>): z.ZodPrefault<Setting<T>> {
  const written = inner.meta()?.['default'];
  return z.prefault(inner, written).meta({ default: written });
}

/** A map with these keys and no others. */
export function section<S extends z.ZodRawShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? known : notAllowed(issue.input, 'a map of settings')),
  });
}

export function list<T>(item: Setting<T>, about: About): Setting<T[]> {
  return z.array(item, { error: (issue) => notAllowed(issue.input, 'a list') }).meta(described(about));
}

/** A map of settings, all of which may be left out, or `false` for none of it. */
export function sectionOrFalse<S extends z.ZodRawShape>(
  inner: z.ZodObject<S, z.core.$strict>,
  about: About,
): Setting<z.output<typeof inner> | false> {
  const parsed = z.unknown().transform((found, context): z.output<typeof inner> | false => {
    if (found === false || found === 'false') return false;
    const result = inner.safeParse(found);
    if (result.success) return result.data;
    for (const { path, message } of problemsOf(result.error, [])) {
      const said = path.length === 0 ? notAllowed(found, 'a map of settings, or false') : message;
      context.issues.push({ code: 'custom', path: [...path], message: said, input: found });
    }
    return z.NEVER;
  });
  const { $schema: _, ...schema } = z.toJSONSchema(inner, { io: 'input' });
  return parsed.meta({ anyOf: [schema, { const: false }], ...described(about) });
}

/** One of them by itself, or a list of at least one; a list when read. */
export function oneOrMany<T>(item: z.ZodType<T>, about: About): Setting<readonly T[]> {
  const parsed = z.unknown().transform((found, context): readonly T[] => {
    const result = Array.isArray(found)
      ? z.array(item).min(1, { error: 'found an empty list; allowed: at least one' }).safeParse(found)
      : item.safeParse(found);
    if (result.success) return [result.data].flat(1) as readonly T[];
    for (const { path, message } of problemsOf(result.error, [])) context.issues.push({ code: 'custom', path: [...path], message, input: found });
    return z.NEVER;
  });
  const { $schema: _, ...schema } = z.toJSONSchema(item, { io: 'input' });
  return parsed.meta({ anyOf: [schema, { type: 'array', minItems: 1, items: schema }], ...described(about) });
}

export function duration(about: About, bounds: { readonly leastMs?: number; readonly mostMs?: number } = {}): Setting<number> {
  const { leastMs = 0, mostMs = LONGEST_MS } = bounds;
  const read = (found: unknown): Read<number> => within(found, parseDuration, { least: leastMs, most: mostMs, format: formatDuration });
  return setting({ allowed: DURATION_ALLOWED, schema: pattern('^\\d+(ms|s|m|h|d)$'), read }, about);
}

/** RFC 9111 §1.2.2: what caches take for infinity, in whole days below 2^31 seconds. */
const LONGEST_MS = 24_855 * 86_400_000;

/** One that a timer measures: never zero, and far below the 2^31 ms at which Node's timers fire at once. */
export function timeout(about: About): Setting<number> {
  return duration(about, { leastMs: 1, mostMs: 86_400_000 });
}

export function size(about: About, bounds: { readonly leastBytes: number; readonly mostBytes: number }): Setting<number> {
  const { leastBytes, mostBytes } = bounds;
  const read = (found: unknown): Read<number> => within(found, parseSize, { least: leastBytes, most: mostBytes, format: formatSize });
  return setting({ allowed: SIZE_ALLOWED, schema: pattern('^\\d+(B|KiB|MiB|GiB)$'), read }, about);
}

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly format: (value: number) => string;
}

function within(found: unknown, parse: (text: string) => number | undefined, bounds: Bounds): Read<number> {
  const value = typeof found === 'string' ? parse(found) : undefined;
  if (value === undefined || (value >= bounds.least && value <= bounds.most)) return given(value);
  return refused(notAllowed(found, `from ${bounds.format(bounds.least)} to ${bounds.format(bounds.most)}`));
}

/** None at all up to more than any client moves. */
export function byteRate(about: About): Setting<number> {
  return setting({ allowed: BYTE_RATE_ALLOWED, schema: pattern('^\\d+(B|KiB|MiB|GiB)/s$'), read: readByteRate }, about);
}

function readByteRate(found: unknown): Read<number> {
  return within(found, parseByteRate, { least: 0, most: 1024 ** 3, format: formatByteRate });
}

export function rate(about: About): Setting<number> {
  return setting({ allowed: RATE_ALLOWED, schema: pattern('^\\d+/s$'), read: readRate }, about);
}

function readRate(found: unknown): Read<number> {
  return given((typeof found === 'string' && parseRate(found)) || undefined);
}

/** Written with its sign, read as a share. */
export function percent(about: About): Setting<number> {
  return setting({ allowed: PERCENT_ALLOWED, schema: pattern('^\\d{1,3}(\\.\\d{1,6})?%$'), read: readPercent }, about);
}

function readPercent(found: unknown): Read<number> {
  return given(typeof found === 'string' ? parsePercent(found) : undefined);
}

/** A variable's value is always text, so `"true"` and `"5"` count as the values they spell, here and in `integer` and `fraction`. */
export function flag(about: About): Setting<boolean> {
  return setting({ allowed: 'true or false', schema: { anyOf: [{ type: 'boolean' }, VARIABLE] }, read: readFlag }, about);
}

function readFlag(found: unknown): Read<boolean> {
  if (found === true || found === 'true') return given(true);
  return given(found === false || found === 'false' ? false : undefined);
}

export function integer(about: About, bounds: { readonly least: number; readonly most: number }): Setting<number> {
  const { least, most } = bounds;
  const read = (found: unknown): Read<number> => {
    const value = spelledNumber(found) ?? Number.NaN;
    return given(Number.isInteger(value) && value >= least && value <= most ? value : undefined);
  };
  const schema = { anyOf: [{ type: 'integer', minimum: least, maximum: most }, VARIABLE] };
  return setting({ allowed: `a whole number from ${least} to ${most}`, schema, read }, about);
}

export function fraction(about: About): Setting<number> {
  return setting(
    { allowed: 'a number from 0 to 1', schema: { anyOf: [{ type: 'number', minimum: 0, maximum: 1 }, VARIABLE] }, read: readFraction },
    about,
  );
}

function readFraction(found: unknown): Read<number> {
  const value = spelledNumber(found) ?? Number.NaN;
  return given(value >= 0 && value <= 1 ? value : undefined);
}

export function oneOf<const T extends string>(values: readonly T[], about: About): Setting<T> {
  const read = (found: unknown): Read<T> => given(values.find((candidate) => candidate === found));
  return setting({ allowed: values.join(', '), schema: { anyOf: [{ enum: values }, VARIABLE] }, read }, about);
}

interface TextKind<T> {
  readonly allowed: string;
  readonly read: (text: string) => Read<T>;
  readonly secret?: boolean;
}

/** Text that `read` makes something of. Numbers and booleans are not taken for text: they would lose zeros and case. */
export function text<T>(kind: TextKind<T>, about: About): Setting<T> {
  const read = (found: unknown): Read<T> => {
    if (typeof found === 'string') return kind.read(found);
    if (typeof found !== 'number' && typeof found !== 'boolean') return { kind: 'refuse' };
    return refused(`found a ${typeof found}; allowed: ${kind.allowed} (put it in quotes)`);
  };
  return setting({ ...kind, schema: { type: 'string' }, read }, about);
}

const VARIABLE = { type: 'string', pattern: '\\$\\{' };

function pattern(source: string): Readonly<Record<string, unknown>> {
  return { type: 'string', pattern: `${source}|\\$\\{` };
}

function spelledNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : undefined;
}

function described(about: About): Readonly<Record<string, unknown>> {
  return { description: about.about, ...(about.default === undefined ? {} : { default: about.default }) };
}
