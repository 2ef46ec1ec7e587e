// One node's part of the purge protocol between nodes, PURGE-PROTOCOL §4.3 to §4.6: events and the time in, effects out. It reads no clock, does no I/O and never throws.
//
// The idea: a renewal delivers every purge that was committed before it, so a node that holds a lease lacks only purges that are younger than its sending.
// A purge is confirmed once every listed node has said to have applied it, or once all leases from before it have run out.
//
// The races: results come late, or when the position they were asked for is given up (each call carries the `life` it belongs to); pushes come twice, out
// of order or from a deposed Redis (log-position.ts takes only what follows); a Redis that lost data has lost its list of nodes too (`seen`).
//
// What must stay true: the lease counts from the sending of its renewal, and is there only when all that the renewal delivered was applied. A position is
// used for nothing before its first renewal, which empties the node: what was fetched before may lack purges of a log that is gone. A purge whose log
// was lost before it was confirmed is answered `unknown`. A purge is answered `confirmed` only by PurgeDesk.settle.
import { Barriers } from './barriers.ts';
import type { Committed, Joined, LogEntry, LoggedPurge, NodeMode, NodeStanding, Position, Renewed } from './coordination-log.ts';
import { isBefore, leaseFrom, type Moment, RENEW_EVERY_MS } from './lease-terms.ts';
import { isSameLog, takeEntries } from './log-position.ts';
import type { Ask, CallResult, Effect, NodeEvent, PurgeAnswer, PurgeAsked } from './node-messages.ts';
import { OwedPurges } from './owed-purges.ts';
import { hear, type PendingPurge } from './pending-purge.ts';
import { PurgeDesk } from './purge-desk.ts';

/** Between the sendings of two joins, and of two attempts at an owed purge. */
const RETRY_EVERY_MS = 250;

/** How often standings are asked for while a purge waits, where no hint comes. */
const POLL_EVERY_MS = 100;

export interface NodeCoreOptions {
  /** Another one at each start of the process. */
  readonly nodeId: string;
  readonly mode: NodeMode;
  /** `none`: the log is this process's own, so that nobody can be missing in its list. */
  readonly peers: 'listed' | 'none';
}

interface SentCall {
  readonly ask: Ask;
  readonly sentAt: Moment;
  readonly life: number;
  readonly pending: PendingPurge | undefined;
}

export class NodeCore {
  readonly #mode: NodeMode;
  readonly #desk: PurgeDesk;
  readonly #barriers = new Barriers();
  readonly #owed = new OwedPurges();
  readonly #calls = new Map<number, SentCall>();
  #lastCall = 0;
  #now: Moment = { mono: 0, wall: 0 };
  #effects: Effect[] = [];
  /** They leave last: whoever is answered finds everything done. */
  #answers: Effect[] = [];

  #state: 'new' | 'running' | 'draining' | 'left' = 'new';
  /** Raised whenever the position is given up. */
  #life = 0;
  #position: Position | undefined;
  #holds: readonly LoggedPurge[] = [];
  /** Whether the position has had its first renewal. */
  #established = false;
  readonly #peers: NodeCoreOptions['peers'];
  /** The log that it was last established in, and since when it has seen it without a doubt. */
  #seen: Position | undefined;
  #seenSince = Infinity;
  /** Whether the last renewal failed. */
  #outOfTouch = false;
  /** The end of the time that the last renewal gave. */
  #renewedUntil: Moment | undefined;
  #lease: Moment | undefined;
  /** The last purge that it has said, or tried to say, to have applied. */
  #said = 0;
  #attempt: PendingPurge | undefined;
  #hinted = false;
  #toldOwed = false;

  #joinAt = 0;
  #renewAt = 0;
  #pollAt = 0;
  #attemptAt = 0;
  #wakeAt = Infinity;

  constructor({ nodeId, mode, peers }: NodeCoreOptions) {
    this.#mode = mode;
    this.#peers = peers;
    this.#desk = new PurgeDesk(nodeId, (token, answer) => this.#answers.push({ kind: 'answer', token, answer }));
  }

  /** `now` must be read when the event is told, and not before what the event reports. */
  handle(event: NodeEvent, now: Moment): readonly Effect[] {
    this.#now = now;
    this.#effects = [];
    this.#answers = [];
    this.#take(event);
    this.#goOn();
    return [...this.#effects, ...this.#answers];
  }

  #take(event: NodeEvent): void {
    switch (event.kind) {
      case 'started':
        this.#state = 'running';
        this.#joinAt = this.#now.mono;
        return;
      case 'timer':
        this.#wakeAt = Infinity;
        return;
      case 'ended':
        return this.#end(event.call, event.result);
      case 'pushed':
        return this.#push(event.entries);
      case 'hinted':
        this.#hinted = true;
        return;
      case 'purge-asked':
        return this.#purge(event);
      case 'purge-resumed':
        return this.#desk.resume(event.token, event.id, this.#now.mono + event.waitMs);
      case 'barrier-asked':
        return this.#barriers.ask(event.token);
      case 'connection-lost':
        return this.#hurry();
      case 'drain':
        this.#state = 'draining';
        return;
    }
  }

  /** Whatever is due now. */
  #goOn(): void {
    this.#applyOwn();
    this.#settle();
    this.#join();
    this.#renew();
    this.#acknowledge();
    this.#poll();
    this.#payOwed();
    this.#leave();
    this.#failBarriers();
    this.#grant();
    this.#tellOwed();
    this.#wake();
  }

  #call(ask: Ask, pending?: PendingPurge): void {
    const call = ++this.#lastCall;
    this.#calls.set(call, { ask, sentAt: this.#now, life: this.#life, pending });
    this.#effects.push({ kind: 'call', call, ask });
  }

  #isCalling(kind: Ask['kind']): boolean {
    for (const { ask, life } of this.#calls.values()) if (ask.kind === kind && life === this.#life) return true;
    return false;
  }

  #end(number: number, { kind, result }: CallResult): void {
    const call = this.#calls.get(number);
    if (call === undefined) return;
    this.#calls.delete(number);
    if (kind === 'commit') this.#committed(call, result);
    else if (call.life !== this.#life) return;
    else if (kind === 'join') this.#joined(result);
    else if (kind === 'renew') this.#renewed(call, result);
    else if (result.kind === 'changed') this.#lose();
    else if (result.kind === 'standings') this.#heard(result.nodes);
  }

  // The position in the log

  #join(): void {
    if (this.#state !== 'running' || this.#position !== undefined || this.#now.mono < this.#joinAt || this.#isCalling('join')) return;
    this.#joinAt = this.#now.mono + RETRY_EVERY_MS;
    this.#call({ kind: 'join' });
  }

  #joined(result: Joined): void {
    if (result.kind === 'secret-differs') this.#effects.push({ kind: 'secret-differs' });
    if (result.kind !== 'joined') return;
    this.#position = result.position;
    this.#holds = result.holds;
    this.#said = 0;
    this.#renewAt = this.#now.mono;
    this.#outOfTouch = false;
    if (this.#seen !== undefined && !isSameLog(this.#seen, result.position)) this.#seen = undefined;
  }

  /** Renews before its time; a Redis that does not answer is not asked more often for it. */
  #hurry(): void {
    if (!this.#outOfTouch) this.#renewAt = Math.min(this.#renewAt, this.#now.mono);
  }

  #renew(): void {
    if (this.#state !== 'running' || this.#position === undefined || this.#isCalling('renew')) return;
    if (this.#now.mono < this.#renewAt && (this.#outOfTouch || !this.#barriers.areQueued)) return;
    this.#renewAt = this.#now.mono + RENEW_EVERY_MS;
    this.#barriers.board();
    this.#call({ kind: 'renew', mode: this.#mode, position: this.#position });
  }

  #renewed({ ask, sentAt }: SentCall, result: Renewed): void {
    this.#outOfTouch = result.kind === 'failed';
    if (result.kind === 'failed') return this.#land('failed');
    if (result.kind === 'changed') return this.#lose();
    if (result.kind === 'gap') return this.#fallBehind();
    if (!this.#established) this.#establish();
    if (!this.#apply(result.entries) || (this.#position?.applied ?? 0) < result.seq) return this.#lose();
    if (ask.kind === 'renew') this.#said = Math.max(this.#said, ask.position.applied);
    this.#renewedUntil = leaseFrom(sentAt);
    this.#land(this.#servesNothing() ? 'failed' : 'passed');
  }

  /** The first renewal: what was fetched until now is dead. */
  #establish(): void {
    if (this.#position === undefined) return;
    this.#established = true;
    if (this.#seen === undefined) this.#seenSince = this.#peers === 'none' ? -Infinity : this.#now.mono;
    this.#seen = this.#position;
    this.#effects.push({ kind: 'empty', position: this.#position, holds: this.#holds }, { kind: 'follow', position: this.#position });
  }

  /** False where `entries` do not follow. */
  #apply(entries: readonly LogEntry[]): boolean {
    if (this.#position === undefined) return false;
    const taken = takeEntries(this.#position, entries);
    this.#position = taken.position;
    for (const entry of taken.entries) this.#effects.push({ kind: 'apply', entry });
    return !taken.doubtful;
  }

  #push(entries: readonly LogEntry[]): void {
    if (this.#established && !this.#apply(entries)) this.#hurry();
  }

  /** The log is another one. */
  #lose(): void {
    this.#seen = undefined;
    this.#fallBehind();
  }

  /** The log goes on, but not from here. Purges that are not confirmed yet stay in doubt. */
  #fallBehind(): void {
    this.#life++;
    this.#position = undefined;
    this.#established = false;
    for (const pending of this.#desk.logged) this.#fail(pending, { kind: 'unknown' });
  }

  // What the others know of this node

  /** Each purge once: where that fails, which may be at once, the next renewal says it. */
  #acknowledge(): void {
    if (this.#mode !== 'lease' || this.#state === 'left' || !this.#established || this.#position === undefined) return;
    if (this.#position.applied <= this.#said || this.#isCalling('acknowledge')) return;
    this.#said = this.#position.applied;
    this.#call({ kind: 'acknowledge', position: this.#position });
  }

  #leave(): void {
    if (this.#state !== 'draining' || this.#isCalling('renew')) return;
    this.#state = 'left';
    this.#effects.push({ kind: 'leave' });
  }

  #servesNothing(): boolean {
    return this.#state !== 'running' || !this.#established || this.#owed.first !== undefined || this.#desk.owesApplying;
  }

  #grant(): void {
    const lease = this.#mode === 'barrier' || this.#servesNothing() ? undefined : this.#renewedUntil;
    if (lease?.mono === this.#lease?.mono && lease?.wall === this.#lease?.wall) return;
    this.#lease = lease;
    this.#effects.push({ kind: 'lease', until: lease });
  }

  // Barriers

  #land(outcome: 'passed' | 'failed'): void {
    for (const token of this.#barriers.land()) this.#effects.push({ kind: 'barrier', token, outcome });
  }

  #failBarriers(): void {
    if (this.#state === 'running' && this.#position !== undefined && !this.#outOfTouch) return;
    for (const token of this.#barriers.empty()) this.#effects.push({ kind: 'barrier', token, outcome: 'failed' });
  }

  // Purges

  #purge(asked: PurgeAsked): void {
    const pending = this.#desk.open(asked, this.#now.mono);
    if (this.#state !== 'running' || !this.#established || !isBefore(this.#now, this.#renewedUntil)) this.#fail(pending, { kind: 'rejected' });
    else this.#commit(pending);
  }

  #commit(pending: PendingPurge): void {
    if (this.#position !== undefined) this.#call({ kind: 'commit', position: this.#position, purge: pending.purge }, pending);
  }

  #committed({ life, pending }: SentCall, result: Committed): void {
    if (pending === undefined) return;
    if (result.kind === 'changed' && life === this.#life) this.#lose();
    if (result.kind === 'changed') return this.#fail(pending, { kind: 'rejected' });
    if (result.kind === 'out-of-holds') return this.#refuse(pending);
    if (result.kind === 'failed' || life !== this.#life || this.#position === undefined) return this.#fail(pending, { kind: 'unknown' });
    this.#desk.log(pending, result, { incarnation: this.#position.incarnation, now: this.#now.mono });
  }

  #refuse(pending: PendingPurge): void {
    if (pending === this.#attempt) this.#owed.simplify(pending.purge);
    this.#endAttempt(pending);
    this.#desk.end(pending, { kind: 'out-of-holds' });
  }

  #fail(pending: PendingPurge, answer: PurgeAnswer): void {
    if (pending.onFailure === 'retry' && pending !== this.#attempt && pending.appliedAt === undefined) this.#owed.add(pending.purge);
    this.#endAttempt(pending);
    this.#desk.end(pending, answer);
  }

  /** Those of its own that come next need no delivery: COMMIT has found the position in the log. */
  #applyOwn(): void {
    if (!this.#established) return;
    for (const pending of this.#desk.logged) {
      const { logged, purge } = pending;
      if (logged === undefined || pending.appliedAt !== undefined) continue;
      this.#apply([{ ...logged.id, purge }]);
      if ((this.#position?.applied ?? 0) < logged.id.seq) this.#hurry();
      else this.#applied(pending);
    }
  }

  #applied(pending: PendingPurge): void {
    pending.appliedAt = this.#now.mono;
    if (pending !== this.#attempt) return;
    this.#owed.paid(pending.purge);
    this.#endAttempt(pending);
  }

  #settle(): void {
    const expired = this.#desk.settle(this.#now.mono, this.#seenSince);
    if (expired.size > 0) this.#effects.push({ kind: 'evict', nodes: expired });
  }

  #poll(): void {
    if (this.#position === undefined || !this.#desk.hasSilent || this.#isCalling('standings')) return;
    if (!this.#hinted && this.#now.mono < this.#pollAt) return;
    this.#hinted = false;
    this.#pollAt = this.#now.mono + POLL_EVERY_MS;
    this.#call({ kind: 'standings', position: this.#position });
  }

  #heard(nodes: ReadonlyMap<string, NodeStanding>): void {
    for (const { logged } of this.#desk.logged) if (logged !== undefined) hear(logged, nodes);
  }

  // Purges that are owed

  #tellOwed(): void {
    const owes = this.#owed.first !== undefined;
    if (owes === this.#toldOwed) return;
    this.#toldOwed = owes;
    this.#effects.push({ kind: 'owed', owes });
  }

  #payOwed(): void {
    const purge = this.#owed.first;
    if (purge === undefined || this.#attempt !== undefined || !this.#established || this.#now.mono < this.#attemptAt) return;
    this.#attempt = this.#desk.reopen(purge);
    this.#commit(this.#attempt);
  }

  #endAttempt(pending: PendingPurge): void {
    if (pending !== this.#attempt) return;
    this.#attempt = undefined;
    this.#attemptAt = this.#now.mono + (pending.appliedAt === undefined ? RETRY_EVERY_MS : 0);
  }

  // Time

  #wake(): void {
    const at = Math.min(...this.#instants());
    if (at === this.#wakeAt) return;
    this.#wakeAt = at;
    if (at < Infinity) this.#effects.push({ kind: 'wake', mono: at });
  }

  *#instants(): Generator<number> {
    yield this.#desk.nextInstant(this.#seenSince);
    if (this.#state === 'running' && this.#position === undefined && !this.#isCalling('join')) yield this.#joinAt;
    if (this.#state === 'running' && this.#position !== undefined && !this.#isCalling('renew')) yield this.#renewAt;
    if (this.#position !== undefined && this.#desk.hasSilent && !this.#isCalling('standings')) yield this.#pollAt;
    if (this.#owed.first !== undefined && this.#attempt === undefined && this.#established) yield this.#attemptAt;
  }
}
