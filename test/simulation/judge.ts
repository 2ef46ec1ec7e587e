// One seed, run and judged: what the protocol forbids, and what a cache is for. PURGE-PROTOCOL §6.
import { check, hitsOf } from './check.ts';
import type { History } from './history.ts';
import { World, type WorldOptions } from './world.ts';

/** Of the confirmations of a run without faults, in ms: the log of a node that has just started is not yet seen for D. */
const SLOWEST_MS = 3_500;

export interface Judged {
  readonly violations: readonly string[];
  /** I2 and I6 where they are counted only: check.ts. */
  readonly late: number;
  readonly backwards: number;
  readonly reads: number;
  readonly hits: number;
  readonly purges: number;
}

export function judge(options: WorldOptions): Judged {
  const history = new World(options).run();
  const checked = check(history);
  return {
    ...checked,
    violations: [...checked.violations, ...useless(history, options)],
    reads: history.reads.length,
    hits: hitsOf(history),
    purges: history.waitsMs.length,
  };
}

/** I8: a proxy that never caches must not pass, nor one that confirms nothing. I3: when all has healed, everybody is answered. */
function useless(history: History, { faults, purges }: WorldOptions): string[] {
  const hits = hitsOf(history);
  const found: string[] = [];
  if (hits === 0 || history.waitsMs.length === 0) found.push(`I8 ${hits} hits, ${history.waitsMs.length} purges confirmed`);
  if (faults === 'many') return found;
  // Of a single small run; of many together it is more than a third. Settle windows and versions that are waited for cost some.
  if (hits < history.reads.length / (purges === 'hard' ? 4 : 6)) found.push(`I8 ${hits} hits of ${history.reads.length}`);
  if (history.unconfirmed > 2) found.push(`I8 ${history.unconfirmed} purges were not confirmed`);
  if (history.waitsMs.some((ms) => ms > SLOWEST_MS)) found.push('I8 a purge took too long');
  return found;
}
