// Purges where several nodes share them: what is confirmed is in the log of all and left by none. PURGE-PROTOCOL §4.4, §4.8.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../clock.ts';
import type { AuthorityName, Confirmation, Patience, Publication } from '../purge/authority.ts';
import { Lease, type LeaseClocks, systemClocks } from '../purge/lease.ts';
import { MarkWriter, type MarkWriterOptions } from '../purge/mark-writer.ts';
import type { CoordinationLog, Joined, NodeMode } from './coordination-log.ts';
import { epochOf, type LogEpochs } from './log-epochs.ts';
import { NodeAuthority } from './node-authority.ts';
import { NodeDriver, type NodeWatcher } from './node-driver.ts';
import { listNodes, type NodeList } from './node-list.ts';
import type { PurgeAnswer, PurgeId } from './node-messages.ts';
import { loggedOf } from './publication.ts';

export interface ClusterAuthorityParts extends Pick<MarkWriterOptions, 'memoryBytes' | 'holdKeepMs' | 'exhausted' | 'lastEpoch'> {
  readonly mode: NodeMode;
  readonly log: CoordinationLog;
  readonly clock: Clock;
  readonly watcher: NodeWatcher;
  /** Told as well whenever it changes. */
  readonly epochsChanged: (epochs: LogEpochs) => void;
  readonly leaseClocks?: LeaseClocks;
}

export class ClusterAuthority extends NodeAuthority {
  readonly name: AuthorityName;
  readonly barrier: (() => Promise<boolean>) | undefined;
  /** Another one at each start; its first part is for whoever reads it. */
  readonly nodeId = `${hostname().replaceAll(/[^\w.-]/g, '') || 'node'}:${process.pid}:${randomBytes(4).toString('hex')}`;
  readonly #driver: NodeDriver;
  #epochs: LogEpochs | undefined;

  constructor({ mode, log, clock, watcher, epochsChanged, leaseClocks: clocks = systemClocks, ...options }: ClusterAuthorityParts) {
    const lease = new Lease(clocks);
    // Where every request asks the log for itself, no lease says anything.
    super(new MarkWriter(mode === 'lease' ? { ...options, lease } : options));
    this.name = mode;
    this.barrier = mode === 'barrier' ? () => this.#driver.barrier() : undefined;
    this.#driver = new NodeDriver({
      nodeId: this.nodeId,
      mode,
      log,
      writer: this.writer,
      lease,
      clocks,
      clock,
      watcher,
      epochsChanged: (epochs) => epochsChanged((this.#epochs = epochs)),
    });
  }

  get applied(): number {
    return this.#driver.position?.applied ?? 0;
  }

  get epochs(): LogEpochs | undefined {
    return this.#epochs;
  }

  join(): Promise<Joined['kind']> {
    return this.#driver.start();
  }

  async publish(publication: Publication, patience: Patience): Promise<Confirmation> {
    return this.#confirmationOf(await this.#driver.purge(loggedOf(publication), patience));
  }

  /** More than is asked for: everything. A publication of this process alone would take a number of the log's. */
  publishHere(): number {
    this.#driver.empty();
    return this.marks.epoch;
  }

  async nodes(): Promise<NodeList> {
    return listNodes(this, await this.#driver.standings());
  }

  close(): Promise<void> {
    return this.#driver.close();
  }

  /** Undefined where this node has taken another place in the log since. */
  #markedAs({ incarnation, seq }: PurgeId): number | undefined {
    return this.#epochs?.incarnation === incarnation ? epochOf(this.#epochs, seq) : undefined;
  }

  #confirmationOf(answer: PurgeAnswer): Confirmation {
    switch (answer.kind) {
      case 'confirmed':
        return { kind: 'confirmed', epoch: this.marks.epoch, marked: this.#markedAs(answer.id), id: nameOf(answer.id), nodes: answer.nodes };
      case 'committed': {
        const ended = this.#driver.resume(answer.id, Infinity).then((last) => this.#confirmationOf(last));
        return { kind: 'committed', id: nameOf(answer.id), boundMs: answer.boundMs, ended };
      }
      case 'forgotten':
        return { kind: 'unknown' };
      case 'out-of-holds':
      case 'unknown':
      case 'rejected':
        return answer;
    }
  }
}

/** The nonce too: a log that lost its last entries gives their numbers to others. */
function nameOf({ incarnation, seq, nonce }: PurgeId): string {
  return `${incarnation}.${seq}.${nonce}`;
}
