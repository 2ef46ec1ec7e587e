// Purges where several nodes share them: what is confirmed is in the log of all and left by none. PURGE-PROTOCOL §4.4, §4.8.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../clock.ts';
import type { Authority, AuthorityName, Confirmation, Patience, Publication } from '../purge/authority.ts';
import { Lease, type LeaseClocks, systemClocks } from '../purge/lease.ts';
import { MarkWriter, type MarkWriterOptions } from '../purge/mark-writer.ts';
import type { MarkMemory, SharedMarks } from '../purge/marks.ts';
import type { CoordinationLog, NodeMode, NodeStanding } from './coordination-log.ts';
import type { LogEpochs } from './log-epochs.ts';
import { NodeDriver, type NodeWatcher } from './node-driver.ts';
import type { PurgeAnswer, PurgeId } from './node-messages.ts';
import { loggedOf } from './publication.ts';

export interface ClusterAuthorityParts extends Pick<MarkWriterOptions, 'memoryBytes' | 'holdKeepMs' | 'exhausted'> {
  readonly mode: NodeMode;
  readonly log: CoordinationLog;
  readonly clock: Clock;
  readonly watcher: NodeWatcher;
  /** Told as well whenever it changes. */
  readonly epochsChanged: (epochs: LogEpochs) => void;
  readonly leaseClocks?: LeaseClocks;
}

export class ClusterAuthority implements Authority {
  readonly name: AuthorityName;
  /** Another one at each start; its first part is for whoever reads it. */
  readonly nodeId = `${hostname().replaceAll(/[^\w.-]/g, '') || 'node'}:${process.pid}:${randomBytes(4).toString('hex')}`;
  readonly #writer: MarkWriter;
  readonly #driver: NodeDriver;
  #epochs: LogEpochs | undefined;

  constructor({ mode, log, clock, watcher, epochsChanged, leaseClocks: clocks = systemClocks, ...options }: ClusterAuthorityParts) {
    this.name = mode;
    const lease = new Lease(clocks);
    // Where every request asks the log for itself, no lease says anything.
    this.#writer = new MarkWriter(mode === 'lease' ? { ...options, lease } : options);
    this.#driver = new NodeDriver({
      nodeId: this.nodeId,
      mode,
      log,
      writer: this.#writer,
      lease,
      clocks,
      clock,
      watcher,
      epochsChanged: (epochs) => epochsChanged((this.#epochs = epochs)),
    });
  }

  get marks(): SharedMarks {
    return this.#writer.marks;
  }

  /** For readers in other threads. */
  get memory(): MarkMemory {
    return this.#writer.memory;
  }

  get falseShareEstimate(): number {
    return this.#writer.falseShareEstimate;
  }

  /** The last purge of the log that is applied here. */
  get applied(): number {
    return this.#driver.position?.applied ?? 0;
  }

  /** Begins to take part. */
  start(): void {
    this.#driver.start();
  }

  async publish(publication: Publication, patience: Patience): Promise<Confirmation> {
    return this.#confirmationOf(await this.#driver.purge(loggedOf(publication), patience));
  }

  /** More than is asked for: everything. A publication of this process alone would take a number of the log's. */
  publishHere(): number {
    this.#driver.empty();
    return this.marks.epoch;
  }

  /** Which epoch is which purge of the log; undefined before the node has a place in it. */
  get epochs(): LogEpochs | undefined {
    return this.#epochs;
  }

  /** Whether every purge confirmed before this call is applied. */
  barrier(): Promise<boolean> {
    return this.#driver.barrier();
  }

  standings(): Promise<ReadonlyMap<string, NodeStanding> | undefined> {
    return this.#driver.standings();
  }

  close(): Promise<void> {
    return this.#driver.close();
  }

  #confirmationOf(answer: PurgeAnswer): Confirmation {
    switch (answer.kind) {
      case 'confirmed':
        return { kind: 'confirmed', epoch: this.marks.epoch, id: nameOf(answer.id), nodes: answer.nodes };
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
