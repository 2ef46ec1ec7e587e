// `freshet check`: is this configuration valid, and what does it mean?
import { describeConfig } from '../config/describe.ts';
import type { Command } from './command.ts';
import { loadNamed } from './load.ts';

export const check: Command = async (line, { env, print }) => {
  print(describeConfig(loadNamed(line, env)));
};
