// Is every reason of the table said by some code and asked for by some test? By their text: what only compares with a code, or lists it, does not say it.
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { REASONS } from '../src/rules/reasons.ts';

/** Comments, types, sets and words of other vocabularies that are spelled alike: kinds, field names. */
const NOT_SAID = [
  /\/\/.*$|\/\*[\s\S]*?\*\//gm,
  /^\s*(?:readonly |export type |\|).*$/gm,
  /new Set[^(]*\([^)]*\)/g,
  /(?:\bkind:|\bcase|[!=]==)\s*'[a-z-]+'/g,
  /\b(?:hasField|fieldValue|fieldLines)\([^()]*\)/g,
];

function textOf(path: string): string {
  return readFileSync(path, 'utf8');
}

const said = globSync('src/**/*.ts')
  .filter((path) => !path.endsWith('reasons.ts'))
  .map((path) => NOT_SAID.reduce((text, pattern) => text.replaceAll(pattern, ''), textOf(path)))
  .join('\n');

/** Rows of tests may lie in files of their own. */
const asked = globSync('test/**/*{.test,-row}.ts')
  .filter((path) => !path.endsWith('reasons.test.ts'))
  .map(textOf)
  .join('\n');

it.each(Object.keys(REASONS))('%s', (reason) => {
  expect(said.includes(`'${reason}'`), 'no code says it').toBe(true);
  // In a Cache-Status, a metric, or a row of a table (several codes may stand in one text).
  expect(new RegExp(`(?:detail=|reason="|['/\`])(?:[a-z -]* )?${reason}(?![\\w-])`).test(asked), 'no test asks for it').toBe(true);
});
