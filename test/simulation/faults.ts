// What goes wrong in a small world, and how it ends. PURGE-PROTOCOL §4.7.
import type { Network } from './network.ts';
import type { SimulatedNode } from './node.ts';
import type { Redis } from './redis.ts';
import type { Scene } from './scene.ts';

const HARMLESS_FAULTS = ['stop', 'stop-at-renewal', 'cut', 'cut', 'kill', 'jump', 'lossy', 'leave', 'lose-list'] as const;
const FAULTS = ['stop', 'stop-at-renewal', 'cut', 'cut', 'kill', 'jump', 'lossy', 'leave', 'flush', 'lose-list', 'redis', 'redis', 'redis'] as const;

export interface FaultsParts {
  readonly scene: Scene;
  readonly network: Network;
  readonly redis: Redis;
  /** Kills the node, where it is still there, and starts another in its place. */
  readonly replace: (node: SimulatedNode) => void;
}

export class Faults {
  readonly #parts: FaultsParts;
  readonly #scene: Scene;
  readonly #leaving = new Set<SimulatedNode>();

  constructor(parts: FaultsParts) {
    this.#parts = parts;
    this.#scene = parts.scene;
  }

  /** Some, within the next `ms`. */
  plan(ms: number): void {
    const { random, schedule } = this.#scene;
    const faults = random.pick([1, 2, 4, 8]);
    for (let i = 0; i < faults; i++) schedule.after(random.next() * ms, () => this.#happen());
  }

  /** All of them are over. */
  heal(): void {
    const { network, replace } = this.#parts;
    network.heal();
    for (const node of this.#leaving) replace(node);
    for (const node of this.#scene.nodes) node.goOn();
    for (const node of this.#scene.nodes) network.lead(node);
  }

  #happen(): void {
    const { network, redis, replace } = this.#parts;
    const { random: decide, schedule, history } = this.#scene;
    const node = decide.pick(this.#scene.nodes);
    const ms = decide.pick([50, 400, 2_000, 3_500, 5_000]) * (0.5 + decide.next());
    // Of a hold that Redis has lost only those know who had applied it.
    switch (decide.pick(history.lagMs > 0 ? HARMLESS_FAULTS : FAULTS)) {
      case 'stop':
        return node.stop(ms);
      case 'cut':
        return network.cut(node, ms);
      case 'stop-at-renewal':
        return network.stopAtRenewal(node, ms);
      case 'kill':
        return replace(node);
      case 'leave':
        node.deliver(() => node.tell({ kind: 'drain' }));
        this.#leaving.add(node);
        return schedule.after(ms, () => replace(node));
      case 'jump':
        return node.clock.jump((decide.next() - 0.5) * 20_000);
      case 'lossy':
        network.lossy = 0.3;
        return schedule.after(ms, () => (network.lossy = 0));
      case 'flush':
        return redis.flush();
      case 'lose-list':
        return redis.loseList();
      case 'redis':
        return this.#befallRedis(ms);
    }
  }

  #befallRedis(ms: number): void {
    const { network, redis } = this.#parts;
    const { random: decide, schedule } = this.#scene;
    if (redis.replicas === 0) {
      redis.save();
      return schedule.after(decide.next() * 500, () => redis.restart(decide.pick(['saved', 'nothing'])));
    }
    if (decide.chance(0.4)) return redis.cutReplica(ms);
    redis.failOver(decide.next() * 5_000);
    for (const node of this.#scene.nodes) schedule.after(decide.next() * 3_000, () => network.lead(node));
  }
}
