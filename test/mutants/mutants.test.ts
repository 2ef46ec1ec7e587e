// The mutants still fit the code they are to break; `npm run mutants` shows that each is caught.
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { GUARD_MUTANTS } from './guards.ts';
import { MUTANTS } from './mutants.ts';

const ALL = [...MUTANTS, ...GUARD_MUTANTS];

it.each(ALL)('$name', ({ file, text, replacement, caughtBy }) => {
  expect(readFileSync(file, 'utf8').split(text)).toHaveLength(2);
  expect(replacement).not.toBe(text);
  expect(caughtBy.filter((test) => !existsSync(test))).toEqual([]);
  expect(caughtBy.length).toBeGreaterThan(0);
});

it('have names of their own', () => {
  expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length);
});
