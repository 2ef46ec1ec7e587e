// promtool, where it is installed (Debian: package prometheus). CI sets FRESHET_NEEDS_PROMTOOL, so that there a missing program fails and is not passed over.
import { spawnSync } from 'node:child_process';

export const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
if (!hasPromtool) {
  if (process.env['FRESHET_NEEDS_PROMTOOL'] !== undefined) throw new Error('promtool is not installed, and FRESHET_NEEDS_PROMTOOL is set');
  process.stderr.write('promtool is not installed: the alerts are not tested by it\n');
}

export function promtool(...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  return { status, said: stdout + stderr };
}
