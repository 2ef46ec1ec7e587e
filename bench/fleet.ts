// Freshets that share purges, as processes of their own over one Redis.
import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type FreshetChild, startFreshet } from '../test/support/child-process.ts';
import type { RedisServer } from '../test/support/redis.ts';
import type { OriginChild } from './bed.ts';
import { purge, type PurgeDoor } from './purging.ts';

const CONFIG = fileURLToPath(new URL('./nodes.yaml', import.meta.url));
const JOIN_EVERY_MS = 50;

export interface FleetSpec {
  readonly origin: OriginChild;
  readonly redis: RedisServer;
  readonly nodes: number;
  readonly workers: number;
  /** Of each node's store, as in the configuration. */
  readonly memory: string;
}

export class Fleet implements AsyncDisposable {
  readonly nodes: readonly FreshetChild[];
  readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  /** Resolves once each node's first 3.1 s are over: a purge that it confirmed had to wait for that. */
  static async start(spec: FleetSpec): Promise<Fleet> {
    const cluster = `${spec.nodes}x${spec.workers}-${Date.now()}`;
    const env = {
      ...process.env,
      BENCH_ORIGIN: spec.origin.url,
      BENCH_REDIS: spec.redis.url,
      BENCH_CLUSTER: cluster,
      BENCH_MEMORY: spec.memory,
    };
    const args = ['--config', CONFIG, '--workers', String(spec.workers)];
    const fleet = new Fleet(await Promise.all(Array.from({ length: spec.nodes }, () => startFreshet({ args, env }))));
    for (const node of fleet.nodes) await fleet.untilSettled(node);
    return fleet;
  }

  private constructor(nodes: readonly FreshetChild[]) {
    this.nodes = nodes;
  }

  node(index: number): FreshetChild {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`there are ${this.nodes.length} nodes`);
    return node;
  }

  /** Through the admin listener of a node, or through `listen`: of several workers, one takes it there. */
  async purge(door: 'admin' | 'listen', tag: string, from = 0): Promise<void> {
    await purge(this.agent, doorOf(this.node(from), door), tag);
  }

  async untilSettled(node: FreshetChild): Promise<void> {
    while (!/^freshet_lease_held 1$/m.test(await (await fetch(`${node.adminUrl}/metrics`)).text())) await delay(JOIN_EVERY_MS);
    await purge(this.agent, doorOf(node, 'admin'), 'settled');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.agent.destroy();
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

function doorOf(node: FreshetChild, door: 'admin' | 'listen'): PurgeDoor {
  return door === 'admin' ? { url: node.adminUrl } : { url: node.url, token: 'bench' };
}
