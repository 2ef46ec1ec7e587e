// Who writes and purges in a small world, and what is written down of the answers. PURGE-PROTOCOL §6, I10 too.
import type { LogEntry, LoggedPurge } from '../../src/cluster/coordination-log.ts';
import type { PurgeAnswer, PurgeAsked, PurgeId } from '../../src/cluster/node-messages.ts';
import type { SimulatedNode } from './node.ts';
import type { Origin } from './origin.ts';
import { anyPurge, hardPurge, outlasts, type Written } from './purge-kinds.ts';
import type { Scene } from './scene.ts';

const MOST_ATTEMPTS = 5;

interface PurgeCall {
  readonly written: Written;
  readonly node: SimulatedNode;
  readonly sentAt: number;
  readonly attempts: number;
  /** The one that this is another attempt of. */
  readonly first?: PurgeCall;
}

interface SentPurge {
  readonly call: PurgeCall;
  readonly purge: LoggedPurge;
  /** What it purges. */
  readonly written: Written;
}

export interface WritersParts {
  readonly scene: Scene;
  readonly origin: Origin;
  readonly registers: number;
  readonly purges: 'hard' | 'every';
}

export class Writers {
  readonly #parts: WritersParts;
  readonly #scene: Scene;
  readonly #purges = new Map<number, SentPurge>();
  readonly #written = new WeakMap<LoggedPurge, Written>();
  /** Instants of COMMITs, by nonce of what they put into the log. */
  readonly #committedAt = new Map<string, number>();
  readonly #done = new Set<PurgeCall>();
  #last = 0;

  constructor(parts: WritersParts) {
    this.#parts = parts;
    this.#scene = parts.scene;
  }

  write(): void {
    const { random: decide, schedule, nodes } = this.#scene;
    const { registers: count } = this.#parts;
    const registers = new Set([decide.below(count), ...(decide.chance(0.2) ? [decide.below(count)] : [])]);
    const written = [...registers].map((register) => [register, this.#commit(register)] as const);
    const node = decide.pick(nodes);
    // A write through the proxy asks for its purge before it is answered, and once: the node owes it from then on.
    if (decide.chance(0.2)) this.#purge({ written, node, sentAt: schedule.now, attempts: MOST_ATTEMPTS }, 'retry');
    else schedule.after(decide.next() * 20, () => this.#purge({ written, node, sentAt: schedule.now, attempts: 0 }, 'answer'));
  }

  /** Purges at every node something that nobody wrote, until it is confirmed. Returns which nodes have not confirmed theirs. */
  purgeEverywhere(): () => readonly SimulatedNode[] {
    const calls = this.#scene.nodes.map((node) => ({ written: [], node, sentAt: this.#scene.schedule.now, attempts: 0 }));
    for (const call of calls) this.#purge(call, 'answer', Infinity);
    return () => calls.filter((call) => !this.#done.has(call)).map(({ node }) => node);
  }

  /** A COMMIT has put it into the log. */
  logged({ nonce }: LogEntry): void {
    this.#committedAt.set(nonce, this.#scene.schedule.now);
  }

  applied(node: SimulatedNode, { purge }: LogEntry): void {
    const { history, schedule } = this.#scene;
    if (purge.mode === 'hard' || !outlasts(purge, history.lagMs)) return;
    for (const [register, version] of this.#written.get(purge) ?? [])
      history.softenings.push({ node: node.name, register, version, at: schedule.now });
  }

  answered(node: SimulatedNode, token: number, answer: PurgeAnswer): void {
    const { random, schedule } = this.#scene;
    const sent = this.#purges.get(token);
    this.#purges.delete(token);
    if (sent === undefined) return;
    if (answer.kind === 'confirmed') this.#judge(answer.id, answer.nodes.confirmed);
    schedule.after(random.next() * 2, () => this.#learn(node, sent, answer));
  }

  /** It will answer nothing more. */
  gone(node: SimulatedNode): void {
    for (const [token, { call }] of this.#purges) if (call.node === node) this.#purges.delete(token);
  }

  #commit(register: number): number {
    const { history, schedule } = this.#scene;
    const version = this.#parts.origin.write(register, schedule.now);
    history.writes.push({ register, version, at: schedule.now });
    return version;
  }

  #purge(call: PurgeCall, onFailure: PurgeAsked['onFailure'], waitMs = this.#scene.random.pick([0, 200, Infinity, Infinity])): void {
    const { random, schedule } = this.#scene;
    const token = ++this.#last;
    const purge = this.#purgeOf(call.written, onFailure);
    const written = purge.all ? [...this.#parts.origin.versions.entries()] : call.written;
    this.#purges.set(token, { call, purge, written });
    this.#written.set(purge, written);
    schedule.after(random.next() * 2, () => call.node.deliver(() => call.node.tell({ kind: 'purge-asked', token, purge, onFailure, waitMs })));
  }

  #purgeOf(written: Written, onFailure: PurgeAsked['onFailure']): LoggedPurge {
    const { random } = this.#scene;
    if (this.#parts.purges === 'hard') return hardPurge(written, random.chance(0.02));
    return anyPurge(random, written, { follows: onFailure === 'retry' ? 'write' : 'nothing' });
  }

  #learn(node: SimulatedNode, sent: SentPurge, answer: PurgeAnswer): void {
    const { history, random, schedule } = this.#scene;
    const { now } = schedule;
    const { call } = sent;
    switch (answer.kind) {
      case 'confirmed':
        this.#done.add(call.first ?? call);
        history.waitsMs.push(now - call.sentAt);
        return this.#acked(sent, now);
      case 'committed': {
        this.#acked(sent, now + answer.boundMs);
        if (!random.chance(0.5)) return;
        const token = ++this.#last;
        this.#purges.set(token, { ...sent, call: { ...call, node } });
        return node.deliver(() => node.tell({ kind: 'purge-resumed', token, id: answer.id, waitMs: Infinity }));
      }
      case 'unknown':
      case 'rejected':
      case 'out-of-holds':
      case 'forgotten':
        history.unconfirmed++;
        if (call.attempts < MOST_ATTEMPTS) schedule.after(300, () => this.#purgeAgain(call));
    }
  }

  #purgeAgain(call: PurgeCall): void {
    const isLast = call.written.length === 0;
    const node = isLast ? call.node : this.#scene.random.pick(this.#scene.nodes);
    const again = { ...call, node, attempts: call.attempts + (isLast ? 0 : 1), first: call.first ?? call };
    this.#purge(again, 'answer', isLast ? Infinity : undefined);
  }

  #acked({ purge, written }: SentPurge, at: number): void {
    const { history } = this.#scene;
    if (purge.mode === 'soft' || !outlasts(purge, history.lagMs)) return;
    for (const [register, version] of written) history.acks.push({ register, version, at });
  }

  /** I10: whoever may answer from its cache at this instant has the purge, and so do all who are said to have confirmed it. */
  #judge({ seq, nonce }: PurgeId, claimed: number): void {
    const { history, schedule, nodes, booted } = this.#scene;
    const at = this.#committedAt.get(nonce) ?? Infinity;
    const has = (node: SimulatedNode): boolean => node.known.has(nonce) || node.emptiedAt >= at;
    const said = `I10 purge ${seq} was confirmed at ${schedule.now.toFixed(1)}`;
    for (const node of nodes) if (node.holdsLease && !has(node)) history.faults.push(`${said}, and ${node.name} may serve without it`);
    const confirmed = booted.filter((node) => has(node) || node.joinedAt >= at).length;
    if (confirmed < claimed) history.faults.push(`${said} by ${claimed} nodes, and ${confirmed} have it`);
  }
}
