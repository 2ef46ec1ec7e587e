// What a command line says: flags by name and the words beside them, or one UsageError that names the nearest flag.
import { parseArgs } from 'node:util';
import { nearest } from '../config/nearest.ts';
import { UsageError } from '../errors.ts';

export interface FlagSpec {
  readonly short?: string;
  /** What stands for the value in the help; absent: the flag has none. */
  readonly value?: string;
  readonly isList?: boolean;
  readonly about: string;
}

export type FlagTable = Readonly<Record<string, FlagSpec>>;

/** What a command takes; `synopsis` with its name. */
export interface Usage {
  readonly about: string;
  readonly synopsis: string;
  readonly flags: FlagTable;
}

export interface CommandLine {
  readonly words: readonly string[];
  has(flag: string): boolean;
  one(flag: string): string | undefined;
  all(flag: string): readonly string[];
}

export function parseFlags(args: readonly string[], usage: Usage): CommandLine {
  try {
    return parse(args, usage.flags);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${error.message}\nusage: freshet ${usage.synopsis}\n--help says more`) : error;
  }
}

function parse(args: readonly string[], table: FlagTable): CommandLine {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { short, value }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple: true, ...(short !== undefined && { short }) },
    ]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const words: string[] = [];
  const found = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const values = found.get(token.name) ?? [];
    values.push(valueOf(token, table));
    if (values.length > 1 && table[token.name]?.isList !== true) throw new UsageError(`${token.rawName} is given twice`);
    found.set(token.name, values);
  }
  return { words, has: (flag) => found.has(flag), one: (flag) => found.get(flag)?.[0], all: (flag) => found.get(flag) ?? [] };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function valueOf(token: OptionToken, table: FlagTable): string {
  const spec = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
  if (spec === undefined) throw new UsageError(unknownFlag(token, Object.keys(table)));
  if (spec.value === undefined) {
    if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value; found ${JSON.stringify(token.value)}`);
    return '';
  }
  if (token.value === undefined || (token.inlineValue !== true && /^--?[A-Za-z]/.test(token.value))) {
    throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${spec.value}`);
  }
  return token.value;
}

function unknownFlag({ name, rawName }: OptionToken, known: readonly string[]): string {
  const meant = nearest(name, known);
  return `unknown flag ${rawName}${meant === undefined ? '' : ` (did you mean --${meant}?)`}; allowed: ${known.map((flag) => `--${flag}`).join(', ')}`;
}
