// `freshet serve`: the proxy as a process: signals, reloading, and the end of it.
import { type Freshet, startFreshet } from '../app.ts';
import { formatListen } from '../config/address.ts';
import type { Config } from '../config/config.ts';
import { UsageError } from '../errors.ts';
import { limitHeapGrowth } from '../store/heap-growth.ts';
import type { Command } from './command.ts';
import { loadNamed } from './load.ts';

/** Ends when a signal has drained it. SIGTERM and SIGINT drain, a second one exits at once with 1; SIGHUP re-reads the configuration. */
export const serve: Command = async (line, { env }) => {
  let config = loadNamed(line, env);
  limitHeapGrowth();
  const freshet = await startFreshet({ config });
  say(`listening on ${formatListen(freshet.address)}${freshet.adminAddress === undefined ? '' : `, admin on ${formatListen(freshet.adminAddress)}`}`);
  process.on('SIGHUP', () => {
    config = reload(freshet, config, () => loadNamed(line, env)) ?? config;
  });
  await ended();
  process.once('SIGTERM', exitAtOnce).once('SIGINT', exitAtOnce);
  await freshet.close();
};

/** The configuration that now applies; undefined where the new one was refused and the old one stays. */
function reload(freshet: Freshet, before: Config, read: () => Config): Config | undefined {
  try {
    const config = read();
    freshet.reload(config);
    const kept = needRestart(before, config);
    say(`the configuration was read again and applies to new requests${kept.length === 0 ? '' : `; not before a restart: ${kept.join(', ')}`}`);
    return config;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    say(`the configuration was refused and the old one stays:\n${error.message}`);
    return undefined;
  }
}

/** What changed but is fixed while the process lives. */
function needRestart(before: Config, after: Config): readonly string[] {
  const old = new Map(fixed(before));
  return fixed(after).flatMap(([name, value]) => (old.get(name) === value ? [] : [name]));
}

function fixed(config: Config): readonly (readonly [string, string | number])[] {
  return [
    ['listen', formatListen(config.listen)],
    ['admin.listen', config.admin === undefined ? '' : formatListen(config.admin.listen)],
    ['store.memory', config.store.memoryBytes],
    ['purge.memory', config.purge.memoryBytes],
  ];
}

/** Resolves with the first SIGTERM or SIGINT. */
async function ended(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const drain = (signal: string): void => {
    process.off('SIGTERM', drain).off('SIGINT', drain);
    say(`${signal}: finishing requests in flight; once more to exit at once`);
    resolve();
  };
  process.on('SIGTERM', drain).on('SIGINT', drain);
  return await promise;
}

function exitAtOnce(): void {
  process.exit(1);
}

function say(text: string): void {
  process.stderr.write(`freshet: ${text}\n`);
}
