// Each condition of the guarded files is taken away by a mutant, or exempt.ts says why no test need miss it.
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXEMPT } from './exempt.ts';
import { GUARD_MUTANTS } from './guards.ts';
import { MUTANTS } from './mutants.ts';

const FILES = globSync(['src/{http,rules,proxy,identity,purge,origin,store}/*.ts', 'src/admin/guard*.ts']);

interface Span {
  readonly from: number;
  readonly to: number;
}

describe('conditions that no mutant takes away', () => {
  it.each(FILES)('%s', (file) => {
    const source = readFileSync(file, 'utf8');
    const taken = [...spans(file, [...MUTANTS, ...GUARD_MUTANTS]), ...spans(file, EXEMPT)];
    const left = conditions(source).filter((condition) => !taken.some((span) => isWithin(condition, span)));
    expect(left.map(({ from, to }) => source.slice(from, to))).toEqual([]);
  });
});

describe('conditions that are exempt', () => {
  it.each(EXEMPT)('$file: $text', ({ file, text, reason }) => {
    expect(readFileSync(file, 'utf8').split(text)).toHaveLength(2);
    expect(text).toMatch(/^if \(/);
    expect(reason).not.toBe('');
    const taken = spans(file, [...MUTANTS, ...GUARD_MUTANTS]);
    expect(spans(file, [{ file, text }]).filter((span) => taken.some((other) => isWithin(span, other)))).toEqual([]);
  });
});

/** Every `if (…)`, from its `if` to the parenthesis that closes it. */
function conditions(source: string): Span[] {
  return [...source.matchAll(/\bif \(/g)].map(({ index }) => ({ from: index, to: closing(source, index + 'if '.length) }));
}

/** Behind the parenthesis that closes the one at `from`. */
function closing(source: string, from: number): number {
  let depth = 0;
  for (let at = from; at < source.length; at++) {
    if (source[at] === '(') depth++;
    if (source[at] === ')' && --depth === 0) return at + 1;
  }
  return source.length;
}

function spans(file: string, texts: readonly { readonly file: string; readonly text: string }[]): Span[] {
  const source = readFileSync(file, 'utf8');
  return texts
    .filter((entry) => entry.file === file && source.includes(entry.text))
    .map(({ text }) => ({ from: source.indexOf(text), to: source.indexOf(text) + text.length }));
}

function isWithin(inner: Span, outer: Span): boolean {
  return outer.from <= inner.from && inner.to <= outer.to;
}
