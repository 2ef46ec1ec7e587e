// A node's part of the protocol with its hands held: a test tells the events and the time, and sees what comes out.
import type { Committed, Joined, LogEntry, LoggedPurge, NodeMode, NodeStanding, Position, Renewed } from '../../src/cluster/coordination-log.ts';
import { NodeCore } from '../../src/cluster/node-core.ts';
import type { Ask, CallResult, Effect, NodeEvent, PurgeAnswer, PurgeAsked } from '../../src/cluster/node-messages.ts';

export const POSITION: Position = { incarnation: 'i', server: 's', applied: 0, nonce: '' };
export const FAILED = { kind: 'failed', error: 'timeout' } as const;
export const CHANGED = { kind: 'changed' } as const;

export function purgeOf(tag: number): LoggedPurge {
  return { tagIds: Int32Array.of(tag, tag), all: false, mode: 'hard', settleMs: 0, versions: [] };
}

export function entry(seq: number, more: Partial<LogEntry> = {}): LogEntry {
  return { seq, nonce: `n${seq}`, incarnation: 'i', purge: purgeOf(seq), ...more };
}

export function standing(acked: number, more: Partial<NodeStanding> = {}): NodeStanding {
  return { mode: 'lease', counter: 1, acked, ...more };
}

export class Driven {
  now = { mono: 1_000, wall: 1_000_000 };
  /** Of the last event. */
  effects: readonly Effect[] = [];
  /** All of them. */
  readonly applied: number[] = [];
  readonly answers: (PurgeAnswer & { readonly token: number })[] = [];
  readonly barriers: string[] = [];
  /** Whether it owes a purge, as often as it says so. */
  readonly owed: boolean[] = [];
  emptied = 0;
  leaseUntil: { readonly mono: number; readonly wall: number } | undefined;
  wakeAt = 0;
  readonly #core: NodeCore;
  readonly #calls = new Map<number, Ask>();

  constructor(mode: NodeMode = 'lease') {
    this.#core = new NodeCore({ nodeId: 'a', mode, peers: 'listed' });
  }

  /** One that holds a lease, and has seen its log for so long that it may confirm fast. */
  static settled(mode: NodeMode = 'lease'): Driven {
    const node = new Driven(mode);
    node.tell({ kind: 'started' });
    node.join();
    for (let i = 0; i < 4; i++) {
      node.renew();
      node.pass(1_000);
    }
    node.renew();
    return node;
  }

  tell(event: NodeEvent): readonly Effect[] {
    this.effects = this.#core.handle(event, this.now);
    for (const effect of this.effects) this.#carryOut(effect);
    return this.effects;
  }

  pass(ms: number, wallMs = ms): void {
    this.now = { mono: this.now.mono + ms, wall: this.now.wall + wallMs };
    this.tell({ kind: 'timer' });
  }

  asks(kind: Ask['kind']): number {
    return [...this.#calls.values()].filter((ask) => ask.kind === kind).length;
  }

  asked<K extends Ask['kind']>(kind: K): Extract<Ask, { kind: K }> {
    const ask = [...this.#calls.values()].find((candidate) => candidate.kind === kind);
    if (ask?.kind !== kind) throw new Error(`there is no ${kind} under way`);
    return ask as Extract<Ask, { kind: K }>;
  }

  join(result: Joined = { kind: 'joined', position: POSITION, holds: [] }): void {
    this.#end({ kind: 'join', result });
  }

  /** With what comes after the position that was sent. */
  renew(result?: Renewed): void {
    const { applied } = this.asked('renew').position;
    this.#end({ kind: 'renew', result: result ?? { kind: 'renewed', seq: applied, entries: [] } });
  }

  renewWith(...entries: readonly LogEntry[]): void {
    this.renew({ kind: 'renewed', seq: entries.at(-1)?.seq ?? 0, entries });
  }

  purge(token: number, more: Partial<PurgeAsked> = {}): void {
    this.tell({ kind: 'purge-asked', token, purge: purgeOf(token), onFailure: 'answer', waitMs: Infinity, ...more });
  }

  commit(seq: number, nodes: Readonly<Record<string, NodeStanding>> = {}): void {
    this.committed({ kind: 'committed', seq, nonce: `n${seq}`, nodes: new Map(Object.entries({ a: standing(seq - 1), ...nodes })) });
  }

  committed(result: Committed): void {
    this.#end({ kind: 'commit', result });
  }

  acknowledge(result: { readonly kind: 'done' } | typeof FAILED | typeof CHANGED = { kind: 'done' }): void {
    this.#end({ kind: 'acknowledge', result });
  }

  standings(nodes: Readonly<Record<string, NodeStanding>>): void {
    this.#end({ kind: 'standings', result: { kind: 'standings', nodes: new Map(Object.entries(nodes)) } });
  }

  #end(result: CallResult): void {
    const found = [...this.#calls].find(([, ask]) => ask.kind === result.kind);
    if (found === undefined) throw new Error(`there is no ${result.kind} under way`);
    this.#calls.delete(found[0]);
    this.tell({ kind: 'ended', call: found[0], result });
  }

  #carryOut(effect: Effect): void {
    if (effect.kind === 'call') this.#calls.set(effect.call, effect.ask);
    if (effect.kind === 'apply') this.applied.push(effect.entry.seq);
    if (effect.kind === 'answer') this.answers.push({ token: effect.token, ...effect.answer });
    if (effect.kind === 'barrier') this.barriers.push(`${effect.token} ${effect.outcome}`);
    if (effect.kind === 'owed') this.owed.push(effect.owes);
    if (effect.kind === 'empty') this.emptied++;
    if (effect.kind === 'lease') this.leaseUntil = effect.until;
    if (effect.kind === 'wake') this.wakeAt = effect.mono;
  }
}
