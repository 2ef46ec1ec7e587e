// What there is once a process, whichever threads serve: the secret, who numbers purges, the one door to that, the rate and the receipts.
import { randomBytes } from 'node:crypto';
import { Ledger } from './audit/ledger.ts';
import { type Clock, wallClock } from './clock.ts';
import { ClusterAuthority, type ClusterAuthorityParts } from './cluster/cluster-authority.ts';
import { deriveKey } from './cluster/cluster-secret.ts';
import { NodeReport } from './cluster/node-report.ts';
import type { LogEpochs } from './cluster/log-epochs.ts';
import type { NodeAuthority } from './cluster/node-authority.ts';
import { RedisLog } from './cluster/redis-log.ts';
import type { Config, RedisConfig } from './config/config.ts';
import { RunError } from './errors.ts';
import { EventEndpoint } from './events/endpoint.ts';
import { Intake } from './events/intake.ts';
import { planOf } from './events/rules.ts';
import { configuredSources } from './events/configured.ts';
import { EventSources } from './events/sources.ts';
import { Webhook } from './events/webhook.ts';
import { EffectLedger } from './observe/effect-ledger.ts';
import { EventSightings } from './map/event-sightings.ts';
import { PurgeSightings } from './map/purge-sightings.ts';
import { allocateSketch, TagSketch } from './map/tag-sketch.ts';
import type { Observe } from './observe/observe.ts';
import type { ProcessReadings } from './observe/readings.ts';
import { pause } from './pause.ts';
import type { AuthorityName } from './purge/authority.ts';
import { PurgeGate } from './purge/gate.ts';
import { keyedForms } from './purge/keyed-forms.ts';
import type { Lease } from './purge/lease.ts';
import { NOTHING, type Purges } from './purge/order.ts';
import { ProcessAuthority } from './cluster/process-authority.ts';
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
  /** By which events are dated; absent: that of the machine. */
  readonly eventClock?: Clock | undefined;
  /** That serve. */
  readonly threads: number;
  /** For tests: what says whether this process may answer from its cache. */
  readonly lease?: Lease | undefined;
  /** Nothing stored until now may be used any more. */
  readonly exhausted: () => void;
  /** Where nodes share purges: which epoch is which of them, from now on. */
  readonly epochsChanged: (epochs: LogEpochs) => void;
}

/** Keys of hashes that never leave the process. */
export interface Secrets {
  /** Of tags: nodes that share purges have the same. */
  readonly tags: Uint8Array;
  /** Of scopes and credentials. */
  readonly scopes: Uint8Array;
}

export class Control {
  readonly secrets: Secrets;
  readonly tagHash: TagHash;
  readonly authority: NodeAuthority;
  readonly purgeLog: PurgeLog;
  /** What the last purges did. */
  readonly effects: EffectLedger;
  readonly purger: Purger;
  /** Which tags were stored lately, in any thread. */
  readonly sketch: TagSketch;
  readonly sketchMemory: SharedArrayBuffer;
  readonly purgesSeen: PurgeSightings;
  readonly eventsSeen = new EventSightings();
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
  /** Of events, whatever source they come from. */
  readonly intake: Intake;
  readonly sources: EventSources;
  readonly eventEndpoint: EventEndpoint;
  /** What audits have come to, of all threads. */
  readonly audits: Ledger;
  readonly #clock: Clock;
  readonly #observe: Observe;
  #changing: Promise<void> | undefined;
  #config: Config;
  #purgeRate: PurgeRate;

  constructor({ config, clock, observe, name, threads, eventClock, lease, exhausted, epochsChanged }: ControlParts) {
    this.#config = config;
    this.#clock = clock;
    this.#observe = observe;
    this.#purgeRate = new PurgeRate(config.purge.ratePerSecond);
    this.secrets = secretsOf(config);
    this.tagHash = new TagHash(Buffer.from(this.secrets.tags));
    const marking = {
      memoryBytes: config.purge.memoryBytes,
      holdKeepMs: Math.max(0, ...Array.from(config.origins.values(), (origin) => origin.headersTimeoutMs)),
      exhausted,
    };
    this.authority =
      config.redis === undefined
        ? new ProcessAuthority({ ...marking, name, ...(lease === undefined ? {} : { lease }) })
        : sharedAuthority(config.redis, { ...marking, clock, watcher: new NodeReport({ observer: observe, emptied: exhausted }), epochsChanged });
    if (config.redis?.mode === 'lease') observe.metrics.leaseWanted();
    this.effects = new EffectLedger({ threads, fates: this.authority.marks, metNothing: (kind) => observe.metrics.purgeMetNothing(kind) });
    this.purgeLog = new PurgeLog((said) => observe.info('purged', { ...said }));
    this.sketchMemory = allocateSketch();
    this.sketch = new TagSketch(this.sketchMemory);
    this.purgesSeen = new PurgeSightings({ config, wasStored: (tag) => this.sketch.has(this.tagHash.tagIds([tag])) });
    const inForce = (): Config => this.#config;
    this.purger = new Purger({
      authority: this.authority,
      tagHash: this.tagHash,
      clock,
      observer: observe,
      log: this.purgeLog,
      effects: this.effects,
      told: (order, at) => this.purgesSeen.purged(order, at),
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
    const namesOfScopes = (): readonly string[] => scopeNames([...this.#config.routes, this.#config.defaultRoute]);
    const dated = eventClock ?? wallClock;
    this.intake = new Intake({
      plan: (event) => planOf(event, { rules: this.#config.events.rules, scopeNames: namesOfScopes() }),
      purge: (order) => this.door.purge(order),
      observer: observe,
      unmatched: (event) => this.eventsSeen.unmatched(event, clock.now()),
      clock: dated,
      pause,
      random: Math.random,
    });
    const webhook = new Webhook({ intake: this.intake, clock: dated });
    const fetched = configuredSources(config.events, { intake: this.intake, log: observe, clock, sharesPurges: config.redis !== undefined });
    this.sources = new EventSources([webhook, ...fetched]);
    this.eventEndpoint = new EventEndpoint({
      webhook,
      signed: () => this.#config.events.webhook,
      now: () => dated.now(),
      refused: (detail) => observe.warn('events were refused', detail),
    });
    this.audits = new Ledger({ config: inForce, purges: () => this.purgeLog.recent(), clock, observer: observe });
    this.purgeGate = new PurgeGate({
      purge: this.purgeAtRate,
      names: () => ({ tagHeaders: this.#config.tags.headers, scopes: namesOfScopes() }),
      refused: (detail) => observe.warn('a purge was refused', detail),
    });
  }

  /** In force. */
  get config(): Config {
    return this.#config;
  }

  get readings(): Omit<ProcessReadings, 'threads' | 'crashes'> {
    const { marks, falseShareEstimate, applied } = this.authority;
    return {
      epoch: marks.epoch,
      falseShare: falseShareEstimate,
      applied,
      deadLetters: this.sources.deadCounts,
      eventSources: this.sources.progress,
      eventsInFlight: this.intake.inFlight,
      audits: this.audits.samples,
    };
  }

  /** Takes its place among the nodes that share purges. Without Redis that comes later by itself; rejects with a RunError where the cluster is another one's. */
  async join(): Promise<void> {
    if ((await this.authority.join()) !== 'secret-differs') return;
    await this.authority.close();
    throw new RunError(
      `redis.secret is not that of the cluster ${JSON.stringify(this.#config.redis?.cluster)}: its nodes were started with another one`,
    );
  }

  /** No more events: those under way end, then no more purges. */
  async close(): Promise<void> {
    await Promise.all([this.sources.close(), this.intake.close()]);
    await this.authority.close();
  }

  reconfigure(config: Config): void {
    this.#config = config;
    this.#purgeRate = new PurgeRate(config.purge.ratePerSecond);
    this.purgesSeen.reconfigure(config);
  }

  /**
   * `change` gives threads a configuration under which nothing that was stored before may be used, one after the other. What was stored is dead before the
   * first of them has it: what it stored when it had it once before, and Redis keeps, escaped the purges since. What the others stored meanwhile is dead
   * when the last one has it.
   */
  rekey(change: () => Promise<void>): Promise<void> {
    return this.#whileClosed(async () => {
      this.authority.publishHere({ selectors: { tagIds: new Int32Array(), all: true }, mode: 'hard', at: this.#clock.now() });
      await change();
      this.purgeAfterReload();
    });
  }

  /** Purges that come before `change` has settled wait at the door. */
  async #whileClosed(change: () => Promise<void>): Promise<void> {
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
    this.purger.purgeHere({ ...NOTHING, kind: 'operator', all: true, actor: 'reload', reason, settleMs: 0 });
  }
}

function sharedAuthority({ urls, mode, ...where }: RedisConfig, parts: Omit<ClusterAuthorityParts, 'mode' | 'log'>): ClusterAuthority {
  const log = new RedisLog({ ...where, target: { ...where, urls }, holdKeepMs: parts.holdKeepMs });
  return new ClusterAuthority({ ...parts, mode, log });
}

function secretsOf({ redis }: Config): Secrets {
  if (redis !== undefined) return { tags: deriveKey(redis.secret, 'tags'), scopes: deriveKey(redis.secret, 'scopes') };
  return { tags: randomBytes(32), scopes: randomBytes(32) };
}
