// `freshet serve`: signals are listened to first, then the rest is loaded and started: a signal while that takes its time must not kill.
import type { Command } from './command.ts';
import { Signals } from './signals.ts';

/** Ends when a signal has drained it. */
export const serve: Command = async (line, { env }) => {
  const signals = new Signals({ source: process, exit: (code) => process.exit(code), say });
  const { runProxy } = await import('./serving.ts');
  await runProxy({ line, env, signals, say });
};

function say(text: string): void {
  process.stderr.write(`freshet: ${text}\n`);
}
