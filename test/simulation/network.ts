// The ways between the nodes of a small world and Redis: late, lossy, cut, or leading to a server that is the primary no longer. PURGE-PROTOCOL §4.3.
import type { LogEntry, Position } from '../../src/cluster/coordination-log.ts';
import type { Ask, CallResult } from '../../src/cluster/node-messages.ts';
import { acknowledge, commit, evict, join, renew, standings } from './log-state.ts';
import type { LogPort, SimulatedNode } from './node.ts';
import type { Redis, Script } from './redis.ts';
import type { Scene } from './scene.ts';

const CALL_TIMEOUT_MS = 500;

export class Network implements LogPort {
  /** Of what is under way, the share that is lost, and of the rest the share that is late. */
  lossy = 0;
  readonly #scene: Scene;
  readonly #redis: Redis;
  /** By node: the Redis process that its connection goes to. */
  readonly #routes = new Map<string, string>();
  /** By node: virtual instant until which nothing passes between it and Redis. */
  readonly #cutUntil = new Map<string, number>();
  /** By node: for how long it is stopped once it has sent its next renewal. */
  readonly #stopAtRenewal = new Map<string, number>();
  #nonces = 0;

  constructor(scene: Scene, redis: Redis) {
    this.#scene = scene;
    this.#redis = redis;
  }

  ask(node: SimulatedNode, ask: Ask, ended: (result: CallResult) => void): void {
    const server = this.#serverOf(node);
    let open = true;
    const end = (result: CallResult['result'] | undefined): void => {
      if (open) ended({ kind: ask.kind, result: result ?? { kind: 'failed', error: 'timeout' } } as CallResult);
      open = false;
    };
    this.#scene.schedule.after(CALL_TIMEOUT_MS, () => end(undefined));
    if (ask.kind === 'renew') this.#stopIfPlanned(node);
    this.#travel(node, () => {
      if (!this.#redis.isUp(server)) return this.#reconnect(node, () => end(undefined));
      const back = (result: CallResult['result'] | undefined): void => this.#travel(node, () => end(result));
      const script = this.#scriptOf(node.name, ask);
      if (ask.kind === 'renew' || ask.kind === 'commit') return this.#redis.run(server, script, back);
      if (ask.kind === 'acknowledge') this.#hint(server);
      return back(this.#redis.runUnreplicated(server, script));
    });
  }

  evict(node: SimulatedNode, nodes: ReadonlyMap<string, number>): void {
    this.#send(node, (state) => {
      evict(state, nodes);
      return { kind: 'done' };
    });
  }

  leave(node: SimulatedNode): void {
    this.#send(node, (state) => {
      state.nodes.delete(node.name);
      return { kind: 'done' };
    });
  }

  follow(node: SimulatedNode, position: Position): void {
    node.following = position.server;
    this.#push(node, position.server, position.applied);
  }

  /** `server` has a new entry. */
  added(server: string, entry: LogEntry): void {
    for (const node of this.#scene.nodes) if (node.following === server) this.#push(node, server, entry.seq - 1);
  }

  /** Its connection goes to the primary from now on. */
  lead(node: SimulatedNode): void {
    this.#routes.set(node.name, this.#redis.primary);
  }

  cut(node: SimulatedNode, ms: number): void {
    this.#cutUntil.set(node.name, this.#scene.schedule.now + ms);
  }

  /** Its answer comes, and waits; when the process runs again, perhaps nothing else has come. */
  stopAtRenewal(node: SimulatedNode, ms: number): void {
    this.#stopAtRenewal.set(node.name, ms);
  }

  heal(): void {
    this.lossy = 0;
    this.#cutUntil.clear();
    this.#stopAtRenewal.clear();
  }

  #stopIfPlanned(node: SimulatedNode): void {
    const { random, schedule } = this.#scene;
    const ms = this.#stopAtRenewal.get(node.name);
    if (ms === undefined) return;
    this.#stopAtRenewal.delete(node.name);
    node.stop(ms);
    if (random.chance(0.5)) schedule.after(10, () => this.cut(node, ms + 3_000));
  }

  #serverOf(node: SimulatedNode): string {
    return this.#routes.get(node.name) ?? '';
  }

  #send(node: SimulatedNode, script: Script): void {
    const server = this.#serverOf(node);
    this.#travel(node, () => this.#redis.runUnreplicated(server, script));
  }

  #scriptOf(nodeId: string, ask: Ask): Script {
    const nonce = `n${++this.#nonces}`;
    const { now } = this.#scene.schedule;
    return (state, server) => {
      switch (ask.kind) {
        case 'join':
          return join(state, { server, nonce, now });
        case 'renew':
          return renew(state, server, { nodeId, ...ask });
        case 'commit':
          return commit(state, server, { ...ask, nonce, now });
        case 'acknowledge':
          return acknowledge(state, server, { nodeId, ...ask });
        case 'standings':
          return standings(state, server, ask.position);
      }
    };
  }

  #reconnect(node: SimulatedNode, then: () => void): void {
    this.lead(node);
    node.deliver(() => node.tell({ kind: 'connection-lost' }));
    then();
  }

  /** Late, lost, or never where the way is cut. */
  #travel(node: SimulatedNode, arrive: () => void): void {
    const { random, schedule } = this.#scene;
    if (schedule.now < (this.#cutUntil.get(node.name) ?? 0) || random.chance(this.lossy)) return;
    const ms = random.chance(this.lossy) ? random.next() * 900 : 0.1 + random.next() * 2;
    schedule.after(ms, arrive);
  }

  /** Everything after `applied`, perhaps twice; by the time it comes, more may have been sent before it. */
  #push(node: SimulatedNode, server: string, applied: number): void {
    const entries = this.#redis.entriesAfter(server, applied);
    if (entries.length === 0) return;
    const tell = (): void => node.deliver(() => (node.following === server ? node.tell({ kind: 'pushed', entries }) : undefined));
    this.#travel(node, tell);
    if (this.#scene.random.chance(this.lossy)) this.#travel(node, tell);
  }

  #hint(server: string): void {
    for (const node of this.#scene.nodes) {
      if (this.#serverOf(node) === server) this.#travel(node, () => node.deliver(() => node.tell({ kind: 'hinted' })));
    }
  }
}
