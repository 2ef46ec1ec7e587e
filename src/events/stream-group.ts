// The consumer group by which the stream of events is read: that it is there, what was given to whom, and which of its consumers are gone.
import { listOf, type Reply } from '../cluster/logged-purge.ts';
import { messageOf, type RedisConnection } from '../cluster/redis-connection.ts';
import type { StreamEntry } from './stream-entry.ts';
import { entriesOf, utf8 } from './stream-replies.ts';

export interface GroupParts {
  readonly calls: Pick<RedisConnection, 'command'>;
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  /** Where a group that was never there begins: at the oldest entry, or with the next one. */
  readonly from: 'oldest' | 'next';
  /** In Redis as soon as the group was read once. */
  readonly mark: string;
}

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

  /** `again`: it was gone, and with it the knowledge of what was read. What came since is read whatever `from` says: it may have been missed. */
  async ensure(): Promise<'there' | 'again'> {
    const { calls, stream, group, from, mark } = this.#parts;
    const wasThere = this.#wasThere || (await calls.command('EXISTS', mark)) === 1;
    const isNew = await this.#create(from === 'oldest' || wasThere ? '0' : '$', { stream, group });
    this.#wasThere = true;
    return isNew && wasThere ? 'again' : 'there';
  }

  /** What was given to whom did not acknowledge it for so long is this consumer's. */
  async claim({ idleMs, cursor, count }: { readonly idleMs: number; readonly cursor: string; readonly count: number }): Promise<Claimed> {
    const { calls, stream, group, consumer } = this.#parts;
    const reply = listOf(await calls.command('XAUTOCLAIM', stream, group, consumer, idleMs, cursor, 'COUNT', count));
    return { cursor: utf8(reply[0]), entries: entriesOf(reply[1]), gone: listOf(reply[2]).map(utf8) };
  }

  async acknowledge(ids: readonly string[]): Promise<void> {
    const { calls, stream, group } = this.#parts;
    await calls.command('XACK', stream, group, ...ids);
  }

  /** A machine that is gone leaves its name behind. */
  async forgetConsumers(): Promise<void> {
    const { calls, stream, group, consumer } = this.#parts;
    for (const flat of listOf(await calls.command('XINFO', 'CONSUMERS', stream, group))) {
      const found = pairsOf(flat);
      const name = utf8(found.get('name'));
      if (name !== consumer && Number(found.get('pending')) === 0 && Number(found.get('idle')) > FORGOTTEN_AFTER_MS) {
        await calls.command('XGROUP', 'DELCONSUMER', stream, group, name);
      }
    }
  }

  async #create(from: '0' | '$', { stream, group }: { readonly stream: string; readonly group: string }): Promise<boolean> {
    try {
      await this.#parts.calls.command('XGROUP', 'CREATE', stream, group, from, 'MKSTREAM');
      return true;
    } catch (error) {
      if (!messageOf(error).startsWith('BUSYGROUP')) throw error;
      return false;
    }
  }
}

function pairsOf(flat: Reply): ReadonlyMap<string, Reply | undefined> {
  return new Map(listOf(flat).flatMap((name, at, all) => (at % 2 === 0 ? [[utf8(name), all[at + 1]] as const] : [])));
}
