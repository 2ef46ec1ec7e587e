// What there is once a process, whichever threads serve: the secret, who numbers purges, the one door to that, the rate and the receipts.
import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { Config } from './config/config.ts';
import type { Observe } from './observe/observe.ts';
import type { ProcessReadings } from './observe/metrics.ts';
import type { AuthorityName } from './purge/authority.ts';
import { PurgeGate } from './purge/gate.ts';
import { keyedForms } from './purge/keyed-forms.ts';
import type { Lease } from './purge/lease.ts';
import { NOTHING, type Purges } from './purge/order.ts';
import { ProcessAuthority } from './purge/process-authority.ts';
import { PurgeLog } from './purge/purge-log.ts';
import { Purger } from './purge/purge.ts';
import { atRate, PurgeRate } from './purge/rate.ts';
import { TagHash } from './purge/tag-hash.ts';
import { scopeNames } from './rules/scope-names.ts';

export interface ControlParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly name: AuthorityName;
  /** Where others purge too. */
  readonly lease?: Lease | undefined;
  /** Nothing stored until now may be used any more. */
  readonly exhausted: () => void;
}

export class Control {
  readonly secret = randomBytes(32);
  readonly tagHash = new TagHash(this.secret);
  readonly authority: ProcessAuthority;
  readonly purgeLog: PurgeLog;
  readonly purger: Purger;
  /** For operators. */
  readonly purgeAtRate: ReturnType<typeof atRate>;
  readonly purgeGate: PurgeGate;
  /** The purger, but for the time of a change after which purges must name otherwise what is stored. */
  readonly door: Purges = {
    purge: async (order) => {
      while (this.#changing !== undefined) await this.#changing;
      return this.purger.purge(order);
    },
  };
  readonly #observe: Observe;
  #changing: Promise<void> | undefined;
  #config: Config;
  #purgeRate: PurgeRate;

  constructor({ config, clock, observe, name, lease, exhausted }: ControlParts) {
    this.#config = config;
    this.#observe = observe;
    this.#purgeRate = new PurgeRate(config.purge.ratePerSecond);
    this.authority = new ProcessAuthority({
      name,
      memoryBytes: config.purge.memoryBytes,
      holdKeepMs: Math.max(0, ...Array.from(config.origins.values(), (origin) => origin.headersTimeoutMs)),
      exhausted,
      ...(lease === undefined ? {} : { lease }),
    });
    this.purgeLog = new PurgeLog((said) => observe.info('purged', { ...said }));
    const inForce = (): Config => this.#config;
    this.purger = new Purger({
      authority: this.authority,
      tagHash: this.tagHash,
      clock,
      observer: observe,
      log: this.purgeLog,
      normaliseUrl: (url) => keyedForms(url, this.#config),
      get settleMs() {
        return inForce().purge.settleMs;
      },
    });
    this.purgeAtRate = atRate({
      purger: this.door,
      clock,
      rate: () => this.#purgeRate,
      overRate: () => observe.limitReached('purge.rate'),
    });
    this.purgeGate = new PurgeGate({
      purge: this.purgeAtRate,
      names: () => ({ tagHeaders: this.#config.tags.headers, scopes: scopeNames([...this.#config.routes, this.#config.defaultRoute]) }),
      refused: (detail) => observe.warn('a purge was refused', detail),
    });
  }

  /** In force. */
  get config(): Config {
    return this.#config;
  }

  get readings(): Pick<ProcessReadings, 'epoch' | 'falseShare'> {
    return { epoch: this.authority.marks.epoch, falseShare: this.authority.falseShareEstimate };
  }

  reconfigure(config: Config): void {
    this.#config = config;
    this.#purgeRate = new PurgeRate(config.purge.ratePerSecond);
  }

  /** No purge is confirmed until `change` has settled: those that come meanwhile wait at the door. */
  async whileClosed(change: () => Promise<void>): Promise<void> {
    const changed = change();
    this.#changing = changed.catch(() => undefined);
    try {
      await changed;
    } finally {
      this.#changing = undefined;
    }
  }

  /** After a configuration under which nothing that was stored before may be used. */
  purgeAfterReload(): void {
    this.#observe.warn('routes are keyed, tagged or permitted to store otherwise than before: the cache was emptied', {});
    const reason = 'the configuration changed what entries are keyed or tagged by, or what may be stored';
    this.purger.purgeNow({ ...NOTHING, kind: 'operator', all: true, actor: 'reload', reason, settleMs: 0 });
  }
}
