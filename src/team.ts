// The process with several threads that serve. This one, the main thread, publishes for all of them (PURGE-PROTOCOL §3.4) and serves nobody.
import type { Shelf } from './admin/entries.ts';
import type { Clock } from './clock.ts';
import type { LogEpochs } from './cluster/log-epochs.ts';
import type { Config, ListenAddress } from './config/config.ts';
import { keying } from './config/keying.ts';
import type { Control } from './control.ts';
import { RunError } from './errors.ts';
import type { Request } from './http/message.ts';
import type { RoutesSeen } from './map/stored-sightings.ts';
import type { Observe } from './observe/observe.ts';
import type { Snapshot } from './observe/snapshot.ts';
import type { Service } from './service.ts';
import { assertFree } from './workers/port-sharing.ts';
import { shareOf } from './workers/share.ts';
import { Workers } from './workers/workers.ts';

export interface TeamParts {
  readonly control: Control;
  readonly observe: Observe;
  readonly clock: Clock;
  readonly count: number;
}

export class Team implements Service {
  readonly #control: Control;
  readonly #count: number;
  readonly #workers: Workers;
  #address: ListenAddress | undefined;
  #reloaded: Promise<void> = Promise.resolve();

  constructor({ control, observe, clock, count }: TeamParts) {
    const { secrets, authority, door, purgeAtRate, effects } = control;
    const { barrier } = authority;
    this.#control = control;
    this.#count = count;
    this.#workers = new Workers({
      count,
      observer: observe,
      ended: () => effects.threadEnded(),
      answers: {
        purge: (order) => door.purge(order),
        purgeAtRate: (order) => purgeAtRate(order),
        barrier: () => barrier?.() ?? Promise.resolve(true),
        effects: ({ worker, report }) => effects.told(worker - 1, report),
        audited: (records) => control.audits.add(records),
      },
      startOf: (worker) => ({
        worker,
        config: shareOf(control.config, count),
        secrets,
        asksBarrier: barrier !== undefined,
        marks: authority.memory,
        sketch: control.sketchMemory,
        epochs: authority.epochs,
        ...(clock.instant === undefined ? {} : { instant: clock.instant }),
      }),
    });
  }

  get address(): ListenAddress {
    if (this.#address === undefined) throw new RunError('the listener is not open');
    return this.#address;
  }

  get threads(): number {
    return this.#workers.serving.length;
  }

  get crashes(): number {
    return this.#workers.crashes;
  }

  async open(listen: ListenAddress): Promise<void> {
    await assertFree(listen);
    this.#address = await this.#workers.open(listen);
  }

  epochsChanged(epochs: LogEpochs): void {
    this.#workers.tellEpochs(epochs);
  }

  shelves(): readonly Shelf[] {
    return this.#workers.serving.map((slot) => ({ worker: slot.worker, turn: (question) => slot.ask('turn', question) }));
  }

  /** What each would do: the first in full, of the others what is theirs. */
  async explain(request: Request): Promise<unknown> {
    const asked = this.#workers.serving.map(async (slot) => ({ worker: slot.worker, ...(await slot.ask('explain', request)) }));
    const said = (await Promise.allSettled(asked)).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const [first, ...others] = said;
    if (first === undefined) throw new RunError('no worker answered');
    const elsewhere = others.map(({ worker, stored, decision, reason, sentence }) => ({ worker, stored, decision, reason, sentence }));
    return { ...first, elsewhere };
  }

  snapshots(): Promise<readonly Snapshot[]> {
    return this.#workers.snapshots();
  }

  /** Of those that answer: what one had seen that has ended is gone. */
  async sightings(): Promise<readonly RoutesSeen[]> {
    const asked = await Promise.allSettled(this.#workers.serving.map((slot) => slot.ask('sightings', undefined)));
    return asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  }

  /** One after the other. */
  reload(next: Config): Promise<void> {
    this.#reloaded = this.#reloaded.then(() => this.#apply(next));
    return this.#reloaded;
  }

  /** As a crash would end it: for tests. Resolves when the next one accepts. */
  replaceWorker(worker: number): Promise<void> {
    return this.#workers.replace(worker);
  }

  close(timeoutMs: number): Promise<void> {
    return this.#workers.close(timeoutMs);
  }

  /** Until the last worker has the new rules, what was stored under the old ones may still answer; so no purge that names things by the new ones is confirmed. */
  async #apply(next: Config): Promise<void> {
    const rekeyed = keying(next) !== keying(this.#control.config);
    const share = shareOf(next, this.#count);
    this.#control.reconfigure(next);
    if (!rekeyed) return this.#workers.reload(share);
    await this.#control.rekey(() => this.#workers.reload(share));
  }
}
