// One thread that serves clients: all that a request consults, put together, behind a listener. With several of them each has a store of its own.
import { isDeepStrictEqual } from 'node:util';
import { Auditor } from './audit/auditor.ts';
import type { AuditRecord } from './audit/record.ts';
import type { Clock } from './clock.ts';
import { deriveKey } from './cluster/cluster-secret.ts';
import type { LogEpochs } from './cluster/log-epochs.ts';
import { RedisConnection } from './cluster/redis-connection.ts';
import { SharedBodies } from './cluster/shared-bodies.ts';
import type { Config, LimitConfig, ListenAddress } from './config/config.ts';
import { StoredSightings } from './map/stored-sightings.ts';
import type { TagSketch } from './map/tag-sketch.ts';
import type { ThreadReadings } from './observe/readings.ts';
import type { Observe } from './observe/observe.ts';
import { type EffectReport, PurgeEffects, type PurgeTraces } from './observe/purge-effects.ts';
import { OriginPools } from './origin/pools.ts';
import { Flights } from './proxy/collapse.ts';
import { FillBudget } from './proxy/fill.ts';
import { handle } from './proxy/handle.ts';
import { Listener } from './proxy/listener.ts';
import { noteLeaving } from './proxy/note-leaving.ts';
import type { Parts } from './proxy/parts.ts';
import { ScopeLookups } from './proxy/scope-lookup.ts';
import { settingsOf, type VerifierParts } from './proxy/settings.ts';
import { Upgrades } from './proxy/upgrade.ts';
import type { Marks } from './purge/authority.ts';
import { PurgeGate, type PurgeGateParts } from './purge/gate.ts';
import type { Purges } from './purge/order.ts';
import { Sweeper } from './purge/sweeper.ts';
import type { TagHash } from './purge/tag-hash.ts';
import { MemoryStore } from './store/memory.ts';

export interface ThreadParts {
  /** Sizes and limits in it are this thread's own. */
  readonly config: Config;
  /** Which of several it is. */
  readonly worker?: number;
  readonly clock: Clock;
  /** By which tokens are dated. */
  readonly tokenClock: Clock;
  readonly observe: Observe;
  readonly secret: Uint8Array;
  readonly tagHash: TagHash;
  /** What was stored lately, for whoever asks what a purge met. */
  readonly sketch: TagSketch;
  /** Where each request must ask for itself: whether every purge confirmed before this is in the marks. */
  readonly barrier?: (() => Promise<boolean>) | undefined;
  readonly marks: Marks & PurgeTraces;
  /** Which epoch is which purge of the shared log, now. */
  readonly epochs: () => LogEpochs | undefined;
  readonly purger: Purges;
  /** For operators. */
  readonly purgeAtRate: PurgeGateParts['purge'];
  /** Takes what purges did here. */
  readonly effectsFound: (report: EffectReport) => Promise<void> | void;
  /** What audits of this thread have come to. */
  readonly audited: (records: readonly AuditRecord[]) => void;
}

/** How often a slice of the store is looked through for what can never be used again. */
const SWEEP_EVERY_MS = 20;

export class Thread {
  readonly parts: Parts;
  readonly sightings: StoredSightings;
  readonly #origins: OriginPools;
  readonly #listener: Listener;
  readonly #upgrades: Upgrades;
  readonly #verifying: VerifierParts;
  readonly #effectsFound: ThreadParts['effectsFound'];
  #isReporting = false;
  readonly #audited: ThreadParts['audited'];
  #auditor: Auditor | undefined;
  #sweeping: NodeJS.Timeout | undefined;
  #pacing: NodeJS.Timeout | undefined;

  constructor(given: ThreadParts) {
    const { config, clock, observe } = given;
    this.#effectsFound = given.effectsFound;
    this.#audited = given.audited;
    this.#verifying = { clock: given.tokenClock, observer: observe };
    this.#origins = new OriginPools({
      origins: config.origins,
      clock,
      ended: (end) => observe.originEnded(end),
      limitReached: (limit) => observe.limitReached(limit),
      breakerChanged: (change) => observe.breakerChanged(change),
    });
    const purgeGate = new PurgeGate({
      purge: given.purgeAtRate,
      names: () => parts.settings.purgeNames,
      refused: (detail) => observe.warn('a purge was refused', detail),
    });
    const bodies = bodiesOf(given);
    this.sightings = new StoredSightings({ config, sketch: given.sketch });
    const effects = new PurgeEffects({ traces: given.marks, observer: observe.metrics });
    const parts: Parts = {
      ...(given.worker === undefined ? {} : { worker: given.worker }),
      clock,
      store: new MemoryStore({ maxBytes: config.store.memoryBytes, gaveWay: noteLeaving(effects, clock) }),
      marks: given.marks,
      purger: given.purger,
      purgeGate,
      tagHash: given.tagHash,
      origins: this.#origins,
      observer: observe,
      effects,
      sightings: this.sightings,
      flights: new Flights(),
      fillBudget: new FillBudget(config.store.fillBytes),
      lookups: new ScopeLookups(),
      secret: Buffer.from(given.secret),
      ...(given.barrier === undefined ? {} : { barrier: given.barrier }),
      ...(bodies === undefined ? {} : { bodies }),
      settings: settingsOf(config, this.#verifying),
    };
    this.parts = parts;
    this.#audit(config);
    const upgrades = new Upgrades(parts);
    this.#upgrades = upgrades;
    this.#listener = new Listener({
      limits: config.limits,
      fastPath: config.fastPath,
      clock,
      trusted: (address) => parts.settings.trusted(address),
      observer: parts.observer,
      handle: (request, client) => handle(request, client, parts),
      mayUpgrade: (request) => upgrades.may(request),
      upgrade: (request, connection) => upgrades.serve(request, connection),
    });
  }

  get readings(): ThreadReadings {
    const { store, fillBudget } = this.parts;
    return { store: store.stats, fills: fillBudget, connections: this.#listener.connections, origins: this.#origins.loads };
  }

  /** Resolves when connections are accepted; rejects with a RunError, and then nothing is left running. */
  async open(listen: ListenAddress, port: { readonly shared: boolean }): Promise<void> {
    try {
      await this.#listener.open(listen, port);
    } catch (error) {
      this.parts.bodies?.close();
      await this.#origins.close();
      throw error;
    }
    const { store, marks, effects, settings } = this.parts;
    const sweeper = new Sweeper({ store, marks, found: effects });
    this.#sweeping = setInterval(() => this.#sweep(sweeper), SWEEP_EVERY_MS).unref();
    this.#pace(settings.config.limits);
  }

  /** Where it listens. Valid after `open`. */
  get address(): ListenAddress {
    return this.#listener.address;
  }

  /** Applies to new requests; connections and the store stay. */
  reconfigure(next: Config): void {
    const { parts } = this;
    const before = parts.settings;
    parts.settings = settingsOf(next, this.#verifying, before);
    this.sightings.reconfigure(next);
    parts.fillBudget.maxBytes = next.store.fillBytes;
    // What is under way asks by the old rules.
    if (before.keying !== parts.settings.keying || !isDeepStrictEqual(before.config.audit, next.audit)) this.#audit(next);
    this.#origins.reconfigure(next.origins);
    this.#listener.reconfigure(next.limits);
    if (next.limits.stallTimeoutMs !== before.config.limits.stallTimeoutMs) this.#pace(next.limits);
  }

  /** Stops accepting, finishes what is in flight within `timeoutMs`, closes. */
  async close(timeoutMs: number): Promise<void> {
    await Promise.all([this.#listener.close(timeoutMs), this.#upgrades.close(timeoutMs)]);
    clearInterval(this.#sweeping);
    clearInterval(this.#pacing);
    this.#auditor?.close();
    this.parts.bodies?.close();
    await Promise.all([this.#origins.close(), this.parts.settings.tokens?.close()]);
  }

  #sweep(sweeper: Sweeper): void {
    const now = this.parts.clock.now();
    sweeper.sweepSlice(now);
    this.parts.effects.age(now);
    if (!this.#isReporting) void this.#reportEffects();
  }

  /** One report after the other, so that a main thread that is late is not buried in them. */
  async #reportEffects(): Promise<void> {
    const report = this.parts.effects.report();
    if (report === undefined) return;
    this.#isReporting = true;
    try {
      await this.#effectsFound(report);
    } catch {
      // The main thread is gone, and with it whoever would ask.
    } finally {
      this.#isReporting = false;
    }
  }

  #audit({ audit }: Config): void {
    const { worker, clock, store, marks, observer } = this.parts;
    const hasRoom = (origin: string): boolean => this.#origins.hasRoom(origin);
    this.#auditor?.close();
    this.#auditor =
      audit &&
      new Auditor({
        settings: audit,
        ...(worker === undefined ? {} : { worker }),
        clock,
        store,
        marks,
        origins: this.#origins,
        hasRoom,
        told: this.#audited,
        observer,
        random: Math.random,
      });
    this.parts.auditor = this.#auditor;
  }

  #pace({ stallTimeoutMs }: LimitConfig): void {
    clearInterval(this.#pacing);
    this.#pacing = setInterval(() => this.#listener.cutLaggards(), stallTimeoutMs).unref();
  }
}

/** Where nodes share what they have stored: over a connection of this thread's own. */
function bodiesOf({ config: { redis }, clock, observe, epochs }: ThreadParts): SharedBodies | undefined {
  if (redis === undefined || !redis.bodies) return undefined;
  const { cluster, secret } = redis;
  return new SharedBodies({
    redis: new RedisConnection(redis, { name: 'freshet-bodies', key: `{freshet:${cluster}}` }),
    cluster,
    key: deriveKey(secret, 'bodies'),
    epochs,
    clock,
    wall: () => Date.now(),
    told: (what) => observe.bodyShared(what),
  });
}
