// A request that is passed on and not answered from the cache: a pass, or a write, which purges what it changed before its answer is released.
// PURGE-PROTOCOL §3.2 rule 11: once sent, a write runs to its end whatever the client does, and a lost answer counts as a write that happened.
import type { OriginError } from '../errors.ts';
import type { ResponseHead } from '../http/message.ts';
import type { BodyEnd, OriginCall, OriginHandler } from '../origin/exchange.ts';
import { invalidates } from '../rules/invalidation.ts';
import type { Reason } from '../rules/reasons.ts';
import { commitFill } from './commit.ts';
import { respondFailure } from './respond-failure.ts';
import type { Exchange } from './exchange.ts';
import { fetchFromOrigin } from './fetch.ts';
import { Fill } from './fill.ts';
import { type Judgement, judgeHead, statesOtherScope } from './landing.ts';
import { passRequest } from './outbound.ts';
import { clientLeft, respondFill, respondInformational } from './respond.ts';
import { purgeWritten, type Written } from './written.ts';

export interface PassReason {
  readonly fwd: 'bypass' | 'method' | 'request';
  readonly reason: Reason;
}

/** Passes a request on without looking anything up. Nothing is stored. */
export function pass(x: Exchange, why: PassReason): void {
  new Passage(x, why, 'pass').start();
}

/** Forwards a request of an unsafe method, and purges what it names before the client hears of it. */
export function write(x: Exchange): void {
  new Passage(x, { fwd: 'method', reason: 'method' }, 'write').start();
}

class Passage implements OriginHandler {
  readonly #x: Exchange;
  readonly #why: PassReason;
  readonly #writes: boolean;
  readonly #asOf: number;
  /** As of then. What was purged later the gate sees. */
  readonly #scopeHeld: boolean;
  #call: OriginCall | undefined;
  #fill: Fill | undefined;
  #sentAt: number;
  /** Set where a POST answer may be kept for later GETs (RFC 9110 §9.3.3). */
  #judgement: Judgement | undefined;
  #end: BodyEnd | undefined;
  #failed = false;

  constructor(x: Exchange, why: PassReason, kind: 'pass' | 'write') {
    this.#x = x;
    this.#why = why;
    this.#writes = kind === 'write';
    this.#asOf = x.parts.marks.epoch;
    this.#scopeHeld = x.scopeHolds;
    this.#sentAt = x.now;
  }

  start(): void {
    const call = fetchFromOrigin(this.#x, passRequest(this.#x), this);
    this.#call = call;
    this.#x.client.onGone(() => this.#clientGone(call));
  }

  /** A write goes on; `#release` or `failed` find later that nobody waits for its answer. */
  #clientGone(call: OriginCall): void {
    if (this.#writes) {
      this.#fill?.discard();
      return;
    }
    call.abort();
    this.#fill?.discard();
    if (this.#fill === undefined && !this.#failed) clientLeft(this.#x, this.#why.fwd);
  }

  sent(at: number): void {
    this.#sentAt = at;
  }

  informational(head: ResponseHead): void {
    respondInformational(this.#x, head);
  }

  head(head: ResponseHead, at: number): void {
    this.#hearScope(head);
    const storable = this.#postJudgement(head, at);
    const fill = new Fill({
      keep: storable?.storing !== undefined,
      maxKeptBytes: this.#x.route.policy.maxObjectBytes,
      budget: this.#x.parts.fillBudget,
      resumeOrigin: () => this.#call?.resume(),
    });
    this.#fill = fill;
    if (!this.#writes || !invalidates(this.#x.request.method, head.status)) {
      this.#release(head, fill, this.#why.reason);
      return;
    }
    const epochBefore = this.#x.parts.marks.epoch;
    this.#afterPurge(head, (purged) => {
      // Its own purge does not end it: nothing else was numbered in between, so it is as new as that purge.
      if (storable !== undefined && purged.kind === 'confirmed' && purged.epoch === epochBefore + 1) {
        this.#judgement = { ...storable, times: { ...storable.times, asOf: purged.epoch } };
        this.#commit();
      }
      this.#release(head, fill, purged.kind === 'confirmed' ? this.#why.reason : 'purge-unconfirmed');
    });
  }

  /** What is passed on has no scope of its own, but may say that what is believed of its credential is over. */
  #hearScope(head: ResponseHead): void {
    const { scope, route, parts } = this.#x;
    const believed = route.scope.kind === 'lookup' && scope.kind === 'none' ? parts.lookups.believed(this.#x, route.scope) : scope;
    if (believed !== undefined) statesOtherScope(believed, head);
  }

  data(chunk: Buffer): boolean {
    const fill = this.#fill;
    if (fill === undefined || fill.push(chunk)) return true;
    if (!this.#x.client.gone) return false;
    fill.discard();
    return true;
  }

  end(how: BodyEnd): void {
    this.#end = how;
    this.#commit();
    this.#fill?.finish('complete');
  }

  /** When both the purge is confirmed and the body is whole, in whichever order. */
  #commit(): void {
    if (this.#judgement === undefined || this.#end === undefined || this.#fill?.kept !== true) return;
    const commit = commitFill(this.#x, this.#judgement, this.#fill.body(), this.#end);
    if (commit.kind === 'refused') this.#x.parts.observer.fillRefused(commit.reason);
  }

  failed(error: OriginError): void {
    this.#failed = true;
    if (error.reason === 'body-too-large') this.#x.parts.observer.limitReached('max_request_body');
    if (this.#fill !== undefined) {
      this.#fill.finish('failed', error.reason);
    } else if (this.#writes && error.requestSent) {
      this.#afterPurge(undefined, () => respondFailure(this.#x, error, this.#why.fwd));
    } else {
      respondFailure(this.#x, error, this.#why.fwd);
    }
  }

  /** The answer waits for the confirmation, so that plain HTTP clients read their own writes. */
  #afterPurge(head: ResponseHead | undefined, release: (purged: Written) => void): void {
    purgeWritten(this.#x, head)
      .then(release)
      .catch((error: unknown) => {
        this.#x.parts.observer.error('a write ended in an impossible state', { route: this.#x.route.name, error: String(error) });
        this.#x.client.destroy();
        this.#fill?.discard();
      });
  }

  #release(head: ResponseHead, fill: Fill, detail: Reason): void {
    const { client } = this.#x;
    if (client.gone) {
      if (this.#judgement === undefined) fill.discard();
      else fill.gathered();
      clientLeft(this.#x, this.#why.fwd);
      return;
    }
    respondFill(this.#x, head, fill, { outcome: 'pass', status: { hit: false, fwd: this.#why.fwd, fwdStatus: head.status, detail } }, () => {});
    fill.gathered();
  }

  #postJudgement(head: ResponseHead, at: number): Judgement | undefined {
    const { request, route, scope } = this.#x;
    if (!route.policy.storePost || request.method !== 'POST' || scope.kind === 'none' || !this.#scopeHeld) return undefined;
    const judgement = judgeHead(this.#x, head, {
      asOf: this.#asOf,
      order: this.#x.parts.flights.nextOrder(),
      sentAt: this.#sentAt,
      receivedAt: at,
    });
    return judgement.storing !== undefined && judgement.verdict.kind === 'ok' ? judgement : undefined;
  }
}
