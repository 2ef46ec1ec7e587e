// From YAML text to plain data with variables filled in, and from a path in that data back to its line.
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { type Environment, interpolate } from './interpolate.ts';
import { type Path, type Problem, show } from './problems.ts';

export interface ConfigDocument {
  /** Undefined where the text is not YAML at all. */
  readonly data: unknown;
  readonly problems: readonly Problem[];
  /** Of the key at `path`, or of the nearest thing around it. Counted from 1. */
  lineOf(path: Path): number | undefined;
}

export function readDocument(text: string, env: Environment): ConfigDocument {
  const lines = new LineCounter();
  const twice: { readonly key: string; readonly first: number }[] = [];
  const isTwice = (first: unknown, key: unknown): boolean => {
    const same = isScalar(first) && isScalar(key) && first.value === key.value;
    if (same) twice.push({ key: keyText(key), first: rangeStart(first) ?? 0 });
    return same;
  };
  const document = parseDocument(shieldVariables(text), { lineCounter: lines, prettyErrors: false, uniqueKeys: isTwice });
  const syntax = [...document.errors, ...document.warnings][0];
  if (syntax !== undefined) {
    const line = lines.linePos(syntax.pos[0]).line;
    const [again] = syntax.code === 'DUPLICATE_KEY' ? twice : [];
    const fault =
      again === undefined ? firstLine(syntax.message) : `the key ${show(again.key)} stands in line ${lines.linePos(again.first).line} already`;
    return { data: undefined, problems: [{ path: [], message: `is not valid YAML: ${fault}` }], lineOf: () => line };
  }
  const problems = document.contents === null ? [] : fillVariables(document.contents, env, []);
  const lineOf = (path: Path): number | undefined => {
    const offset = offsetOf(document, path);
    return offset === undefined ? undefined : lines.linePos(offset).line;
  };
  return { ...toData(document, problems), lineOf };
}

function toData(document: Document, problems: readonly Problem[]): { data: unknown; problems: readonly Problem[] } {
  try {
    return { data: document.toJS() ?? {}, problems };
  } catch (error) {
    return { data: undefined, problems: [{ path: [], message: `is not usable YAML: ${error instanceof Error ? error.message : String(error)}` }] };
  }
}

/** Replaces the text of every scalar value in place. Keys and comments stay as they were written. */
function fillVariables(node: unknown, env: Environment, path: Path): Problem[] {
  if (isMap(node)) {
    return node.items.flatMap(({ key, value }) => {
      const name = keyText(key);
      if (isScalar(key) && typeof key.value === 'string') key.value = name;
      return fillVariables(value, env, [...path, name]);
    });
  }
  if (isSeq(node)) return node.items.flatMap((item, index) => fillVariables(item, env, [...path, index]));
  if (!isScalar(node) || typeof node.value !== 'string') return [];
  const filled = interpolate(unshield(node.value), env);
  if (filled.kind === 'refuse') return [{ path, message: filled.message }];
  node.value = filled.text;
  return [];
}

/** YAML forbids braces in plain text inside `{ … }`, so those of variables are private-use characters while it is parsed. Lengths stay the same. */
function shieldVariables(text: string): string {
  return text.replaceAll(/\$\{([^{}\n]*)\}/g, '$\uE000$1\uE001');
}

function unshield(text: string): string {
  return text.replaceAll(/\$\uE000([^\uE000\uE001]*)\uE001/g, '${$1}');
}

function offsetOf(document: Document, path: Path): number | undefined {
  let node: unknown = document.contents;
  let offset = isNode(node) ? node.range?.[0] : undefined;
  for (const step of path) {
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find((item) => keyText(item.key) === step);
      offset = rangeStart(pair?.key) ?? offset;
      next = pair?.value;
    } else if (isSeq(node) && typeof step === 'number') {
      next = node.items[step];
      offset = rangeStart(next) ?? offset;
    }
    node = next;
  }
  return offset;
}

function isNode(value: unknown): value is Node {
  return isMap(value) || isSeq(value) || isScalar(value);
}

function rangeStart(value: unknown): number | undefined {
  return isNode(value) ? value.range?.[0] : undefined;
}

function keyText(key: unknown): string {
  return unshield(String(isScalar(key) ? key.value : key));
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
