// What is wrong with a configuration and where: every problem is one line, and all of a file are reported together.
import type { z } from 'zod';
import { nearest } from './nearest.ts';

export type Path = readonly (string | number)[];

export interface Problem {
  readonly path: Path;
  readonly message: string;
}

/** `routes[0].tags`; the whole file is `(top level)`. */
export function formatPath(path: Path): string {
  if (path.length === 0) return '(top level)';
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');
}

/** A found value, short, on one line and without the userinfo and the query of a URL. */
export function show(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value !== 'string') return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
  const text = value.replace(/\/\/[^/]*@/, '//…@').replace(/^(https?:[^?]*\?).*$/s, '$1…');
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** `found 5; allowed: …`, or `is missing; allowed: …`. */
export function notAllowed(value: unknown, allowed: string): string {
  return `${value === undefined ? 'is missing' : `found ${show(value)}`}; allowed: ${allowed}`;
}

/** What zod found, in our words. The messages come from settings.ts; an unrecognised key's message there is the list of known keys. */
export function problemsOf(error: z.ZodError, base: Path): readonly Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    const path = [...base, ...issue.path.filter((step) => typeof step !== 'symbol')];
    if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ path, message }));
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, issue.message) }));
  });
}

/** Why a file could not be read, without its name. */
export function unreadable(error: unknown): string {
  return error instanceof Error ? error.message.replace(/,? (open|read) '.*'$/, '').replace(/^E[A-Z]+: /, '') : String(error);
}

function unknownKey(key: string, known: string): string {
  const meant = nearest(key, known.split(', '));
  return `unknown key ${show(key)}${meant === undefined ? '' : ` (did you mean "${meant}"?)`}; allowed: ${known}`;
}
