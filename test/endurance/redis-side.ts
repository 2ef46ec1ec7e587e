// The stream under endurance: entries in a Redis that keeps what it answered, crashes, stands still and loses its connections.
import { setTimeout as delay } from 'node:timers/promises';
import { RedisServer } from '../support/redis.ts';
import { cloudEventOf, type Planned, type Side } from './side.ts';

const STREAM = 'freshet:events';
const STALL_MS = 1_500;
const TRY_AGAIN_MS = 20;

export class RedisSide implements Side {
  readonly faults = {
    server: () => this.#crash(),
    connections: () => this.#cut(),
    stall: () => this.#stall(),
  };
  readonly #redis: RedisServer;

  static async start(): Promise<RedisSide> {
    return new RedisSide(await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always']));
  }

  private constructor(redis: RedisServer) {
    this.#redis = redis;
  }

  get yaml(): string {
    return `redis: { url: "${this.#redis.url}" }`;
  }

  /** Nothing is ever undone in a stream. An entry that nobody heard of is added again: by the id of its event it is known for the same. */
  async write(planned: Planned, before: () => Promise<void>): Promise<void> {
    if (planned.isRolledBack) return;
    await before();
    const event = JSON.stringify(cloudEventOf(planned));
    for (;;) {
      try {
        await this.#redis.client.call('XADD', STREAM, '*', 'event', event);
        return;
      } catch {
        await delay(TRY_AGAIN_MS);
      }
    }
  }

  async isDrained(): Promise<boolean> {
    try {
      const groups = (await this.#redis.client.call('XINFO', 'GROUPS', STREAM)) as readonly (readonly unknown[])[];
      const flat = groups[0] ?? [];
      const valueOf = (name: string): unknown => flat[flat.indexOf(name) + 1];
      return groups.length > 0 && valueOf('pending') === 0 && valueOf('lag') === 0;
    } catch {
      return false;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#redis[Symbol.asyncDispose]();
  }

  async #crash(): Promise<void> {
    await this.#redis.kill();
    this.#redis.start();
    await this.#redis.client.ping();
  }

  async #cut(): Promise<void> {
    const list = String(await this.#redis.client.call('CLIENT', 'LIST'));
    for (const line of list.split('\n').filter((one) => one.includes(' name=freshet-events'))) {
      await this.#redis.client.call('CLIENT', 'KILL', 'ID', /\bid=(\d+)/.exec(line)?.[1] ?? '');
    }
  }

  async #stall(): Promise<void> {
    this.#redis.pause();
    await delay(STALL_MS);
    this.#redis.resume();
  }
}
