// The origins of the configuration, by name; their pools give way to new ones where the configuration changes them.
import { isDeepStrictEqual } from 'node:util';
import { OriginError } from '../errors.ts';
import { PoolCall } from './call.ts';
import type { CallHost } from './call.ts';
import type { OriginCall, OriginHandler, OriginRequest, Origins } from './exchange.ts';
import { OriginPool, type PoolOptions } from './pool.ts';
import type { OriginSettings } from './settings.ts';

export interface OriginPoolsOptions extends PoolOptions {
  readonly origins: ReadonlyMap<string, OriginSettings>;
}

/** How busy an origin is. */
export interface OriginLoad {
  readonly origin: string;
  /** Requests sent, or being sent, whose answers are not here yet. */
  readonly inFlight: number;
  readonly waiting: number;
  /** Half-open counts as open: but for a probe, nothing passes. */
  readonly isOpen: boolean;
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
    const call = new PoolCall(unknownOrigin(origin, this.#options), { request, handler, permit: undefined });
    call.shed(new OriginError('internal', `there is no origin ${origin}`, { requestSent: false }));
    return call;
  }

  /** Whether an origin can take what nobody waits for. */
  hasRoom(origin: string): boolean {
    return this.#pools.get(origin)?.hasRoom === true;
  }

  /** New requests use the new settings; a pool whose settings changed or went ends with its last exchange, and its breaker with it. */
  reconfigure(origins: ReadonlyMap<string, OriginSettings>): void {
    const pools = new Map<string, OriginPool>();
    for (const [name, settings] of origins) {
      const current = this.#pools.get(name);
      pools.set(name, current !== undefined && isDeepStrictEqual(current.settings, settings) ? current : new OriginPool(settings, this.#options));
    }
    for (const [name, pool] of this.#pools) if (pools.get(name) !== pool) this.#retire(pool);
    this.#pools = pools;
  }

  /** Of every origin in use; what is left of one whose settings changed counts too. */
  get loads(): readonly OriginLoad[] {
    return [...this.#pools.values()].map((pool) => {
      const retired = [...this.#closing].filter(({ name }) => name === pool.name);
      const sum = (of: 'inFlight' | 'waiting'): number => retired.reduce((total, old) => total + old[of], pool[of]);
      return { origin: pool.name, inFlight: sum('inFlight'), waiting: sum('waiting'), isOpen: pool.isOpen };
    });
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

function unknownOrigin(name: string, { clock, ended }: PoolOptions): CallHost {
  return {
    name,
    clock,
    dispatch: nothing,
    takeRetry: () => false,
    withdraw: nothing,
    released: nothing,
    headed: nothing,
    ended: (_call, end) => ended(end),
  };
}

function nothing(): void {}
