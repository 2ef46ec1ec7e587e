// The smallest world that has every race: one page of two tags, two nodes, a write, a purge at the first node, two requests. Nothing happens by itself: whatever
// could come next lies in `next`, and somebody picks. PURGE-PROTOCOL §6 "Exhaustive small worlds".
import type { Position } from '../../src/cluster/coordination-log.ts';
import type { Ask, CallResult, PurgeAnswer } from '../../src/cluster/node-messages.ts';
import { EXPIRY_MS, RENEW_EVERY_MS } from '../../src/cluster/lease-terms.ts';
import type { Answer, Request } from './cache.ts';
import { tagIdsOfRegisters } from './cache.ts';
import { acknowledge, commit, emptyState, evict, join, renew, standings } from './log-state.ts';
import { type LogPort, SimulatedNode } from './node.ts';
import { NodeClock } from './node-clock.ts';
import { Origin, type Page, type Stated } from './origin.ts';
import { Schedule } from './schedule.ts';

export interface SmallWorldOptions {
  /** Which node each request goes to. */
  readonly requests: readonly ('a' | 'b')[];
  /** What the nodes have of the page: nothing, or an entry that is fresh, that may be served while it is revalidated, or that must be validated. */
  readonly stored: 'nothing' | 'fresh' | 'stale' | 'expired';
  /** Whether at some instant so much time passes that leases and patience are over. */
  readonly lapse: 'never' | 'once';
}

export interface Choice {
  /** The same in every world in which the same has happened to whoever caused it. */
  readonly label: string;
  /** Whom it happens to: choices that concern nobody in common may change places. */
  readonly actors: readonly string[];
  readonly run: () => void;
}

const SERVER = 's';
/** The validator ignores what is written. */
const WRITTEN = 1;

export class SmallWorld implements LogPort {
  readonly next: Choice[] = [];
  /** By request: where its answer came from, and the version of the register that was written. */
  readonly answers = new Map<string, string>();
  readonly violations: string[] = [];
  purge: PurgeAnswer['kind'] | undefined;
  readonly #page: Page;
  readonly #schedule = new Schedule();
  readonly #log = emptyState(9);
  readonly #origin = new Origin(2);
  readonly #nodes: SimulatedNode[];
  readonly #happened = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #floors = new Map<number, number>();
  #soon: (() => void)[] = [];
  #confirmed = 0;
  #settling = true;

  constructor({ requests, stored, lapse }: SmallWorldOptions) {
    this.#page = { name: 'page', registers: [0, WRITTEN], scoped: false, weak: true, ...LIFETIMES[stored] };
    this.#nodes = ['a', 'b'].map((name) => this.#boot(name));
    for (const node of this.#nodes) node.tell({ kind: 'started' });
    this.#pass(EXPIRY_MS + RENEW_EVERY_MS);
    if (stored !== 'nothing') for (const node of this.#nodes) node.arrive(this.#requestOf(0));
    this.#drain();
    this.#pass(RENEW_EVERY_MS);
    this.#settling = false;
    this.#offer('write', ['writer'], () => this.#write());
    requests.forEach((name, i) => this.#offer(`request ${i + 1}`, [name], () => this.#ask(name, i + 1)));
    if (lapse === 'once') this.#offer('lapse', ['a', 'b'], () => this.#schedule.runUntil(this.#schedule.now + EXPIRY_MS));
  }

  /** What has happened to each, in its order: worlds that agree in it are the same world. */
  get state(): string {
    return [...this.#happened]
      .map(([actor, labels]) => `${actor}:${labels}`)
      .toSorted()
      .join('|');
  }

  pick(index: number): void {
    const [choice] = this.next.splice(index, 1);
    if (choice === undefined) return;
    for (const actor of choice.actors) this.#note(actor, choice.label);
    choice.run();
    for (const step of this.#soon.splice(0)) step();
  }

  // The way to Redis

  ask(node: SimulatedNode, ask: Ask, ended: (result: CallResult) => void): void {
    if (ask.kind === 'acknowledge' && !this.#settling) return this.#acknowledge(node.name, ask.position, ended);
    if (ask.kind === 'renew' && node.name === 'a' && !this.#settling) {
      const result = { kind: 'renew', result: this.#run('a', ask) } as CallResult;
      this.#soon.push(() => ended(result));
      return;
    }
    const label = this.#labelOf(`${node.name} ${ask.kind}`);
    this.#offer(`${label} sent`, ['log'], () => {
      const result = { kind: ask.kind, result: this.#run(node.name, ask) } as CallResult;
      this.#offer(`${label} answered`, [node.name], () => ended(result));
    });
  }

  /** Nobody waits for what the first node says of itself, and its answer tells nobody anything. */
  #acknowledge(name: string, position: Position, ended: (result: CallResult) => void): void {
    const step = (): void => {
      acknowledge(this.#log, SERVER, { nodeId: name, position });
      this.#soon.push(() => ended({ kind: 'acknowledge', result: { kind: 'done' } }));
    };
    if (name === 'a') return step();
    this.#offer('b acknowledged', ['log'], () => {
      step();
      this.#offer('a hinted', ['a'], () => this.#nodes[0]?.tell({ kind: 'hinted' }));
    });
  }

  evict(_node: SimulatedNode, nodes: ReadonlyMap<string, number>): void {
    evict(this.#log, nodes);
  }

  leave(): void {}

  follow(node: SimulatedNode, position: Position): void {
    node.following = position.server;
  }

  #run(nodeId: string, ask: Ask): CallResult['result'] {
    switch (ask.kind) {
      case 'join':
        return join(this.#log, { server: SERVER, nonce: 'i', now: this.#schedule.now });
      case 'renew':
        return renew(this.#log, SERVER, { nodeId, ...ask });
      case 'commit': {
        const committed = commit(this.#log, SERVER, { ...ask, nonce: 'p', now: this.#schedule.now });
        const entries = [...this.#log.log];
        const [, other] = this.#nodes;
        this.#offer('b pushed', ['b'], () => other?.tell({ kind: 'pushed', entries }));
        return committed;
      }
      case 'acknowledge':
        return acknowledge(this.#log, SERVER, { nodeId, ...ask });
      case 'standings':
        return standings(this.#log, SERVER, ask.position);
    }
  }

  // Nodes and the origin

  #boot(name: string): SimulatedNode {
    const node: SimulatedNode = new SimulatedNode({
      name,
      mode: 'lease',
      clock: new NodeClock({ rate: 1, monoStart: 0, wallStart: 0 }),
      schedule: this.#schedule,
      outlet: {
        fetch: (fetch, request, held) => this.#fetch(node, fetch, request, held),
        respond: (request, answer) => this.#answered(request, answer),
      },
      log: this,
      answered: (_token, answer) => this.#purged(answer),
      applied: () => undefined,
    });
    return node;
  }

  #fetch(node: SimulatedNode, fetch: number, request: Request, held: Stated | undefined): void {
    const label = this.#labelOf(`${node.name} fetch`);
    this.#offer(`${label} read`, [], () => {
      const head = this.#origin.read({ page: request.page, scope: request.scope, held, at: this.#schedule.now });
      this.#note(label, `read ${this.#origin.versions[WRITTEN]}`);
      this.#offer(`${label} head`, [node.name], () => {
        if (head.kind === 'answer') this.#offer(`${label} body`, [node.name], () => node.bodyCame(fetch, true));
        node.headCame(fetch, head);
      });
    });
  }

  // What is done and seen from outside

  #write(): void {
    this.#origin.write(WRITTEN, this.#schedule.now);
    const purge = { tagIds: tagIdsOfRegisters([WRITTEN]), all: false, mode: 'hard', settleMs: 0, versions: [] } as const;
    this.#offer('purge', ['a'], () => this.#nodes[0]?.tell({ kind: 'purge-asked', token: 1, purge, onFailure: 'answer', waitMs: Infinity }));
  }

  #ask(name: string, id: number): void {
    this.#floors.set(id, this.#confirmed);
    this.#note(`request ${id}`, `after ${this.#confirmed}`);
    this.#nodes.find((node) => node.name === name)?.arrive(this.#requestOf(id));
  }

  #requestOf(id: number): Request {
    return { id, page: this.#page, scope: 'public' };
  }

  #answered({ id }: Request, { stated, from }: Answer): void {
    const version = stated?.versions[WRITTEN] ?? 0;
    if (id === 0) return;
    this.answers.set(`request ${id}`, `${from} ${version}`);
    if (version < (this.#floors.get(id) ?? 0)) this.violations.push(`I1 request ${id}: ${from} ${version}`);
  }

  #purged({ kind }: PurgeAnswer): void {
    this.purge = kind;
    if (kind !== 'confirmed') return;
    this.#confirmed = 1;
    for (const node of this.#nodes) if (node.holdsLease && !node.known.has('p')) this.violations.push(`I10 ${node.name} may serve without the purge`);
  }

  // Choices

  #offer(label: string, actors: readonly string[], run: () => void): void {
    this.next.push({ label, actors, run });
  }

  #note(actor: string, label: string): void {
    if (!this.#settling) this.#happened.set(actor, `${this.#happened.get(actor) ?? ''},${label}`);
  }

  #labelOf(what: string): string {
    const count = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, count);
    return `${what} ${count}`;
  }

  #pass(ms: number): void {
    this.#drain();
    this.#schedule.runUntil(this.#schedule.now + ms);
    this.#drain();
    this.#counts.clear();
  }

  #drain(): void {
    while (this.next.length > 0) this.pick(0);
  }
}

const LIFETIMES: Readonly<Record<SmallWorldOptions['stored'], Pick<Page, 'freshMs' | 'staleMs'>>> = {
  nothing: { freshMs: 60_000, staleMs: 0 },
  fresh: { freshMs: 60_000, staleMs: 0 },
  stale: { freshMs: 500, staleMs: 60_000 },
  expired: { freshMs: 500, staleMs: 0 },
};
