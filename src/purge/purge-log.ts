// What was purged lately, by whom and why: the last receipts, for /v1/purges and the audit. SECURITY §6 "Log": truncated and escaped.
import { createHmac, randomBytes } from 'node:crypto';
import type { PurgeOrder } from './order.ts';

export interface PurgeRecord {
  /** Epoch ms. */
  readonly at: number;
  /** Absent where nothing was published. */
  readonly id?: string;
  /** `committed`: whoever asked did not wait; how it ended is a record of its own. */
  readonly state: 'confirmed' | 'committed' | 'unknown' | 'refused';
  readonly kind: PurgeOrder['kind'];
  readonly mode: PurgeOrder['mode'];
  readonly actor: string;
  readonly reason?: string;
  /** The selectors, shortened. */
  readonly what: string;
  readonly waitedMs: number;
}

const RECORDS = 1000;
const TEXT_LENGTH = 100;
const WHAT_LENGTH = 500;

export class PurgeLog {
  /** Hashes of values are keyed by it, so that nobody who reads them can try out credentials elsewhere; it never leaves the process. */
  readonly #secret = randomBytes(32);
  readonly #ring: PurgeRecord[] = [];
  #next = 0;
  readonly #confirmed: (said: Omit<PurgeRecord, 'at'>) => void;

  /** `confirmed` is told of every purge that an operator or an event was confirmed, for the audit: without the queries of URLs, whose values no log has. */
  constructor(confirmed: (said: Omit<PurgeRecord, 'at'>) => void = () => undefined) {
    this.#confirmed = confirmed;
  }

  add(order: PurgeOrder, { at, ...end }: Pick<PurgeRecord, 'at' | 'id' | 'state' | 'waitedMs'>): void {
    const said = {
      ...end,
      kind: order.kind,
      mode: order.mode,
      actor: escaped(order.actor, TEXT_LENGTH),
      ...(order.reason === undefined ? {} : { reason: escaped(order.reason, WHAT_LENGTH) }),
      what: described(order, this.#secret),
    };
    this.#ring[this.#next] = { at, ...said };
    this.#next = (this.#next + 1) % RECORDS;
    if (order.kind !== 'write' && end.state === 'confirmed') this.#confirmed({ ...said, what: described(withoutQueries(order), this.#secret) });
  }

  /** Newest first. */
  recent(): PurgeRecord[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].toReversed();
  }
}

function withoutQueries(order: PurgeOrder): PurgeOrder {
  return { ...order, urls: order.urls.map((url) => (url.query === '' ? url : { ...url, query: '?*' })) };
}

/** The selectors as words, as many as fit. */
function described(order: PurgeOrder, secret: Buffer): string {
  let text = '';
  for (const word of words(order, secret)) {
    if (text.length + word.length > WHAT_LENGTH) return `${text} …`;
    text = text === '' ? word : `${text} ${word}`;
  }
  return text;
}

function* words(order: PurgeOrder, secret: Buffer): Generator<string> {
  if (order.all) yield 'all';
  for (const tag of order.tags) yield `tag=${escaped(tag, TEXT_LENGTH)}`;
  for (const { origin, group } of order.groups) yield `group=${escaped(`${origin} ${group}`, TEXT_LENGTH)}`;
  for (const url of order.urls) yield `url=${escaped((url.authority ?? '') + url.path + url.query, TEXT_LENGTH)}`;
  for (const prefix of order.prefixes) yield `prefix=${escaped((prefix.authority ?? '') + prefix.path, TEXT_LENGTH)}`;
  // A value may be a credential: only that it was the same one can be seen.
  for (const [claim, value] of order.scopes) yield `scope=${escaped(claim, TEXT_LENGTH)}=#${shortHash(value, secret)}`;
  for (const [tag, lowest] of order.versions) yield `version=${escaped(tag, TEXT_LENGTH)}=${lowest}`;
}

function shortHash(value: string, secret: Buffer): string {
  return createHmac('sha256', secret).update(value).digest('hex').slice(0, 8);
}

/** Visible ASCII and spaces; everything else and the backslash as \uXXXX; at most `length` characters of the text. */
export function escaped(text: string, length: number): string {
  const short = text.length > length ? `${text.slice(0, length)}…` : text;
  return short.replace(/[^\x20-\x5b\x5d-\x7e…]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
