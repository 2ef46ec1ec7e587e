// The ledger is true: every test that it names stands in the file it names, and every row says something.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LEDGER, type LedgerRow } from './ledger.ts';

const texts = new Map<string, string>();

function textOf(file: string): string {
  const text = texts.get(file) ?? readFileSync(`test/${file}`, 'utf8');
  texts.set(file, text);
  return text;
}

function stands(file: string, title: string): boolean {
  return ["'", '"', '`'].some((quote) => textOf(file).includes(`${quote}${title}${quote}`));
}

function missing({ by }: LedgerRow): readonly string[] {
  if ('absent' in by) return by.absent === '' ? ['a reason'] : [];
  const named = Object.entries(by.tests).flatMap(([file, titles]) => titles.map((title) => ({ file, title })));
  if (named.length === 0) return ['a test'];
  return named.filter(({ file, title }) => !stands(file, title)).map(({ file, title }) => `${file}: ${title}`);
}

it.each(LEDGER)('SECURITY §$row: $what', (row) => {
  expect(missing(row)).toEqual([]);
});

it('names each row once, in order', () => {
  const places = LEDGER.map(({ row }) => row.split('.').map(Number));
  const ordered = places.toSorted(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d);
  expect(places).toEqual(ordered);
  expect(new Set(LEDGER.map(({ row }) => row)).size).toBe(LEDGER.length);
});
