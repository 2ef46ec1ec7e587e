// Whether two outcomes are the same; and where they may differ, and why.
import { isDeepStrictEqual } from 'node:util';
import { saysClose, type WireAnswer } from './answers.ts';
import type { Outcome } from './side.ts';
import type { Turn } from './turns.ts';

export interface Both {
  readonly turn: Turn;
  readonly fast: Outcome;
  readonly node: Outcome;
}

interface Permitted {
  readonly reason: string;
  readonly explains: (both: Both) => boolean;
}

/** There is no other. What is stored and counted may be another thing afterwards, also where no difference is seen: an episode ends with it. */
export const PERMITTED: readonly Permitted[] = [
  {
    reason: 'who sends no more has left: how much of what it asked was answered, or had reached the origin by then, is a matter of moments',
    explains: ({ turn, fast, node }) => turn.isHalfClosed && fast.isClosed && node.isClosed && areAlikeAsFarAsTheyGo(fast, node),
  },
  {
    reason: 'an answer that breaks off ends the connection: how much of it comes before, and of what was asked behind it, is a matter of moments',
    explains: (both) =>
      isPipelined(both) && isBroken(both.fast) && isBroken(both.node) && isDeepStrictEqual(wholeOnes(both.fast), wholeOnes(both.node)),
  },
];

/** Undefined where they are the same and will be; else which of PERMITTED it is, or what differs. */
export function differenceOf(both: Both): { readonly permitted: string } | { readonly fault: string } | undefined {
  const { turn, fast, node } = both;
  const permitted = PERMITTED.find(({ explains }) => explains(both));
  if (permitted !== undefined) return { permitted: permitted.reason };
  if (isDeepStrictEqual(fast, node)) return undefined;
  return { fault: `${bytesOf(turn)}\n${told('fast path', fast)}\n${told('node:http', node)}` };
}

/** Its bytes. */
export function bytesOf(turn: Turn): string {
  return shown(turn);
}

/** With what repeats itself told by its number. */
function shown(value: unknown): string {
  return JSON.stringify(value).replaceAll(/(.{1,10}?)\1{60,}/g, (run, repeated: string) => `<${repeated} × ${run.length / repeated.length}>`);
}

/** As far as is known. */
function isPipelined({ turn, fast, node }: Both): boolean {
  return turn.methods === undefined ? [...fast.answers, ...node.answers].some(({ isWhole }) => !isWhole) : turn.methods.length > 1;
}

/** It ended with an answer that is not whole, or without one, and nothing had said that it would. */
function isBroken({ answers, isClosed }: Outcome): boolean {
  return isClosed && !answers.some((answer) => answer.isWhole && saysClose(answer));
}

function wholeOnes({ answers }: Outcome): readonly WireAnswer[] {
  return answers.filter(({ isWhole }) => isWhole);
}

function areAlikeAsFarAsTheyGo(fast: Outcome, node: Outcome): boolean {
  const [some, others] = [wholeOnes(fast), wholeOnes(node)];
  const both = Math.min(some.length, others.length);
  return isDeepStrictEqual(some.slice(0, both), others.slice(0, both));
}

function told(side: string, { answers, isClosed, asked }: Outcome): string {
  const lines = answers.map(({ head, body, isWhole }) => `  ${shown(head)} ${shown(body)}${isWhole ? '' : ' (cut)'}`);
  return [`${side}${isClosed ? ', closed' : ''}:`, ...lines, ...asked.map((text) => `  asked ${shown(text)}`)].join('\n');
}
