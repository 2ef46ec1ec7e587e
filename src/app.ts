// The whole, put together: the threads that serve, what is there once, and the admin listener that asks both.
import { AdminServer } from './admin/server.ts';
import { Alone } from './alone.ts';
import { type Clock, systemClock, wallClock } from './clock.ts';
import type { Config, ListenAddress } from './config/config.ts';
import { maskedConfig } from './config/mask.ts';
import { Control } from './control.ts';
import { parseUrlSelector } from './http/target.ts';
import { countFindings } from './map/findings.ts';
import { type InvalidationMap, invalidationMap } from './map/map.ts';
import { seenTogether } from './map/stored-sightings.ts';
import { Log } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import { Observe } from './observe/observe.ts';
import { keyedForms } from './purge/keyed-forms.ts';
import type { Lease } from './purge/lease.ts';
import type { Service } from './service.ts';
import { Team } from './team.ts';
import { canSharePort } from './workers/port-sharing.ts';

export interface Freshet {
  readonly address: ListenAddress;
  readonly adminAddress: ListenAddress | undefined;
  /** Threads that serve: the setting, or 1 where the system cannot share a port among threads. */
  readonly threads: number;
  /** Applies to new requests; connections, the store and the marks stay. Addresses, workers and memory sizes need a restart. */
  reload(config: Config): Promise<void>;
  /** Of several workers: ends one as a crash would, for tests. Resolves when the next one accepts. */
  replaceWorker(worker: number): Promise<void>;
  /** Drains: stops accepting, finishes what is in flight, closes. */
  close(): Promise<void>;
}

export interface FreshetOptions {
  readonly config: Config;
  readonly clock?: Clock;
  /** For tests: what says whether this process may answer from its cache. */
  readonly lease?: Lease;
}

/** Starts everything and resolves when requests are accepted. Rejects with RunError where an address cannot be had; nothing is left running then. */
export async function startFreshet({ config, clock: given, lease }: FreshetOptions): Promise<Freshet> {
  const clock = given ?? systemClock;
  const since = clock.now();
  const count = config.workers > 1 && (await canSharePort()) ? config.workers : 1;
  const metrics: Metrics = new Metrics({
    thread: () => alone?.readings,
    process: () => ({ ...control.readings, threads: service.threads, crashes: service.crashes, findings }),
  });
  const observe = new Observe({ log: new Log(config.log), metrics });
  const control = new Control({
    config,
    clock,
    observe,
    name: count === 1 ? 'process' : 'workers',
    eventClock: given,
    threads: count,
    lease,
    exhausted: () => alone?.forget(),
    epochsChanged: (epochs) => team?.epochsChanged(epochs),
  });
  const alone = count === 1 ? new Alone({ control, observe, clock, tokenClock: given ?? wallClock }) : undefined;
  const team = count === 1 ? undefined : new Team({ control, observe, clock, count });
  const service: Service = alone ?? (team as Team);
  let ready = false;
  let findings: ReadonlyMap<string, number> = countFindings([]);
  const map = async (): Promise<InvalidationMap> => {
    const routes = seenTogether(await service.sightings(), control.config);
    return invalidationMap(control.config, {
      since,
      now: clock.now(),
      threads: count,
      routes,
      purges: control.purgesSeen.seen,
      events: control.eventsSeen.seen,
    });
  };
  const text = async (): Promise<string> => {
    findings = countFindings((await map()).findings);
    return metrics.text(await service.snapshots());
  };
  const admin = config.admin === undefined ? undefined : adminServer({ control, observe, service, map, metrics: text, ready: () => ready });
  try {
    await control.join();
    await service.open(config.listen);
    await control.sources.open();
    if (config.admin !== undefined) await admin?.open(config.admin.listen);
  } catch (error) {
    await service.close(0);
    await control.close();
    metrics.close();
    throw error;
  }
  ready = true;
  return {
    address: service.address,
    adminAddress: admin?.address,
    threads: count,
    reload: (next) => {
      observe.log = new Log(next.log);
      return service.reload(next);
    },
    replaceWorker: async (worker) => team?.replaceWorker(worker),
    close: async () => {
      ready = false;
      await service.close(control.config.limits.drainTimeoutMs);
      await control.close();
      await admin?.close(0);
      metrics.close();
    },
  };
}

interface AdminSources {
  readonly control: Control;
  readonly observe: Observe;
  readonly service: Service;
  readonly map: () => Promise<InvalidationMap>;
  readonly metrics: () => Promise<string>;
  readonly ready: () => boolean;
}

function adminServer({ control, observe, service, map, metrics, ready }: AdminSources): AdminServer {
  return new AdminServer({
    tokens: () => {
      const { admin, purge } = control.config;
      return { ...(admin?.token === undefined ? {} : { token: admin.token }), ...(purge.token === undefined ? {} : { purgeToken: purge.token }) };
    },
    shelves: () => service.shelves(),
    urlIds: (url) => {
      const selector = parseUrlSelector(url);
      return selector && control.tagHash.join(...keyedForms(selector, control.config).map((form) => control.tagHash.urlIds(form)));
    },
    purge: control.purgeGate,
    events: { endpoint: control.eventEndpoint, sources: control.sources },
    purges: () => control.purgeLog.recent(),
    effectOf: (id) => control.effects.of(id),
    outcomeOf: (id, waitMs) => control.purger.outcomeOf(id, waitMs),
    nodes: () => control.authority.nodes(),
    config: () => maskedConfig(control.config),
    explain: (request) => service.explain(request),
    audits: () => control.audits.page,
    map,
    metrics,
    ready: () => ready() && service.threads > 0,
    warn: (message, detail) => observe.warn(message, detail),
    error: (message, detail) => observe.error(message, detail),
  });
}
