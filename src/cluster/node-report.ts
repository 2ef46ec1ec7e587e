// How a node fares, for its operator: a line when something begins or ends, not at each attempt.
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

export class NodeReport implements NodeWatcher {
  readonly #parts: NodeReportParts;
  /** What was last said to be wrong. */
  #trouble: string | undefined;
  readonly #joined = Promise.withResolvers<Joined>();

  constructor(parts: NodeReportParts) {
    this.#parts = parts;
  }

  /** What the first attempt to join found. */
  get firstJoined(): Promise<Joined> {
    return this.#joined.promise;
  }

  joined(result: Joined): void {
    this.#joined.resolve(result);
    if (result.kind === 'failed') this.#troubled(`Redis does not answer: ${result.error}`);
    if (result.kind === 'secret-differs') this.#troubled('the cluster has another redis.secret: this node stores nothing and purges nothing');
  }

  renewed(result: Renewed): void {
    this.#parts.observer.renewalEnded(result.kind);
    if (result.kind === 'failed') this.#troubled(`Redis does not answer: ${result.error}`);
    if (result.kind === 'renewed') this.#fine();
  }

  emptied(incarnation: string): void {
    this.#parts.observer.nodeEmptied();
    this.#parts.observer.info('the node has its place in the log of purges; its cache begins empty', { incarnation });
    this.#parts.emptied();
  }

  leaseChanged(isHeld: boolean): void {
    const { observer } = this.#parts;
    observer.leaseChanged(isHeld);
    if (isHeld) observer.info('the node holds a lease: it answers from its cache', {});
    else observer.warn('the node holds no lease: it passes requests on, stores nothing and confirms no purge', {});
  }

  #troubled(what: string): void {
    if (what === this.#trouble) return;
    this.#trouble = what;
    this.#parts.observer.error(what, {});
  }

  #fine(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#parts.observer.info('Redis answers again', {});
  }
}
