// The configuration that a command line names: its file, with its flags over it.
import type { Config } from '../config/config.ts';
import type { Environment } from '../config/interpolate.ts';
import { type LoadedConfig, readConfig } from '../config/load.ts';
import { UsageError } from '../errors.ts';
import type { CommandLine } from './flags.ts';

export function loadNamed(line: CommandLine, env: Environment): Config {
  return readNamed(line, env).config;
}

export function readNamed(line: CommandLine, env: Environment): LoadedConfig {
  const [word] = line.words;
  if (word !== undefined) throw new UsageError(`unexpected ${JSON.stringify(word)}; a configuration file is named with --config`);
  const [file, origin, listen, admin, workers] = ['config', 'origin', 'listen', 'admin', 'workers'].map((flag) => line.one(flag));
  if (file === undefined && origin === undefined) throw new UsageError('needs --origin URL or --config FILE');
  return readConfig({
    env,
    ...(file !== undefined && { file }),
    overrides: {
      ...(origin !== undefined && { origin }),
      ...(listen !== undefined && { listen }),
      ...(admin !== undefined && { admin }),
      ...(workers !== undefined && { workers }),
    },
  });
}
