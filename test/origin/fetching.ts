// One origin asked directly, without a cache in front: what a handler is told is noted, and how each exchange ended.
import { systemClock } from '../../src/clock.ts';
import type { Clock } from '../../src/clock.ts';
import type { OriginError } from '../../src/errors.ts';
import type { ResponseHead } from '../../src/http/message.ts';
import type { ExchangeEnd } from '../../src/origin/call.ts';
import type { BodyEnd, OriginCall, OriginHandler, OriginRequest } from '../../src/origin/exchange.ts';
import type { BreakerChange } from '../../src/origin/pool.ts';
import { OriginPools } from '../../src/origin/pools.ts';
import type { OriginSettings } from '../../src/origin/settings.ts';

export interface Seen {
  calls: string[];
  head?: ResponseHead;
  informational: ResponseHead[];
  body: string;
  verified?: boolean;
  error?: OriginError;
}

export class Recorder implements OriginHandler {
  readonly seen: Seen = { calls: [], informational: [], body: '' };
  readonly done: Promise<Seen>;
  readonly headed: Promise<void>;
  /** What `data` answers. */
  takes = true;
  readonly #chunks: Buffer[] = [];
  #finish: () => void = () => undefined;
  #heading: () => void = () => undefined;

  constructor() {
    this.done = new Promise((resolve) => {
      this.#finish = () => resolve({ ...this.seen, body: Buffer.concat(this.#chunks).toString() });
    });
    this.headed = new Promise((resolve) => {
      this.#heading = resolve;
    });
  }

  get bytes(): number {
    return this.#chunks.reduce((total, chunk) => total + chunk.length, 0);
  }

  sent(): void {
    this.seen.calls.push('sent');
  }

  informational(head: ResponseHead): void {
    this.seen.informational.push(head);
  }

  head(head: ResponseHead): void {
    this.seen.calls.push('head');
    this.seen.head = head;
    this.#heading();
  }

  data(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    return this.takes;
  }

  end(how: BodyEnd): void {
    this.seen.calls.push('end');
    this.seen.verified = how === 'verified';
    this.#finish();
  }

  failed(error: OriginError): void {
    this.seen.calls.push('failed');
    this.seen.error = error;
    this.#finish();
  }
}

export class Setup implements AsyncDisposable {
  readonly pools: OriginPools;
  readonly ends: ExchangeEnd[] = [];
  readonly changes: BreakerChange[] = [];

  constructor(url: string, settings: Partial<OriginSettings> = {}, clock: Clock = systemClock) {
    this.pools = new OriginPools({
      origins: originMap(url, settings),
      clock,
      ended: (end) => this.ends.push(end),
      breakerChanged: (change) => this.changes.push(change),
      limitReached: () => undefined,
    });
  }

  start(request: Partial<OriginRequest>, recorder = new Recorder()): { call: OriginCall; recorder: Recorder } {
    return { call: this.pools.fetch('shop', { method: 'GET', path: '/', fields: ['host', 'shop.test'], ...request }, recorder), recorder };
  }

  fetch(request: Partial<OriginRequest> = {}): Promise<Seen> {
    return this.start(request).recorder.done;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.pools.close();
  }
}

export function originMap(url: string, settings: Partial<OriginSettings> = {}): ReadonlyMap<string, OriginSettings> {
  const timeouts = { connectTimeoutMs: 1000, headersTimeoutMs: 5000, bodyTimeoutMs: 5000, queueTimeoutMs: 5000 };
  const defaults = { name: 'shop', url, ...timeouts, connections: 2, queue: 8 };
  return new Map([['shop', { ...defaults, ...settings }]]);
}
