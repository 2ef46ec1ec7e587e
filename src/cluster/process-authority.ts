// Purges where one process is all there is, alone or with workers: the protocol between nodes over a log of its own, in which nobody is missing and no time
// passes. So what is asked for is confirmed in the same step. PURGE-PROTOCOL §3.3, §3.4.
import type { AuthorityName, Confirmation, Publication } from '../purge/authority.ts';
import { MarkWriter, type MarkWriterOptions } from '../purge/mark-writer.ts';
import { NodeAuthority } from './node-authority.ts';
import { NodeCore } from './node-core.ts';
import type { NodeList } from './node-list.ts';
import type { Effect, NodeEvent, PurgeAnswer } from './node-messages.ts';
import { OwnLog } from './own-log.ts';
import { loggedOf, publicationOf } from './publication.ts';

/** A lease that began at it never ends. */
const ALWAYS = { mono: 0, wall: 0 };

export class ProcessAuthority extends NodeAuthority {
  readonly name: AuthorityName;
  readonly applied = undefined;
  readonly epochs = undefined;
  readonly barrier = undefined;
  readonly #core = new NodeCore({ nodeId: '', mode: 'lease', peers: 'none' });
  readonly #log: OwnLog;
  /** Of the purge that is being made. */
  #at = 0;
  #answer: PurgeAnswer | undefined;

  constructor({ name, ...options }: MarkWriterOptions & { readonly name?: AuthorityName }) {
    super(new MarkWriter(options));
    this.name = name ?? 'process';
    this.#log = new OwnLog((purge) => this.writer.hasRoom(publicationOf(purge, this.#at)));
    this.#tell({ kind: 'started' });
  }

  /** It has happened when the call returns. */
  publish(publication: Publication): Confirmation {
    this.#at = publication.at;
    this.#tell({ kind: 'purge-asked', token: 0, purge: loggedOf(publication), onFailure: 'answer', waitMs: Infinity });
    if (this.#answer?.kind === 'confirmed') return { kind: 'confirmed', epoch: this.marks.epoch };
    if (this.#answer?.kind === 'out-of-holds') return this.#answer;
    throw new Error(`a purge of this process was answered ${this.#answer?.kind}`);
  }

  publishHere(publication: Publication): number {
    const confirmation = this.publish(publication);
    if (confirmation.kind !== 'confirmed') throw new Error('there was no room for a purge that this process makes of its own accord');
    return confirmation.epoch;
  }

  /** Its log is its own: it was there from the start. */
  join(): Promise<'joined'> {
    return Promise.resolve('joined');
  }

  nodes(): Promise<NodeList> {
    return Promise.resolve({ authority: this.name, nodes: [] });
  }

  /** Nobody else knows of this process. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The event and all that follows from it. */
  #tell(event: NodeEvent): void {
    const events = [event];
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      for (const effect of this.#core.handle(next, ALWAYS)) this.#carryOut(effect, events);
    }
  }

  #carryOut(effect: Effect, events: NodeEvent[]): void {
    if (effect.kind === 'apply') this.writer.publish(publicationOf(effect.entry.purge, this.#at));
    if (effect.kind === 'answer') this.#answer = effect.answer;
    if (effect.kind === 'call') events.push({ kind: 'ended', call: effect.call, result: this.#log.ask(effect.ask) });
  }
}
