// The source of events that are sent here: `POST /v1/events`. Nothing is kept but dead letters; what is not confirmed its sender brings again.
import type { Clock } from '../clock.ts';
import { DeadLetters } from './dead-letters.ts';
import type { Event } from './event.ts';
import type { Intake, Taken } from './intake.ts';
import type { DeadLetter, Ends, EventSource } from './source.ts';

export class Webhook implements EventSource {
  readonly name = 'webhook';
  readonly #intake: Intake;
  readonly #clock: Clock;
  readonly #dead = new DeadLetters();

  constructor({ intake, clock }: { readonly intake: Intake; readonly clock: Clock }) {
    this.#intake = intake;
    this.#clock = clock;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  /** What is under way the intake waits for. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async take(event: Event): Promise<Taken> {
    const taken = await this.#intake.take(event, this.name);
    if (taken.kind === 'rejected') this.#dead.put(event, { why: taken.faults.map(({ detail }) => detail), at: this.#clock.now() });
    else if (taken.kind !== 'failed') this.#dead.remove(event);
    return taken;
  }

  malformed(why: string): void {
    this.#intake.malformed(this.name, why);
  }

  get deadCount(): number {
    return this.#dead.count;
  }

  deadLetters(most: number, from: Ends): Promise<readonly DeadLetter[]> {
    return Promise.resolve(this.#dead.list(most, from));
  }

  async replay(id: string): Promise<Taken | undefined> {
    const event = this.#dead.find(id);
    return event === undefined ? undefined : await this.take(event);
  }
}
