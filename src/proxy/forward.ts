// Nothing stored will do: board a flight to the origin, wait for its landing, and take it, start over, or go alone.
import { setTimeout as delay } from 'node:timers/promises';
import { type Fields, fieldLines, hasField, withoutFields } from '../http/fields.ts';
import type { ResponseHead } from '../http/message.ts';
import type { CacheStatus } from '../rules/cache-status.ts';
import type { Reason } from '../rules/reasons.ts';
import { type Forward, freshUntil, isOriginError, mayServeOnError } from '../rules/reuse.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import type { Boarding } from './collapse.ts';
import { OF_ONE_EXCHANGE } from './commit.ts';
import type { Exchange } from './exchange.ts';
import { respondFailure } from './respond-failure.ts';
import type { Landing, Waited } from './flight.ts';
import { type Conditionals, fetchRequest } from './outbound.ts';
import { clientLeft, respondError, respondFill, respondStored } from './respond.ts';
import { takingOf } from './taking.ts';

/** Followers that must go by themselves set out this many at a time, this far apart. */
const STAGGER_GROUP = 8;
const STAGGER_MS = 4;

/** One turn: `answered`, or `again` with `x` knowing more than before. */
export async function forward(x: Exchange, decision: Forward): Promise<'answered' | 'again'> {
  const boarding = x.parts.flights.board(x, {
    request: (hitForMiss) => fetchRequest(x, conditionalsFor(x, decision, hitForMiss)),
    base: decision.base,
    collapsible: mayCollapse(x, decision),
  });
  if (boarding.role === 'follower') x.parts.observer.followerCollapsed();
  else x.parts.effects.sentToOrigin(x.endedBy ?? (x.isOvertaken ? 'hard' : undefined));
  x.isOvertaken = false;
  let conclusion: Conclusion;
  try {
    const waited = await boarding.flight.wait(x, boarding.role === 'follower' ? x.route.policy.followerTimeoutMs : undefined);
    x.now = x.parts.clock.now();
    conclusion = conclude(x, decision, boarding, waited);
  } finally {
    boarding.flight.leave();
  }
  if (conclusion === 'when-stored') await boarding.flight.ended();
  if (conclusion === 'alone') await delay(Math.floor(boarding.flight.nextAlone() / STAGGER_GROUP) * STAGGER_MS);
  return conclusion === 'answered' ? 'answered' : 'again';
}

/** What became of a wait; all but `answered` start over, at once or when the flight has ended or the others are on their way. */
type Conclusion = 'answered' | 'again' | 'when-stored' | 'alone';

/** Renews a stale entry that is being served meanwhile: an ordinary flight that nobody waits for (PURGE-PROTOCOL §3.2 rule 6). Left to the next GET where this is a HEAD. */
export function refreshInBackground(x: Exchange, base: StoredResponse): void {
  if (x.request.method !== 'GET' || x.parts.flights.isRefreshing(x)) return;
  x.parts.observer.backgroundRefresh();
  x.parts.effects.sentToOrigin(x.endedBy);
  const { flight } = x.parts.flights.board(x, { request: () => fetchRequest(x, { kind: 'own', base }), base, collapsible: true });
  void flight.landed().then(() => flight.leave());
}

/** Synchronous from the marks' answer to the head it permits. */
function conclude(x: Exchange, decision: Forward, boarding: Boarding, waited: Waited): Conclusion {
  if (completesPart(decision, waited)) {
    x.turns++;
    return 'when-stored';
  }
  if (waited.kind === 'client-gone') {
    clientLeft(x, decision.fwd);
    return 'answered';
  }
  if (waited.kind === 'timeout') {
    x.mode = 'unstored';
    return 'again';
  }
  if (hasFailed(waited) && servedStale(x, decision, waited)) return 'answered';
  const taking = takingOf(x, boarding, waited);
  switch (taking.kind) {
    case 'take':
      answer(x, decision, boarding, waited);
      return 'answered';
    case 'again':
      x.turns++;
      x.isOvertaken = waited.kind === 'response' && waited.judgement.refusal === 'purged-in-flight';
      return 'again';
    case 'alone':
      x.turns++;
      x.mode = 'solo';
      return 'alone';
    case 'refuse':
      respondError(x, 503, taking.reason, { hit: false, fwd: decision.fwd }, ['retry-after', '1']);
      return 'answered';
  }
}

function answer(x: Exchange, decision: Forward, boarding: Boarding, landing: Landing): void {
  const collapsed = boarding.role === 'follower';
  switch (landing.kind) {
    case 'response': {
      const { head, refusal, storing } = landing.judgement;
      const said = refusal ?? (x.mode === 'solo' ? 'not-shareable' : boarding.hitForMiss ? 'hit-for-miss' : undefined);
      const status = missStatus(decision, { fwdStatus: head.status, collapsed, stored: storing !== undefined, said });
      if (collapsed && isOriginError(head.status)) return respondError(x, head.status, 'origin-error', status, retryAfterOf(head));
      const given = collapsed ? { ...head, fields: withoutFields(head.fields, OF_ONE_EXCHANGE) } : head;
      return respondFill(x, given, landing.fill, { outcome: 'miss', status }, () => boarding.flight.readerLeft());
    }
    case 'freshened': {
      const status = missStatus(decision, { fwdStatus: 304, collapsed, stored: landing.kept, said: 'validated' });
      return respondStored(x, landing.stored, { outcome: 'validated', status });
    }
    case 'failed':
      return respondFailure(x, landing.error, decision.fwd);
    case 'base-gone':
      throw new Error('a flight without an answer was taken');
  }
}

/** What the origin says of when it is worth asking again is for everyone. */
function retryAfterOf({ fields }: ResponseHead): Fields {
  return fieldLines(fields, 'retry-after').flatMap((value) => ['retry-after', value]);
}

/** The rest of a stored part: once it is here the two are one stored response, which the next turn finds (RFC 9111 §3.4). */
function completesPart(decision: Forward, waited: Waited): boolean {
  return decision.missingRange !== undefined && waited.kind === 'response' && waited.judgement.head.status === 206;
}

/** Why the miss: what was said of its answer where that was special, else the reason it went forward unless `fwd` says the same. */
function missStatus(decision: Forward, met: { fwdStatus: number; collapsed: boolean; stored: boolean; said: Reason | undefined }): CacheStatus {
  const detail = met.said ?? (SAID_BY_FWD.has(decision.reason) ? undefined : decision.reason);
  return {
    hit: false,
    fwd: decision.fwd,
    fwdStatus: met.fwdStatus,
    ...(met.stored ? { stored: true } : {}),
    ...(met.collapsed ? { collapsed: true } : {}),
    ...(detail === undefined ? {} : { detail }),
  };
}

const SAID_BY_FWD: ReadonlySet<Reason> = new Set(['absent', 'vary-mismatch', 'stale']);

function hasFailed(landing: Landing): boolean {
  return landing.kind === 'failed' || (landing.kind === 'response' && isOriginError(landing.judgement.head.status));
}

/** RFC 5861 §4. A hard purge beats availability: then there is no fallback. */
function servedStale(x: Exchange, decision: Forward, landing: Landing): boolean {
  const { fallback } = decision;
  if (fallback === undefined) return false;
  const verdict = x.parts.marks.gateEntry(fallback);
  if (!mayServeOnError(fallback, verdict, x.now)) return false;
  const fwdStatus = landing.kind === 'response' ? { fwdStatus: landing.judgement.head.status } : {};
  const ttlSeconds = Math.floor((freshUntil(fallback, verdict) - x.now) / 1000);
  respondStored(x, fallback, { outcome: 'stale', status: { hit: false, fwd: decision.fwd, ...fwdStatus, ttlSeconds, detail: 'stale-if-error' } });
  return true;
}

function mayCollapse(x: Exchange, decision: Forward): boolean {
  return (
    x.mode === 'shared' &&
    x.route.policy.collapse &&
    x.request.method === 'GET' &&
    decision.fwd !== 'request' &&
    decision.missingRange === undefined &&
    !hasField(x.request.fields, 'range')
  );
}

/** A fetch that others may share asks for what everyone can use; one that nobody will share carries what its client asked. */
function conditionalsFor(x: Exchange, decision: Forward, hitForMiss: boolean): Conditionals {
  if (hasField(x.request.fields, 'range')) return { kind: 'range' };
  if (hitForMiss && decision.base === undefined && x.mode === 'shared') return { kind: 'client' };
  // Completing a part is tried once; if the two did not fit, the whole is fetched.
  return { kind: 'own', base: decision.base, missingRange: x.turns === 0 ? decision.missingRange : undefined };
}
