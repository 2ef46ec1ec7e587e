// One live history: real nodes over a real Redis under load, a fault, and everything read at the end. PURGE-PROTOCOL §6 "Live".
import { Clients } from '../history/clients.ts';
import { type History, Milliseconds } from '../history/record.ts';
import { World } from '../history/world.ts';
import { FAULTS } from './faults.ts';
import { FLEETS, type Scenario } from './scenarios.ts';
import { type Scene, Stage } from './stage.ts';

export interface LiveHistory extends History {
  readonly fetchedBy: NonNullable<History['fetchedBy']>;
  /** Purges that were neither confirmed nor committed, and writes through a node without a confirmed purge. */
  readonly refusals: readonly string[];
}

/** Purges confirmed before a fault, and after it: as many as show that confirming has become quick. */
const AROUND_A_FAULT = 10;

export async function live({ fault, fleet }: Scenario, seed: number): Promise<LiveHistory> {
  const instants = new Milliseconds();
  const world = new World(seed, instants);
  const isReplicated = fault.startsWith('a replica');
  await using stage = await Stage.start({ nodes: FLEETS[fleet], isReplicated, world, instants });
  const { nodes } = stage;
  const readers = 6 * nodes.length;
  const clients = new Clients(world, instants, { seed, targets: nodes, readers, writers: 8, readsAWrite: 11 * nodes.length, pauseMs: 20 });
  await Promise.all(nodes.map((node) => clients.untilCaching(node)));
  await Promise.all([clients.run(), act(fault, { stage, clients }).finally(() => clients.end())]);
  world.calm();
  // What was confirmed holds everywhere, before what was not confirmed is purged again.
  await Promise.all(nodes.map((node) => clients.readEverything(node)));
  await clients.payOwed(stage.first);
  await Promise.all(nodes.map((node) => clients.readEverything(node)));
  const spans = nodes.flatMap((node) => node.spans);
  const { reads, acks, refusals } = clients;
  return { reads, writes: world.writes, acks, spans, fetchedBy: world.fetchedBy, refusals };
}

async function act(fault: Scenario['fault'], scene: Scene): Promise<void> {
  const { stage, clients } = scene;
  await clients.confirmed(AROUND_A_FAULT);
  await FAULTS[fault](scene);
  stage.heal();
  await Promise.all(stage.nodes.map((node) => clients.untilCaching(node)));
  await clients.confirmed(AROUND_A_FAULT);
}
