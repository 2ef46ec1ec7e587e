// The process with one thread that serves, which is the main one: what is published is in its own memory.
import type { Shelf } from './admin/entries.ts';
import { takeTurn } from './admin/shelf.ts';
import type { Clock } from './clock.ts';
import type { Config, ListenAddress } from './config/config.ts';
import { keying } from './config/keying.ts';
import type { Control } from './control.ts';
import type { Request } from './http/message.ts';
import type { RoutesSeen } from './map/stored-sightings.ts';
import type { Observe } from './observe/observe.ts';
import type { ThreadReadings } from './observe/readings.ts';
import { explain } from './proxy/explain.ts';
import type { Service } from './service.ts';
import { Thread } from './thread.ts';

export interface AloneParts {
  readonly control: Control;
  readonly observe: Observe;
  readonly clock: Clock;
  readonly tokenClock: Clock;
}

export class Alone implements Service {
  readonly threads = 1;
  readonly crashes = 0;
  readonly #control: Control;
  readonly #thread: Thread;

  constructor({ control, observe, clock, tokenClock }: AloneParts) {
    const { config, secrets, tagHash, sketch, purger, purgeAtRate, authority, effects } = control;
    this.#control = control;
    this.#thread = new Thread({
      config,
      clock,
      tokenClock,
      observe,
      secret: secrets.scopes,
      tagHash,
      sketch,
      purger,
      purgeAtRate,
      marks: authority.marks,
      barrier: authority.barrier,
      epochs: () => authority.epochs,
      effectsFound: (report) => effects.told(0, report),
      audited: (records) => control.audits.add(records),
    });
  }

  get address(): ListenAddress {
    return this.#thread.address;
  }

  get readings(): ThreadReadings {
    return this.#thread.readings;
  }

  open(listen: ListenAddress): Promise<void> {
    return this.#thread.open(listen, { shared: false });
  }

  shelves(): readonly Shelf[] {
    return [{ turn: (question) => takeTurn(question, this.#thread.parts) }];
  }

  explain(request: Request): Promise<unknown> {
    return explain(request, this.#thread.parts);
  }

  snapshots(): Promise<readonly []> {
    return Promise.resolve([]);
  }

  sightings(): Promise<readonly RoutesSeen[]> {
    return Promise.resolve([this.#thread.sightings.seen]);
  }

  /** In one step: no request comes between the new rules and the end of what was stored under the old ones. */
  reload(next: Config): Promise<void> {
    const rekeyed = keying(next) !== keying(this.#control.config);
    this.#control.reconfigure(next);
    this.#thread.reconfigure(next);
    if (rekeyed) this.#control.purgeAfterReload();
    return Promise.resolve();
  }

  /** Nothing stored until now may be used any more. */
  forget(): void {
    this.#thread.parts.store.clear();
  }

  close(timeoutMs: number): Promise<void> {
    return this.#thread.close(timeoutMs);
  }
}
