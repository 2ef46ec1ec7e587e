// What do signals ask of the process? One listener for each, from before anything is started to the end: without one, a signal kills.
import type { EventEmitter } from 'node:events';

export interface SignalsOptions {
  /** The process. */
  readonly source: Pick<EventEmitter, 'on'>;
  readonly exit: (code: number) => void;
  readonly say: (text: string) => void;
}

/** SIGTERM and SIGINT end, a second one of either exits at once with 1; SIGHUP asks for the configuration to be read again. */
export class Signals {
  /** Resolves with the first SIGTERM or SIGINT. */
  readonly ended: Promise<void>;
  readonly #options: SignalsOptions;
  readonly #end = Promise.withResolvers<void>();
  #ending = false;
  #reload: (() => void) | undefined;
  #reloadAsked = false;

  constructor(options: SignalsOptions) {
    this.#options = options;
    this.ended = this.#end.promise;
    const { source } = options;
    for (const signal of ['SIGTERM', 'SIGINT']) source.on(signal, () => this.#endAsked(signal));
    source.on('SIGHUP', () => this.#hangUp());
  }

  /** From here on SIGHUP calls `reload`; at once where one came before. */
  onReload(reload: () => void): void {
    this.#reload = reload;
    if (this.#reloadAsked) reload();
  }

  #hangUp(): void {
    if (this.#reload !== undefined) return this.#reload();
    this.#reloadAsked = true;
    this.#options.say('SIGHUP while starting: the configuration is read again once it is up');
  }

  #endAsked(signal: string): void {
    if (this.#ending) return this.#options.exit(1);
    this.#ending = true;
    this.#options.say(`${signal}: finishing requests in flight; once more to exit at once`);
    this.#end.resolve();
  }
}
