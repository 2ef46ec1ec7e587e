// The whole, put together: every part is made here, once, and given to those that consult it.
import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from './clock.ts';
import type { Config, ListenAddress } from './config/config.ts';
import { trustedPeers } from './http/forwarding.ts';
import type { Observer } from './observe/observer.ts';
import { OriginPools } from './origin/pool.ts';
import { Flights } from './proxy/collapse.ts';
import { handle } from './proxy/handle.ts';
import { Listener } from './proxy/listener.ts';
import type { Parts, Settings } from './proxy/parts.ts';
import { Upgrades } from './proxy/upgrade.ts';
import { ProcessAuthority } from './purge/process-authority.ts';
import { PurgeLog } from './purge/purge-log.ts';
import { Purger } from './purge/purge.ts';
import { PurgeRate } from './purge/rate.ts';
import { Sweeper } from './purge/sweeper.ts';
import { TagHash, type UrlSelector } from './purge/tag-hash.ts';
import { keyedTarget } from './rules/key.ts';
import { MemoryStore } from './store/memory.ts';

export interface Freshet {
  readonly address: ListenAddress;
  readonly adminAddress: ListenAddress | undefined;
  /** Applies to new requests; connections, the store and the marks stay. */
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

const SILENT: Observer = {
  requestEnded: () => {},
  originEnded: () => {},
  purgeEnded: () => {},
  fillRefused: () => {},
  fillStored: () => {},
  followerCollapsed: () => {},
  backgroundRefresh: () => {},
  warn: (m, d) => console.error(m, d),
  info: () => {},
  error: (m, d) => console.error(m, d),
};

/** Starts everything and resolves when requests are accepted. Rejects with RunError where an address cannot be had; nothing is left running then. */
export async function startFreshet({ config, clock = systemClock }: FreshetOptions): Promise<Freshet> {
  const observer: Observer = SILENT;
  const secret = randomBytes(32);
  const tagHash = new TagHash(secret);
  const store = new MemoryStore({ maxBytes: config.store.memoryBytes });
  const authority = new ProcessAuthority({
    memoryBytes: config.purge.memoryBytes,
    holdKeepMs: longestHeadersTimeout(config),
    exhausted: () => store.clear(),
  });
  const origins = new OriginPools({ origins: config.origins, clock, ended: (end) => observer.originEnded(end) });
  const log = new PurgeLog();
  const purger = new Purger({
    authority,
    tagHash,
    clock,
    observer,
    log,
    normaliseUrl: (url) => keyedForms(url, parts.settings.config),
    get settleMs() {
      return parts.settings.config.purge.settleMs;
    },
  });
  const parts: Parts = {
    clock,
    store,
    marks: authority.marks,
    purger,
    tagHash,
    origins,
    observer,
    flights: new Flights(),
    secret,
    settings: settingsOf(config),
  };

  const upgrades = new Upgrades(parts);
  const listener = new Listener({
    limits: config.limits,
    observer,
    handle: (request, client) => handle(request, client, parts),
    mayUpgrade: (request) => upgrades.may(request),
    upgrade: (request, connection) => upgrades.serve(request, connection),
  });
  await listener.open(config.listen);
  const sweeper = new Sweeper({ store, marks: authority.marks });
  const sweeping = setInterval(() => sweeper.sweepSlice(clock.now()), SWEEP_EVERY_MS);
  sweeping.unref();

  return {
    address: listener.address,
    adminAddress: undefined,
    reload: (next) => {
      parts.settings = settingsOf(next);
      origins.reconfigure(next.origins);
      listener.reconfigure(next.limits);
    },
    close: async () => {
      const { drainTimeoutMs } = parts.settings.config.limits;
      await Promise.all([listener.close(drainTimeoutMs), upgrades.close(drainTimeoutMs)]);
      clearInterval(sweeping);
      await origins.close();
    },
  };
}

function settingsOf(config: Config): Settings {
  return {
    config,
    trusted: trustedPeers(config.trustedProxies),
    tagHeaders: new Set(config.tags.headers),
    purgeRate: new PurgeRate(config.purge.ratePerSecond),
  };
}

/** Every form in which an entry of the URL may be keyed: one for each query rule there is. A form nothing is keyed by costs nothing. */
function keyedForms(url: UrlSelector, config: Config): readonly UrlSelector[] {
  const forms = new Map<string, UrlSelector>();
  for (const { query } of [...config.routes, config.defaultRoute]) {
    const keyed = keyedTarget({ scheme: 'http', authority: url.authority ?? '', path: url.path, query: url.query }, query);
    forms.set(keyed.query, { authority: url.authority, path: keyed.path, query: keyed.query });
  }
  return [...forms.values()];
}

function longestHeadersTimeout(config: Config): number {
  return Math.max(0, ...Array.from(config.origins.values(), (origin) => origin.headersTimeoutMs));
}
