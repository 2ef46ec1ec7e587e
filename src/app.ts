// The whole, put together: every part is made here, once, and given to those that consult it.
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { AdminServer } from './admin/server.ts';
import { type Clock, systemClock, wallClock } from './clock.ts';
import type { Config, LimitConfig, ListenAddress } from './config/config.ts';
import { maskedConfig } from './config/mask.ts';
import { trustedPeers } from './http/forwarding.ts';
import { parseUrlSelector } from './http/target.ts';
import { TokenVerifier } from './identity/verifier.ts';
import { Log } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import { Observe } from './observe/observe.ts';
import { OriginPools } from './origin/pools.ts';
import { Flights } from './proxy/collapse.ts';
import { explain } from './proxy/explain.ts';
import { FillBudget } from './proxy/fill.ts';
import { handle } from './proxy/handle.ts';
import { Listener } from './proxy/listener.ts';
import type { Parts, Settings } from './proxy/parts.ts';
import { ScopeLookups } from './proxy/scope-lookup.ts';
import { Upgrades } from './proxy/upgrade.ts';
import { PurgeGate } from './purge/gate.ts';
import { NOTHING } from './purge/order.ts';
import { ProcessAuthority } from './purge/process-authority.ts';
import { PurgeLog } from './purge/purge-log.ts';
import { Purger } from './purge/purge.ts';
import { PurgeRate } from './purge/rate.ts';
import { Sweeper } from './purge/sweeper.ts';
import { TagHash, type UrlSelector } from './purge/tag-hash.ts';
import { keyedTarget } from './rules/key.ts';
import type { Policy } from './rules/policy.ts';
import type { Route } from './rules/routes.ts';
import { scopeNames } from './rules/scope-names.ts';
import { MemoryStore } from './store/memory.ts';

export interface Freshet {
  readonly address: ListenAddress;
  readonly adminAddress: ListenAddress | undefined;
  /** Applies to new requests; connections, the store and the marks stay. Addresses and memory sizes need a restart. */
  reload(config: Config): void;
  /** Drains: stops accepting, finishes what is in flight, closes. */
  close(): Promise<void>;
}

export interface FreshetOptions {
  readonly config: Config;
  readonly clock?: Clock;
}

/** How often a slice of the store is looked through for what can never be used again. */
const SWEEP_EVERY_MS = 20;

/** Starts everything and resolves when requests are accepted. Rejects with RunError where an address cannot be had; nothing is left running then. */
export async function startFreshet({ config, clock: given }: FreshetOptions): Promise<Freshet> {
  const clock = given ?? systemClock;
  const purgeLog = new PurgeLog((said) => observe.info('purged', { ...said }));
  const { parts, authority, observe, metrics, origins } = makeParts(config, clock, purgeLog, () => listener.connections);
  const verifierOf = (next: Config) => makeVerifier(next, { clock: given ?? wallClock, observer: parts.observer });
  parts.settings = settingsOf(config, verifierOf(config));
  const upgrades = new Upgrades(parts);
  const listener = new Listener({
    limits: config.limits,
    clock,
    trusted: (address) => parts.settings.trusted(address),
    observer: parts.observer,
    handle: (request, client) => handle(request, client, parts),
    mayUpgrade: (request) => upgrades.may(request),
    upgrade: (request, connection) => upgrades.serve(request, connection),
  });
  let ready = false;
  const admin = config.admin === undefined ? undefined : adminServer(parts, { metrics, purgeLog, ready: () => ready });
  await listener.open(config.listen);
  try {
    if (config.admin !== undefined) await admin?.open(config.admin.listen);
  } catch (error) {
    await Promise.all([listener.close(0), origins.close()]);
    metrics.close();
    throw error;
  }
  ready = true;
  const sweeper = new Sweeper({ store: parts.store, marks: authority.marks });
  const sweeping = setInterval(() => sweeper.sweepSlice(clock.now()), SWEEP_EVERY_MS).unref();
  const pace = ({ stallTimeoutMs }: LimitConfig) => setInterval(() => listener.cutLaggards(), stallTimeoutMs).unref();
  let pacing = pace(config.limits);

  return {
    address: listener.address,
    adminAddress: admin?.address,
    reload: (next) => {
      const before = parts.settings.config;
      const rekeyed = keying(next) !== keying(before);
      parts.settings = settingsOf(next, nextVerifier(parts.settings, next, verifierOf));
      observe.log = new Log(next.log);
      parts.fillBudget.maxBytes = next.store.fillBytes;
      origins.reconfigure(next.origins);
      listener.reconfigure(next.limits);
      if (next.limits.stallTimeoutMs !== before.limits.stallTimeoutMs) {
        clearInterval(pacing);
        pacing = pace(next.limits);
      }
      if (rekeyed) purgeAfterReload(parts);
    },
    close: async () => {
      ready = false;
      const { drainTimeoutMs } = parts.settings.config.limits;
      await Promise.all([listener.close(drainTimeoutMs), upgrades.close(drainTimeoutMs)]);
      clearInterval(sweeping);
      clearInterval(pacing);
      await Promise.all([admin?.close(0), origins.close(), parts.settings.tokens?.close()]);
      metrics.close();
    },
  };
}

function makeParts(config: Config, clock: Clock, purgeLog: PurgeLog, connections: () => number) {
  const secret = randomBytes(32);
  const tagHash = new TagHash(secret);
  const store = new MemoryStore({ maxBytes: config.store.memoryBytes });
  const authority = new ProcessAuthority({
    memoryBytes: config.purge.memoryBytes,
    holdKeepMs: Math.max(0, ...Array.from(config.origins.values(), (origin) => origin.headersTimeoutMs)),
    exhausted: () => store.clear(),
  });
  const fillBudget = new FillBudget(config.store.fillBytes);
  const metrics = new Metrics({
    store: () => store.stats,
    fills: () => fillBudget,
    marks: () => ({ epoch: authority.marks.epoch, falseShare: authority.falseShareEstimate }),
    connections,
    origins: () => origins.loads,
  });
  const observe = new Observe({ log: new Log(config.log), metrics });
  const origins = new OriginPools({
    origins: config.origins,
    clock,
    ended: (end) => observe.originEnded(end),
    limitReached: (limit) => observe.limitReached(limit),
    breakerChanged: (change) => observe.breakerChanged(change),
  });
  const purger = new Purger({
    authority,
    tagHash,
    clock,
    observer: observe,
    log: purgeLog,
    normaliseUrl: (url) => keyedForms(url, parts.settings.config),
    get settleMs() {
      return parts.settings.config.purge.settleMs;
    },
  });
  const purgeGate = new PurgeGate({
    purger,
    clock,
    rate: () => parts.settings.purgeRate,
    names: () => parts.settings.purgeNames,
    refused: (detail) => observe.warn('a purge was refused', detail),
    overRate: () => observe.limitReached('purge.rate'),
  });
  const parts: Parts = {
    clock,
    store,
    marks: authority.marks,
    purger,
    purgeGate,
    tagHash,
    origins,
    observer: observe,
    flights: new Flights(),
    fillBudget,
    lookups: new ScopeLookups(),
    secret,
    settings: settingsOf(config),
  };
  return { parts, authority, observe, metrics, origins };
}

function adminServer(parts: Parts, shown: { metrics: Metrics; purgeLog: PurgeLog; ready: () => boolean }): AdminServer {
  return new AdminServer({
    clock: parts.clock,
    store: parts.store,
    marks: parts.marks,
    tokens: () => {
      const { admin, purge } = parts.settings.config;
      return { ...(admin?.token === undefined ? {} : { token: admin.token }), ...(purge.token === undefined ? {} : { purgeToken: purge.token }) };
    },
    urlIds: (url) => {
      const selector = parseUrlSelector(url);
      return selector && parts.tagHash.join(...keyedForms(selector, parts.settings.config).map((form) => parts.tagHash.urlIds(form)));
    },
    purge: parts.purgeGate,
    purges: () => shown.purgeLog.recent(),
    config: () => maskedConfig(parts.settings.config),
    explain: (request) => explain(request, parts),
    metrics: () => shown.metrics.text(),
    ready: shown.ready,
    warn: (message, detail) => parts.observer.warn(message, detail),
    error: (message, detail) => parts.observer.error(message, detail),
  });
}

/**
 * What entries are keyed and tagged by, and by whose word they are stored. Where it changes, an old entry would escape purges that name it by the new
 * rules, come back with the old ones, or be shared although it could not be stored any more.
 */
function keying({ routes, defaultRoute, tags, trustedProxies }: Config): string {
  const ordinary = JSON.stringify(keyingOf(defaultRoute));
  const special = routes.filter((route) => JSON.stringify(keyingOf(route)) !== ordinary);
  const rules = special.map((route) => [route.name, ...(route.methods ?? []), keyingOf(route)]);
  return JSON.stringify([rules, ordinary, tags.headers, trustedProxies]);
}

function keyingOf({ origin, query, scope, tags, policy }: Route) {
  // What is not forwarded is no axis of what is stored.
  const { forward, vary, cookies } = policy;
  return { origin, query, scope, tags, forward: forward && [...forward], vary: vary && [...vary], cookies, permits: permitsOf(policy) };
}

/** What is stored for others only where the route says so. */
function permitsOf({ storeSetCookie, storePartial, storePost, storeErrors, storeCloseDelimited, storeAuthorized, storePrivate }: Policy) {
  return { storeSetCookie, storePartial, storePost, storeErrors, storeCloseDelimited, storeAuthorized, storePrivate };
}

function purgeAfterReload({ purger, observer }: Parts): void {
  observer.warn('routes are keyed, tagged or permitted to store otherwise than before: the cache was emptied', {});
  const reason = 'the configuration changed what entries are keyed or tagged by, or what may be stored';
  purger.purgeNow({ ...NOTHING, kind: 'operator', all: true, actor: 'reload', reason, settleMs: 0 });
}

interface VerifierParts {
  readonly clock: Clock;
  readonly observer: Parts['observer'];
}

function makeVerifier({ issuers }: Config, { clock, observer }: VerifierParts): TokenVerifier | undefined {
  if (issuers.length === 0) return undefined;
  return new TokenVerifier({ issuers, clock, warn: (message, detail) => observer.warn(message, detail) });
}

/** The one in use, with its keys and what it remembers, unless the issuers have changed. */
function nextVerifier(current: Settings, next: Config, make: (next: Config) => TokenVerifier | undefined): TokenVerifier | undefined {
  if (isDeepStrictEqual(current.config.issuers, next.issuers)) return current.tokens;
  void current.tokens?.close();
  return make(next);
}

function settingsOf(config: Config, tokens?: TokenVerifier): Settings {
  return {
    config,
    ...(tokens === undefined ? {} : { tokens }),
    trusted: trustedPeers(config.trustedProxies),
    tagHeaders: new Set(config.tags.headers),
    purgeRate: new PurgeRate(config.purge.ratePerSecond),
    purgeNames: { tagHeaders: config.tags.headers, scopes: scopeNames([...config.routes, config.defaultRoute]) },
  };
}

/** Every form in which an entry of the URL may be keyed: as received, and one for each query rule there is. A form that nothing is keyed by costs nothing. */
function keyedForms(url: UrlSelector, config: Config): readonly UrlSelector[] {
  const forms = new Map<string, UrlSelector>([[url.query, url]]);
  for (const { query } of [...config.routes, config.defaultRoute]) {
    const keyed = keyedTarget({ scheme: 'http', authority: url.authority ?? '', path: url.path, query: url.query }, query);
    forms.set(keyed.query, { authority: url.authority, path: keyed.path, query: keyed.query });
  }
  return [...forms.values()];
}
