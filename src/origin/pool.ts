// The origins of the configuration and their connections: undici's Pool with a bound on what waits, one retry with a budget, and
// pools that give way to new ones when the configuration changes.
import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import { OriginError } from '../errors.ts';
import { PoolCall } from './call.ts';
import type { CallHost, ExchangeEnd } from './call.ts';
import type { OriginCall, OriginHandler, OriginRequest, Origins } from './exchange.ts';
import { SafeClient } from './safe-client.ts';

/** Of one origin; the configuration's OriginConfig has these. */
export interface OriginSettings {
  readonly name: string;
  /** Scheme, host and port; no path. */
  readonly url: string;
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly connections: number;
  /** Requests that may wait for a connection before more are refused. */
  readonly queue: number;
  /** `ca` is PEM text. */
  readonly tls?: { readonly ca?: string; readonly servername?: string; readonly rejectUnauthorized: boolean };
}

export interface OriginPoolsOptions {
  readonly origins: ReadonlyMap<string, OriginSettings>;
  readonly clock: Clock;
  /** Told of every exchange once. */
  readonly ended: (end: ExchangeEnd) => void;
}

export class OriginPools implements Origins {
  readonly #options: OriginPoolsOptions;
  readonly #closing = new Set<OriginPool>();
  #pools = new Map<string, OriginPool>();

  constructor(options: OriginPoolsOptions) {
    this.#options = options;
    this.reconfigure(options.origins);
  }

  fetch(origin: string, request: OriginRequest, handler: OriginHandler): OriginCall {
    const pool = this.#pools.get(origin);
    if (pool !== undefined) return pool.fetch(request, handler);
    const call = new PoolCall(unknownOrigin(origin, this.#options), request, handler);
    call.shed(new OriginError('internal', `there is no origin ${origin}`, { requestSent: false }));
    return call;
  }

  /** New requests use the new settings; a pool whose settings changed or went ends with its last exchange. */
  reconfigure(origins: ReadonlyMap<string, OriginSettings>): void {
    const pools = new Map<string, OriginPool>();
    for (const [name, settings] of origins) {
      const current = this.#pools.get(name);
      pools.set(name, current !== undefined && isDeepStrictEqual(current.settings, settings) ? current : new OriginPool(settings, this.#options));
    }
    for (const [name, pool] of this.#pools) if (pools.get(name) !== pool) this.#retire(pool);
    this.#pools = pools;
  }

  /** Ends every exchange, with reason `draining`, and every connection. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values(), ...this.#closing].map((pool) => pool.destroy()));
  }

  #retire(pool: OriginPool): void {
    this.#closing.add(pool);
    void pool.close().finally(() => this.#closing.delete(pool));
  }
}

class OriginPool implements CallHost {
  readonly clock: Clock;
  readonly name: string;
  readonly settings: OriginSettings;
  readonly ended: (end: ExchangeEnd) => void;
  readonly #pool: Pool;
  readonly #serverName: { readonly servername?: string };
  readonly #budget = new RetryBudget();
  /** For retries: each of its connections serves one request. */
  #freshPool: Pool | undefined;
  /** Calls that undici holds: never more than there are connections, since what waits there cannot be taken back. */
  #running = 0;
  /** In the order of their arrival. */
  readonly #waiting = new Set<PoolCall>();
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(settings: OriginSettings, { clock, ended }: OriginPoolsOptions) {
    this.settings = settings;
    this.name = settings.name;
    this.clock = clock;
    this.ended = ended;
    this.#pool = openPool(settings);
    this.#serverName = serverName(settings);
  }

  fetch(request: OriginRequest, handler: OriginHandler): OriginCall {
    const call = new PoolCall(this, request, handler);
    const { connections, queue } = this.settings;
    const mustWait = this.#running >= connections || this.#waiting.size > 0;
    if (mustWait && this.#waiting.size >= queue) {
      const busy = `${this.#running} requests are under way and ${this.#waiting.size} waiting`;
      call.shed(new OriginError('origin-busy', busy, { requestSent: false }));
      return call;
    }
    this.#budget.earn();
    if (mustWait) {
      this.#waiting.add(call);
      return call;
    }
    this.#running++;
    call.start();
    return call;
  }

  dispatch(call: PoolCall, request: OriginRequest, fresh: boolean): void {
    if (fresh) this.#freshPool ??= openPool(this.settings);
    const pool = fresh && this.#freshPool !== undefined ? this.#freshPool : this.#pool;
    pool.dispatch({ ...dispatchOptions(request, fresh), ...this.#serverName }, call);
  }

  takeRetry(): boolean {
    return this.#budget.take();
  }

  withdraw(call: PoolCall): void {
    this.#waiting.delete(call);
  }

  released(): void {
    this.#running--;
    if (this.#waiting.size > 0) queueMicrotask(() => this.#startNext());
    else if (this.#running === 0) this.#idle?.resolve();
  }

  /** Not inside undici's callback that freed the connection. */
  #startNext(): void {
    if (this.#running >= this.settings.connections) return;
    for (const call of this.#waiting) {
      this.#waiting.delete(call);
      this.#running++;
      call.start();
      return;
    }
    if (this.#running === 0) this.#idle?.resolve();
  }

  /** When what is under way or waits has ended. */
  async close(): Promise<void> {
    if (this.#running > 0 || this.#waiting.size > 0) await (this.#idle ??= Promise.withResolvers<void>()).promise;
    if (this.#pool.destroyed) return;
    await Promise.all([this.#pool.close(), this.#freshPool?.close()]);
  }

  async destroy(): Promise<void> {
    const reason = new OriginError('draining', 'Freshet is shutting down', { requestSent: true });
    for (const call of this.#waiting) call.shed(new OriginError('draining', reason.message, { requestSent: false }));
    this.#waiting.clear();
    await Promise.all([this.#pool.destroy(reason), this.#freshPool?.destroy(reason)]);
  }
}

/** One retry for ten requests, ten at most: resets of a whole origin are not answered with twice the load (SECURITY §8). */
class RetryBudget {
  #tenths = 10;

  earn(): void {
    this.#tenths = Math.min(100, this.#tenths + 1);
  }

  take(): boolean {
    if (this.#tenths < 10) return false;
    this.#tenths -= 10;
    return true;
  }
}

/** Room for a response whose tags alone take 16 KiB and more; what is over the tag limits is still passed on, only not stored. */
const MAX_HEADER_BYTES = 64 * 1024;

function openPool(settings: OriginSettings): Pool {
  const { connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs, connections, tls } = settings;
  return new Pool(settings.url, {
    connections,
    pipelining: 1,
    allowH2: false,
    headersTimeout: headersTimeoutMs,
    bodyTimeout: bodyTimeoutMs,
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: {
      timeout: connectTimeoutMs,
      ...(tls?.ca !== undefined && { ca: tls.ca }),
      ...(tls !== undefined && { rejectUnauthorized: tls.rejectUnauthorized }),
    },
    factory: (origin, options) => new SafeClient(origin, options),
  });
}

function dispatchOptions(request: OriginRequest, fresh: boolean): Dispatcher.DispatchOptions {
  const { method, path, body, bodyBytes } = request;
  const headers = bodyBytes === undefined ? [...request.fields] : [...request.fields, 'content-length', String(bodyBytes)];
  return {
    method,
    path,
    headers,
    ...(body !== undefined && { body }),
    // undici closes the connection after a HEAD unless told not to.
    ...(fresh ? { reset: true } : method === 'HEAD' && { reset: false }),
  };
}

/**
 * The name for TLS, an option that undici has but does not declare: without it the name would come from the client's Host.
 * Known: an https origin named by its address still gets the client's Host; accepted because `tls.servername` says what is meant.
 */
function serverName({ url, tls }: OriginSettings): { servername?: string } {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:') return {};
  const servername = tls?.servername ?? hostname;
  return isIP(servername.replace(/^\[|\]$/g, '')) === 0 ? { servername } : {};
}

function unknownOrigin(name: string, { clock, ended }: OriginPoolsOptions): CallHost {
  return { name, clock, ended, dispatch: () => undefined, takeRetry: () => false, withdraw: () => undefined, released: () => undefined };
}
