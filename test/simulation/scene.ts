// What everybody in a small world shares.
import type { Random } from '../history/random.ts';
import type { History } from './history.ts';
import type { SimulatedNode } from './node.ts';
import type { Schedule } from './schedule.ts';

export interface Scene {
  readonly schedule: Schedule;
  /** Decides everything. */
  readonly random: Random;
  readonly history: History;
  /** Those that run. */
  readonly nodes: SimulatedNode[];
  /** With those that are gone. */
  readonly booted: SimulatedNode[];
}
