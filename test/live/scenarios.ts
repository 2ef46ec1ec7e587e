// Which fault happens to which fleet. The last node of a fleet is the one that faults happen to.
import type { Manner } from '../cluster/fleet.ts';
import { FAULTS } from './faults.ts';

export interface Scenario {
  readonly fault: keyof typeof FAULTS;
  readonly fleet: keyof typeof FLEETS;
}

export const FLEETS = {
  lease: [{ mode: 'lease' }, { mode: 'lease' }],
  'lease, two workers each': [
    { mode: 'lease', workers: 2 },
    { mode: 'lease', workers: 2 },
  ],
  'three in lease mode': [{ mode: 'lease' }, { mode: 'lease' }, { mode: 'lease' }],
  barrier: [{ mode: 'barrier' }, { mode: 'barrier' }],
  'barrier, two workers each': [
    { mode: 'barrier', workers: 2 },
    { mode: 'barrier', workers: 2 },
  ],
  mixed: [{ mode: 'barrier' }, { mode: 'lease' }],
  'lease with bodies': [
    { mode: 'lease', bodies: true },
    { mode: 'lease', bodies: true },
  ],
  'lease with bodies, two workers each': [
    { mode: 'lease', bodies: true, workers: 2 },
    { mode: 'lease', bodies: true, workers: 2 },
  ],
  'barrier with bodies': [
    { mode: 'barrier', bodies: true },
    { mode: 'barrier', bodies: true },
  ],
} as const satisfies Readonly<Record<string, readonly Manner[]>>;

/** What the tests run, by where the fault is. */
export const SCENARIOS = {
  nodes: [
    { fault: 'none', fleet: 'lease, two workers each' },
    { fault: 'none', fleet: 'mixed' },
    { fault: 'frozen for 1 s', fleet: 'three in lease mode' },
    { fault: 'frozen for 5 s', fleet: 'lease, two workers each' },
    { fault: 'frozen for 5 s', fleet: 'barrier' },
    { fault: 'killed and started again', fleet: 'lease' },
  ],
  redis: [
    { fault: 'FLUSHALL', fleet: 'mixed' },
    { fault: 'FLUSHALL while one link is lost', fleet: 'lease' },
    { fault: 'Redis restarted empty', fleet: 'lease, two workers each' },
    { fault: 'Redis paused for 2 s', fleet: 'lease' },
    { fault: 'a slow script', fleet: 'barrier' },
    { fault: 'a replica promoted that lost purges, and one node left behind', fleet: 'lease' },
    { fault: 'a replica promoted that lost purges, and one node left behind', fleet: 'barrier' },
  ],
  links: [
    { fault: 'one link 700 ms late', fleet: 'lease' },
    { fault: 'one link 700 ms late', fleet: 'barrier, two workers each' },
    { fault: 'one link lost behind a late renewal', fleet: 'lease' },
    { fault: 'one link half-closed, then refused', fleet: 'mixed' },
  ],
  bodies: [
    { fault: 'none', fleet: 'lease with bodies, two workers each' },
    { fault: 'frozen for 5 s', fleet: 'lease with bodies' },
    { fault: 'FLUSHALL', fleet: 'lease with bodies' },
    { fault: 'a replica promoted that lost purges, and one node left behind', fleet: 'lease with bodies' },
    { fault: 'shared bodies put back after a purge of everything, of which one node has not heard', fleet: 'lease with bodies' },
    { fault: 'shared bodies spoilt, then evicted', fleet: 'barrier with bodies' },
  ],
} as const satisfies Readonly<Record<string, readonly Scenario[]>>;

export function nameOf({ fault, fleet }: Scenario): string {
  return `${fault}; ${fleet}`;
}

/** Every fault on every fleet that it can happen to. */
export function allScenarios(): Scenario[] {
  const faults = Object.keys(FAULTS) as Scenario['fault'][];
  const fleets = Object.keys(FLEETS) as Scenario['fleet'][];
  const all = faults.flatMap((fault) => fleets.map((fleet) => ({ fault, fleet })));
  return all.filter((scenario) => !scenario.fault.startsWith('shared bodies') || sharesBodies(scenario));
}

export function sharesBodies({ fleet }: Scenario): boolean {
  return FLEETS[fleet].some((manner: Manner) => manner.bodies === true);
}
