// One origin: who may be sent to it now, who waits, and who is told to come back later. Its concurrency is bounded, what waits is bounded in number and
// time, a breaker holds everything back while it fails (breaker.ts), and a request may be sent again within a budget (call.ts).
import type { Clock } from '../clock.ts';
import { OriginError } from '../errors.ts';
import { isSafe } from '../http/message.ts';
import { type Admission, admit, type Breaker, closedBreaker, isValid, settle } from './breaker.ts';
import { type CallHost, type ExchangeEnd, PoolCall } from './call.ts';
import { Connections } from './connections.ts';
import type { OriginCall, OriginHandler, OriginRequest } from './exchange.ts';
import { WaitingLine } from './line.ts';
import { type ExchangeFate, outcomeOf } from './outcome.ts';
import { RetryBudget } from './retry-budget.ts';
import type { OriginSettings } from './settings.ts';

/** A breaker that is in another state than before, and what made it so. */
export type BreakerChange = { readonly origin: string } & (
  | {
      readonly state: 'open';
      readonly forMs: number;
      /** Of the requests that ended lately, how many failed, and the last of these. */
      readonly ended: number;
      readonly failed: number;
      readonly last: ExchangeFate;
    }
  | { readonly state: 'half-open' | 'closed' }
);

/** A setting of the origin's that made a request wait, or kept it back. */
export type OriginLimit = 'origins.connections' | 'origins.queue' | 'origins.queue_timeout';

export interface PoolOptions {
  readonly clock: Clock;
  /** Told of every exchange once. */
  readonly ended: (end: ExchangeEnd) => void;
  readonly breakerChanged: (change: BreakerChange) => void;
  readonly limitReached: (limit: OriginLimit) => void;
}

export class OriginPool implements CallHost {
  readonly settings: OriginSettings;
  readonly #options: PoolOptions;
  readonly #connections: Connections;
  readonly #budget = new RetryBudget();
  readonly #line: WaitingLine;
  #breaker: Breaker = closedBreaker();
  /** Calls that undici holds: never more than there are connections, since what waits there cannot be taken back. */
  #running = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(settings: OriginSettings, options: PoolOptions) {
    this.settings = settings;
    this.#options = options;
    this.#connections = new Connections(settings);
    this.#line = new WaitingLine(settings.queueTimeoutMs, (call) => {
      options.limitReached('origins.queue_timeout');
      call.shed(busy('no connection was free in time'));
    });
  }

  get name(): string {
    return this.settings.name;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  get inFlight(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#line.length;
  }

  get isOpen(): boolean {
    return this.#breaker.kind !== 'closed';
  }

  /** Whether it can take what nobody waits for: at least half of the connections stay free for those who wait. */
  get hasRoom(): boolean {
    return !this.isOpen && this.#line.length === 0 && (this.#running + 1) * 2 <= this.settings.connections;
  }

  fetch(request: OriginRequest, handler: OriginHandler): OriginCall {
    const admission = this.#admit(request);
    const permit = admission.kind === 'admit' ? admission.permit : undefined;
    const call = new PoolCall(this, { request, handler, permit });
    if (admission.kind === 'refuse') {
      call.shed(heldBack(admission.retryAfterMs));
      return call;
    }
    const { connections, queue } = this.settings;
    const mustWait = this.#running >= connections || this.#line.length > 0;
    if (mustWait && this.#line.length >= queue) {
      this.#options.limitReached('origins.queue');
      call.shed(busy(`${this.#running} requests are under way and ${this.#line.length} waiting`));
      return call;
    }
    this.#budget.earn();
    if (mustWait) this.#wait(call);
    else this.#start(call);
    return call;
  }

  dispatch(call: PoolCall, request: OriginRequest, fresh: boolean): void {
    this.#connections.dispatch(request, call, { fresh });
  }

  /** Not for what the breaker would hold back by now. */
  takeRetry({ permit }: PoolCall): boolean {
    return permit !== undefined && isValid(permit, this.#breaker) && this.#budget.take();
  }

  withdraw(call: PoolCall): void {
    this.#line.leave(call);
  }

  released(): void {
    this.#running--;
    if (this.#line.length > 0) queueMicrotask(() => this.#startNext());
    else if (this.#running === 0) this.#idle?.resolve();
  }

  /** A probe need not be whole to show that the origin is back: its body may take hours. */
  headed(call: PoolCall, status: number): void {
    if (call.permit?.kind === 'probe') this.#judge(call, { status });
  }

  ended(call: PoolCall, end: ExchangeEnd): void {
    this.#judge(call, end);
    this.#options.ended(end);
  }

  #wait(call: PoolCall): void {
    this.#options.limitReached('origins.connections');
    this.#line.join(call);
  }

  #start(call: PoolCall): void {
    this.#running++;
    call.start();
  }

  /** Not inside undici's callback that freed the connection. */
  #startNext(): void {
    if (this.#running >= this.settings.connections) return;
    const call = this.#line.next();
    if (call !== undefined) this.#start(call);
    else if (this.#running === 0) this.#idle?.resolve();
  }

  /** When what is under way or waits has ended. */
  async close(): Promise<void> {
    if (this.#running > 0 || this.#line.length > 0) await (this.#idle ??= Promise.withResolvers<void>()).promise;
    await this.#connections.close();
  }

  async destroy(): Promise<void> {
    const reason = new OriginError('draining', 'Freshet is shutting down', { requestSent: true });
    for (const call of this.#line.dismiss()) call.shed(new OriginError('draining', reason.message, { requestSent: false }));
    await this.#connections.destroy(reason);
  }

  #admit({ method, body }: OriginRequest): Admission {
    const asked = admit(this.#breaker, { now: this.clock.now(), harmless: isSafe(method) && body === undefined });
    this.#become(asked.breaker, {});
    return asked.admission;
  }

  #judge({ permit }: PoolCall, fate: ExchangeFate): void {
    const { breaker: settings } = this.settings;
    if (settings === undefined || permit === undefined) return;
    const settled = { permit, outcome: outcomeOf(fate, settings), now: this.clock.now() };
    this.#become(settle(this.#breaker, settled, settings), fate);
  }

  /** What waits when it opens is told at once. */
  #become(next: Breaker, last: ExchangeFate): void {
    const before = this.#breaker;
    this.#breaker = next;
    if (before.kind === next.kind) return;
    this.#options.breakerChanged(changeOf(this.name, next, last));
    if (next.kind === 'open') for (const call of this.#line.dismiss()) call.shed(heldBack(next.forMs));
  }
}

function changeOf(origin: string, breaker: Breaker, last: ExchangeFate): BreakerChange {
  if (breaker.kind !== 'open') return { origin, state: breaker.kind };
  return { origin, state: 'open', forMs: breaker.forMs, ...breaker.because, last };
}

function busy(message: string): OriginError {
  return new OriginError('origin-busy', message, { requestSent: false });
}

function heldBack(retryAfterMs: number): OriginError {
  return new OriginError('origin-breaker-open', 'the origin failed too often', { requestSent: false, retryAfterMs });
}
