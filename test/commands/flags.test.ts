import { describe, expect, it } from 'vitest';
import { parseFlags } from '../../src/commands/flags.ts';
import { UsageError } from '../../src/errors.ts';

const USAGE = {
  about: '',
  synopsis: 'x FILE',
  flags: {
    config: { short: 'c', value: 'FILE', about: '' },
    header: { short: 'H', value: 'FIELD', isList: true, about: '' },
    soft: { about: '' },
  },
};

describe('flags', () => {
  it.each([
    ['none', [], [], {}],
    ['a value after', ['--config', 'f'], [], { config: ['f'] }],
    ['a value within', ['--config=f'], [], { config: ['f'] }],
    ['a short one', ['-c', 'f'], [], { config: ['f'] }],
    ['a list', ['-H', 'a: 1', '-H', 'b: 2'], [], { header: ['a: 1', 'b: 2'] }],
    ['words around', ['a', '--soft', 'b'], ['a', 'b'], { soft: [''] }],
    ['words after --', ['--', '--soft', 'b'], ['--soft', 'b'], {}],
    ['a value that begins with a hyphen', ['--config=-f'], [], { config: ['-f'] }],
  ])('%s', (_, args, words, flags) => {
    const line = parseFlags(args, USAGE);
    expect(line.words).toEqual(words);
    expect(Object.fromEntries(['config', 'header', 'soft'].filter((name) => line.has(name)).map((name) => [name, line.all(name)]))).toEqual(flags);
  });

  it.each([
    ['unknown, near', ['--confg', 'f'], 'unknown flag --confg (did you mean --config?); allowed: --config, --header, --soft'],
    ['unknown, far', ['--zzzzz'], 'unknown flag --zzzzz; allowed: --config, --header, --soft'],
    ['unknown, short', ['-x'], 'unknown flag -x; allowed: --config, --header, --soft'],
    ['a prototype', ['--constructor'], 'unknown flag --constructor; allowed: --config, --header, --soft'],
    ['no value at the end', ['--config'], '--config needs a value: --config FILE'],
    ['no value before a flag', ['--config', '--soft'], '--config needs a value: --config FILE'],
    ['twice', ['-c', 'a', '-c', 'b'], '-c is given twice'],
    ['a value for a switch', ['--soft=yes'], '--soft takes no value; found "yes"'],
  ])('%s', (_, args, message) => {
    expect(() => parseFlags(args, USAGE)).toThrow(new UsageError(`${message}\nusage: freshet x FILE\n--help says more`));
  });
});
