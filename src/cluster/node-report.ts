// How a node fares, for its operator: a line when something begins or ends, not at each attempt. README "Several nodes" says what to do about each.
import type { Joined, Renewed } from './coordination-log.ts';
import type { NodeWatcher } from './node-driver.ts';

/** Who wants to know: `Observe` does. */
export interface NodeObserver {
  leaseChanged(isHeld: boolean): void;
  renewalEnded(result: Renewed['kind']): void;
  nodeEmptied(): void;
  warn(message: string, detail: Readonly<Record<string, unknown>>): void;
  info(message: string, detail: Readonly<Record<string, unknown>>): void;
  error(message: string, detail: Readonly<Record<string, unknown>>): void;
}

export interface NodeReportParts {
  readonly observer: NodeObserver;
  /** Nothing stored until now may be used any more. */
  readonly emptied: () => void;
}

/** Nodes that were last said to be silent; every start of one has another name. */
const NAMES_KEPT = 1000;

export class NodeReport implements NodeWatcher {
  readonly #parts: NodeReportParts;
  /** What was said to be wrong since Redis last answered: one outage has several faces, which come in turns. */
  readonly #said = new Set<string>();
  /** Those that were said to be silent, with their last renewal: purges that waited together end one by one. */
  readonly #silent = new Map<string, number>();
  #incarnation: string | undefined;
  #isLeaving = false;

  constructor(parts: NodeReportParts) {
    this.#parts = parts;
  }

  joined(result: Joined): void {
    if (result.kind === 'failed') {
      this.#parts.observer.renewalEnded('failed');
      this.#troubled('Redis does not answer', { error: result.error });
    }
    if (result.kind === 'secret-differs') this.#troubled('the cluster has another redis.secret: this node stores nothing and purges nothing', {});
  }

  renewed(result: Renewed): void {
    this.#parts.observer.renewalEnded(result.kind);
    if (result.kind === 'failed') this.#troubled('Redis does not answer', { error: result.error });
    if (result.kind === 'renewed') this.#fine();
  }

  emptied(incarnation: string): void {
    const { observer } = this.#parts;
    const before = this.#incarnation;
    this.#incarnation = incarnation;
    observer.nodeEmptied();
    if (before === undefined) observer.info('the node has its place in the log of purges; its cache begins empty', { incarnation });
    else if (before === incarnation) observer.warn('the node could not be given all purges that it lacked: its cache begins empty', { incarnation });
    else observer.warn('Redis lost the log of purges, or is another server than before: the cache begins empty', { incarnation, before });
    this.#parts.emptied();
  }

  leaseChanged(isHeld: boolean): void {
    const { observer } = this.#parts;
    observer.leaseChanged(isHeld);
    if (isHeld) observer.info('the node holds a lease: it answers from its cache', {});
    else if (!this.#isLeaving) observer.warn('the node holds no lease: it passes requests on, stores nothing and confirms no purge', {});
  }

  waitedOut(nodes: ReadonlyMap<string, number>): void {
    const unsaid = [...nodes].filter(([name, renewal]) => this.#silent.get(name) !== renewal);
    if (unsaid.length === 0) return;
    if (this.#silent.size > NAMES_KEPT) this.#silent.clear();
    for (const [name, renewal] of unsaid) this.#silent.set(name, renewal);
    const names = unsaid.map(([name]) => name);
    this.#parts.observer.warn('nodes were silent until their leases had run out: they are off the list until they renew', { nodes: names });
  }

  owes(isOwing: boolean): void {
    const { observer } = this.#parts;
    if (isOwing)
      observer.warn('a write was answered before its purge was confirmed: the node answers nothing from its cache until it has made it', {});
    else observer.info('every purge that the node owed is made', {});
  }

  leaving(): void {
    this.#isLeaving = true;
    this.#parts.observer.info('the node leaves those that share purges', {});
  }

  #troubled(what: string, detail: { readonly error?: string }): void {
    const said = `${what} ${detail.error ?? ''}`;
    if (this.#said.has(said)) return;
    this.#said.add(said);
    this.#parts.observer.error(what, detail);
  }

  #fine(): void {
    if (this.#said.size === 0) return;
    this.#said.clear();
    this.#parts.observer.info('Redis answers again', {});
  }
}
