// One fetch from an origin that several requests may be waiting for.
//
// The idea: the leader's request starts it; everyone, the leader too, waits for its landing (the head, a 304 made into an entry, or a failure) and
// then judges for itself whether it may have it (collapse.ts). The flight knows nothing of who takes what. It notes the epoch just before its
// request is handed over, asks the marks at the head and again at the end, and stores only in the same synchronous step as that second answer.
// What must stay true: `asOf` is never newer than the moment the request went out; a landing never changes; a flight nobody waits for, reads or
// stores is aborted, and one that is being stored runs to its end.
import type { OriginError } from '../errors.ts';
import type { ResponseHead } from '../http/message.ts';
import type { BodyEnd, OriginCall, OriginHandler, OriginRequest } from '../origin/exchange.ts';
import type { Reason } from '../rules/reasons.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import { varyNames } from '../rules/variant.ts';
import { commitFill } from './commit.ts';
import type { Exchange } from './exchange.ts';
import { fetchFromOrigin } from './fetch.ts';
import { Fill } from './fill.ts';
import { freshenBase } from './freshen.ts';
import { type FetchTimes, type Judgement, judgeHead } from './landing.ts';
import { respondInformational } from './respond.ts';

export type Landing =
  | { readonly kind: 'response'; readonly judgement: Judgement; readonly fill: Fill }
  /** A 304: `stored` is the freshened entry, whether or not the store kept it. */
  | { readonly kind: 'freshened'; readonly stored: StoredResponse; readonly shareable: boolean; readonly kept: boolean }
  /** The entry being validated was purged or replaced, or the 304 was about another: fetch it whole. */
  | { readonly kind: 'base-gone' }
  | { readonly kind: 'failed'; readonly error: OriginError };

export type Waited = Landing | { readonly kind: 'timeout' } | { readonly kind: 'client-gone' };

export interface FlightPlan {
  readonly request: OriginRequest;
  readonly order: number;
  /** The entry this fetch is to validate. */
  readonly base: StoredResponse | undefined;
  /** Under which others may join; undefined: nobody may. */
  readonly collapseKey: string | undefined;
  readonly onLanded: (flight: Flight) => void;
  readonly onEnded: (flight: Flight) => void;
}

const NO_BODY = Buffer.alloc(0);
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie']);

export class Flight implements OriginHandler {
  readonly plan: FlightPlan;
  readonly startedAt: number;
  /** The epoch just before the request was handed to the origin's client. */
  readonly asOf: number;
  /** Whose the request was that it sent. */
  readonly scopeId: string;
  landing: Landing | undefined;
  readonly #leader: Exchange;
  #call: OriginCall | undefined;
  #sentAt: number;
  #isSent = false;
  /** Where somebody waits for it. */
  #sent: PromiseWithResolvers<void> | undefined;
  #landed = Promise.withResolvers<Landing>();
  /** Requests that have not decided yet. */
  #undecided = 0;
  #alone = 0;
  #ended = false;
  #end: PromiseWithResolvers<void> | undefined;

  constructor(leader: Exchange, plan: FlightPlan) {
    this.#leader = leader;
    this.plan = plan;
    this.startedAt = leader.now;
    this.#sentAt = leader.now;
    this.asOf = leader.parts.marks.epoch;
    this.scopeId = leader.scope.id;
  }

  start(): void {
    this.#call = fetchFromOrigin(this.#leader, this.plan.request, this);
  }

  /** Ids by which a purge can be seen to concern it: before the head the implicit ones and its base's, then the response's own. */
  get tagIds(): Int32Array {
    if (this.landing?.kind === 'response') return this.landing.judgement.tagIds;
    if (this.landing?.kind === 'freshened') return this.landing.stored.tagIds;
    return this.plan.base?.tagIds ?? this.#leader.implicitTagIds;
  }

  /** It began after `x` had arrived: it is as new as `x` can ask for, whatever has been purged (PURGE-PROTOCOL §4.6). */
  isStartedAfter(x: Exchange): boolean {
    return this.plan.order > x.arrivalOrder;
  }

  get sentAt(): number {
    return this.#sentAt;
  }

  /** The fields that selected what comes; a follower's must select the same. */
  get selectingFields(): readonly string[] {
    return this.#leader.request.fields;
  }

  /** Registers one request. It must call `leave` when it has decided, and be reading the fill by then if it takes it. */
  enter(): void {
    this.#undecided++;
  }

  leave(): void {
    this.#undecided--;
    if (this.#undecided === 0 && this.landing?.kind === 'response') this.landing.fill.gathered();
    this.#abandonUnlessUseful();
  }

  /** The place of a request among those that found they must go by themselves. */
  nextAlone(): number {
    return this.#alone++;
  }

  /**
   * Resolves at the landing, at the time limit, or when the client leaves. The limit counts from the sending: while the flight waits for a connection
   * itself, who went alone would only wait behind it. That wait has limits of its own (`queue_timeout`, `connect_timeout`).
   */
  async wait(x: Exchange, limitMs: number | undefined): Promise<Waited> {
    const waited = Promise.withResolvers<Waited>();
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const limit = (ms: number): void => {
      if (!isOver) timer = setTimeout(() => waited.resolve({ kind: 'timeout' }), ms);
    };
    if (limitMs !== undefined) void this.#whenSent().then(() => limit(limitMs));
    x.client.onGone(() => waited.resolve({ kind: 'client-gone' }));
    void this.#landed.promise.then(waited.resolve);
    const outcome = await waited.promise;
    isOver = true;
    clearTimeout(timer);
    return outcome;
  }

  #whenSent(): Promise<void> {
    return this.#isSent ? Promise.resolve() : (this.#sent ??= Promise.withResolvers<void>()).promise;
  }

  /** The same for a refresh in the background, which has no client and no limit of its own. */
  landed(): Promise<Landing> {
    return this.#landed.promise;
  }

  /** Resolves when its body is here and stored, or will not come. */
  ended(): Promise<void> {
    return this.#ended ? Promise.resolve() : (this.#end ??= Promise.withResolvers<void>()).promise;
  }

  sent(at: number): void {
    this.#sentAt = at;
    this.#isSent = true;
    this.#sent?.resolve();
  }

  informational(head: ResponseHead): void {
    if (!this.#leader.client.headSent) respondInformational(this.#leader, head);
  }

  head(head: ResponseHead, at: number): void {
    const times: FetchTimes = { asOf: this.asOf, order: this.plan.order, sentAt: this.#sentAt, receivedAt: at };
    if (head.status === 304 && this.plan.base !== undefined) {
      this.#land(freshenBase(this.#leader, this.plan.base, head, times));
      return;
    }
    const judgement = this.#unlessUnstorable(judgeHead(this.#leader, head, times));
    // Now, since nobody may wait for its end.
    if (isOvertaken(judgement)) this.#refused(judgement, 'purged-in-flight');
    const fill = new Fill({
      keep: judgement.storing !== undefined,
      maxKeptBytes: this.#leader.route.policy.maxObjectBytes,
      budget: this.#leader.parts.fillBudget,
      resumeOrigin: () => this.#call?.resume(),
    });
    this.#land({ kind: 'response', judgement, fill });
  }

  data(chunk: Buffer): boolean {
    if (this.landing?.kind !== 'response' || this.landing.fill.push(chunk)) return true;
    // Where nobody reads it, it has just grown too large to be stored: the origin would wait for ever.
    this.#abandonUnlessUseful();
    return this.#ended;
  }

  end(how: BodyEnd): void {
    if (this.landing?.kind === 'response') {
      this.#commit(this.landing, how);
      this.landing.fill.finish('complete');
    }
    this.#finish();
  }

  failed(error: OriginError): void {
    if (this.landing === undefined) {
      this.#land({ kind: 'failed', error });
    } else if (this.landing.kind === 'response') {
      this.landing.fill.finish('failed', error.reason);
      this.#leader.parts.observer.fillRefused('truncated');
    }
    this.#finish();
  }

  /** Called when a reader of the fill is through. */
  readerLeft(): void {
    this.#abandonUnlessUseful();
  }

  #commit({ judgement, fill }: Landing & { kind: 'response' }, end: BodyEnd): void {
    const { released } = fill;
    const commit =
      released === undefined
        ? commitFill(this.#leader, judgement, fill.kept ? fill.body() : NO_BODY, end)
        : ({ kind: 'refused', reason: released } as const);
    if (commit.kind === 'refused' && !isOvertaken(judgement)) this.#refused(judgement, commit.reason);
  }

  #refused({ head, tagIds, times }: Judgement, reason: Reason): void {
    const { parts, route, target } = this.#leader;
    parts.observer.fillRefused(reason);
    if (reason === 'purged-in-flight') parts.effects.overtook({ tagIds, asOf: times.asOf });
    const credentials = reason === 'vary-not-allowed' ? varyNames(head.fields).filter((name) => CREDENTIALS.has(name)) : [];
    parts.sightings?.entryRefused({ route: route.name, path: target.path, reason, credentials });
  }

  #unlessUnstorable(judgement: Judgement): Judgement {
    const { mode } = this.#leader;
    if (mode === 'unstored') return { ...judgement, storing: undefined, refusal: 'follower-timeout', shareable: false };
    return judgement;
  }

  #land(landing: Landing): void {
    this.landing = landing;
    this.plan.onLanded(this);
    this.#landed.resolve(landing);
  }

  #finish(): void {
    this.#ended = true;
    this.#end?.resolve();
    this.plan.onEnded(this);
  }

  #abandonUnlessUseful(): void {
    // A 304 has no body to be spared: its end comes with its head.
    const isBodyless = this.landing?.kind === 'freshened' || this.landing?.kind === 'base-gone';
    if (this.#ended || this.#undecided > 0 || isBodyless) return;
    if (this.landing?.kind === 'response' && (this.landing.fill.readers > 0 || this.landing.fill.kept)) return;
    if (this.landing?.kind === 'response') this.landing.fill.discard();
    this.#call?.abort();
    this.#finish();
  }
}

/** Whether a purge had come when its head did. */
function isOvertaken({ refusal }: Judgement): boolean {
  return refusal === 'purged-in-flight';
}
