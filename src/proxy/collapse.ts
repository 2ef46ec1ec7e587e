// Several requests, one fetch: which flight may a request join, and which landing may it take?
//
// The idea: at most one joinable flight a key. A request joins it before its head is known on the chance that the answer will fit; at the landing
// each request decides for itself (taking.ts), in the same synchronous step in which its head is written. The races: a purge between two arrivals (the later
// one may not have the earlier one's answer: `arrivalEpoch` against `asOf`), a response that turns out private, uncacheable or of another variant
// (followers go by themselves, staggered), a failure (they share one more fetch, then the failure), a leader that takes too long.
// Where purges of other nodes may be unknown here, a request shares only a fetch that starts after it arrived: whoever joined an earlier one goes on, at
// its landing, to share the next (§4.6). So there are one or two at a time for a key, and no purge need be known.
// What must stay true: nobody is given an answer fetched before a purge that was published when they arrived; every follower ends.
// PURGE-PROTOCOL §3.2 rules 4 and 5.
import { LRUCache } from 'lru-cache';
import { hasField } from '../http/fields.ts';
import type { OriginRequest } from '../origin/exchange.ts';
import type { Reason } from '../rules/reasons.ts';
import { isOriginError } from '../rules/reuse.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import { axisValues, MAX_AXES, unionAxes } from '../rules/variant.ts';
import type { Exchange } from './exchange.ts';
import { Flight } from './flight.ts';
import type { Judgement } from './landing.ts';

/** Of the keys remembered as uncacheable, and of those that vary on fields that nothing stored shows yet: characters, and a flat charge for each. */
const REMEMBERED_CHARACTERS = 4 * 1024 * 1024;
const REMEMBERED_CHARGE = 200;
export interface Boarding {
  readonly flight: Flight;
  readonly role: 'leader' | 'follower';
  /** The key proved uncacheable a moment ago, so nobody else can join. */
  readonly hitForMiss: boolean;
}

export class Flights {
  readonly #joinable = new Map<string, Flight>();
  readonly #hitForMiss = new LRUCache<string, number>({ maxSize: REMEMBERED_CHARACTERS, sizeCalculation: chargeOf });
  readonly #axesSeen = new LRUCache<string, readonly string[]>({ maxSize: REMEMBERED_CHARACTERS, sizeCalculation: chargeOf });
  #order = 0;

  /** Joins the flight under way for `x`, or starts one with `request`. */
  board(
    x: Exchange,
    plan: {
      readonly request: (hitForMiss: boolean) => OriginRequest;
      readonly base: StoredResponse | undefined;
      readonly collapsible: boolean;
    },
  ): Boarding {
    const hitForMiss = plan.collapsible && this.isHitForMiss(x);
    const collapseKey = plan.collapsible && !hitForMiss ? this.#collapseKey(x) : undefined;
    const present = collapseKey === undefined ? undefined : this.#joinable.get(collapseKey);
    if (present !== undefined && this.#mayJoin(x, present)) {
      present.enter();
      return { flight: present, role: 'follower', hitForMiss };
    }
    const flight = new Flight(x, {
      request: plan.request(hitForMiss),
      base: plan.base,
      order: ++this.#order,
      collapseKey,
      onLanded: (landed) => this.#landed(x, landed),
      onEnded: (ended) => this.#forget(ended),
    });
    if (collapseKey !== undefined) this.#joinable.set(collapseKey, flight);
    flight.enter();
    flight.start();
    return { flight, role: 'leader', hitForMiss };
  }

  /** Whether a background refresh of `x`'s entry is under way that a purge has not overtaken. */
  isRefreshing(x: Exchange): boolean {
    const present = this.#joinable.get(this.#collapseKey(x));
    return present !== undefined && this.#mayJoin(x, present);
  }

  /** Whether the key proved uncacheable a moment ago. */
  isHitForMiss(x: Exchange): boolean {
    const key = identifiedKey(x);
    if ((this.#hitForMiss.get(key) ?? 0) > x.now) return true;
    this.#hitForMiss.delete(key);
    return false;
  }

  /** Of the fetch that was started last. */
  get lastOrder(): number {
    return this.#order;
  }

  nextOrder(): number {
    return ++this.#order;
  }

  #collapseKey(x: Exchange): string {
    const axes = unionAxes(x.parts.store.axes(x.key), this.#axesSeen.get(x.key) ?? []);
    const key = identifiedKey(x);
    return axes.length === 0 ? key : `${key}\n${axes.join()}\n${axisValues(axes, x.request.fields, x.route.policy).join('\n')}`;
  }

  /** Rule 4: with its head known, the gate must be ok now; before that, nothing known of it may have been marked. */
  #mayJoin(x: Exchange, flight: Flight): boolean {
    const verdict = x.parts.marks.gate({ tagIds: flight.tagIds, asOf: flight.asOf, sentAt: flight.sentAt });
    if (verdict.kind !== 'ok' && verdict.kind !== 'uncoordinated') return false;
    const { landing } = flight;
    if (landing === undefined) return x.now - flight.startedAt < x.route.policy.leaderTimeoutMs;
    return (
      verdict.kind === 'ok' &&
      landing.kind === 'response' &&
      landing.judgement.shareable &&
      landing.fill.kept &&
      selectsTheSame(x, flight, landing.judgement.vary)
    );
  }

  #landed(leader: Exchange, flight: Flight): void {
    const { landing } = flight;
    if (landing?.kind !== 'response') return;

    const { storing, refusal } = landing.judgement;
    if (storing !== undefined) this.#rememberAxes(leader.key, landing.judgement.vary);
    if (landing.judgement.shareable && storing !== undefined) this.#hitForMiss.delete(identifiedKey(leader));
    else if (cameLate(landing.judgement)) return;
    else if (refusal === undefined || !PASSING.has(refusal)) this.#rememberUncacheable(leader, flight);
  }

  #rememberAxes(key: string, vary: readonly string[]): void {
    if (vary.length === 0) return;
    const axes = unionAxes(this.#axesSeen.get(key) ?? [], vary);
    this.#axesSeen.set(key, axes.length > MAX_AXES ? vary : axes);
  }

  /** Only what a collapsible request met says something about the next one. */
  #rememberUncacheable(leader: Exchange, flight: Flight): void {
    const { policy } = leader.route;
    if (flight.plan.collapseKey === undefined || policy.hitForMissMs === 0) return;
    if (flight.landing?.kind === 'response' && isOriginError(flight.landing.judgement.head.status)) return;
    this.#hitForMiss.set(identifiedKey(leader), leader.parts.clock.now() + policy.hitForMissMs);
  }

  #forget(flight: Flight): void {
    const { collapseKey } = flight.plan;
    if (collapseKey !== undefined && this.#joinable.get(collapseKey) === flight) this.#joinable.delete(collapseKey);
  }
}

function chargeOf(_value: unknown, key: string): number {
  return key.length + REMEMBERED_CHARGE;
}

/**
 * Under `public`, a request with credentials or cookies meets other rules (RFC 9111 §3.5, setting `cookies`): it collapses with its like,
 * so that nobody's cookie makes a URL uncacheable for those who have none.
 */
function identifiedKey(x: Exchange): string {
  if (x.scope.kind !== 'public') return x.key;
  const authorized = hasField(x.request.fields, 'authorization') ? '\nauthorization' : '';
  const cookied = x.route.policy.cookies === 'explicit' && hasField(x.request.fields, 'cookie') ? '\ncookie' : '';
  return x.key + authorized + cookied;
}

/** Whether it could have been shared, had the origin not taken longer than it is fresh: that says nothing of the next one. */
function cameLate({ storing, times }: Judgement): boolean {
  return storing !== undefined && storing.part === undefined && !storing.freshness.alwaysValidate && storing.freshness.freshUntil > times.sentAt;
}

/** Refusals that pass by themselves: the next response for the key may well be stored. */
const PASSING: ReadonlySet<Reason> = new Set(['purged-in-flight', 'held', 'uncoordinated', 'version-behind', 'scope-differs', 'too-large']);

/** Whether a response that varies on `vary` was selected by the same values for `x` as for the flight's leader. */
export function selectsTheSame(x: Exchange, flight: Flight, vary: readonly string[]): boolean {
  if (vary.length === 0 || flight.selectingFields === x.request.fields) return true;
  const mine = axisValues(vary, x.request.fields, x.route.policy);
  const theirs = axisValues(vary, flight.selectingFields, x.route.policy);
  return mine.every((value, i) => value === theirs[i]);
}
