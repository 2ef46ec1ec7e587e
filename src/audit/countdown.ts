// Which hit is compared? Each with the same chance, decided for many at once: a count of hits to pass over, drawn anew when it is used up.

/** How many trials until one succeeds, each with chance `share`: geometric, at least 1. `random` is from [0, 1). */
export function drawn(share: number, random: number): number {
  if (share >= 1) return 1;
  return share <= 0 ? Infinity : 1 + Math.floor(Math.log1p(-random) / Math.log1p(-share));
}
