// A small world in virtual time: nodes, Redis, an origin, writers who purge and readers, and what goes wrong between them. A seed decides everything.
import type { NodeMode } from '../../src/cluster/coordination-log.ts';
import { type Random, random } from '../history/random.ts';
import type { Request } from './cache.ts';
import { Faults } from './faults.ts';
import { History } from './history.ts';
import { Network } from './network.ts';
import { SimulatedNode } from './node.ts';
import { NodeClock } from './node-clock.ts';
import { Origin, type Page, type Stated } from './origin.ts';
import { LAGS_MS } from './purge-kinds.ts';
import { Readers } from './readers.ts';
import { Redis } from './redis.ts';
import type { Scene } from './scene.ts';
import { Schedule } from './schedule.ts';
import { Writers } from './writers.ts';

export interface WorldOptions {
  readonly seed: number;
  /** `mixed`: each node its own. */
  readonly mode: NodeMode | 'mixed';
  readonly faults: 'none' | 'many';
  /** `every`: soft ones, of everything, with settle windows and versions too, and an origin that may lag. */
  readonly purges: 'hard' | 'every';
}

const RUN_MS = 9_000;
/** Faults end; what follows is read and purged once more. */
const HEALED_MS = 5_000;
const TAIL_MS = 8_000;
const REGISTERS = 3;

export class World {
  readonly #options: WorldOptions;
  readonly #scene: Scene;
  readonly #origin = new Origin(REGISTERS);
  readonly #network: Network;
  readonly #readers: Readers;
  readonly #writers: Writers;
  readonly #faults: Faults;

  constructor(options: WorldOptions) {
    this.#options = options;
    const decide = random(options.seed);
    const pages = pagesOf(decide);
    const history = new History(options.purges === 'every' ? decide.pick(LAGS_MS) : 0);
    const scene: Scene = { schedule: new Schedule(), random: decide, history, nodes: [], booted: [] };
    const redis = new Redis({
      schedule: scene.schedule,
      random: decide,
      replicas: decide.below(4),
      logLength: decide.pick([3, 6, 1_000]),
      added: (server, entry) => {
        this.#writers.logged(entry);
        this.#network.added(server, entry);
      },
    });
    this.#scene = scene;
    this.#network = new Network(scene, redis);
    this.#readers = new Readers(scene, pages);
    this.#writers = new Writers({ scene, origin: this.#origin, registers: REGISTERS, purges: options.purges });
    this.#faults = new Faults({ scene, network: this.#network, redis, replace: (node) => this.#replace(node) });
  }

  run(): History {
    const { random: decide, schedule, history } = this.#scene;
    const nodes = 2 + decide.below(2);
    for (let i = 0; i < nodes; i++) this.#boot();
    this.#repeat(25, () => this.#readers.read());
    this.#repeat(400, () => this.#writers.write());
    if (this.#options.faults === 'many') this.#faults.plan(RUN_MS);
    schedule.runUntil(RUN_MS);
    this.#faults.heal();
    schedule.runUntil(RUN_MS + HEALED_MS);
    this.#readers.readEverything();
    const unconfirmed = this.#writers.purgeEverywhere();
    schedule.runUntil(RUN_MS + HEALED_MS + TAIL_MS);
    // I3: what has healed confirms again.
    for (const { name } of unconfirmed()) history.faults.push(`I3 ${name} confirms nothing though all has healed`);
    return history;
  }

  #boot(): void {
    const { random: decide, schedule, nodes, booted } = this.#scene;
    const faulty = this.#options.faults === 'many';
    const node = new SimulatedNode({
      name: `node${booted.length + 1}`,
      mode: this.#options.mode === 'mixed' ? decide.pick(['lease', 'barrier']) : this.#options.mode,
      clock: new NodeClock({ rate: faulty ? 0.99 + decide.next() * 0.02 : 1, monoStart: decide.next() * 1_000_000, wallStart: 1_700_000_000_000 }),
      schedule,
      outlet: {
        fetch: (fetch, request, held) => this.#fetch(node, fetch, request, held),
        respond: (request, answer) => this.#readers.respond(node, request, answer),
      },
      log: this.#network,
      answered: (token, answer) => this.#writers.answered(node, token, answer),
      applied: (entry) => this.#writers.applied(node, entry),
    });
    nodes.push(node);
    booted.push(node);
    this.#network.lead(node);
    node.tell({ kind: 'started' });
  }

  #replace(node: SimulatedNode): void {
    const at = this.#scene.nodes.indexOf(node);
    if (at === -1) return;
    node.kill();
    this.#scene.nodes.splice(at, 1);
    this.#readers.gone(node);
    this.#writers.gone(node);
    this.#boot();
  }

  #fetch(node: SimulatedNode, fetch: number, request: Request, held: Stated | undefined): void {
    const { random: decide, schedule } = this.#scene;
    const takes = (): number => (decide.chance(0.03) ? decide.next() * 4_000 : decide.next() * 25);
    schedule.after(takes(), () => {
      const head = decide.chance(0.02)
        ? ({ kind: 'error' } as const)
        : this.#origin.read({ page: request.page, scope: request.scope, held, at: this.#readAt() });
      schedule.after(takes(), () => {
        node.deliver(() => node.headCame(fetch, head));
        const whole = !decide.chance(0.03);
        if (head.kind === 'answer') schedule.after(takes(), () => node.deliver(() => node.bodyCame(fetch, whole)));
      });
    });
  }

  /** The instant whose state a read finds: half of them ask a replica. */
  #readAt(): number {
    const { random: decide, schedule, history } = this.#scene;
    const { lagMs } = history;
    return lagMs > 0 && decide.chance(0.5) ? schedule.now - decide.next() * lagMs : schedule.now;
  }

  /** About every `ms`, until the end of the run. */
  #repeat(ms: number, step: () => void): void {
    const { random: decide, schedule } = this.#scene;
    const again = (): void => {
      if (schedule.now > RUN_MS + HEALED_MS / 2) return;
      step();
      schedule.after(ms * 2 * decide.next(), again);
    };
    schedule.after(ms * decide.next(), again);
  }
}

/** One that is short-lived, one that lives for a second or two, one that only purges end. */
function pagesOf(decide: Random): readonly Page[] {
  const first = decide.below(3);
  return [0, 1, 2].map((i) => ({
    name: `page${i}`,
    registers: [...new Set([decide.below(REGISTERS), decide.below(REGISTERS)])],
    scoped: i === 0,
    weak: decide.chance(0.5),
    freshMs: [500, 2_500, 60_000][(first + i) % 3] ?? 0,
    staleMs: decide.pick([0, 500]),
  }));
}
