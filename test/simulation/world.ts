// A small world in virtual time: nodes, Redis, an origin, writers who purge and readers, and what goes wrong between them. A seed decides everything.
import type { LoggedPurge, NodeMode, Position } from '../../src/cluster/coordination-log.ts';
import type { Ask, CallResult, PurgeAnswer, PurgeAsked, PurgeId } from '../../src/cluster/node-messages.ts';
import { type Random, random } from '../history/random.ts';
import type { Answer, Request } from './cache.ts';
import { History, type Read } from './history.ts';
import { acknowledge, commit, evict, join, renew, standings } from './log-state.ts';
import { type LogPort, SimulatedNode } from './node.ts';
import { NodeClock } from './node-clock.ts';
import { Origin, type Page, type Stated } from './origin.ts';
import { anyPurge, hardPurge, LAGS_MS, outlasts, type Written } from './purge-kinds.ts';
import { Redis, type Script } from './redis.ts';
import { Schedule } from './schedule.ts';

export interface WorldOptions {
  readonly seed: number;
  /** `mixed`: each node its own. */
  readonly mode: NodeMode | 'mixed';
  readonly faults: 'none' | 'many';
  /** `every`: soft ones, of everything, with settle windows and versions too, and an origin that may lag. */
  readonly purges: 'hard' | 'every';
}

const RUN_MS = 9_000;
/** Faults end; what follows is read and purged once more. */
const HEALED_MS = 5_000;
const TAIL_MS = 8_000;
const CALL_TIMEOUT_MS = 500;
const REGISTERS = 3;

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

export class World implements LogPort {
  readonly history: History;
  readonly #random: Random;
  readonly #schedule = new Schedule();
  readonly #origin = new Origin(REGISTERS);
  readonly #pages: readonly Page[];
  readonly #redis: Redis;
  readonly #options: WorldOptions;
  readonly #replicas: number;
  #nodes: SimulatedNode[] = [];
  /** With those that are gone. */
  readonly #booted: SimulatedNode[] = [];
  /** By node: the Redis process that its connection goes to. */
  readonly #routes = new Map<string, string>();
  /** By node: virtual instant until which nothing passes between it and Redis. */
  readonly #cutUntil = new Map<string, number>();
  /** By node: for how long it is stopped once it has sent its next renewal. */
  readonly #stopAtRenewal = new Map<string, number>();
  readonly #purges = new Map<number, SentPurge>();
  readonly #written = new WeakMap<LoggedPurge, Written>();
  readonly #requests = new Map<number, { readonly request: Request; readonly node: string; readonly sentAt: number }>();
  /** Instants of COMMITs, by nonce of what they put into the log. */
  readonly #committedAt = new Map<string, number>();
  readonly #leaving = new Set<SimulatedNode>();
  readonly #done = new Set<PurgeCall>();
  #last = 0;
  #lossy = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    const decide = random(options.seed);
    this.#random = decide;
    this.#pages = pagesOf(decide);
    this.history = new History(options.purges === 'every' ? decide.pick(LAGS_MS) : 0);
    this.#replicas = decide.below(4);
    this.#redis = new Redis({
      schedule: this.#schedule,
      random: decide,
      replicas: this.#replicas,
      logLength: decide.pick([3, 6, 1_000]),
      added: (server, entry) => {
        this.#committedAt.set(entry.nonce, this.#schedule.now);
        for (const node of this.#nodes) if (node.following === server) this.#push(node, server, entry.seq - 1);
      },
    });
  }

  run(): History {
    const nodes = 2 + this.#random.below(2);
    for (let i = 0; i < nodes; i++) this.#boot();
    this.#repeat(25, () => this.#read());
    this.#repeat(400, () => this.#write());
    if (this.#options.faults === 'many') this.#planFaults();
    this.#schedule.runUntil(RUN_MS);
    this.#heal();
    this.#schedule.runUntil(RUN_MS + HEALED_MS);
    this.#readEverything();
    const purges = this.#nodes.map((node) => this.#purgeOnceMore(node));
    this.#schedule.runUntil(RUN_MS + HEALED_MS + TAIL_MS);
    // I3: what has healed confirms again.
    for (const { node } of purges.filter((call) => !this.#done.has(call)))
      this.history.faults.push(`I3 ${node.name} confirms nothing though all has healed`);
    return this.history;
  }

  // The way to Redis

  ask(node: SimulatedNode, ask: Ask, ended: (result: CallResult) => void): void {
    const server = this.#routes.get(node.name) ?? '';
    let open = true;
    const end = (result: CallResult['result'] | undefined): void => {
      if (open) ended({ kind: ask.kind, result: result ?? { kind: 'failed', error: 'timeout' } } as CallResult);
      open = false;
    };
    this.#schedule.after(CALL_TIMEOUT_MS, () => end(undefined));
    if (ask.kind === 'renew') this.#stopIfPlanned(node);
    this.#travel(node, () => {
      if (!this.#redis.isUp(server)) return this.#reroute(node, () => end(undefined));
      const back = (result: CallResult['result'] | undefined): void => this.#travel(node, () => end(result));
      const script = this.#scriptOf(node.name, ask);
      if (ask.kind === 'renew' || ask.kind === 'commit') return this.#redis.run(server, script, back);
      if (ask.kind === 'acknowledge') this.#hint(server);
      return back(this.#redis.runUnreplicated(server, script));
    });
  }

  /** Its answer comes, and waits; when the process runs again, perhaps nothing else has come. */
  #stopIfPlanned(node: SimulatedNode): void {
    const ms = this.#stopAtRenewal.get(node.name);
    if (ms === undefined) return;
    this.#stopAtRenewal.delete(node.name);
    node.stop(ms);
    if (this.#random.chance(0.5)) this.#schedule.after(10, () => this.#cut(node, ms + 3_000));
  }

  #cut(node: SimulatedNode, ms: number): void {
    this.#cutUntil.set(node.name, this.#schedule.now + ms);
  }

  evict(node: SimulatedNode, nodes: ReadonlyMap<string, number>): void {
    this.#send(node, (state) => {
      evict(state, nodes);
      return { kind: 'done' };
    });
  }

  leave(node: SimulatedNode): void {
    this.#send(node, (state) => {
      state.nodes.delete(node.name);
      return { kind: 'done' };
    });
  }

  follow(node: SimulatedNode, position: Position): void {
    node.following = position.server;
    this.#push(node, position.server, position.applied);
  }

  #send(node: SimulatedNode, script: Script): void {
    const server = this.#routes.get(node.name) ?? '';
    this.#travel(node, () => this.#redis.runUnreplicated(server, script));
  }

  #scriptOf(nodeId: string, ask: Ask): Script {
    const nonce = `n${++this.#last}`;
    const { now } = this.#schedule;
    return (state, server) => {
      switch (ask.kind) {
        case 'join':
          return join(state, { server, nonce, now });
        case 'renew':
          return renew(state, server, { nodeId, ...ask });
        case 'commit':
          return commit(state, server, { ...ask, nonce, now });
        case 'acknowledge':
          return acknowledge(state, server, { nodeId, ...ask });
        case 'standings':
          return standings(state, server, ask.position);
      }
    };
  }

  #reroute(node: SimulatedNode, then: () => void): void {
    this.#routes.set(node.name, this.#redis.primary);
    node.deliver(() => node.tell({ kind: 'connection-lost' }));
    then();
  }

  /** Late, lost, or never where the way is cut. */
  #travel(node: SimulatedNode, arrive: () => void): void {
    if (this.#schedule.now < (this.#cutUntil.get(node.name) ?? 0) || this.#random.chance(this.#lossy)) return;
    const ms = this.#random.chance(this.#lossy) ? this.#random.next() * 900 : 0.1 + this.#random.next() * 2;
    this.#schedule.after(ms, arrive);
  }

  /** Everything after `applied`, perhaps twice; by the time it comes, more may have been sent before it. */
  #push(node: SimulatedNode, server: string, applied: number): void {
    const entries = this.#redis.entriesAfter(server, applied);
    if (entries.length === 0) return;
    const tell = (): void => node.deliver(() => (node.following === server ? node.tell({ kind: 'pushed', entries }) : undefined));
    this.#travel(node, tell);
    if (this.#random.chance(this.#lossy)) this.#travel(node, tell);
  }

  #hint(server: string): void {
    for (const node of this.#nodes) {
      if (this.#routes.get(node.name) === server) this.#travel(node, () => node.deliver(() => node.tell({ kind: 'hinted' })));
    }
  }

  // Nodes

  #boot(): void {
    const decide = this.#random;
    const name = `node${this.#booted.length + 1}`;
    const faulty = this.#options.faults === 'many';
    const node = new SimulatedNode({
      name,
      mode: this.#options.mode === 'mixed' ? decide.pick(['lease', 'barrier']) : this.#options.mode,
      clock: new NodeClock({ rate: faulty ? 0.99 + decide.next() * 0.02 : 1, monoStart: decide.next() * 1_000_000, wallStart: 1_700_000_000_000 }),
      schedule: this.#schedule,
      outlet: {
        fetch: (fetch, request, held) => this.#fetch(node, fetch, request, held),
        respond: (request, answer) => this.#respond(node, request, answer),
      },
      log: this,
      answered: (token, answer) => this.#purgeAnswered(node, token, answer),
      applied: ({ purge }) => this.#applied(node, purge),
    });
    this.#nodes.push(node);
    this.#booted.push(node);
    this.#routes.set(name, this.#redis.primary);
    node.tell({ kind: 'started' });
  }

  #kill(node: SimulatedNode): void {
    node.kill();
    this.#nodes = this.#nodes.filter((other) => other !== node);
    for (const [id, { node: at }] of this.#requests) if (at === node.name) this.#requests.delete(id);
    for (const [token, { call }] of this.#purges) if (call.node === node) this.#purges.delete(token);
  }

  /** Another process in its place, where it is still there. */
  #replace(node: SimulatedNode): void {
    if (!this.#nodes.includes(node)) return;
    this.#kill(node);
    this.#boot();
  }

  // The origin

  #fetch(node: SimulatedNode, fetch: number, request: Request, held: Stated | undefined): void {
    const decide = this.#random;
    const takes = (): number => (decide.chance(0.03) ? decide.next() * 4_000 : decide.next() * 25);
    this.#schedule.after(takes(), () => {
      const head = decide.chance(0.02)
        ? ({ kind: 'error' } as const)
        : this.#origin.read({ page: request.page, scope: request.scope, held, at: this.#readAt() });
      this.#schedule.after(takes(), () => {
        node.deliver(() => node.headCame(fetch, head));
        const whole = !decide.chance(0.03);
        if (head.kind === 'answer') this.#schedule.after(takes(), () => node.deliver(() => node.bodyCame(fetch, whole)));
      });
    });
  }

  /** The instant whose state a read finds: half of them ask a replica. */
  #readAt(): number {
    const { now } = this.#schedule;
    const { lagMs } = this.history;
    return lagMs > 0 && this.#random.chance(0.5) ? now - this.#random.next() * lagMs : now;
  }

  // Readers and writers

  #read(): void {
    const decide = this.#random;
    this.#request(decide.pick(this.#nodes), decide.pick(this.#pages), decide.pick(['u1', 'u2']));
  }

  #request(node: SimulatedNode, page: Page, scope: string): void {
    const request = { id: ++this.#last, page, scope };
    this.#requests.set(request.id, { request, node: node.name, sentAt: this.#schedule.now });
    this.#schedule.after(this.#random.next() * 3, () => node.deliver(() => node.arrive(request)));
  }

  #respond(node: SimulatedNode, request: Request, answer: Answer): void {
    const [fetchedAt, receivedAt] = [node.clock.virtualOf(answer.fetchedAt), node.clock.virtualOf(answer.receivedAt)];
    const committed = { ...answer, fetchedAt, receivedAt, committedAt: this.#schedule.now, underLease: node.holdsLease };
    this.#schedule.after(this.#random.next() * 3, () => this.#answered(request.id, committed));
  }

  #answered(id: number, answer: Answer & Pick<Read, 'committedAt' | 'underLease'>): void {
    const asked = this.#requests.get(id);
    this.#requests.delete(id);
    if (asked === undefined) return;
    const { request, node, sentAt } = asked;
    this.history.reads.push({ node, page: request.page.name, scope: request.scope, sentAt, endedAt: this.#schedule.now, ...answer });
  }

  #write(): void {
    const decide = this.#random;
    const registers = new Set([decide.below(REGISTERS), ...(decide.chance(0.2) ? [decide.below(REGISTERS)] : [])]);
    const written = [...registers].map((register) => [register, this.#commitWrite(register)] as const);
    const node = decide.pick(this.#nodes);
    // A write through the proxy asks for its purge before it is answered.
    if (decide.chance(0.2)) this.#purge({ written, node, sentAt: this.#schedule.now, attempts: 9 }, 'retry');
    else this.#schedule.after(decide.next() * 20, () => this.#purge({ written, node, sentAt: this.#schedule.now, attempts: 0 }, 'answer'));
  }

  #commitWrite(register: number): number {
    const version = this.#origin.write(register, this.#schedule.now);
    this.history.writes.push({ register, version, at: this.#schedule.now });
    return version;
  }

  #purge(call: PurgeCall, onFailure: PurgeAsked['onFailure'], waitMs = this.#random.pick([0, 200, Infinity, Infinity])): void {
    const token = ++this.#last;
    const purge = this.#purgeOf(call.written, onFailure);
    const written = purge.all ? [...this.#origin.versions.entries()] : call.written;
    this.#purges.set(token, { call, purge, written });
    this.#written.set(purge, written);
    this.#schedule.after(this.#random.next() * 2, () =>
      call.node.deliver(() => call.node.tell({ kind: 'purge-asked', token, purge, onFailure, waitMs })),
    );
  }

  #purgeOf(written: Written, onFailure: PurgeAsked['onFailure']): LoggedPurge {
    if (this.#options.purges === 'hard') return hardPurge(written, this.#random.chance(0.02));
    return anyPurge(this.#random, written, { follows: onFailure === 'retry' ? 'write' : 'nothing' });
  }

  #applied(node: SimulatedNode, purge: LoggedPurge): void {
    if (purge.mode === 'hard' || !outlasts(purge, this.history.lagMs)) return;
    const at = this.#schedule.now;
    for (const [register, version] of this.#written.get(purge) ?? []) this.history.softenings.push({ node: node.name, register, version, at });
  }

  #purgeAnswered(node: SimulatedNode, token: number, answer: PurgeAnswer): void {
    const sent = this.#purges.get(token);
    this.#purges.delete(token);
    if (sent === undefined) return;
    if (answer.kind === 'confirmed') this.#confirmed(answer.id, answer.nodes.confirmed);
    this.#schedule.after(this.#random.next() * 2, () => this.#learn(node, sent, answer));
  }

  /** Of something that nobody wrote. */
  #purgeOnceMore(node: SimulatedNode): PurgeCall {
    const call = { written: [], node, sentAt: this.#schedule.now, attempts: 0 };
    this.#purge(call, 'answer', Infinity);
    return call;
  }

  #learn(node: SimulatedNode, sent: SentPurge, answer: PurgeAnswer): void {
    const { now } = this.#schedule;
    const { call } = sent;
    switch (answer.kind) {
      case 'confirmed':
        this.#done.add(call.first ?? call);
        this.history.waitsMs.push(now - call.sentAt);
        return this.#acked(sent, now);
      case 'committed': {
        this.#acked(sent, now + answer.boundMs);
        if (!this.#random.chance(0.5)) return;
        const token = ++this.#last;
        this.#purges.set(token, { ...sent, call: { ...call, node } });
        return node.deliver(() => node.tell({ kind: 'purge-resumed', token, id: answer.id, waitMs: Infinity }));
      }
      case 'unknown':
      case 'rejected':
      case 'out-of-holds':
      case 'forgotten':
        this.history.unconfirmed++;
        if (call.attempts < 5) this.#schedule.after(300, () => this.#purgeAgain(call));
    }
  }

  #purgeAgain(call: PurgeCall): void {
    const isLast = call.written.length === 0;
    const node = isLast ? call.node : this.#random.pick(this.#nodes);
    const again = { ...call, node, attempts: call.attempts + (isLast ? 0 : 1), first: call.first ?? call };
    this.#purge(again, 'answer', isLast ? Infinity : undefined);
  }

  #acked({ purge, written }: SentPurge, at: number): void {
    if (purge.mode === 'soft' || !outlasts(purge, this.history.lagMs)) return;
    for (const [register, version] of written) this.history.acks.push({ register, version, at });
  }

  /** I10: whoever may answer from its cache at this instant has the purge, and so do all who are said to have confirmed it. */
  #confirmed({ seq, nonce }: PurgeId, claimed: number): void {
    const at = this.#committedAt.get(nonce) ?? Infinity;
    const has = (node: SimulatedNode): boolean => node.known.has(nonce) || node.emptiedAt >= at;
    const said = `I10 purge ${seq} was confirmed at ${this.#schedule.now.toFixed(1)}`;
    for (const node of this.#nodes) if (node.holdsLease && !has(node)) this.history.faults.push(`${said}, and ${node.name} may serve without it`);
    const confirmed = this.#booted.filter((node) => has(node) || node.joinedAt >= at).length;
    if (confirmed < claimed) this.history.faults.push(`${said} by ${claimed} nodes, and ${confirmed} have it`);
  }

  #readEverything(): void {
    for (const node of this.#nodes) for (const page of this.#pages) for (const scope of ['u1', 'u2']) this.#request(node, page, scope);
  }

  // What goes wrong

  #planFaults(): void {
    const decide = this.#random;
    const faults = decide.pick([1, 2, 4, 8]);
    for (let i = 0; i < faults; i++) this.#schedule.after(decide.next() * RUN_MS, () => this.#fault());
  }

  #fault(): void {
    const decide = this.#random;
    const node = decide.pick(this.#nodes);
    const ms = decide.pick([50, 400, 2_000, 3_500, 5_000]) * (0.5 + decide.next());
    // Of a hold that Redis has lost only those know who had applied it.
    switch (decide.pick(this.history.lagMs > 0 ? HARMLESS_FAULTS : FAULTS)) {
      case 'stop':
        return node.stop(ms);
      case 'cut':
        return this.#cut(node, ms);
      case 'stop-at-renewal':
        this.#stopAtRenewal.set(node.name, ms);
        return;
      case 'kill':
        return this.#replace(node);
      case 'leave':
        node.deliver(() => node.tell({ kind: 'drain' }));
        this.#leaving.add(node);
        return this.#schedule.after(ms, () => this.#replace(node));
      case 'jump':
        return node.clock.jump((decide.next() - 0.5) * 20_000);
      case 'lossy':
        this.#lossy = 0.3;
        return this.#schedule.after(ms, () => (this.#lossy = 0));
      case 'flush':
        return this.#redis.flush();
      case 'lose-list':
        return this.#redis.loseList();
      case 'redis':
        return this.#redisFault(ms);
    }
  }

  #redisFault(ms: number): void {
    const decide = this.#random;
    if (this.#replicas === 0) {
      this.#redis.save();
      return this.#schedule.after(decide.next() * 500, () => this.#redis.restart(decide.pick(['saved', 'nothing'])));
    }
    if (decide.chance(0.4)) return this.#redis.cutReplica(ms);
    this.#redis.failOver(decide.next() * 5_000);
    for (const node of this.#nodes) this.#schedule.after(decide.next() * 3_000, () => this.#routes.set(node.name, this.#redis.primary));
  }

  #heal(): void {
    this.#lossy = 0;
    this.#cutUntil.clear();
    this.#stopAtRenewal.clear();
    for (const node of this.#leaving) this.#replace(node);
    for (const node of this.#nodes) node.goOn();
    for (const node of this.#nodes) this.#routes.set(node.name, this.#redis.primary);
  }

  /** About every `ms`, until the end of the run. */
  #repeat(ms: number, step: () => void): void {
    const again = (): void => {
      if (this.#schedule.now > RUN_MS + HEALED_MS / 2) return;
      step();
      this.#schedule.after(ms * 2 * this.#random.next(), again);
    };
    this.#schedule.after(ms * this.#random.next(), again);
  }
}

const HARMLESS_FAULTS = ['stop', 'stop-at-renewal', 'cut', 'cut', 'kill', 'jump', 'lossy', 'leave', 'lose-list'] as const;
const FAULTS = ['stop', 'stop-at-renewal', 'cut', 'cut', 'kill', 'jump', 'lossy', 'leave', 'flush', 'lose-list', 'redis', 'redis', 'redis'] as const;

/** One that is short-lived, one that lives for a second or two, one that only purges end. */
function pagesOf(decide: Random): readonly Page[] {
  const first = decide.below(3);
  return [0, 1, 2].map((i) => ({
    name: `page${i}`,
    registers: [...new Set([decide.below(REGISTERS), decide.below(REGISTERS)])],
    scoped: i === 0,
    weak: decide.chance(0.5),
    freshMs: [500, 2_500, 60_000][(first + i) % 3] ?? 0,
    staleMs: decide.pick([0, 500]),
  }));
}
