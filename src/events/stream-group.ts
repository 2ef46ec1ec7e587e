// The consumer group by which the stream of events is read: that it is there, what was given to whom, and which of its consumers are gone.
import { listOf, type Reply } from '../cluster/logged-purge.ts';
import type { RedisConnection } from '../cluster/redis-connection.ts';
import type { StreamEntry } from './stream-entry.ts';
import { entriesOf, utf8 } from './stream-replies.ts';
import { CLAIM, ENSURE_GROUP, type StreamKeys } from './stream-scripts.ts';

export interface GroupParts {
  readonly calls: Pick<RedisConnection, 'command' | 'run'>;
  readonly keys: StreamKeys;
  readonly group: string;
  readonly consumer: string;
  /** Where a group that was never there begins: at the oldest entry, or with the next one. */
  readonly from: 'oldest' | 'next';
}

/** Why everything is to be purged: the group was gone and is there again, or entries were before they were read. */
export type Owed = 'nothing' | 'group' | 'entries';

export interface Claimed {
  /** `0-0`: nothing is left. */
  readonly cursor: string;
  readonly entries: readonly StreamEntry[];
  /** Ids that were pending and are not in the stream any more: Redis has forgotten them by now. */
  readonly gone: readonly string[];
}

/** A consumer that has nothing and was not seen for so long has another name now. */
const FORGOTTEN_AFTER_MS = 86_400_000;

export class StreamGroup {
  readonly #parts: GroupParts;
  #wasThere = false;

  constructor(parts: GroupParts) {
    this.#parts = parts;
  }

  /** Another node has seen to it that it is there: where it is not any more, it was lost. */
  wasSeen(): void {
    this.#wasThere = true;
  }

  /** One that is there again is read from the oldest entry on, whatever `from` says: what came since may have been missed. */
  async ensure(): Promise<Owed> {
    const { group, from } = this.#parts;
    const [owed] = await this.#script(ENSURE_GROUP, [group, from === 'oldest' ? '0' : '$', this.#wasThere ? 1 : 0]);
    this.#wasThere = true;
    return utf8(owed) as Owed;
  }

  /** Everything was purged. */
  async settle(): Promise<void> {
    const [, , , , owed] = this.#parts.keys;
    await this.#parts.calls.command('DEL', owed);
  }

  /** What was given to whom did not acknowledge it for so long is this consumer's. What is gone is owed until it is settled. */
  async claim({ idleMs, cursor, count }: { readonly idleMs: number; readonly cursor: string; readonly count: number }): Promise<Claimed> {
    const { group, consumer } = this.#parts;
    const [next, entries, gone] = await this.#script(CLAIM, [group, consumer, idleMs, cursor, count]);
    return { cursor: utf8(next), entries: entriesOf(entries), gone: listOf(gone).map(utf8) };
  }

  async acknowledge(ids: readonly string[]): Promise<void> {
    const { calls, keys, group } = this.#parts;
    await calls.command('XACK', keys[0], group, ...ids);
  }

  /** A machine that is gone leaves its name behind. */
  async forgetConsumers(): Promise<void> {
    const { calls, keys, group, consumer } = this.#parts;
    for (const flat of listOf(await calls.command('XINFO', 'CONSUMERS', keys[0], group))) {
      const found = pairsOf(flat);
      const name = utf8(found.get('name'));
      if (name !== consumer && Number(found.get('pending')) === 0 && Number(found.get('idle')) > FORGOTTEN_AFTER_MS) {
        await calls.command('XGROUP', 'DELCONSUMER', keys[0], group, name);
      }
    }
  }

  async #script(script: string, args: readonly (string | number)[]): Promise<readonly Reply[]> {
    return (await this.#parts.calls.run(script, { keys: this.#parts.keys, args, replicas: 0 })).reply;
  }
}

function pairsOf(flat: Reply): ReadonlyMap<string, Reply | undefined> {
  return new Map(listOf(flat).flatMap((name, at, all) => (at % 2 === 0 ? [[utf8(name), all[at + 1]] as const] : [])));
}
