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
import type { Committed, Joined, LogEntry, LoggedPurge, NodeMode, Position, Renewed } from './coordination-log.ts';
import { isBefore, leaseFrom, type Moment, RENEW_EVERY_MS } from './lease-terms.ts';
import { isSameLog, takeEntries } from './log-position.ts';
import type { Ask, CallResult, Effect, NodeEvent, PurgeAsked } from './node-messages.ts';
import type { AskedPurge } from './pending-purge.ts';
import { type Failure, PurgeDesk } from './purge-desk.ts';

/** Between the sendings of two joins. */
const JOIN_EVERY_MS = 250;

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
}

interface SentCommit {
  readonly asked: AskedPurge;
  readonly life: number;
}

export class NodeCore {
  readonly #mode: NodeMode;
  readonly #desk: PurgeDesk;
  readonly #barriers = new Barriers();
  /** Of each kind one in a life. */
  readonly #calls = new Map<number, SentCall>();
  /** As many as there are purges on their way into the log. */
  readonly #commits = new Map<number, SentCommit>();
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
  #hinted = false;
  #toldOwed = false;

  #joinAt = 0;
  #renewAt = 0;
  #pollAt = 0;
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
        return this.#desk.resume({ token: event.token, until: this.#now.mono + event.waitMs }, event.id);
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

  #call(ask: Exclude<Ask, { kind: 'commit' }>): void {
    this.#calls.set(++this.#lastCall, { ask, sentAt: this.#now, life: this.#life });
    this.#effects.push({ kind: 'call', call: this.#lastCall, ask });
  }

  #isCalling(kind: Ask['kind']): boolean {
    for (const { ask, life } of this.#calls.values()) if (ask.kind === kind && life === this.#life) return true;
    return false;
  }

  #end(number: number, { kind, result }: CallResult): void {
    if (kind === 'commit') return this.#committed(number, result);
    const call = this.#calls.get(number);
    this.#calls.delete(number);
    if (call?.life !== this.#life) return;
    if (kind === 'join') this.#joined(result);
    else if (kind === 'renew') this.#renewed(call, result);
    else if (result.kind === 'changed') this.#lose();
    else if (result.kind === 'standings') this.#desk.hear(result.nodes);
  }

  // The position in the log

  #join(): void {
    if (this.#state !== 'running' || this.#position !== undefined || this.#now.mono < this.#joinAt || this.#isCalling('join')) return;
    this.#joinAt = this.#now.mono + JOIN_EVERY_MS;
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

  /** The log goes on, but not from here. */
  #fallBehind(): void {
    this.#life++;
    this.#position = undefined;
    this.#established = false;
    this.#desk.loseLog(this.#now.mono);
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
    return this.#state !== 'running' || !this.#established || this.#desk.owed.areThere || this.#desk.owesApplying;
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

  #purge({ purge, onFailure, token, waitMs }: PurgeAsked): void {
    const asked = { purge, onFailure, caller: { token, until: this.#now.mono + waitMs } };
    if (this.#state !== 'running' || !this.#established || !isBefore(this.#now, this.#renewedUntil)) this.#fail(asked, 'rejected');
    else this.#commit(asked);
  }

  #commit(asked: AskedPurge): void {
    if (this.#position === undefined) return;
    this.#commits.set(++this.#lastCall, { asked, life: this.#life });
    this.#effects.push({ kind: 'call', call: this.#lastCall, ask: { kind: 'commit', position: this.#position, purge: asked.purge } });
  }

  #committed(number: number, result: Committed): void {
    const commit = this.#commits.get(number);
    if (commit === undefined) return;
    this.#commits.delete(number);
    const { asked, life } = commit;
    const isLate = life !== this.#life;
    if (result.kind === 'changed' && !isLate) this.#lose();
    if (result.kind === 'changed') return this.#fail(asked, 'rejected');
    if (result.kind === 'out-of-holds') return this.#fail(asked, 'out-of-holds');
    if (result.kind === 'failed' || isLate || this.#position === undefined) return this.#fail(asked, 'unknown');
    this.#desk.log(asked, result, { incarnation: this.#position.incarnation, now: this.#now.mono });
  }

  #fail(asked: AskedPurge, kind: Failure): void {
    this.#desk.fail(asked, kind, this.#now.mono);
  }

  /** Those of its own that come next need no delivery: COMMIT has found the position in the log. */
  #applyOwn(): void {
    for (let next = this.#desk.nextToApply; next !== undefined; next = this.#desk.nextToApply) {
      this.#apply([{ ...next.id, purge: next.purge }]);
      if ((this.#position?.applied ?? 0) < next.id.seq) return this.#hurry();
      this.#desk.applied(next, this.#now.mono);
    }
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

  #tellOwed(): void {
    const owes = this.#desk.owed.areThere;
    if (owes === this.#toldOwed) return;
    this.#toldOwed = owes;
    this.#effects.push({ kind: 'owed', owes });
  }

  #payOwed(): void {
    if (!this.#established || this.#now.mono < this.#desk.owed.nextAttemptAt) return;
    const asked = this.#desk.owed.attempt();
    if (asked !== undefined) this.#commit(asked);
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
    if (this.#established) yield this.#desk.owed.nextAttemptAt;
  }
}
