// A Map that grows without a stall. V8 doubles a Map in one step, which takes 60 ms of CPU at a million keys and 4 ms at 65,536: so there are many, each short.

/** With 4,000,000 keys each has some 16,000. A power of two. */
const SHARDS = 256;

/** So many characters tell a key's shard: all of a usual one's, or every second, every third. */
const MOST_READ = 64;

export class ShardedMap<Value> {
  readonly #shards = Array.from({ length: SHARDS }, () => new Map<string, Value>());

  get(key: string): Value | undefined {
    return this.#shardOf(key).get(key);
  }

  set(key: string, value: Value): void {
    this.#shardOf(key).set(key, value);
  }

  delete(key: string): void {
    this.#shardOf(key).delete(key);
  }

  clear(): void {
    for (const shard of this.#shards) shard.clear();
  }

  #shardOf(key: string): Map<string, Value> {
    return this.#shards[spread(key)] as Map<string, Value>;
  }
}

/** FNV-1a. Who chooses keys that all come to one shard gets the stall that one Map would have, and no more. */
function spread(key: string): number {
  const step = Math.ceil(key.length / MOST_READ);
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += step) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) & (SHARDS - 1);
}
