// One of the two: a whole Freshet, with the fast path or without, before an origin of its own, and the connection that a client has to it.
import { subscribe } from 'node:diagnostics_channel';
import { get } from '../support/client.ts';
import type { SettableClock } from '../support/clock.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { ScriptedOrigin } from '../support/origin.ts';
import { answersIn, isInterim, type WireAnswer } from './answers.ts';
import { replyTo, seen } from './origin.ts';
import { timeless } from './timeless.ts';
import { Wire } from './wire.ts';
import { DEBUG_TOKEN, PURGE_TOKEN } from './words.ts';

/** What came of a turn. */
export interface Outcome {
  readonly answers: readonly WireAnswer[];
  readonly isClosed: boolean;
  /** What the origin was sent, in any order. */
  readonly asked: readonly string[];
}

export interface SideSetting {
  readonly fastPath: boolean;
  readonly clock: SettableClock;
  /** Whether what clients say of the way is believed. */
  readonly isTrusting: boolean;
  /** Whether clients may purge. */
  readonly takesPurges: boolean;
  /** Called whenever anything came anywhere. */
  readonly moved: () => void;
}

/** By port: how many requests node:http has read. */
const readByNode = new Map<number, number>();
subscribe('http.server.request.start', (message) => {
  const { localPort = 0 } = (message as { socket: { localPort?: number } }).socket;
  readByNode.set(localPort, (readByNode.get(localPort) ?? 0) + 1);
});

export class Side implements AsyncDisposable {
  readonly #freshet: RunningFreshet;
  readonly #origin: ScriptedOrigin;
  readonly #moved: () => void;
  #wire: Wire | undefined;

  static async start(setting: SideSetting): Promise<Side> {
    const origin = await ScriptedOrigin.start();
    origin.on('*', (request) => {
      setting.moved();
      return replyTo(request);
    });
    const freshet = await RunningFreshet.start(yamlOf(origin.url, setting), { clock: setting.clock });
    return new Side(freshet, origin, setting.moved);
  }

  private constructor(freshet: RunningFreshet, origin: ScriptedOrigin, moved: () => void) {
    this.#freshet = freshet;
    this.#origin = origin;
    this.#moved = moved;
  }

  get isClosed(): boolean {
    return this.#wire?.closed ?? true;
  }

  get received(): string {
    return this.#wire?.received ?? '';
  }

  /** Requests that the fast path did not read. */
  get readByNode(): number {
    return readByNode.get(this.#freshet.address.port) ?? 0;
  }

  async reconnect(): Promise<void> {
    this.#wire?.destroy();
    this.#wire = await Wire.connect(this.#freshet.address, this.#moved);
  }

  send(text: string): void {
    this.#wire?.send(text);
  }

  /** Nothing more is sent on this connection. */
  halfClose(): void {
    this.#wire?.end();
  }

  answers(methods: readonly string[]): readonly WireAnswer[] {
    return answersIn(this.received, methods, this.isClosed);
  }

  /** Since the last one. */
  outcome(methods: readonly string[]): Outcome {
    // A 1xx of a pipelined request is sent only where its turn comes before its final answer.
    const told = methods.length === 1 ? this.answers(methods) : this.answers(methods).filter((answer) => !isInterim(answer));
    const asked = this.#origin.requests.splice(0).filter(({ complete }) => complete);
    this.#wire?.forget();
    return { answers: told.map(timeless), isClosed: this.isClosed, asked: asked.map(seen).toSorted() };
  }

  /** How its requests ended, which limits they met, and what is stored. */
  async counts(): Promise<readonly string[]> {
    const { body } = await get(this.#freshet.adminAddress, '/metrics', { fields: ['authorization', `Bearer ${DEBUG_TOKEN}`] });
    return body
      .split('\n')
      .filter((line) => COUNTED.test(line))
      .toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#wire?.destroy();
    await Promise.all([this.#freshet.close(), this.#origin[Symbol.asyncDispose]()]);
    readByNode.delete(this.#freshet.address.port);
  }
}

const COUNTED =
  /^freshet_(?:requests_total|limit_reached_total|fills_stored_total|store_entries|store_bytes|response_body_bytes_total\{outcome="hit"\})/;

function yamlOf(originUrl: string, { fastPath, isTrusting, takesPurges }: SideSetting): string {
  return `
fast_path: ${fastPath}
origins: { shop: { url: "${originUrl}", breaker: false } }
admin: { listen: "127.0.0.1:0", token: ${DEBUG_TOKEN} }
purge: { token: "${takesPurges ? PURGE_TOKEN : ''}", rate: 100000/s }
log: { level: silent, access: "off" }
trusted_proxies: [${isTrusting ? '127.0.0.1' : ''}]
routes:
  - { path: /mine/**, scope: { credential: [authorization, cookie.session] }, store_private: true }
  - { path: /passed/**, pass: true }
  - { path: /ruled/**, ttl: 60s, client_cache_control: no-cache, query: { exclude: [utm_*] }, forward: [accept, accept-language], tags: [ruled] }
`;
}
