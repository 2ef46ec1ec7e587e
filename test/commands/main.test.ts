// The command as a shell sees it: exit codes 0, 1 and 2, and which stream says what.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runFreshet, Running } from './run.ts';

const MINIMAL = fileURLToPath(new URL('../../config/minimal.yaml', import.meta.url));

const WARNED = fileURLToPath(new URL('./warned.yaml', import.meta.url));

describe('exit codes', () => {
  it.concurrent.each([
    ['help', ['--help'], 0, /^freshet \[serve\] --origin URL \| --config FILE\n[^]*freshet purge/, ''],
    ['help of a command', ['purge', '-h'], 0, /^freshet purge \[TAG …\][^]*--soft +make entries stale instead of gone/, ''],
    ['version', ['--version'], 0, /^\d+\.\d+\.\d+\n$/, ''],
    ['a good file', ['check', '--config', MINIMAL], 0, /\n {2}\/products\/:id {2}api /, ''],
    ['a file without a warning, strictly', ['check', '--strict', '--config', MINIMAL], 0, /\n {2}\/products\/:id {2}api /, ''],
    [
      'a file with one',
      ['check', '--config', WARNED],
      0,
      /\nwarnings\n {2}- .*warned\.yaml:4: routes\[0\]\.override: override on \/a without a ttl\n/,
      '',
    ],
    ['a file with one, strictly', ['check', '--strict', '--config', WARNED], 2, /\nwarnings\n/, 'freshet: 1 warning (--strict)\n'],
    [
      'an unknown command',
      ['chekc'],
      2,
      /^$/,
      'freshet: unknown command "chekc" (did you mean check?); allowed: serve, check, purge, outbox, explain, events, validate, map, audit\n',
    ],
    [
      'an unknown flag',
      ['check', '--confg', 'x'],
      2,
      /^$/,
      'freshet: unknown flag --confg (did you mean --config?); allowed: --strict, --config, --origin, --listen, --admin, --workers, --help\nusage: freshet check --config FILE [--strict]\n--help says more\n',
    ],
    ['no configuration', [], 2, /^$/, 'freshet: needs --origin URL or --config FILE\n'],
    ['a file without its flag', ['check', 'x.yaml'], 2, /^$/, 'freshet: unexpected "x.yaml"; a configuration file is named with --config\n'],
    ['a file that is not there', ['check', '-c', '/nowhere'], 2, /^$/, 'freshet: /nowhere: cannot be read: no such file or directory\n'],
    ['serve with a bad file', ['--config', '/nowhere'], 2, /^$/, 'freshet: /nowhere: cannot be read: no such file or directory\n'],
    ['workers', ['check', '--origin', 'http://h', '--workers', 'some'], 2, /^$/, 'freshet: --workers: found "some"; allowed: 1 to 256, or auto\n'],
    [
      'nobody to purge',
      ['purge', 'a', '--admin', '127.0.0.1:1'],
      1,
      /^$/,
      'freshet: http://127.0.0.1:1: bad port; is Freshet running, with its admin listener there? (--admin URL)\n',
    ],
  ])('%s', async (_, args, code, out, err) => {
    const ended = await runFreshet(args);
    expect(ended).toEqual({ code, out: expect.stringMatching(out), err });
  });
});

it('whose output nobody reads any more ends as it would, and says nothing of it', async () => {
  await using running = new Running(['--help']);
  running.leaveOutput();
  expect(await running.ended).toEqual({ code: 0, out: '', err: '' });
});
