// What is sent in one go: as a seed has it, and how much is known of what comes back.
import type { Random } from '../history/random.ts';
import { corpus } from '../fuzz/corpus.ts';
import { REQUEST_ROWS } from '../security/request-rows.ts';
import { edited } from './edits.ts';
import { type MadeRequest, madeRequest } from './requests.ts';

export interface Turn {
  /** Each is sent when the one before has arrived. */
  readonly pieces: readonly string[];
  /** Of its requests, each of which is answered as long as the connection stays; undefined: nobody knows how many it has. */
  readonly methods: readonly string[] | undefined;
  /** The client says at once that it sends nothing more; else it waits first. */
  readonly isHalfClosed: boolean;
}

const KNOWN_TEXTS = [...corpus('requests', ['texts']).texts, ...REQUEST_ROWS.map(({ bytes }) => bytes)];

/** Of those so many are sent again now and then: what is stored is asked for, and what is remembered of texts is used. */
const REMEMBERED = 12;
const FLOOD = 10;
const PADDING = `X-Padding: ${'a'.repeat(12_000)}\r\n`;

export class Turns {
  readonly #decide: Random;
  readonly #recent: MadeRequest[] = [];

  constructor(decide: Random) {
    this.#decide = decide;
  }

  next(): Turn {
    const what = this.#decide.next();
    if (what < 0.72) return this.#sent([this.#request()]);
    if (what < 0.78) return this.#sent(this.#pipelined());
    return what < 0.79 ? this.#flood() : this.#unknown();
  }

  /** Of an episode. */
  last(): Turn {
    return { ...this.next(), methods: undefined, isHalfClosed: true };
  }

  #request(): MadeRequest {
    if (this.#recent.length > 0 && this.#decide.chance(0.5)) return this.#decide.pick(this.#recent);
    const made = madeRequest(this.#decide);
    this.#recent.push(made);
    if (this.#recent.length > REMEMBERED) this.#recent.shift();
    return made;
  }

  /** Each of another host: what is asked of one URL at once depends on when it comes. */
  #pipelined(): MadeRequest[] {
    return Array.from({ length: 2 + this.#decide.below(3) }, (_, i) => this.#onePipelined(i));
  }

  /** With an answer that breaks off an episode ends (differences.ts), so few are asked for. */
  #onePipelined(nth: number): MadeRequest {
    const made = madeRequest(this.#decide, `p${nth}.test`);
    return /\/(?:cut|torn)\//.test(made.text) && this.#decide.chance(0.95) ? this.#onePipelined(nth) : made;
  }

  /** More than is taken from a connection while an answer is due on it, all of it behind a request that takes a moment. */
  #flood(): Turn {
    const first = this.#onePipelined(0);
    const rest = Array.from({ length: FLOOD }, (_, i) => {
      const { method, text } = this.#onePipelined(i + 1);
      return { method, text: text.replace('\r\n', `\r\n${PADDING}`) };
    });
    return {
      pieces: [first.text, rest.map(({ text }) => text).join('')],
      methods: [first, ...rest].map(({ method }) => method),
      isHalfClosed: false,
    };
  }

  #unknown(): Turn {
    const decide = this.#decide;
    const text = decide.chance(0.8) ? this.#request().text : decide.pick(KNOWN_TEXTS);
    return { pieces: split(decide, decide.chance(0.95) ? edited(text, decide) : text), methods: undefined, isHalfClosed: false };
  }

  #sent(requests: readonly MadeRequest[]): Turn {
    const pieces = split(this.#decide, requests.map(({ text }) => text).join(''));
    return { pieces, methods: requests.map(({ method }) => method), isHalfClosed: false };
  }
}

function split(decide: Random, text: string): readonly string[] {
  if (text.length < 2 || !decide.chance(0.15)) return [text];
  const places = Array.from({ length: decide.chance(0.1) ? 12 : 1 + decide.below(3) }, () => 1 + decide.below(text.length - 1));
  const cuts = [0, ...new Set(places.toSorted((a, b) => a - b)), text.length];
  return cuts.slice(1).map((end, i) => text.slice(cuts[i], end));
}
