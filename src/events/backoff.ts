// How long is it waited before a server that is away is asked again? Longer each time, and drawn, so that not all nodes ask at once.

const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/** `failures`: in a row, from 1 on; `random`: from 0 to 1. */
export function retryAfterMs(failures: number, random: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1)) * (0.5 + random / 2);
}
