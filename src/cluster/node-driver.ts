// Runs a node's part of the protocol: tells node-core.ts what happens and when, and carries out what it wants, in its order. It decides nothing.
// What it holds together: the shared log (calls, pushes, hints), the marks and the lease that readers ask, one timer, and those who wait for an answer.
import type { Clock } from '../clock.ts';
import type { Publication } from '../purge/authority.ts';
import type { Lease, LeaseClocks } from '../purge/lease.ts';
import type { MarkWriter } from '../purge/mark-writer.ts';
import type { CoordinationLog, Joined, LogEntry, LoggedPurge, NodeMode, NodeStanding, Position, Renewed } from './coordination-log.ts';
import { NodeCore } from './node-core.ts';
import { type LogEpochs, logEpochs } from './log-epochs.ts';
import { LeaseWatch } from './lease-watch.ts';
import type { Ask, CallResult, Effect, NodeEvent, PurgeAnswer, PurgeAsked, PurgeId } from './node-messages.ts';
import { publicationOf } from './publication.ts';

export interface NodeDriverParts {
  /** Another one at each start of the process. */
  readonly nodeId: string;
  readonly mode: NodeMode;
  readonly log: CoordinationLog;
  /** Made with `lease`. Nobody else may write. */
  readonly writer: MarkWriter;
  readonly lease: Lease;
  /** The same as of the lease. */
  readonly clocks: LeaseClocks;
  /** By which purges are dated. */
  readonly clock: Clock;
  readonly watcher: NodeWatcher;
  /** Which epoch is which purge of the log, from now on. */
  readonly epochsChanged: (epochs: LogEpochs) => void;
}

/** Who wants to know how a node fares. */
export interface NodeWatcher {
  /** It has a position in the log again, the named one; nothing stored until now may be used any more. */
  emptied(incarnation: string): void;
  renewed(result: Renewed): void;
  /** Only in lease mode: whether it may answer from its cache. */
  leaseChanged(isHeld: boolean): void;
  /** The first attempts to join, and those after a loss: what they found. */
  joined(result: Joined): void;
  /** A purge was confirmed only when the leases of these had run out; with the numbers of their last renewals. */
  waitedOut(nodes: ReadonlyMap<string, number>): void;
  /** Whether writes were answered whose purges have yet to be put into the log; until then it answers nothing from its cache. */
  owes(isOwing: boolean): void;
  /** It is being closed. */
  leaving(): void;
}

/** Without room for what a purge wants remembered, nothing is stored for this long at least. */
const HELD_WITHOUT_ROOM_MS = 60_000;

const NOTHING: LoggedPurge = { tagIds: new Int32Array(), all: false, mode: 'hard', settleMs: 0, versions: [] };

export class NodeDriver {
  readonly #parts: NodeDriverParts;
  readonly #core: NodeCore;
  readonly #waiting = new Map<number, (answer: PurgeAnswer) => void>();
  readonly #atBarrier = new Map<number, (passed: boolean) => void>();
  readonly #watch: LeaseWatch;
  #position: Position | undefined;
  #lastToken = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #firstJoined = Promise.withResolvers<Joined['kind']>();
  readonly #left = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(parts: NodeDriverParts) {
    this.#parts = parts;
    this.#core = new NodeCore({ nodeId: parts.nodeId, mode: parts.mode, peers: 'listed' });
    this.#watch = new LeaseWatch(parts.clocks, (isHeld) => parts.watcher.leaseChanged(isHeld));
  }

  /** Resolves with what the first attempt to join found. */
  start(): Promise<Joined['kind']> {
    this.#parts.log.onHint(() => this.#tell({ kind: 'hinted' }));
    this.#tell({ kind: 'started' });
    return this.#firstJoined.promise;
  }

  purge(purge: LoggedPurge, { onFailure, waitMs }: Pick<PurgeAsked, 'onFailure' | 'waitMs'>): Promise<PurgeAnswer> {
    return this.#ask('rejected', (token) => ({ kind: 'purge-asked', token, purge, onFailure, waitMs }));
  }

  /** Goes on waiting for a purge that was answered `committed`. */
  resume(id: PurgeId, waitMs: number): Promise<PurgeAnswer> {
    return this.#ask('unknown', (token) => ({ kind: 'purge-resumed', token, id, waitMs }));
  }

  /** Whether all that was in the log when it was asked has been applied. */
  barrier(): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    const token = ++this.#lastToken;
    const passed = Promise.withResolvers<boolean>();
    this.#atBarrier.set(token, passed.resolve);
    this.#tell({ kind: 'barrier-asked', token });
    return passed.promise;
  }

  /**
   * Nothing that was stored or asked for until now may be used any more: of this node's own accord, so no other need know. Nor what others stored as of the
   * last purge, since one that is under way may name things by rules of before; an entry that purges nothing parts it from what they store from now on.
   */
  empty(): void {
    this.#parts.writer.restart(this.#parts.clock.now());
    this.#count(1);
    void this.purge(NOTHING, { onFailure: 'answer', waitMs: 0 });
  }

  /** How far this node is; undefined where it has no place in the log. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** The nodes that Redis knows now, by their names. */
  async standings(): Promise<ReadonlyMap<string, NodeStanding> | undefined> {
    if (this.#position === undefined) return undefined;
    const result = await this.#parts.log.standings(this.#position);
    return result.kind === 'standings' ? result.nodes : undefined;
  }

  /** Gives the lease up, leaves the list of nodes once a renewal that is under way has ended, and closes the log. Purges still waited for are `unknown`. */
  async close(): Promise<void> {
    this.#parts.watcher.leaving();
    this.#tell({ kind: 'drain' });
    this.#parts.lease.drop();
    await this.#left.promise;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#watch.close();
    for (const answer of this.#waiting.values()) answer({ kind: 'unknown' });
    this.#waiting.clear();
    for (const pass of this.#atBarrier.values()) pass(false);
    this.#atBarrier.clear();
    await this.#parts.log.close();
  }

  #ask(onceClosed: 'rejected' | 'unknown', event: (token: number) => NodeEvent): Promise<PurgeAnswer> {
    if (this.#isClosed) return Promise.resolve({ kind: onceClosed });
    const token = ++this.#lastToken;
    const answer = Promise.withResolvers<PurgeAnswer>();
    this.#waiting.set(token, answer.resolve);
    this.#tell(event(token));
    return answer.promise;
  }

  #tell(event: NodeEvent): void {
    if (this.#isClosed) return;
    const { clocks } = this.#parts;
    for (const effect of this.#core.handle(event, { mono: clocks.mono(), wall: clocks.wall() })) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    const { log, lease, writer, clock, watcher } = this.#parts;
    switch (effect.kind) {
      case 'call':
        void this.#call(effect.ask).then((result) => this.#tell({ kind: 'ended', call: effect.call, result }));
        return;
      case 'evict':
        watcher.waitedOut(effect.nodes);
        void log.evict(effect.nodes);
        return;
      case 'leave':
        void log.leave(this.#parts.nodeId).then(this.#left.resolve);
        return;
      case 'follow':
        return log.follow(effect.position, (entries) => this.#tell({ kind: 'pushed', entries }));
      case 'apply':
        return this.#take(effect.entry);
      case 'empty':
        writer.restart(clock.now());
        this.#position = effect.position;
        watcher.emptied(effect.position.incarnation);
        for (const purge of effect.holds) this.#apply(purge);
        return this.#count();
      case 'lease':
        if (effect.until === undefined) lease.drop();
        else lease.holdUntil(effect.until);
        return this.#watch.until(effect.until);
      case 'owed':
        return watcher.owes(effect.owes);
      case 'answer':
        this.#waiting.get(effect.token)?.(effect.answer);
        this.#waiting.delete(effect.token);
        return;
      case 'wake':
        return this.#wakeAt(effect.mono);
      case 'barrier':
        this.#atBarrier.get(effect.token)?.(effect.outcome === 'passed');
        this.#atBarrier.delete(effect.token);
        return;
      case 'secret-differs':
        // The watcher hears of it as it is found.
        return;
    }
  }

  async #call(ask: Ask): Promise<CallResult> {
    const { log, nodeId, watcher } = this.#parts;
    switch (ask.kind) {
      case 'join': {
        const result = await log.join();
        watcher.joined(result);
        this.#firstJoined.resolve(result.kind);
        return { kind: 'join', result };
      }
      case 'renew': {
        const result = await log.renew(nodeId, ask.mode, ask.position);
        watcher.renewed(result);
        return { kind: 'renew', result };
      }
      case 'commit':
        return { kind: 'commit', result: await log.commit(ask.position, ask.purge) };
      case 'acknowledge':
        return { kind: 'acknowledge', result: await log.acknowledge(nodeId, ask.position) };
      case 'standings':
        return { kind: 'standings', result: await log.standings(ask.position) };
    }
  }

  #take({ seq, nonce, purge }: LogEntry): void {
    const { epoch } = this.#parts.writer.marks;
    if (this.#position !== undefined) this.#position = { ...this.#position, applied: seq, nonce };
    // A new generation of marks counts anew.
    if (this.#apply(purge) !== epoch + 1) this.#count();
  }

  /** From here on, or from so many purges later on, epochs of this process and purges of the log go on together. */
  #count(later = 0): void {
    const { writer, epochsChanged } = this.#parts;
    if (this.#position === undefined) return;
    epochsChanged(logEpochs(this.#position.incarnation, { epoch: writer.marks.epoch + later, applied: this.#position.applied + later }));
  }

  /** Its epoch. */
  #apply(purge: LoggedPurge): number {
    const { writer, clock } = this.#parts;
    const publication = publicationOf(purge, clock.now());
    return writer.publish(writer.hasRoom(publication) ? publication : withoutRoom(publication));
  }

  #wakeAt(mono: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell({ kind: 'timer' }), Math.max(0, Math.ceil(mono - this.#parts.clocks.mono())));
  }
}

/** More than was asked: the purge is in the log, so it cannot be refused any more, and a hold of everything takes no room. */
function withoutRoom({ at, heldUntil = 0 }: Publication): Publication {
  const until = Math.max(heldUntil, at + HELD_WITHOUT_ROOM_MS);
  return { selectors: { tagIds: new Int32Array(), all: true }, mode: 'hard', at, heldUntil: until };
}
