// The mutants still fit the code they are to break; `npm run mutants` shows that each is caught.
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { MUTANTS } from './mutants.ts';

it.each(MUTANTS)('$name', ({ file, text, replacement, caughtBy }) => {
  expect(readFileSync(file, 'utf8').split(text)).toHaveLength(2);
  expect(replacement).not.toBe(text);
  expect(caughtBy.filter((test) => !existsSync(test))).toEqual([]);
  expect(caughtBy.length).toBeGreaterThan(0);
});

it('have names of their own', () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});
