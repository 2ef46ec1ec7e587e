// What nodes have shared through a Redis (`redis.bodies`), for whoever spoils it: its values as they lie there, other ones in their places, and room for fewer.
import type { RedisServer } from '../support/redis.ts';

export interface SharedValue {
  readonly name: string;
  readonly value: Buffer;
  /** Until Redis forgets it, ms. */
  readonly leftMs: number;
}

const NAMES = '{freshet:shop}:b:*';
/** Taken away at a time. */
const BYTES = 4 * 1024;

export async function sharedValues({ client }: RedisServer): Promise<readonly SharedValue[]> {
  const names = await client.keys(NAMES);
  const values = await Promise.all(names.map(async (name) => ({ name, value: await client.getBuffer(name), leftMs: await client.pttl(name) })));
  return values.flatMap(({ name, value, leftMs }) => (value === null || leftMs <= 0 ? [] : [{ name, value, leftMs }]));
}

/** Each in its place, whatever lies there now. */
export async function putBack({ client }: RedisServer, values: readonly SharedValue[]): Promise<void> {
  await Promise.all(values.map(({ name, value, leftMs }) => client.set(name, value, 'PX', leftMs)));
}

/** In the place of every other value garbage of its length, in the place of the rest the one before. */
export async function spoil(redis: RedisServer): Promise<void> {
  const values = await sharedValues(redis);
  const other = (value: Buffer, i: number): Buffer => (i % 2 === 0 ? Buffer.alloc(value.length, 255) : (values[i - 1]?.value ?? value));
  await putBack(
    redis,
    values.map((shared, i) => ({ ...shared, value: other(shared.value, i) })),
  );
}

/** Leaves Redis so little room that so many values go, and then as much as before. What never expires stays. */
export async function evict({ client }: RedisServer, count: number): Promise<void> {
  const before = await figure(client, 'stats', 'evicted_keys');
  await client.config('SET', 'maxmemory-policy', 'volatile-lru');
  while ((await figure(client, 'stats', 'evicted_keys')) < before + count) {
    const counted = (await figure(client, 'memory', 'used_memory')) - (await figure(client, 'memory', 'mem_not_counted_for_evict'));
    await client.config('SET', 'maxmemory', String(counted - BYTES));
  }
  await client.config('SET', 'maxmemory', '0');
}

async function figure(client: RedisServer['client'], section: string, name: string): Promise<number> {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(await client.info(section))?.[1]);
}
