// Who numbers purges, as the process asks it: the marks that it writes, and its place among the nodes that share purges. By itself a process has none.
import type { Authority, AuthorityName, Confirmation, Patience, Publication } from '../purge/authority.ts';
import type { MarkWriter } from '../purge/mark-writer.ts';
import type { MarkMemory, SharedMarks } from '../purge/marks.ts';
import type { Joined } from './coordination-log.ts';
import type { LogEpochs } from './log-epochs.ts';
import type { NodeList } from './node-list.ts';

export abstract class NodeAuthority implements Authority {
  abstract readonly name: AuthorityName;
  /** The last purge of the shared log that is applied here; undefined where there is none. */
  abstract readonly applied: number | undefined;
  /** Which epoch is which purge of that log; undefined before this node has a place in it. */
  abstract readonly epochs: LogEpochs | undefined;
  /** Whether every purge confirmed before the question is applied: asked for each request, where the mode is so. */
  abstract readonly barrier: (() => Promise<boolean>) | undefined;
  protected readonly writer: MarkWriter;

  protected constructor(writer: MarkWriter) {
    this.writer = writer;
  }

  get marks(): SharedMarks {
    return this.writer.marks;
  }

  /** For readers in other threads. */
  get memory(): MarkMemory {
    return this.writer.memory;
  }

  /** Upper bound of the share of checks of a tag that find another's mark: of the two tables the worse. */
  get falseShareEstimate(): number {
    return this.writer.falseShareEstimate;
  }

  abstract publish(publication: Publication, patience: Patience): Confirmation | Promise<Confirmation>;
  abstract publishHere(publication: Publication): number;

  /** Begins to take its place among the nodes; resolves with what the first attempt found, after which it goes on trying by itself. */
  abstract join(): Promise<Joined['kind']>;
  /** Who shares purges with this process, as it knows it. */
  abstract nodes(): Promise<NodeList>;
  abstract close(): Promise<void>;
}
