// One simulated node: the real core, the real marks, a cache in front of them, two clocks, and a process that may be stopped, killed and started again.
import type { LogEntry, LoggedPurge, NodeMode, Position } from '../../src/cluster/coordination-log.ts';
import { isBefore, type Moment } from '../../src/cluster/lease-terms.ts';
import { NodeCore } from '../../src/cluster/node-core.ts';
import { publicationOf } from '../../src/cluster/publication.ts';
import type { Ask, CallResult, Effect, NodeEvent, PurgeAnswer } from '../../src/cluster/node-messages.ts';
import { MarkWriter } from '../../src/purge/mark-writer.ts';
import { Cache, type Now, type Outlet, type Request } from './cache.ts';
import type { NodeClock } from './node-clock.ts';
import type { Head } from './origin.ts';
import type { Schedule } from './schedule.ts';

/** Of the marks: four slots in one bucket, so that they are lost and overrun. */
const MARKS_BYTES = 80;

export interface NodeOptions {
  readonly name: string;
  readonly mode: NodeMode;
  readonly clock: NodeClock;
  readonly schedule: Schedule;
  readonly outlet: Outlet;
  readonly log: LogPort;
  answered(token: number, answer: PurgeAnswer): void;
  applied(entry: LogEntry): void;
}

/** The way to Redis. */
export interface LogPort {
  ask(node: SimulatedNode, ask: Ask, ended: (result: CallResult) => void): void;
  evict(node: SimulatedNode, nodes: ReadonlyMap<string, number>): void;
  leave(node: SimulatedNode): void;
  follow(node: SimulatedNode, position: Position): void;
}

export class SimulatedNode {
  readonly name: string;
  readonly clock: NodeClock;
  /** Whose pushes it takes. */
  following: string | undefined;
  /** Nonces of the purges that it has applied since it was last emptied. */
  readonly known = new Set<string>();
  emptiedAt = -1;
  /** When it was last given a position: what it has from before is of no use to it. */
  joinedAt = -1;
  readonly #mode: NodeMode;
  readonly #options: NodeOptions;
  readonly #core: NodeCore;
  readonly #writer = new MarkWriter({ memoryBytes: MARKS_BYTES, holdKeepMs: 1, exhausted: () => undefined });
  readonly #cache: Cache;
  readonly #barriers = new Map<number, Request>();
  #lease: Moment | undefined;
  #alive = true;
  #stoppedUntil = 0;
  /** What came while it was stopped. */
  #backlog: (() => void)[] = [];
  #wakeups = 0;
  #lastBarrier = 0;

  constructor(options: NodeOptions) {
    this.#options = options;
    this.name = options.name;
    this.clock = options.clock;
    this.#mode = options.mode;
    this.#core = new NodeCore({ nodeId: options.name, mode: options.mode, peers: 'listed' });
    this.#cache = new Cache(this.#writer.marks, options.outlet);
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  /** By its own clocks, also while it is stopped. */
  get holdsLease(): boolean {
    return this.#alive && isBefore(this.#moment, this.#lease);
  }

  /** Does `step` once the process runs. */
  deliver(step: () => void): void {
    if (!this.#alive) return;
    if (this.#options.schedule.now < this.#stoppedUntil) this.#backlog.push(step);
    else step();
  }

  stop(ms: number): void {
    const { schedule } = this.#options;
    this.#stoppedUntil = Math.max(this.#stoppedUntil, schedule.now + ms);
    schedule.after(ms, () => (schedule.now < this.#stoppedUntil ? undefined : this.goOn()));
  }

  goOn(): void {
    this.#stoppedUntil = 0;
    for (const step of this.#backlog.splice(0)) this.deliver(step);
  }

  kill(): void {
    this.#alive = false;
  }

  tell(event: NodeEvent): void {
    const { log, schedule } = this.#options;
    if (event.kind === 'ended' && event.result.kind === 'join') this.joinedAt = schedule.now;
    for (const effect of this.#core.handle(event, this.#moment)) this.#carryOut(effect, log);
  }

  arrive(request: Request): void {
    if (this.#mode === 'lease') return this.#cache.decide(request, this.holdsLease, this.#now);
    if (!this.#cache.hasUseFor(request)) return this.#cache.lead(request, this.#now);
    const token = ++this.#lastBarrier;
    this.#barriers.set(token, request);
    this.tell({ kind: 'barrier-asked', token });
  }

  headCame(fetch: number, head: Head): void {
    this.#cache.headCame(fetch, head, this.#now);
  }

  bodyCame(fetch: number, whole: boolean): void {
    this.#cache.bodyCame(fetch, whole, this.#now);
  }

  get #moment(): Moment {
    return this.clock.at(this.#options.schedule.now);
  }

  get #now(): Now {
    return { ms: this.#moment.mono, mayServe: this.holdsLease };
  }

  #carryOut(effect: Effect, log: LogPort): void {
    switch (effect.kind) {
      case 'call':
        return log.ask(this, effect.ask, (result) => this.deliver(() => this.tell({ kind: 'ended', call: effect.call, result })));
      case 'evict':
        return log.evict(this, effect.nodes);
      case 'leave':
        return log.leave(this);
      case 'follow':
        return log.follow(this, effect.position);
      case 'apply':
        return this.#apply(effect.entry);
      case 'empty':
        return this.#empty(effect.holds);
      case 'lease':
        this.#lease = effect.until;
        return;
      case 'answer':
        return this.#options.answered(effect.token, effect.answer);
      case 'barrier':
        return this.#passed(effect.token, effect.outcome === 'passed');
      case 'wake':
        return this.#wake(effect.mono);
      case 'owed':
      case 'secret-differs':
        return;
    }
  }

  #apply(entry: LogEntry): void {
    this.known.add(entry.nonce);
    this.#publish(entry.purge);
    this.#options.applied(entry);
  }

  #empty(holds: readonly LoggedPurge[]): void {
    this.#writer.restart(this.#moment.mono);
    for (const purge of holds) this.#publish(purge);
    this.known.clear();
    this.emptiedAt = this.#options.schedule.now;
  }

  #publish(purge: LoggedPurge): void {
    this.#writer.publish(publicationOf(purge, this.#moment.mono));
  }

  #passed(token: number, passed: boolean): void {
    const request = this.#barriers.get(token);
    this.#barriers.delete(token);
    if (request !== undefined) this.#cache.decide(request, passed, this.#now);
  }

  #wake(mono: number): void {
    const { schedule } = this.#options;
    const wakeup = ++this.#wakeups;
    const wake = (): void => {
      if (wakeup !== this.#wakeups) return;
      // A rounding error before its time.
      if (this.#moment.mono < mono) schedule.after(0.001, () => this.deliver(wake));
      else this.tell({ kind: 'timer' });
    };
    schedule.after(this.clock.virtualOf(mono) - schedule.now, () => this.deliver(wake));
  }
}
