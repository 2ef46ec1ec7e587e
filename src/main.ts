#!/usr/bin/env node
// The `freshet` command: which command was meant, and how it ended. Exit codes: 0 fine, 1 failed at run time, 2 bad usage or configuration.
import { readFileSync } from 'node:fs';
import type { Command } from './commands/command.ts';
import { parseFlags } from './commands/flags.ts';
import { COMMANDS, type CommandName, helpOf, isCommand, USAGES } from './commands/usage.ts';
import { nearest } from './config/nearest.ts';
import { RunError, UsageError } from './errors.ts';

/** Loaded when asked for: `check` and `purge` need none of the proxy. */
const LOADERS: Readonly<Record<CommandName, () => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve.ts')).serve,
  check: async () => (await import('./commands/check.ts')).check,
  purge: async () => (await import('./commands/purge.ts')).purge,
  outbox: async () => (await import('./commands/outbox.ts')).outbox,
  explain: async () => (await import('./commands/explain.ts')).explain,
  events: async () => (await import('./commands/events.ts')).events,
  validate: async () => (await import('./commands/validate.ts')).validate,
  map: async () => (await import('./commands/map.ts')).map,
  audit: async () => (await import('./commands/audit.ts')).audit,
};

async function run(args: readonly string[]): Promise<void> {
  const { name, rest } = commandOf(args);
  const line = parseFlags(rest, USAGES[name]);
  if (line.has('help')) return print(helpOf(name));
  if (line.has('version')) return print(version());
  const command = await LOADERS[name]();
  await command(line, { env: process.env, print });
}

/** `serve` where the first word is none. */
function commandOf([first, ...others]: readonly string[]): { readonly name: CommandName; readonly rest: readonly string[] } {
  if (first === undefined || first.startsWith('-')) return { name: 'serve', rest: first === undefined ? [] : [first, ...others] };
  if (isCommand(first)) return { name: first, rest: others };
  const meant = nearest(first, COMMANDS);
  throw new UsageError(
    `unknown command ${JSON.stringify(first)}${meant === undefined ? '' : ` (did you mean ${meant}?)`}; allowed: ${COMMANDS.join(', ')}`,
  );
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown';
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Whoever reads us may leave when it has read enough: `freshet --help | head`. What is still written then goes nowhere. */
function mindReadersLeaving(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

function exitCodeOf(error: unknown): number {
  if (!(error instanceof UsageError) && !(error instanceof RunError)) {
    console.error(error);
    return 1;
  }
  process.stderr.write(`freshet: ${error.message}\n`);
  return error instanceof UsageError ? 2 : 1;
}

mindReadersLeaving();
try {
  await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
