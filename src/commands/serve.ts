// `freshet serve`: the proxy as a process: signals, reloading, and the end of it.
import { type Freshet, startFreshet } from '../app.ts';
import { formatListen } from '../config/address.ts';
import { UsageError } from '../errors.ts';
import type { Command } from './command.ts';
import { loadNamed } from './load.ts';

/** Ends when a signal has drained it. SIGTERM and SIGINT drain, a second one exits at once with 1; SIGHUP re-reads the configuration. */
export const serve: Command = async (line, { env }) => {
  const read = () => loadNamed(line, env);
  const freshet = await startFreshet({ config: read(), reload: read });
  say(`listening on ${formatListen(freshet.address)}${freshet.adminAddress === undefined ? '' : `, admin on ${formatListen(freshet.adminAddress)}`}`);
  process.on('SIGHUP', () => reload(freshet, read));
  await ended();
  process.once('SIGTERM', exitAtOnce).once('SIGINT', exitAtOnce);
  await freshet.close();
};

function reload(freshet: Freshet, read: () => Parameters<Freshet['reload']>[0]): void {
  try {
    freshet.reload(read());
    say('the configuration was read again and applies to new requests');
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    say(`the configuration was refused and the old one stays:\n${error.message}`);
  }
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
