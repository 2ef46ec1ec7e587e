// `freshet check`: is this configuration valid, what does it mean, and what in it cannot be meant?
import { describeConfig } from '../config/describe.ts';
import { describeStrategies } from '../config/describe-strategies.ts';
import { describeWarnings, warningsOf } from '../config/warnings.ts';
import { UsageError } from '../errors.ts';
import type { Command } from './command.ts';
import { readNamed } from './load.ts';

export const check: Command = async (line, { env, print }) => {
  const { config, file, placeOf } = readNamed(line, env);
  const warnings = warningsOf(file);
  const sections = [
    { title: 'strategies', lines: describeStrategies(file) },
    { title: 'warnings', lines: describeWarnings(warnings, placeOf) },
  ];
  print(describeConfig(config, sections));
  if (line.has('strict') && warnings.length > 0)
    throw new UsageError(`${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'} (--strict)`);
};
