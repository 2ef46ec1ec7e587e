// What every command is: a function of its command line and of what it may touch of the process.
import type { Environment } from '../config/interpolate.ts';
import type { CommandLine } from './flags.ts';

export interface CommandContext {
  readonly env: Environment;
  /** To standard output, with a newline. */
  readonly print: (text: string) => void;
}

/** Ends when the command is done. Rejects with UsageError (exit code 2) or RunError (exit code 1). */
export type Command = (line: CommandLine, context: CommandContext) => Promise<void>;
