// Purges where one process is all there is: what is published is confirmed. PURGE-PROTOCOL §3.3.
import type { Authority, AuthorityName, Confirmation, Publication } from './authority.ts';
import { MarkWriter, type MarkWriterOptions } from './mark-writer.ts';
import type { MarkMemory, SharedMarks } from './marks.ts';

export class ProcessAuthority implements Authority {
  readonly name: AuthorityName;
  readonly #writer: MarkWriter;

  constructor({ name, ...options }: MarkWriterOptions & { readonly name?: AuthorityName }) {
    this.name = name ?? 'process';
    this.#writer = new MarkWriter(options);
  }

  get marks(): SharedMarks {
    return this.#writer.marks;
  }

  /** For readers in other threads. */
  get memory(): MarkMemory {
    return this.#writer.memory;
  }

  /** Upper bound of the share of checks of a tag that find another's mark: of the two tables the worse. */
  get falseShareEstimate(): number {
    return this.#writer.falseShareEstimate;
  }

  /** It has happened when the call returns. */
  publish(publication: Publication): Confirmation {
    if (!this.#writer.hasRoom(publication)) return { kind: 'out-of-holds' };
    return { kind: 'confirmed', epoch: this.publishHere(publication) };
  }

  publishHere(publication: Publication): number {
    return this.#writer.publish(publication);
  }

  /** Nobody else knows of this process. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
