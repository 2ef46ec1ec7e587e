// Where in an answer the value stands that a write changes: `$.name`, `$.orders[0].note`, `$.products[?id={key}].name`, `$.items[*].note`.
import { fill, type Names } from './template.ts';

export const JSON_PATH_ALLOWED =
  "a path such as $.name, $.orders[0].note, $['a name'], $.items[*].note or $.products[?id={key}].name; $ alone is the whole answer";

type Step =
  | { readonly kind: 'member'; readonly name: string }
  /** Negative: counted from the end. */
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  /** Members of a list that have this; `equals` is a template. */
  | { readonly kind: 'where'; readonly name: string; readonly equals: string };

export interface JsonPath {
  readonly text: string;
  readonly steps: readonly Step[];
}

const STEP = /\.([\p{L}_][\p{L}\d_-]*)|\[(-?\d{1,9})\]|\[(\*)\]|\['([^']*)'\]|\[\?([\w-]+)=([^\]]+)\]/uy;

export function parseJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith('$')) return undefined;
  const steps: Step[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text);
    if (match === null) return undefined;
    steps.push(stepOf(match));
  }
  return { text, steps };
}

function stepOf([, name, index, all, quoted, where, equals]: RegExpExecArray): Step {
  if (index !== undefined) return { kind: 'index', index: Number(index) };
  if (all !== undefined) return { kind: 'all' };
  if (where !== undefined) return { kind: 'where', name: where, equals: equals ?? '' };
  return { kind: 'member', name: name ?? quoted ?? '' };
}

/** Everything that stands there; nothing where the answer is of another shape. An answer that is no JSON is one text. */
export function select(body: string, path: JsonPath, names: Names): readonly unknown[] {
  return path.steps.reduce<readonly unknown[]>((found, step) => found.flatMap((value) => take(value, step, names)), [dataOf(body)]);
}

function take(value: unknown, step: Step, names: Names): readonly unknown[] {
  switch (step.kind) {
    case 'member':
      return isObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case 'index':
      return Array.isArray(value) ? value.slice(step.index, step.index === -1 ? undefined : step.index + 1) : [];
    case 'all':
      return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
    case 'where': {
      const wanted = fill(step.equals, names);
      return Array.isArray(value) ? value.filter((member) => isObject(member) && String(member[step.name]) === wanted) : [];
    }
  }
}

function dataOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
