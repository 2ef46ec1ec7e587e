// Does a client keep up? A byte now and then must not hold things open for ever: whoever had the turn over a window, to send its body or to take its
// answer, has to have moved so many bytes in it. A turn is looked at once a window; what it rested, because somebody else was waited for, is known.
import type { Clock } from '../clock.ts';

/** It is for the client to go on: it owes bytes that somebody waits for, or has not taken what it was given. */
export interface Turn {
  /** What it has the turn in: a body, or an answer. */
  readonly of: object;
  /** For how long so far it was not the client's turn. */
  readonly restedMs: number;
  readonly movedBytes: number;
}

export interface Window {
  readonly leastBytes: number;
  /** Not its turn for longer than this: nothing is demanded. */
  readonly mostRestMs: number;
}

/** Whether a turn has lasted since the look `before`, and too little was moved in it. */
export function lags(before: readonly Turn[], now: readonly Turn[], { leastBytes, mostRestMs }: Window): boolean {
  return before.some((then) => {
    const turn = now.find(({ of }) => of === then.of);
    return turn !== undefined && turn.restedMs - then.restedMs <= mostRestMs && turn.movedBytes - then.movedBytes < leastBytes;
  });
}

/** The rests of a turn. */
export class Rest {
  readonly #clock: Clock;
  #endedMs = 0;
  #since: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get ms(): number {
    return this.#endedMs;
  }

  begin(): void {
    this.#since ??= this.#clock.now();
  }

  end(): void {
    if (this.#since === undefined) return;
    this.#endedMs += this.#clock.now() - this.#since;
    this.#since = undefined;
  }
}
