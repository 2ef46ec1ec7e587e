// Where a live history plays: nodes, each behind a link of its own to Redis; where replicas count, two more Redis servers, one behind the other; and the clients.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manner } from '../cluster/fleet.ts';
import type { Clients } from '../history/clients.ts';
import type { Instants } from '../history/record.ts';
import type { World } from '../history/world.ts';
import { RedisServer } from '../support/redis.ts';
import { Link } from './link.ts';
import { LiveNode, type LiveNodeParts } from './live-node.ts';

export interface StageParts {
  readonly nodes: readonly Manner[];
  /** Whether Redis has a replica that a purge must have reached. */
  readonly isReplicated: boolean;
  readonly world: World;
  readonly instants: Instants;
}

/** A replica that can be promoted, and has one of its own. */
export interface Standby {
  readonly server: RedisServer;
  /** From it to the primary. */
  readonly link: Link;
}

export class Stage implements AsyncDisposable {
  readonly nodes: readonly LiveNode[];
  readonly redis: RedisServer;
  readonly standby: Standby | undefined;
  /** The port of the Redis that has the purges. */
  #primary: number;
  readonly #resources: AsyncDisposableStack;

  static async start({ nodes, isReplicated, world, instants }: StageParts): Promise<Stage> {
    await using resources = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), 'freshet-live-'));
    resources.defer(() => rmSync(folder, { recursive: true }));
    const redis = resources.use(await RedisServer.start());
    const standby = isReplicated ? await standbyOf(redis, resources) : undefined;
    const starting = nodes.map((manner, i) => {
      const name = `node-${i + 1}`;
      const { port } = redis;
      const reply: LiveNodeParts['reply'] = (request) => world.reply(request, name);
      return LiveNode.start({ name, manner: { ...manner, ...(isReplicated && { replicas: 1 }) }, port, reply, folder, instants });
    });
    for (const node of starting) resources.use(await node);
    return new Stage({ nodes: await Promise.all(starting), redis, standby, resources: resources.move() });
  }

  private constructor(parts: {
    readonly nodes: readonly LiveNode[];
    readonly redis: RedisServer;
    readonly standby: Standby | undefined;
    readonly resources: AsyncDisposableStack;
  }) {
    this.nodes = parts.nodes;
    this.redis = parts.redis;
    this.standby = parts.standby;
    this.#primary = parts.redis.port;
    this.#resources = parts.resources;
  }

  /** The node that faults happen to. */
  get victim(): LiveNode {
    const last = this.nodes.at(-1);
    if (last === undefined) throw new Error('there is no node');
    return last;
  }

  get others(): readonly LiveNode[] {
    return this.nodes.slice(0, -1);
  }

  get first(): LiveNode {
    const [first] = this.nodes;
    if (first === undefined) throw new Error('there is no node');
    return first;
  }

  /** The replica takes the primary's place, for those that are led to it. */
  async promote({ server }: Standby): Promise<void> {
    await server.client.call('REPLICAOF', 'NO', 'ONE');
    this.#primary = server.port;
  }

  /** Nothing stands between the nodes and the primary any more. */
  heal(): void {
    for (const { link } of this.nodes) {
      link.heal();
      link.leadTo(this.#primary);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

async function standbyOf(primary: RedisServer, resources: AsyncDisposableStack): Promise<Standby> {
  const link = resources.use(await Link.start(primary.port));
  const server = resources.use(await RedisServer.start());
  const behind = resources.use(await RedisServer.start());
  await server.replicate(link.port);
  await behind.replicate(server.port);
  return { server, link };
}

/** What a fault is done to. */
export interface Scene {
  readonly stage: Stage;
  readonly clients: Clients;
}
