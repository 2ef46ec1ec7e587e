// Which events came that no rule is for? By type, in bounded room. Told by the intake.
import { escaped } from '../purge/purge-log.ts';
import { note } from './stored-sightings.ts';

export interface UnmatchedEvent {
  readonly type: string;
  readonly source: string;
  readonly id: string;
}

export interface UnmatchedType {
  count: number;
  firstAt: number;
  /** Who sent it, and its id. */
  readonly examples: string[];
}

export interface EventsSeen {
  /** By type. */
  readonly unmatched: ReadonlyMap<string, UnmatchedType>;
  /** Events of more types than there is room for. */
  readonly unplaced: number;
}

const MOST_TYPES = 128;
const TYPE_LENGTH = 100;
const EXAMPLE_LENGTH = 90;

export class EventSightings {
  readonly #types = new Map<string, UnmatchedType>();
  #unplaced = 0;

  unmatched({ type, source, id }: UnmatchedEvent, at: number): void {
    const name = escaped(type, TYPE_LENGTH);
    let known = this.#types.get(name);
    if (known === undefined && this.#types.size < MOST_TYPES) this.#types.set(name, (known = { count: 0, firstAt: at, examples: [] }));
    if (known === undefined) {
      this.#unplaced++;
      return;
    }
    known.count++;
    note(known.examples, escaped(`${source} ${id}`, EXAMPLE_LENGTH));
  }

  get seen(): EventsSeen {
    return { unmatched: this.#types, unplaced: this.#unplaced };
  }
}
