// Dead letters of the stream of events: in a stream beside it, each with the entry that it was and why it was set aside.
import type { Reply } from '../cluster/logged-purge.ts';
import { parseJson } from '../http/json.ts';
import type { Event } from './event.ts';
import type { Taken } from './intake.ts';
import { type DeadLetter, describedEvent, type Ends } from './source.ts';
import { readStreamEntry, type StreamEntry } from './stream-entry.ts';
import { entriesOf } from './stream-replies.ts';

export interface StreamLettersParts {
  /** The name of their stream. */
  readonly key: string;
  /** Of events that name no source. */
  readonly source: string;
  /** Rejects with a RunError where Redis is away. */
  readonly ask: (name: string, ...args: readonly (string | number)[]) => Promise<Reply>;
  readonly take: (event: Event) => Promise<Taken>;
}

export class StreamLetters {
  readonly #parts: StreamLettersParts;

  constructor(parts: StreamLettersParts) {
    this.#parts = parts;
  }

  /** In that order. */
  async list(most: number, from: Ends): Promise<readonly DeadLetter[]> {
    const { ask, key } = this.#parts;
    const asked = from === 'newest' ? ask('XREVRANGE', key, '+', '-', 'COUNT', most) : ask('XRANGE', key, '-', '+', 'COUNT', most);
    return entriesOf(await asked).map((letter) => this.#letterOf(letter));
  }

  /** Gone where that ends well. Undefined: there is no such letter. */
  async replay(id: string): Promise<Taken | undefined> {
    const { ask, key, take } = this.#parts;
    if (!/^\d{1,15}-\d{1,15}$/.test(id)) return undefined;
    const [letter] = entriesOf(await ask('XRANGE', key, id, id));
    if (letter === undefined) return undefined;
    const read = this.#readAgain(letter);
    if (read.kind === 'malformed') return { kind: 'rejected', faults: [{ rule: '', detail: read.detail }] };
    const taken = await take(read.event);
    if (taken.kind !== 'rejected' && taken.kind !== 'failed') await ask('XDEL', key, id);
    return taken;
  }

  #readAgain(letter: StreamEntry): ReturnType<typeof readStreamEntry> {
    const { entry, fields } = keptIn(letter);
    return readStreamEntry({ id: entry, fields }, { source: this.#parts.source, id: `${entry}@${letter.id}` });
  }

  #letterOf(letter: StreamEntry): DeadLetter {
    const read = this.#readAgain(letter);
    const at = Number(letter.id.split('-', 1)[0]);
    return { id: letter.id, event: read.kind === 'event' ? describedEvent(read.event) : undefined, why: keptIn(letter).why.split('\n'), at };
  }
}

function keptIn({ fields }: StreamEntry): { readonly entry: string; readonly why: string; readonly fields: readonly string[] } {
  const valueOf = (name: string): string => fields[fields.indexOf(name) + 1] ?? '';
  // Whoever else writes there may write what is no letter.
  const kept = parseJson(valueOf('fields'));
  return { entry: valueOf('entry'), why: valueOf('why'), fields: Array.isArray(kept) ? kept.map(String) : [] };
}
