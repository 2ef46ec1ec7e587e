// The whole, put together: what serves, what is there once, and the admin listener that asks both.
import { AdminServer } from './admin/server.ts';
import { takeTurn } from './admin/shelf.ts';
import { type Clock, systemClock, wallClock } from './clock.ts';
import type { Config, ListenAddress } from './config/config.ts';
import { keying } from './config/keying.ts';
import { maskedConfig } from './config/mask.ts';
import { Control } from './control.ts';
import type { Request } from './http/message.ts';
import { parseUrlSelector } from './http/target.ts';
import { Log } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import { Observe } from './observe/observe.ts';
import type { Snapshot } from './observe/snapshot.ts';
import { explain } from './proxy/explain.ts';
import type { Lease } from './purge/lease.ts';
import { keyedForms } from './purge/keyed-forms.ts';
import type { Shelf } from './admin/entries.ts';
import { Thread } from './thread.ts';

export interface Freshet {
  readonly address: ListenAddress;
  readonly adminAddress: ListenAddress | undefined;
  /** Applies to new requests; connections, the store and the marks stay. Addresses and memory sizes need a restart. */
  reload(config: Config): Promise<void>;
  /** Drains: stops accepting, finishes what is in flight, closes. */
  close(): Promise<void>;
}

export interface FreshetOptions {
  readonly config: Config;
  readonly clock?: Clock;
  /** Where others purge too. */
  readonly lease?: Lease;
}

/** The threads that serve, as the rest sees them. */
interface Service {
  readonly address: ListenAddress;
  readonly isReady: boolean;
  shelves(): readonly Shelf[];
  explain(request: Request): Promise<unknown>;
  /** What threads other than this one have counted. */
  snapshots(): Promise<readonly Snapshot[]>;
  reload(config: Config): Promise<void>;
  close(timeoutMs: number): Promise<void>;
}

/** Starts everything and resolves when requests are accepted. Rejects with RunError where an address cannot be had; nothing is left running then. */
export async function startFreshet({ config, clock: given, lease }: FreshetOptions): Promise<Freshet> {
  const clock = given ?? systemClock;
  const metrics: Metrics = new Metrics({ thread: () => thread.readings, process: () => control.readings });
  const observe = new Observe({ log: new Log(config.log), metrics });
  const control = new Control({ config, clock, observe, name: 'process', lease, exhausted: () => thread.parts.store.clear() });
  const { secret, tagHash, purger, purgeAtRate, authority } = control;
  const tokenClock = given ?? wallClock;
  const thread = new Thread({ config, clock, tokenClock, observe, secret, tagHash, purger, purgeAtRate, marks: authority.marks });
  let ready = false;
  const service = serviceOf(thread, control);
  const admin = config.admin === undefined ? undefined : adminServer({ control, observe, metrics, service, ready: () => ready });
  try {
    await thread.open(config.listen, { shared: false });
    if (config.admin !== undefined) await openAdmin(admin, config.admin.listen, service);
  } catch (error) {
    metrics.close();
    throw error;
  }
  ready = true;
  return {
    address: service.address,
    adminAddress: admin?.address,
    reload: (next) => {
      observe.log = new Log(next.log);
      return service.reload(next);
    },
    close: async () => {
      ready = false;
      await service.close(control.config.limits.drainTimeoutMs);
      await admin?.close(0);
      metrics.close();
    },
  };
}

async function openAdmin(admin: AdminServer | undefined, listen: ListenAddress, service: Service): Promise<void> {
  try {
    await admin?.open(listen);
  } catch (error) {
    await service.close(0);
    throw error;
  }
}

/** One thread, this one: what is published is in its own memory. */
function serviceOf(thread: Thread, control: Control): Service {
  const { parts } = thread;
  return {
    get address() {
      return thread.address;
    },
    isReady: true,
    shelves: () => [{ turn: (question) => takeTurn(question, parts) }],
    explain: (request) => explain(request, parts),
    snapshots: () => Promise.resolve([]),
    // In one step: no request comes between the new rules and the end of what was stored under the old ones.
    reload: (next) => {
      const rekeyed = keying(next) !== keying(control.config);
      control.reconfigure(next);
      thread.reconfigure(next);
      if (rekeyed) control.purgeAfterReload();
      return Promise.resolve();
    },
    close: (timeoutMs) => thread.close(timeoutMs),
  };
}

interface AdminSources {
  readonly control: Control;
  readonly observe: Observe;
  readonly metrics: Metrics;
  readonly service: Service;
  readonly ready: () => boolean;
}

function adminServer({ control, observe, metrics, service, ready }: AdminSources): AdminServer {
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
    purges: () => control.purgeLog.recent(),
    config: () => maskedConfig(control.config),
    explain: (request) => service.explain(request),
    metrics: async () => metrics.text(await service.snapshots()),
    ready: () => ready() && service.isReady,
    warn: (message, detail) => observe.warn(message, detail),
    error: (message, detail) => observe.error(message, detail),
  });
}
