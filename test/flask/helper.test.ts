// The helper of the Flask shop by itself: its tests, which are in Python.
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { hasFlask, PYTHON, SHOP_FOLDER } from '../support/flask.ts';

it.skipIf(!hasFlask)('examples/flask-shop/freshet.py passes its tests', () => {
  const { status, stderr } = spawnSync(PYTHON, ['-B', '-m', 'unittest', 'discover', '-p', 'test_freshet.py', SHOP_FOLDER], { encoding: 'utf8' });
  expect(stderr).toMatch(/Ran 3\d tests/);
  expect(status, stderr).toBe(0);
});
