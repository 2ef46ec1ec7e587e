// What was lost of the stream before it was read named purges that nobody knows. So everything is purged, and the operator is told.
import { randomBytes } from 'node:crypto';
import { pause } from '../pause.ts';
import type { Event } from './event.ts';
import type { Taken } from './intake.ts';
import { PURGE_TYPE } from './rules.ts';

type Say = (message: string, detail: Readonly<Record<string, unknown>>) => void;

export interface LossParts {
  readonly stream: string;
  readonly group: string;
  /** Of the purge, as an event. */
  readonly source: string;
  readonly take: (event: Event) => Promise<Taken>;
  readonly log: { readonly error: Say; readonly warn: Say };
  /** Aborted: this closes, and what is not confirmed by then stays owed. */
  readonly signal: AbortSignal;
}

const AGAIN_MS = 1_000;

export class StreamLosses {
  readonly #parts: LossParts;
  #isBlind = false;

  constructor(parts: LossParts) {
    this.#parts = parts;
  }

  /** These resolve when everything is purged; false: this closed before. */
  ofGroup(): Promise<boolean> {
    const { log, stream, group } = this.#parts;
    log.error('the consumer group of the stream was gone and is there again: what was not read by then is lost', { stream, group });
    return this.#purgeAll('the consumer group of the stream of events was gone');
  }

  /** `count`: undefined where nobody knows any more. */
  ofEntries(count?: number): Promise<boolean> {
    const { log, stream } = this.#parts;
    log.error('entries of the stream were removed before they were read: everything is purged, since nobody knows what they named', {
      stream,
      ...(count === undefined ? {} : { entries: count }),
      remedy: 'a larger MAXLEN where they are added',
    });
    return this.#purgeAll(`${count ?? 'some'} entries of the stream of events were removed before they were read`);
  }

  /** Said once. */
  blind(): void {
    if (this.#isBlind) return;
    this.#isBlind = true;
    const { log, stream } = this.#parts;
    log.warn('Redis cannot tell whether entries of the stream are trimmed before they are read: it is older than 7.0, or one was deleted', {
      stream,
      remedy: 'no XDEL, and a MAXLEN that is large enough',
    });
  }

  async #purgeAll(reason: string): Promise<boolean> {
    const { source, take, signal } = this.#parts;
    const event = { id: randomBytes(9).toString('base64url'), source, type: PURGE_TYPE, data: { all: true, reason } };
    while (!signal.aborted) {
      const taken = await take(event);
      if (taken.kind !== 'failed') return true;
      await pause(AGAIN_MS, signal);
    }
    return false;
  }
}
