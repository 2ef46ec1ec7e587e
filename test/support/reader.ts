// Who reads plain requests in a run of the tests: the fast path, or node:http where FRESHET_TEST_FAST_PATH is off.

export const FAST_PATH = process.env['FRESHET_TEST_FAST_PATH'] !== 'off';

/** A configuration that says it, unless it says so itself. */
export function withReader(yaml: string): string {
  return FAST_PATH || /^fast_path:/m.test(yaml) ? yaml : `${yaml}\nfast_path: false\n`;
}
