// A node of a live fleet: a process of its own, which can be frozen, killed and started again, with a link of its own to Redis, and a door of its own to the
// origin, which knows by it who asks.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Manner, TOKEN, yamlOf } from '../cluster/fleet.ts';
import { ROUTES } from '../history/clients.ts';
import type { Target } from '../history/connection.ts';
import type { Instants, Span } from '../history/record.ts';
import { type FreshetChild, startFreshet } from '../support/child-process.ts';
import { type Address, get } from '../support/client.ts';
import { withReader } from '../support/reader.ts';
import { metricIn } from '../support/metrics.ts';
import { type Reply, ScriptedOrigin, type SeenRequest } from '../support/origin.ts';
import { Link } from './link.ts';

export interface LiveNodeParts {
  readonly name: string;
  readonly manner: Manner;
  /** Of Redis. */
  readonly port: number;
  /** Of the origin, to this node. */
  readonly reply: (request: SeenRequest) => Promise<Reply>;
  /** For its configuration. */
  readonly folder: string;
  readonly instants: Instants;
}

// Each process loads Freshet anew; what was compiled for one is good for the next.
const ENVIRONMENT = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'freshet-tests-compile-cache') };

export class LiveNode implements Target, AsyncDisposable {
  readonly name: string;
  readonly link: Link;
  readonly #origin: ScriptedOrigin;
  readonly #config: string;
  readonly #parts: LiveNodeParts;
  readonly #spans: Span[] = [];
  #child: FreshetChild | undefined;
  #lives = 0;
  #runsSince: number | undefined;

  static async start(parts: LiveNodeParts): Promise<LiveNode> {
    const origin = await ScriptedOrigin.start();
    origin.on('*', parts.reply);
    const node = new LiveNode(parts, await Link.start(parts.port), origin);
    await node.start();
    return node;
  }

  private constructor(parts: LiveNodeParts, link: Link, origin: ScriptedOrigin) {
    this.name = parts.name;
    this.link = link;
    this.#origin = origin;
    this.#parts = parts;
    this.#config = join(parts.folder, `${parts.name}.yaml`);
    writeFileSync(this.#config, withReader(yamlOf(link, origin, { ...parts.manner, routes: ROUTES })));
  }

  /** Where it listened last. */
  get address(): Address {
    return addressOf(this.#child?.url);
  }

  get adminAddress(): Address {
    return addressOf(this.#child?.adminUrl);
  }

  /** While it could confirm purges: until now, where it runs. A node in barrier mode confirms none. */
  get spans(): readonly Span[] {
    if (this.#parts.manner.mode === 'barrier') return [];
    return this.#runsSince === undefined ? this.#spans : [...this.#spans, this.#span(this.#runsSince)];
  }

  async start(): Promise<void> {
    this.#lives++;
    this.#runsSince = this.#parts.instants.next();
    this.#child = await startFreshet({ args: ['--config', this.#config], env: ENVIRONMENT });
  }

  /** The sum of its metrics that begin so. */
  async metric(start: string): Promise<number> {
    const page = await get(this.adminAddress, '/metrics', { fields: ['authorization', `Bearer ${TOKEN}`] });
    return metricIn(page.body, start);
  }

  freeze(): void {
    this.#signal('SIGSTOP');
    this.#rests();
  }

  resume(): void {
    if (this.#child?.hasExited() !== false) return;
    this.#runsSince ??= this.#parts.instants.next();
    this.#signal('SIGCONT');
  }

  /** Without a word. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#child?.stop();
    this.#rests();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume();
    await this.#child?.stop();
    await this.link[Symbol.asyncDispose]();
    await this.#origin[Symbol.asyncDispose]();
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child !== undefined) process.kill(this.#child.pid, signal);
  }

  #rests(): void {
    if (this.#runsSince !== undefined) this.#spans.push(this.#span(this.#runsSince));
    this.#runsSince = undefined;
  }

  #span(from: number): Span {
    return { life: `${this.name}.${this.#lives}`, from, until: this.#parts.instants.next() };
  }
}

function addressOf(url = ''): Address {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
