// A node over a Redis for tests. As a program (REDIS-URL as its argument) it fetches once and says when it was last permitted to use that.
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import type { CoordinationLog } from '../../src/cluster/coordination-log.ts';
import { NodeDriver } from '../../src/cluster/node-driver.ts';
import { RedisLog } from '../../src/cluster/redis-log.ts';
import { Lease, systemClocks } from '../../src/purge/lease.ts';
import { MarkWriter } from '../../src/purge/mark-writer.ts';

export const TAG = Int32Array.of(1, 2);

export class Node implements AsyncDisposable {
  readonly lease = new Lease(systemClocks);
  readonly writer = new MarkWriter({ memoryBytes: 64 * 1024, holdKeepMs: 1000, exhausted: () => {}, lease: this.lease });
  readonly driver: NodeDriver;
  readonly log: CoordinationLog;
  emptied = 0;

  constructor(nodeId: string, server: { readonly url: string }) {
    const target = { urls: [server.url], sharded: false, db: 0 };
    this.log = new RedisLog({ target, cluster: 'shop', secret: 'a secret of thirty-two characters', replicas: 0, holdKeepMs: 1000 });
    this.driver = new NodeDriver({
      nodeId,
      mode: 'lease',
      log: this.log,
      writer: this.writer,
      lease: this.lease,
      clocks: systemClocks,
      clock: systemClock,
      epochsChanged: () => {},
      watcher: {
        emptied: () => this.emptied++,
        joined: () => {},
        renewed: () => {},
        leaseChanged: () => {},
        waitedOut: () => {},
        owes: () => {},
        leaving: () => {},
      },
    });
    void this.driver.start();
  }

  /** What may be done with something tagged TAG that is fetched at this moment. */
  fetch(): () => string {
    const { marks } = this.writer;
    const fetched = { tagIds: TAG, asOf: marks.epoch, sentAt: systemClock.now() };
    return () => marks.gate(fetched).kind;
  }

  /** Resolves when it holds a lease, or holds none. */
  async untilCoordinated(wanted: boolean): Promise<void> {
    while (this.writer.marks.isCoordinated !== wanted) await turn();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.driver.close();
  }
}

async function watch(url: string): Promise<void> {
  await using node = new Node('watcher', { url });
  await node.untilCoordinated(true);
  const verdict = node.fetch();
  let lastOk = 0;
  for (let now = verdict(); now !== 'purged'; now = verdict()) {
    // The instant is taken first: it is no later than the verdict that it stands for.
    const at = systemClocks.mono();
    if (verdict() !== 'ok') {
      await turn();
      continue;
    }
    if (lastOk === 0) process.stdout.write('permitted\n');
    lastOk = at;
    await turn();
  }
  process.stdout.write(`last permitted at ${lastOk}\n`);
}

if (import.meta.main) await watch(process.argv[2] ?? '');
