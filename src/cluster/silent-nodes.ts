// Which nodes have not confirmed which purges? Of each node in the order of the log, since whoever has applied a purge has applied all before it.
import type { NodeStanding } from './coordination-log.ts';
import type { PendingPurge } from './pending-purge.ts';
import { PurgeQueue } from './purge-queue.ts';

export class SilentNodes {
  readonly #awaiting = new Map<string, PurgeQueue>();

  get areThere(): boolean {
    for (const queue of this.#awaiting.values()) if (queue.first !== undefined) return true;
    return false;
  }

  add(pending: PendingPurge): void {
    for (const name of pending.silent.keys()) this.#queueOf(name).addBySeq(pending);
  }

  /** The purges that nobody is silent about any more. Nobody who is missing in `nodes` has confirmed anything. */
  hear(nodes: ReadonlyMap<string, NodeStanding>): PendingPurge[] {
    const heard: PendingPurge[] = [];
    for (const [name, queue] of this.#awaiting) {
      const acked = nodes.get(name)?.acked ?? 0;
      for (let next = queue.first; next !== undefined && next.id.seq <= acked; next = queue.first) {
        next.silent.delete(name);
        if (next.silent.size === 0) heard.push(next);
      }
      if (queue.first === undefined) this.#awaiting.delete(name);
    }
    return heard;
  }

  #queueOf(name: string): PurgeQueue {
    const found = this.#awaiting.get(name);
    if (found !== undefined) return found;
    const queue = new PurgeQueue(({ hasEnded, silent }) => hasEnded || !silent.has(name));
    this.#awaiting.set(name, queue);
    return queue;
  }
}
