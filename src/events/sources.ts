// All sources of events together: opened and closed as one, and asked for dead letters by name.
import type { Backlog } from './backlog.ts';
import type { Taken } from './intake.ts';
import type { DeadLetter, Ends, EventSource } from './source.ts';

export interface Replayed {
  readonly source: string;
  readonly id: string;
  readonly taken: Taken;
}

export interface SourceProgress extends Partial<Backlog> {
  readonly source: string;
  readonly isReading: boolean;
}

export class EventSources {
  readonly #sources: readonly EventSource[];

  constructor(sources: readonly EventSource[]) {
    this.#sources = sources;
  }

  get names(): readonly string[] {
    return this.#sources.map(({ name }) => name);
  }

  /** Dead letters of each, as last known. */
  get deadCounts(): readonly { readonly source: string; readonly count: number }[] {
    return this.#sources.map(({ name, deadCount }) => ({ source: name, count: deadCount }));
  }

  /** Of those that fetch their events. */
  get progress(): readonly SourceProgress[] {
    return this.#sources.flatMap(({ name, isReading, backlog }) => (isReading === undefined ? [] : [{ source: name, isReading, ...backlog }]));
  }

  /** Rejects with the RunError of the first that cannot be; the others are closed again then. */
  async open(): Promise<void> {
    const opened = await Promise.allSettled(this.#sources.map((source) => source.open()));
    const failed = opened.find((one) => one.status === 'rejected');
    if (failed === undefined) return;
    await this.close();
    throw failed.reason;
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()));
  }

  /** In that order, at most `most` of all of them together. */
  async deadLetters(most: number, ends: Ends, from?: string): Promise<readonly (DeadLetter & { readonly from: string })[]> {
    const lists = await Promise.all(
      this.#of(from).map(async (source) => (await source.deadLetters(most, ends)).map((letter) => ({ ...letter, from: source.name }))),
    );
    return lists
      .flat()
      .toSorted((a, b) => (ends === 'newest' ? b.at - a.at : a.at - b.at))
      .slice(0, most);
  }

  /** The letter of this id, in whichever source it is; several sources may have one. */
  async replay(id: string, from?: string): Promise<readonly Replayed[]> {
    const replayed = await Promise.all(
      this.#of(from).map(async (source) => {
        const taken = await source.replay(id);
        return taken === undefined ? [] : [{ source: source.name, id, taken }];
      }),
    );
    return replayed.flat();
  }

  /** The `most` oldest, the oldest first, up to the first that is not confirmed: the others would most likely not be either. */
  async replayAll(most: number, from?: string): Promise<readonly Replayed[]> {
    const replayed: Replayed[] = [];
    for (const letter of await this.deadLetters(most, 'oldest', from)) {
      replayed.push(...(await this.replay(letter.id, letter.from)));
      if (replayed.at(-1)?.taken.kind === 'failed') break;
    }
    return replayed;
  }

  #of(name: string | undefined): readonly EventSource[] {
    return name === undefined ? this.#sources : this.#sources.filter((source) => source.name === name);
  }
}
