// Every order of what can happen in a small world, but for those that differ only in the order of what concerns nobody in common.
import { SmallWorld, type SmallWorldOptions } from './small-world.ts';

export interface Explored {
  readonly states: number;
  readonly ends: number;
  /** With the choices that led to it. */
  readonly violation: string | undefined;
}

export function explore(options: SmallWorldOptions): Explored {
  const seen = new Set<string>();
  const open: (readonly number[])[] = [[]];
  let ends = 0;
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const world = new SmallWorld(options);
    const labels = path.map((index) => pick(world, index));
    for (let at = [...path]; ; at = [...at, 0]) {
      if (world.violations.length > 0) return { states: seen.size, ends, violation: `${world.violations[0]}: ${labels.join('; ')}` };
      if (seen.has(world.state)) break;
      seen.add(world.state);
      if (world.next.length === 0) {
        ends++;
        const missing = options.requests.filter((_, i) => !world.answers.has(`request ${i + 1}`));
        if (missing.length > 0 || world.purge === undefined)
          return { states: seen.size, ends, violation: `somebody is not answered: ${labels.join('; ')}` };
        break;
      }
      for (let other = 1; other < world.next.length; other++) open.push([...at, other]);
      labels.push(pick(world, 0));
    }
  }
  return { states: seen.size, ends, violation: undefined };
}

function pick(world: SmallWorld, index: number): string {
  const label = world.next[index]?.label ?? '';
  world.pick(index);
  return label;
}
