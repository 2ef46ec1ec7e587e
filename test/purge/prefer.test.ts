// RFC 7240: what is preferred, and what is no preference.
import { expect, it } from 'vitest';
import { type Preferences, preferencesOf } from '../../src/purge/prefer.ts';

const rows: readonly [lines: readonly string[], expected: Preferences][] = [
  [[], { respondAsync: false, wait: undefined }],
  [['respond-async'], { respondAsync: true, wait: undefined }],
  [['Respond-Async, Wait=2'], { respondAsync: true, wait: 2 }],
  [['wait = "10"; foo=bar'], { respondAsync: false, wait: 10 }],
  [['wait=1', 'wait=2'], { respondAsync: false, wait: 1 }],
  [['wait=soon'], { respondAsync: false, wait: undefined }],
  [['wait=-1, respond-async=later'], { respondAsync: false, wait: undefined }],
  [['handling=lenient; x="a, respond-async"'], { respondAsync: false, wait: undefined }],
  [['=, ;, respond-async; x'], { respondAsync: true, wait: undefined }],
];
it.each(rows)('%j', (lines, expected) => {
  expect(preferencesOf(lines.flatMap((line) => ['prefer', line]))).toEqual(expected);
});
