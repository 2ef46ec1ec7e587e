// A Redis with replicas in virtual time: scripts, replication, WAIT, restarts that lose data, and failovers whose deposed primary goes on answering.
import type { CallResult } from '../../src/cluster/node-messages.ts';
import type { LogEntry } from '../../src/cluster/coordination-log.ts';
import type { Random } from '../history/random.ts';
import { copyOf, emptyState, type LogState } from './log-state.ts';
import type { Schedule } from './schedule.ts';

const WAIT_MS = 250;

type Done = (result: CallResult['result'] | undefined) => void;

export type Script = (state: LogState, server: string) => CallResult['result'];

/** One process, as long as it is the primary of one history: every promotion and restart makes another. */
interface Server {
  readonly id: string;
  state: LogState;
  /** What was written since it became primary, for its replicas. */
  readonly ops: Script[];
  up: boolean;
  /** By replica: how much of `ops` it has said to have. */
  readonly acked: Map<Replica, number>;
  waits: { readonly offset: number; readonly done: (ok: boolean) => void }[];
}

interface Replica {
  of: Server;
  offset: number;
  state: LogState;
  /** Virtual instant until which nothing reaches it. */
  cutUntil: number;
}

export interface RedisOptions {
  readonly schedule: Schedule;
  readonly random: Random;
  readonly replicas: number;
  readonly logLength: number;
  /** Called with each new entry, by the server that has it. */
  readonly added: (server: string, entry: LogEntry) => void;
}

/** What was promoted is no replica until the old primary takes its place. */
const NOBODY: Server = { id: '', state: emptyState(1), ops: [], up: false, acked: new Map(), waits: [] };

export class Redis {
  readonly #options: RedisOptions;
  readonly #replicas: Replica[] = [];
  readonly #servers = new Map<string, Server>();
  #primary: Server;
  #saved: LogState;
  #lastServer = 0;

  constructor(options: RedisOptions) {
    this.#options = options;
    this.#primary = this.#serve(emptyState(options.logLength));
    this.#saved = emptyState(options.logLength);
    for (let i = 0; i < options.replicas; i++) {
      this.#replicas.push({ of: this.#primary, offset: 0, state: emptyState(options.logLength), cutUntil: 0 });
    }
  }

  /** How many it has. */
  get replicas(): number {
    return this.#options.replicas;
  }

  /** The server that a new connection reaches. */
  get primary(): string {
    return this.#primary.id;
  }

  entriesAfter(server: string, applied: number): readonly LogEntry[] {
    return this.#servers.get(server)?.state.log.filter(({ seq }) => seq > applied) ?? [];
  }

  /** Runs `script` on `server` and waits until enough replicas have its effect: undefined where nobody knows. */
  run(server: string, script: Script, done: Done): void {
    const at = this.#servers.get(server);
    const result = this.runUnreplicated(server, script);
    if (at === undefined || result === undefined) done(undefined);
    else this.#wait(at, (ok) => done(ok ? result : undefined));
  }

  /** The same without waiting for replicas. */
  runUnreplicated(server: string, script: Script): CallResult['result'] | undefined {
    const at = this.#servers.get(server);
    if (at === undefined || !at.up) return undefined;
    const before = at.state.seq;
    const result = script(at.state, at.id);
    at.ops.push(script);
    for (const replica of this.#replicas) this.#replicate(replica, at);
    const entry = at.state.log.at(-1);
    if (at.state.seq > before && entry !== undefined) this.#options.added(at.id, entry);
    return result;
  }

  /** Whether `server` still takes connections. */
  isUp(server: string): boolean {
    return this.#servers.get(server)?.up === true;
  }

  /** What a restart finds. */
  save(): void {
    this.#saved = copyOf(this.#primary.state);
  }

  /** Another process, with what was saved or nothing. Only without replicas. */
  restart(finds: 'saved' | 'nothing'): void {
    this.#shut(this.#primary);
    this.#primary = this.#serve(finds === 'saved' ? copyOf(this.#saved) : emptyState(this.#options.logLength));
  }

  /** All keys are gone; the process stays. */
  flush(): void {
    this.#primary.state = emptyState(this.#options.logLength);
    this.#primary.ops.push(flushed);
    for (const replica of this.#replicas) this.#replicate(replica, this.#primary);
  }

  /** The list of nodes alone is gone: evicted for room. */
  loseList(): void {
    this.runUnreplicated(this.#primary.id, listLost);
  }

  /** Some replica, however far behind, becomes the primary; the old one goes on answering for `deposedForMs`, the others follow one by one. */
  failOver(deposedForMs: number): void {
    const { random, schedule } = this.#options;
    const following = this.#replicas.filter((replica) => replica.of !== NOBODY);
    if (following.length === 0) return;
    const old = this.#primary;
    const chosen = random.pick(following);
    const next = this.#serve(copyOf(chosen.state));
    this.#primary = next;
    chosen.of = NOBODY;
    for (const replica of following) {
      // Whoever was told of a newer primary meanwhile does not go back.
      const follow = (): void => (this.#primary === next ? this.#follow(replica, next) : undefined);
      if (replica !== chosen) schedule.after(random.next() * 2_000, follow);
    }
    schedule.after(deposedForMs, () => {
      this.#shut(old);
      if (chosen.of === NOBODY) this.#follow(chosen, this.#primary);
    });
  }

  /** Nothing reaches one of the replicas for a while. */
  cutReplica(ms: number): void {
    const { random, schedule } = this.#options;
    const replica = random.pick(this.#replicas);
    replica.cutUntil = schedule.now + ms;
    schedule.after(ms, () => this.#replicate(replica, replica.of));
  }

  #serve(state: LogState): Server {
    const server: Server = { id: `s${++this.#lastServer}`, state, ops: [], up: true, acked: new Map(), waits: [] };
    this.#servers.set(server.id, server);
    return server;
  }

  #shut(server: Server): void {
    server.up = false;
    for (const { done } of server.waits.splice(0)) done(false);
  }

  /** From the beginning: a copy of all it has. */
  #follow(replica: Replica, server: Server): void {
    replica.of = server;
    replica.offset = server.ops.length;
    replica.state = copyOf(server.state);
    this.#replicate(replica, server);
  }

  #replicate(replica: Replica, server: Server): void {
    const { random, schedule } = this.#options;
    if (replica.of !== server) return;
    const offset = server.ops.length;
    const cutMs = Math.max(0, replica.cutUntil - schedule.now);
    schedule.after(cutMs + 0.1 + random.next() ** 3 * 20, () => {
      if (replica.of !== server) return;
      for (; replica.offset < offset; replica.offset++) server.ops[replica.offset]?.(replica.state, server.id);
      schedule.after(0.1 + random.next(), () => this.#hear(server, replica, offset));
    });
  }

  #hear(server: Server, replica: Replica, offset: number): void {
    server.acked.set(replica, Math.max(offset, server.acked.get(replica) ?? 0));
    const reached = server.waits.filter((wait) => this.#isReplicated(server, wait.offset));
    server.waits = server.waits.filter((wait) => !reached.includes(wait));
    for (const { done } of reached) done(true);
  }

  /** On so many replicas that, with the primary, they are more than half: PURGE-PROTOCOL §4.3. */
  #isReplicated(server: Server, offset: number): boolean {
    const needed = Math.ceil(this.#options.replicas / 2);
    return [...server.acked.values()].filter((acked) => acked >= offset).length >= needed;
  }

  #wait(server: Server, done: (ok: boolean) => void): void {
    const offset = server.ops.length;
    if (this.#isReplicated(server, offset)) return done(true);
    const wait = { offset, done };
    server.waits.push(wait);
    this.#options.schedule.after(WAIT_MS, () => {
      if (!server.waits.includes(wait)) return;
      server.waits = server.waits.filter((other) => other !== wait);
      done(false);
    });
  }
}

function flushed(state: LogState): { readonly kind: 'done' } {
  Object.assign(state, emptyState(state.maxLength));
  return { kind: 'done' };
}

function listLost(state: LogState): { readonly kind: 'done' } {
  state.nodes.clear();
  state.listIncarnation = '';
  return { kind: 'done' };
}
