// The one door of purging: operators and writes, with what the answer to a write asks for, all end in `purge`. PURGE-PROTOCOL §3.2, §3.3, §4.8.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Authority, Confirmation, Patience, Publication } from './authority.ts';
import type { PurgeOrder, PurgeOutcome, Purges, Receipt } from './order.ts';
import type { PurgeLog } from './purge-log.ts';
import { Receipts } from './receipts.ts';
import type { TagHash, UrlSelector } from './tag-hash.ts';

/** Who wants to know of purges: an `Observer` does. */
export interface PurgeObserver {
  purgeEnded(end: Pick<Receipt, 'id' | 'mode'> & { readonly kind: PurgeOrder['kind']; readonly durationMs: number; readonly expired: number }): void;
  /** It was answered with something else. */
  purgeUnconfirmed(state: Exclude<PurgeOutcome['kind'], 'confirmed'>): void;
}

/** Who wants to know what purges did: observe/effect-ledger.ts. */
interface Effects {
  purged(purge: { readonly id: string; readonly epoch: number; readonly kind: PurgeOrder['kind']; readonly at: number }): void;
}

export interface PurgerParts {
  readonly authority: Authority;
  readonly tagHash: TagHash;
  readonly clock: Clock;
  readonly observer: PurgeObserver;
  readonly log: PurgeLog;
  readonly effects?: Effects;
  /** Every order that was published, here at least. */
  readonly told?: (order: PurgeOrder, at: number) => void;
  /** The forms in which entries of the URL may be tagged: one for each query rule of a route that it can take (without authority: on any host). */
  readonly normaliseUrl: (url: UrlSelector) => readonly UrlSelector[];
  /** Where the order states none. */
  readonly settleMs: number;
}

export class Purger implements Purges {
  readonly #parts: PurgerParts;
  /** The same number in two processes is not the same purge. */
  readonly #process = randomBytes(2).toString('hex');
  readonly #receipts = new Receipts();

  constructor(parts: PurgerParts) {
    this.#parts = parts;
  }

  async purge(order: PurgeOrder): Promise<PurgeOutcome> {
    const startedAt = this.#parts.clock.now();
    const confirmation = await this.#parts.authority.publish(this.#publicationOf(order, startedAt), patienceOf(order));
    if (confirmation.kind === 'confirmed' || confirmation.kind === 'committed') this.#parts.told?.(order, startedAt);
    return this.#conclude(order, confirmation, startedAt);
  }

  /** In one synchronous step, and nowhere else. */
  purgeHere(order: PurgeOrder): PurgeOutcome {
    const { authority, clock } = this.#parts;
    const startedAt = clock.now();
    const epoch = authority.publishHere(this.#publicationOf(order, startedAt));
    return this.#conclude(order, { kind: 'confirmed', epoch, marked: undefined }, startedAt);
  }

  /** What became of a purge that was answered here lately: its last outcome, or the one after `waitMs`. */
  outcomeOf(id: string, waitMs: number): Promise<PurgeOutcome | undefined> {
    return this.#receipts.find(id, waitMs);
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
    const { clock, log, observer } = this.#parts;
    const now = clock.now();
    const waitedMs = Math.round((now - startedAt) * 100) / 100;
    if (confirmation.kind !== 'confirmed') observer.purgeUnconfirmed(confirmation.kind);
    if (confirmation.kind !== 'confirmed' && confirmation.kind !== 'committed') {
      log.add(order, { at: startedAt, state: confirmation.kind === 'unknown' ? 'unknown' : 'refused', waitedMs });
      return confirmation;
    }
    const id = confirmation.kind === 'committed' ? confirmation.id : (confirmation.id ?? `${this.#process}.${confirmation.epoch}`);
    const receipt = this.#receiptOf(order, id, waitedMs);
    log.add(order, { at: startedAt, id, state: confirmation.kind, waitedMs });
    if (confirmation.kind === 'committed') {
      const { kind, boundMs, ended } = confirmation;
      const outcome = { kind, receipt, boundMs };
      this.#receipts.keep(
        id,
        outcome,
        ended.then((last) => this.#conclude(order, last, startedAt)),
      );
      return outcome;
    }
    const { kind, epoch, nodes } = confirmation;
    const marked = 'marked' in confirmation ? confirmation.marked : epoch;
    if (marked !== undefined) this.#parts.effects?.purged({ id, epoch: marked, kind: order.kind, at: startedAt });
    const outcome = { kind, epoch, receipt: nodes === undefined ? receipt : { ...receipt, nodes } };
    observer.purgeEnded({ id, mode: order.mode, kind: order.kind, durationMs: now - startedAt, expired: nodes?.expired ?? 0 });
    this.#receipts.keep(id, outcome);
    return outcome;
  }

  #receiptOf(order: PurgeOrder, id: string, waitedMs: number): Receipt {
    const tags = tagsOf(order).length + order.groups.length;
    return { id, authority: this.#parts.authority.name, mode: order.mode, tags, urls: order.urls.length, waitedMs };
  }
}

/** For a write longer than any confirmation takes while Redis answers: its answer must not wait for ever. */
const WRITE_WAIT_MS = 5_000;

function patienceOf({ kind, waitMs = Infinity }: PurgeOrder): Patience {
  return kind === 'write' ? { waitMs: WRITE_WAIT_MS, onFailure: 'retry' } : { waitMs, onFailure: 'answer' };
}

/** With those that only a version names. */
function tagsOf(order: PurgeOrder): readonly string[] {
  return order.versions.size === 0 ? order.tags : [...new Set([...order.tags, ...order.versions.keys()])];
}
