// A purge desk for sources under test: it notes what is purged, in order, and confirms it, holds it back or refuses it as the test wants.
import { EventEmitter, once } from 'node:events';
import { systemClock } from '../../src/clock.ts';
import { Intake } from '../../src/events/intake.ts';
import { type EventRule, planOf } from '../../src/events/rules.ts';
import type { PurgeOrder, PurgeOutcome } from '../../src/purge/order.ts';

export class Desk {
  /** Of each purge its tags, in the order in which they were confirmed. */
  readonly purged: string[] = [];
  /** What was logged, at any level. */
  readonly said: { readonly message: string; readonly detail: Readonly<Record<string, unknown>> }[] = [];
  readonly ended: string[] = [];
  readonly intake: Intake;
  readonly log: { readonly warn: Say; readonly info: Say; readonly error: Say };
  /** Purges wait for it. */
  held: Promise<void> | undefined;
  readonly #happened = new EventEmitter().setMaxListeners(0);

  constructor(rules: readonly EventRule[] = []) {
    const say: Say = (message, detail) => {
      this.said.push({ message, detail });
      this.#happened.emit('more');
    };
    this.log = { warn: say, info: say, error: say };
    this.intake = new Intake({
      plan: (event) => planOf(event, { rules, scopeNames: [] }),
      purge: (order) => this.#purge(order),
      observer: { ...this.log, eventTaken: ({ result }) => void this.ended.push(result), eventRetried: () => undefined },
      clock: systemClock,
      pause: () => Promise.resolve(),
      random: () => 0,
    });
  }

  /** Resolves when `isSo`, which is looked at whenever something happened here. */
  async until(isSo: (desk: this) => boolean): Promise<void> {
    while (!isSo(this)) await once(this.#happened, 'more');
  }

  untilPurged(count: number): Promise<void> {
    return this.until(({ purged }) => purged.length >= count);
  }

  untilSaid(pattern: RegExp): Promise<void> {
    return this.until(({ said }) => said.some(({ message, detail }) => pattern.test(`${message} ${JSON.stringify(detail)}`)));
  }

  async #purge({ tags }: PurgeOrder): Promise<PurgeOutcome> {
    await this.held;
    this.purged.push(tags.join(' '));
    this.#happened.emit('more');
    return {
      kind: 'confirmed',
      epoch: this.purged.length,
      receipt: { id: `p.${this.purged.length}`, authority: 'process', mode: 'hard', tags: tags.length, urls: 0, waitedMs: 0 },
    };
  }
}

type Say = (message: string, detail: Readonly<Record<string, unknown>>) => void;
