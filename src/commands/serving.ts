// The proxy as a process: its start, the reading again of its configuration, and its end.
import { type Freshet, startFreshet } from '../app.ts';
import { formatListen } from '../config/address.ts';
import type { Config } from '../config/config.ts';
import type { Environment } from '../config/interpolate.ts';
import { UsageError } from '../errors.ts';
import { holdsInHeap, limitHeapGrowth } from '../store/heap-growth.ts';
import type { CommandLine } from './flags.ts';
import { loadNamed } from './load.ts';
import type { Signals } from './signals.ts';

export interface ServingOptions {
  readonly line: CommandLine;
  readonly env: Environment;
  readonly signals: Signals;
  readonly say: (text: string) => void;
}

/** Resolves when a signal has drained it; rejects where it cannot start. */
export async function runProxy({ line, env, signals, say }: ServingOptions): Promise<void> {
  let config = loadNamed(line, env);
  limitHeapGrowth();
  const freshet = await startFreshet({ config });
  const { threads } = freshet;
  if (threads < config.workers) say(`this system cannot share a port among threads: one thread serves, not ${config.workers}`);
  if (threads === 1 && !holdsInHeap(config.store.memoryBytes)) {
    say(
      'store.memory is more than half of what V8 may use for its heap: filled with small responses it would end the process (NODE_OPTIONS=--max-old-space-size=MIB)',
    );
  }
  say(
    `listening on ${formatListen(freshet.address)}${threads === 1 ? '' : ` with ${threads} workers`}${freshet.adminAddress === undefined ? '' : `, admin on ${formatListen(freshet.adminAddress)}`}`,
  );
  let reloaded = Promise.resolve();
  signals.onReload(() => {
    // One after the other.
    reloaded = reloaded.then(async () => {
      config = (await reload(freshet, config, { read: () => loadNamed(line, env), say })) ?? config;
    });
  });
  await signals.ended;
  await freshet.close();
}

/** The configuration that now applies; undefined where the new one was refused and the old one stays. */
async function reload(
  freshet: Freshet,
  before: Config,
  { read, say }: { read: () => Config } & Pick<ServingOptions, 'say'>,
): Promise<Config | undefined> {
  try {
    const config = read();
    await freshet.reload(config);
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
    ['workers', config.workers],
    ['store.memory', config.store.memoryBytes],
    ['purge.memory', config.purge.memoryBytes],
    ['redis', JSON.stringify(config.redis ?? '')],
    ['events.redis', JSON.stringify(config.events.redis ?? '')],
    ['events.postgres', JSON.stringify(config.events.postgres ?? '')],
  ];
}
