import { expect, it } from 'vitest';
import { breaksPromise } from '../../src/rules/promised-type.ts';

const rows: readonly [path: string, type: string | undefined, expected: boolean][] = [
  ['/a', 'text/html', false],
  ['/a.css/b', 'text/html', false],
  ['/a.html', 'text/html', false],
  ['/a.php', 'text/html', false],
  ['/v1.0', 'application/json', false],
  ['/a.css', 'text/css; charset=utf-8', false],
  ['/a.CSS', 'Text/CSS', false],
  ['/a.css', 'text/html', true],
  ['/a.css', undefined, true],
  ['/account;x.js', 'application/json', true],
  ['/account%3Bx.js', 'text/html', true],
  ['/a.js', 'text/javascript', false],
  ['/a.mjs', 'application/javascript', false],
  ['/a.jpeg', 'image/jpeg', false],
  ['/a.svg', 'image/svg+xml', false],
  ['/a.svg', 'text/html', true],
  ['/a.woff2', 'font/woff2', false],
  ['/a.woff', 'application/x-font-woff', false],
  ['/a.mp4', 'video/mp4', false],
  ['/a.pdf', 'application/pdf', false],
  ['/a.zip', 'application/octet-stream', false],
  ['/a.pdf', 'application/json', true],
];

it.each(rows)('%s as %s: %s', (path, type, expected) => {
  expect(breaksPromise(path, type === undefined ? [] : ['content-type', type])).toBe(expected);
});
