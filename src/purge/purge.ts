// The one door of purging: operators and writes, with what the answer to a write asks for, all end in `purge`. PURGE-PROTOCOL §3.2, §3.3, §4.8.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Authority, Confirmation, Publication } from './authority.ts';
import type { PurgeOrder, PurgeOutcome, Purges, Receipt } from './order.ts';
import type { PurgeLog } from './purge-log.ts';
import type { TagHash, UrlSelector } from './tag-hash.ts';

/** Who wants to know of purges: an `Observer` does. */
export interface PurgeObserver {
  purgeEnded(end: Pick<Receipt, 'id' | 'mode'> & { readonly kind: PurgeOrder['kind']; readonly durationMs: number }): void;
}

export interface PurgerParts {
  readonly authority: Authority;
  readonly tagHash: TagHash;
  readonly clock: Clock;
  readonly observer: PurgeObserver;
  readonly log: PurgeLog;
  /** The forms in which entries of the URL may be tagged: one for each query rule of a route that it can take (without authority: on any host). */
  readonly normaliseUrl: (url: UrlSelector) => readonly UrlSelector[];
  /** Where the order states none. */
  readonly settleMs: number;
}

export class Purger implements Purges {
  readonly #parts: PurgerParts;
  /** The same number in two processes is not the same purge. */
  readonly #process = randomBytes(2).toString('hex');

  constructor(parts: PurgerParts) {
    this.#parts = parts;
  }

  async purge(order: PurgeOrder): Promise<PurgeOutcome> {
    const startedAt = this.#parts.clock.now();
    return this.#conclude(order, await this.#parts.authority.publish(this.#publicationOf(order, startedAt)), startedAt);
  }

  /** The same in one synchronous step, for an authority that confirms at once. */
  purgeNow(order: PurgeOrder): PurgeOutcome {
    const { authority, clock } = this.#parts;
    const startedAt = clock.now();
    const confirmation = authority.publish(this.#publicationOf(order, startedAt));
    if (confirmation instanceof Promise) throw new TypeError(`purgeNow: the authority "${authority.name}" does not confirm at once`);
    return this.#conclude(order, confirmation, startedAt);
  }

  #publicationOf(order: PurgeOrder, at: number): Publication {
    const settleMs = order.settleMs ?? this.#parts.settleMs;
    const { tagHash } = this.#parts;
    return {
      selectors: { tagIds: this.#tagIdsOf(order), all: order.all },
      mode: order.mode,
      at,
      ...(settleMs > 0 ? { heldUntil: at + settleMs } : {}),
      ...(order.versions.size > 0 ? { versions: Array.from(order.versions, ([tag, lowest]) => ({ tagIds: tagHash.tagIds([tag]), lowest })) } : {}),
    };
  }

  #tagIdsOf(order: PurgeOrder): Int32Array {
    const { tagHash, normaliseUrl } = this.#parts;
    return tagHash.join(
      tagHash.tagIds(tagsOf(order)),
      ...order.groups.map(({ origin, group }) => tagHash.groupIds(origin, [group])),
      ...order.urls.flatMap((url) => normaliseUrl(url).map((form) => tagHash.urlIds(form))),
      ...order.prefixes.map((prefix) => tagHash.prefixIds(prefix)),
      tagHash.claimIds(order.scopes),
    );
  }

  #conclude(order: PurgeOrder, confirmation: Confirmation, startedAt: number): PurgeOutcome {
    const { authority, clock, log, observer } = this.#parts;
    const now = clock.now();
    const waitedMs = Math.round((now - startedAt) * 100) / 100;
    if (confirmation.kind === 'out-of-holds') {
      log.add(order, { at: startedAt, state: 'refused', waitedMs });
      return confirmation;
    }
    const receipt: Receipt = {
      id: `${this.#process}.${confirmation.epoch}`,
      epoch: confirmation.epoch,
      authority: authority.name,
      mode: order.mode,
      tags: tagsOf(order).length + order.groups.length,
      urls: order.urls.length,
      waitedMs,
    };
    log.add(order, { at: startedAt, id: receipt.id, state: 'confirmed', waitedMs });
    observer.purgeEnded({ id: receipt.id, mode: order.mode, kind: order.kind, durationMs: now - startedAt });
    return { kind: 'confirmed', receipt };
  }
}

/** With those that only a version names. */
function tagsOf(order: PurgeOrder): readonly string[] {
  return order.versions.size === 0 ? order.tags : [...new Set([...order.tags, ...order.versions.keys()])];
}
