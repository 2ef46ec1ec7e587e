// From the file of `freshet validate` and the environment to a Plan, or to one UsageError that names everything wrong with it.
import { readFileSync } from 'node:fs';
import { readDocument } from '../config/document.ts';
import type { Environment } from '../config/interpolate.ts';
import { nearest } from '../config/nearest.ts';
import { formatPath, type Path, type Problem, problemsOf, show, unreadable } from '../config/problems.ts';
import { UsageError } from '../errors.ts';
import type { JsonPath } from './json-path.ts';
import type { Plan, Resource, User } from './plan.ts';
import { type PlanFile, planSchema, type ResourceFile } from './plan-schema.ts';
import { namesIn } from './template.ts';

export interface PlanInput {
  readonly file: string;
  /** Read from `file` where it is not given. */
  readonly text?: string;
  readonly env: Environment;
}

/** Throws UsageError with all problems, one a line. */
export function loadPlan(input: PlanInput): Plan {
  const document = readDocument(input.text ?? readText(input.file), input.env);
  if (isConfiguration(document.data)) {
    throw new UsageError(`${input.file}: is the configuration of a Freshet; a plan says what is written and read: docs/validate.md has one`);
  }
  const parsed = planSchema.safeParse(document.data);
  const shape = parsed.success || document.data === undefined ? [] : problemsOf(parsed.error, []);
  const problems = [...document.problems, ...shape, ...(parsed.success ? [...meaningProblems(parsed.data)] : [])];
  if (problems.length === 0 && parsed.success) return planOf(parsed.data);
  const places = new Set<string>();
  const lines = problems.flatMap(({ path, message }) => {
    const place = formatPath(path);
    if (places.has(place)) return [];
    places.add(place);
    const line = document.lineOf(path) ?? 1;
    return [{ line, text: `${input.file}:${line}: ${place}: ${message}` }];
  });
  const inOrder = lines.toSorted((a, b) => a.line - b.line).map(({ text }) => text);
  throw new UsageError(inOrder.join('\n'));
}

/** The one file is easily named for the other, and not a key of it would fit. */
function isConfiguration(data: unknown): boolean {
  return typeof data === 'object' && data !== null && Object.hasOwn(data, 'origins') && !Object.hasOwn(data, 'resources');
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file}: cannot be read: ${unreadable(error)}`);
  }
}

/** Who reads where nobody is named. */
const ANYONE: User = { name: 'anyone', headers: {}, values: {} };

function usersOf(file: PlanFile, resource: ResourceFile): readonly [User, ...User[]] {
  const { users: named } = resource;
  const [first = ANYONE, ...others] = named === undefined ? file.users : file.users.filter(({ name }) => named.includes(name));
  return [first, ...others];
}

function planOf(file: PlanFile): Plan {
  return {
    freshet: file.freshet,
    origin: file.origin,
    purge: file.purge && { url: file.purge.url, token: file.purge.token },
    debugToken: file.debug_token,
    durationMs: file.duration,
    mostWrites: file.most_writes ?? Infinity,
    readers: file.readers,
    writers: file.writers,
    ratePerSecond: file.rate,
    pauseMs: file.pause,
    graceMs: file.grace,
    timeoutMs: file.timeout,
    resources: file.resources.map((resource) => resourceOf(file, resource)),
  };
}

function resourceOf(file: PlanFile, resource: ResourceFile): Resource {
  const { name, keys, owner, value, write, reads } = resource;
  return {
    name,
    keys,
    owner,
    users: usersOf(file, resource),
    value,
    write: { ...write, body: write.body, as: file.users.find((user) => user.name === write.as) },
    reads: reads.map((read) => ({ url: read.url, value: read.value, mayLagMs: read.may_lag })),
  };
}

/** What is wrong with settings that are each well formed. */
function* meaningProblems(file: PlanFile): Generator<Problem> {
  const names = file.users.map(({ name }) => name);
  yield* repeated(names, 'users');
  yield* repeated(
    file.resources.map(({ name }) => name),
    'resources',
  );
  for (const [index, resource] of file.resources.entries()) yield* resourceProblems(file, resource, ['resources', index]);
}

function* repeated(names: readonly string[], list: string): Generator<Problem> {
  for (const [index, name] of names.entries())
    if (names.indexOf(name) < index) yield { path: [list, index, 'name'], message: `${show(name)} is the name of another one already` };
}

function* resourceProblems(file: PlanFile, resource: ResourceFile, path: Path): Generator<Problem> {
  const { write, reads, owner, users } = resource;
  const names = file.users.map(({ name }) => name);
  for (const [index, name] of (users ?? []).entries()) if (!names.includes(name)) yield unknownUser(name, names, [...path, 'users', index]);
  if (write.as !== undefined && !names.includes(write.as)) yield unknownUser(write.as, names, [...path, 'write', 'as']);
  if (write.via === 'origin' && file.origin === undefined)
    yield { path: [...path, 'write', 'via'], message: 'found origin, and there is no setting `origin` that says where it is' };
  if (write.purge.length > 0 && file.purge === undefined)
    yield { path: [...path, 'write', 'purge'], message: 'names tags, and there is no setting `purge` that says where to' };
  if (!namesIn(JSON.stringify([write.url, write.body ?? ''])).includes('value'))
    yield { path: [...path, 'write'], message: 'says nowhere where the new value goes; allowed: {value} in its body or url' };
  const [first, ...others] = usersOf(file, resource);
  const shared = Object.keys(first.values).filter((name) => others.every(({ values }) => Object.hasOwn(values, name)));
  const known = ['key', 'user', ...shared];
  const withOwner = owner === undefined ? known : [...known, 'owner'];
  if (owner !== undefined) yield* holes(owner, ['user', ...shared], [...path, 'owner']);
  yield* holes(write.url, [...withOwner, 'value'], [...path, 'write', 'url']);
  yield* holes(JSON.stringify(write.body ?? ''), [...withOwner, 'value'], [...path, 'write', 'body']);
  for (const tag of write.purge) yield* holes(tag, withOwner, [...path, 'write', 'purge']);
  for (const [index, read] of reads.entries()) {
    yield* holes(read.url, withOwner, [...path, 'reads', index, 'url']);
    yield* holes(templatesIn(read.value), withOwner, [...path, 'reads', index, 'value']);
  }
}

function templatesIn({ steps }: JsonPath): string {
  return steps.map((step) => (step.kind === 'where' ? step.equals : '')).join(' ');
}

function unknownUser(name: string, names: readonly string[], path: Path): Problem {
  const meant = nearest(name, names);
  const guess = meant === undefined ? '' : ` (did you mean ${show(meant)}?)`;
  return { path, message: `no user is called ${show(name)}${guess}; allowed: ${names.join(', ') || 'none, since `users` is empty'}` };
}

/** What cannot be filled in for every user who reads the resource. */
function* holes(template: string, known: readonly string[], path: Path): Generator<Problem> {
  const unknown = namesIn(template).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const meant = nearest(unknown, known);
  const guess = meant === undefined ? '' : ` (did you mean {${meant}}?)`;
  yield {
    path,
    message: `nothing fills {${unknown}}${guess}; allowed: ${known.map((name) => `{${name}}`).join(', ')}, and what all its users have in \`values\``,
  };
}
