// An episode: two new Freshets, one with the fast path and one without, and what a seed has sent to both, turn by turn. What differs is a fault.
import { type Random, random } from '../history/random.ts';
import { SettableClock } from '../support/clock.ts';
import { finalOnes, saysClose, statusOf } from './answers.ts';
import { bytesOf, differenceOf } from './differences.ts';
import { Motion } from './motion.ts';
import { type Outcome, Side } from './side.ts';
import { type Turn, Turns } from './turns.ts';

export interface Tally {
  turns: number;
  answers: number;
  /** Of those, by the fast path. */
  fast: number;
  hits: number;
  readonly statuses: Map<number, number>;
  readonly permitted: Map<string, number>;
}

export interface Fault {
  readonly turn: number;
  readonly text: string;
}

/** Turns of the event loop in which nothing moves: until then something may come of what was sent. */
const STILL_TURNS = 60;
/** Until then it is as good as sure that it has been read. */
const READ_TURNS = 15;
const PIECE_TURNS = 3;

export function newTally(): Tally {
  return { turns: 0, answers: 0, fast: 0, hits: 0, statuses: new Map(), permitted: new Map() };
}

/** Undefined where both did the same in all of its turns. */
export async function playEpisode({ seed, turns }: { readonly seed: number; readonly turns: number }, tally: Tally): Promise<Fault | undefined> {
  const decide = random(seed);
  const script = new Turns(decide);
  await using episode = await Episode.start(decide, tally);
  for (let nth = 1; nth <= turns; nth++) {
    const isLast = nth === turns;
    const fault = (isLast ? await episode.compareCounts() : undefined) ?? (await episode.play(isLast ? script.last() : script.next()));
    if (fault !== undefined) return { turn: nth, text: fault };
    if (episode.hasDiffered) return undefined;
  }
  return undefined;
}

interface Sides {
  readonly fast: Side;
  readonly node: Side;
}

class Episode implements AsyncDisposable {
  readonly #decide: Random;
  readonly #tally: Tally;
  readonly #sides: Sides;
  readonly #motion: Motion;
  #canaries = 0;
  /** In a way that is permitted. */
  hasDiffered = false;

  static async start(decide: Random, tally: Tally): Promise<Episode> {
    const motion = new Motion();
    const setting = { clock: new SettableClock(), isTrusting: decide.chance(0.3), takesPurges: decide.chance(0.7), moved: motion.moved };
    const fast = await Side.start({ ...setting, fastPath: true });
    return new Episode({ fast, node: await Side.start({ ...setting, fastPath: false }) }, { decide, tally, motion });
  }

  private constructor(sides: Sides, with_: { readonly decide: Random; readonly tally: Tally; readonly motion: Motion }) {
    this.#sides = sides;
    this.#decide = with_.decide;
    this.#tally = with_.tally;
    this.#motion = with_.motion;
  }

  /** What differs, and the bytes that it came of. */
  async play(turn: Turn): Promise<string | undefined> {
    if (await this.#isOneClosed()) return `${bytesOf(turn)}\nbefore it, only one of the connections was closed`;
    if (this.#sides.fast.isClosed || this.#decide.chance(turn.methods === undefined ? 0.3 : 0.1)) await this.#reconnect();
    const readBefore = this.#sides.fast.readByNode;
    await this.#send(turn);
    const hasEnded = await this.#end(turn);
    const [fast, node] = this.#each((side) => side.outcome(turn.methods ?? [])) as [Outcome, Outcome];
    this.#count(fast, readBefore);
    const difference = differenceOf({ turn, fast, node });
    if (difference !== undefined && 'fault' in difference) return difference.fault;
    if (difference !== undefined) this.#permit(difference.permitted);
    return hasEnded ? undefined : `${bytesOf(turn)}\nthe rest of an answer does not come`;
  }

  async compareCounts(): Promise<string | undefined> {
    const { fast, node } = this.#sides;
    const [own, other] = [await fast.counts(), await node.counts()];
    const differing = [...own.filter((line) => !other.includes(line)), '-', ...other.filter((line) => !own.includes(line))];
    return differing.length === 1 ? undefined : `counted by the fast path - by node:http:\n${differing.join('\n')}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#each((side) => side[Symbol.asyncDispose]()));
  }

  #each<T>(act: (side: Side) => T): T[] {
    return [act(this.#sides.fast), act(this.#sides.node)];
  }

  /** And not the other, though it had the time. */
  async #isOneClosed(): Promise<boolean> {
    const { fast, node } = this.#sides;
    if (fast.isClosed !== node.isClosed) await this.#motion.stillness(STILL_TURNS);
    return fast.isClosed !== node.isClosed;
  }

  async #reconnect(): Promise<void> {
    await Promise.all(this.#each((side) => side.reconnect()));
  }

  async #send({ pieces, isHalfClosed }: Turn): Promise<void> {
    for (const [i, piece] of pieces.entries()) {
      if (i > 0) await this.#motion.stillness(PIECE_TURNS);
      this.#each((side) => side.send(piece));
    }
    if (isHalfClosed) this.#each((side) => side.halfClose());
  }

  /** Resolves when all that comes of it has come; false where it does not come. */
  async #end({ methods, isHalfClosed }: Turn): Promise<boolean> {
    if (isHalfClosed) return await this.#until((side) => side.isClosed);
    if (methods !== undefined) return await this.#answered(methods);
    await this.#motion.stillness(READ_TURNS);
    const canary = `/canary/${++this.#canaries}/`;
    this.#each((side) => side.send(`GET ${canary} HTTP/1.1\r\nHost: canary.test\r\n\r\n`));
    const knows = (side: Side): boolean => side.isClosed || side.received.includes(`GET ${canary}\n`);
    await this.#motion.stillness(STILL_TURNS);
    if (this.#each(knows).every(Boolean)) return true;
    // Whoever has said something more than the other is waited for.
    if (this.#each(knows).includes(true)) return await this.#until(knows);
    this.#each((side) => side.halfClose());
    return await this.#until((side) => side.isClosed);
  }

  async #answered(methods: readonly string[]): Promise<boolean> {
    const isAnswered = (side: Side): boolean => {
      const finals = finalOnes(side.answers(methods));
      const last = finals.at(-1);
      return side.isClosed || (finals.length >= methods.length && last !== undefined && !saysClose(last));
    };
    return await this.#until(isAnswered);
  }

  #until(isSo: (side: Side) => boolean): Promise<boolean> {
    return this.#motion.until(() => this.#each(isSo).every(Boolean));
  }

  #permit(reason: string): void {
    const { permitted } = this.#tally;
    permitted.set(reason, (permitted.get(reason) ?? 0) + 1);
    this.hasDiffered = true;
  }

  /** `readBefore`: by node:http, where the fast path is. */
  #count({ answers }: Outcome, readBefore: number): void {
    const finals = finalOnes(answers);
    this.#tally.turns++;
    this.#tally.answers += finals.length;
    if (this.#sides.fast.readByNode === readBefore) this.#tally.fast += finals.length;
    for (const answer of finals) {
      const status = statusOf(answer);
      this.#tally.statuses.set(status, (this.#tally.statuses.get(status) ?? 0) + 1);
      if (/^cache-status: freshet; hit/im.test(answer.head)) this.#tally.hits++;
    }
  }
}
