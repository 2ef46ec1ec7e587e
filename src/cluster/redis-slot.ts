// Which node of a Redis Cluster has the slot of our keys? They all have one, so a plain connection to its primary does, and nothing is redirected and sent again.
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectSecured, type TLSSocket } from 'node:tls';
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Between two rounds of asking. */
const ASK_AGAIN_MS = 500;
const ANSWER_MS = 1000;
const DISCONNECT_MS = 2000;

export class SlotConnector extends AbstractConnector {
  readonly #seeds: readonly Address[];
  readonly #key: string;
  readonly #options: RedisOptions;

  /** A class that ioredis makes one of for each connection. */
  static among(seeds: readonly Address[], key: string): new (options: unknown) => AbstractConnector {
    return class extends SlotConnector {
      constructor(options: unknown) {
        super(options as RedisOptions, seeds, key);
      }
    };
  }

  protected constructor(options: RedisOptions, seeds: readonly Address[], key: string) {
    super(DISCONNECT_MS);
    this.#options = options;
    this.#seeds = seeds;
    this.#key = key;
  }

  /** Asks on until somebody knows, as ioredis expects of a connector. */
  async connect(report: (type: string, error: Error) => void): Promise<Socket | TLSSocket> {
    this.connecting = true;
    while (this.connecting) {
      for (const seed of this.#seeds) {
        try {
          const address = await this.#ask(seed);
          if (!this.connecting) break;
          this.stream = this.#open(address);
          this.stream.once('error', (error) => (this.firstError = error));
          return this.stream;
        } catch (error) {
          report('error', error as Error);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS).unref());
    }
    throw new Error('Connection is closed.');
  }

  async #ask(seed: Address): Promise<Address> {
    const { username, password, tls } = this.#options;
    const redis = new Redis({
      ...seed,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(tls !== undefined && { tls }),
      protocol: 2,
      lazyConnect: true,
      disableClientInfo: true,
      connectTimeout: ANSWER_MS,
      socketTimeout: ANSWER_MS,
      retryStrategy: null,
      maxRetriesPerRequest: 0,
    });
    redis.on('error', () => {});
    try {
      await redis.connect();
      const [slot, ranges] = await Promise.all([redis.cluster('KEYSLOT', this.#key), redis.cluster('SLOTS')]);
      const owner = ranges.find(([from, to]) => from <= slot && slot <= to)?.[2];
      if (owner === undefined) throw new Error(`no node of the Redis Cluster has slot ${slot}`);
      return { host: owner[0] || seed.host, port: owner[1] };
    } finally {
      redis.disconnect();
    }
  }

  #open({ host, port }: Address): Socket | TLSSocket {
    const { tls } = this.#options;
    return tls === undefined ? connectPlain({ host, port }) : connectSecured({ host, port, ...tls });
  }
}
