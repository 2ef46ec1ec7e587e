// Episodes beside each other, so that connections of several meet in what the fast path shares, until so many turns are played or something differs.
import { type Fault, newTally, playEpisode, type Tally } from './episode.ts';

export interface Script {
  /** Of the first episode; those behind it count up. */
  readonly seed: number;
  readonly requests: number;
  readonly progress?: (turns: number) => void;
}

export interface Finding extends Fault {
  readonly seed: number;
}

const LANES = 3;
const TURNS = 400;

export async function differ({ seed, requests, progress }: Script): Promise<{ readonly tally: Tally; readonly findings: readonly Finding[] }> {
  const tally = newTally();
  const findings: Finding[] = [];
  let next = seed;
  const lane = async (): Promise<void> => {
    while (tally.turns < requests && findings.length === 0) {
      const episode = { seed: next++, turns: Math.min(TURNS, requests - tally.turns) };
      const fault = await playEpisode(episode, tally);
      if (fault !== undefined) findings.push({ seed: episode.seed, ...fault });
      progress?.(tally.turns);
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, Math.ceil(requests / TURNS)) }, lane));
  return { tally, findings };
}
