// A request's journey: whose it is, lookup, reuse, and, where nothing stored will do, one shared fetch from the origin.
//
// Rules decide, this page orders. Read `journey` from top to bottom: it is every way a request can be answered. Three things hold throughout:
// no await stands between asking the marks and sending the head that their answer permits; a request takes only what was fetched after every
// purge it arrived behind; and each turn of the loop ends in an answer or starts over with what was learned, at most a few times.
//
// Words: an exchange `x` is one client request and what is known of it; a flight is one fetch from the origin that several exchanges may board, its
// leader and followers; its landing is the head, the 304 or the failure that all of them then judge, each for itself (taking.ts); a fill is the
// body on its way to them and into the store; a passage is a request that is only passed on.
import { isServed } from '../http/authority.ts';
import { type Fields, fieldLines, fieldValue, hasField } from '../http/fields.ts';
import { loops } from '../http/forwarding.ts';
import { parseCacheControl } from '../http/cache-control.ts';
import { isSafe, METHODS_SERVED, type Request } from '../http/message.ts';
import type { Reason } from '../rules/reasons.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import { decideReuse, type Forward, type Reuse } from '../rules/reuse.ts';
import type { Client } from './client.ts';
import { Exchange } from './exchange.ts';
import { forward, refreshInBackground } from './forward.ts';
import { type Identity, identify } from './identify.ts';
import { type Found, lookup } from './lookup.ts';
import { type PassReason, pass, write } from './passage.ts';
import { uncoordinated } from '../purge/uncoordinated.ts';
import type { Parts } from './parts.ts';
import { answerPurge } from './purge-request.ts';
import { askOtherNodes } from './shared.ts';
import { clientLeft, respondError, respondOwn, respondStored } from './respond.ts';
import { AUTH_SCOPE } from './scope.ts';
import { MAX_TURNS } from './taking.ts';

/** Answers one request. Never throws: an impossible state ends this request with a 500 and a log line, and no other. */
export function handle(request: Request, client: Client, parts: Parts): void {
  if (parts.barrier === undefined || !isSafe(request.method)) return begin(request, client, parts);
  // PURGE-PROTOCOL §4.5: it arrives once all that was purged before it is known here.
  void parts.barrier().then((passed) => begin(request, client, passed ? parts : { ...parts, marks: uncoordinated(parts.marks) }));
}

function begin(request: Request, client: Client, parts: Parts): void {
  const x = new Exchange(request, client, parts);
  try {
    journey(x)?.catch((error: unknown) => fail(x, error));
  } catch (error) {
    fail(x, error);
  }
}

function fail(x: Exchange, error: unknown): void {
  const { client, parts, route } = x;
  parts.observer.error('a request ended in an impossible state', { route: route.name, error: error instanceof Error ? error.stack : String(error) });
  if (client.headSent || client.gone) client.destroy();
  else respondError(x, 500, 'internal', { hit: false });
}

/** A promise only where something is waited for: a hit is not. */
function journey(x: Exchange): Promise<void> | void {
  if (x.request.method === 'PURGE') return answerPurge(x);
  if (!isServed(x.request.target.authority, x.settings.config.hosts)) return respondError(x, 421, 'host-unknown', { hit: false });
  if (x.nominates) return respondError(x, 400, 'connection-nominates', { hit: false });
  if (loops(x.request.fields)) return respondError(x, 508, 'loop', { hit: false });
  if ((x.request.bodyBytes ?? 0) > x.route.maxRequestBodyBytes) return refuseBody(x);
  if (goesNoFurther(x.request)) return answerAtLastHop(x);

  if (hasField(x.request.fields, AUTH_SCOPE)) return respondError(x, 400, 'auth-scope-presented', { hit: false });

  const identified = identify(x);
  return identified instanceof Promise ? known(x, identified).then((identity) => goOn(x, identity)) : goOn(x, identified);
}

/** `identity` is undefined where the client has left. */
function goOn(x: Exchange, identity: Identity | undefined): Promise<void> | void {
  if (identity === undefined) return clientLeft(x, undefined);
  if (identity.kind === 'scope') x.enter(identity.scope);
  const isWrite = !isSafe(x.request.method);
  // What an API does with a write that has no token is its own to say; which of two credentials it would believe nobody can.
  if (identity.kind === 'refuse' && (identity.status === 400 || !isWrite))
    return respondError(x, identity.status, identity.reason, { hit: false }, challenge(identity.status));
  if (isWrite) return write(x);
  const passing = passReason(x, identity);
  if (passing !== undefined) return pass(x, passing);

  const first = look(x);
  return first === 'answered' ? undefined : turns(x, first);
}

/** What one look at what is stored comes to: an answer, given in this step, or why the request goes forward. */
function look(x: Exchange): Forward | 'answered' | 'scope-lost' {
  if (!x.scopeHolds) return 'scope-lost';
  const found = lookup(x);
  const decision = decideReuse({
    request: x.request,
    policy: x.route.policy,
    now: x.now,
    stored: found.stored,
    otherVariants: found.otherVariants,
    verdict: found.verdict,
  });
  switch (decision.kind) {
    case 'hit':
      respondStored(x, stored(found), { outcome: decision.reason === 'fresh' ? 'hit' : 'stale', status: hitStatus(decision) });
      x.parts.auditor?.hit(x, stored(found), decision.reason);
      return 'answered';
    case 'stale-while-revalidate':
      refreshInBackground(x, stored(found));
      respondStored(x, stored(found), { outcome: 'stale', status: hitStatus(decision) });
      return 'answered';
    case 'refuse':
      respondError(x, 504, decision.reason, { hit: false });
      return 'answered';
    case 'forward':
      return decision;
  }
}

/** A turn that does not end in an answer has changed x: `turns` counts fetches in vain (taking.ts ends them), `mode` says with whom it may still share. */
async function turns(x: Exchange, first: Exclude<ReturnType<typeof look>, 'answered'>): Promise<void> {
  for (let turn: ReturnType<typeof look> = first; turn !== 'answered'; turn = look(x)) {
    if (turn === 'scope-lost') {
      const lost = await scopeLost(x);
      if (lost !== undefined) return lost.kind === 'gone' ? clientLeft(x, undefined) : pass(x, lost.passing);
    } else if (mayAskOthers(x, turn)) {
      x.askedOthers = true;
      await askOtherNodes(x);
    } else if ((await forward(x, turn)) === 'answered') return;
  }
}

const MISSES: ReadonlySet<Reason> = new Set(['absent', 'vary-mismatch', 'purged']);

/** For what it has nothing of, and what is not known to be uncacheable. */
function mayAskOthers(x: Exchange, { reason }: Forward): boolean {
  const { bodies, marks, flights } = x.parts;
  const mayAsk = bodies !== undefined && !x.askedOthers && !x.isOutdated && x.mode === 'shared' && marks.isCoordinated;
  return mayAsk && MISSES.has(reason) && !flights.isHitForMiss(x);
}

/** Only what is not remembered of an identity takes time: a hit with one that is has no await at all. Undefined where the client left meanwhile. */
async function known(x: Exchange, identified: Promise<Identity>): Promise<Identity | undefined> {
  const identity = await identified;
  x.now = x.parts.clock.now();
  return x.client.gone ? undefined : identity;
}

/** What the scope rests on was purged while the request waited: whose it is must be asked anew. Undefined where that is settled. */
async function scopeLost(x: Exchange): Promise<{ readonly kind: 'gone' } | { readonly kind: 'pass'; readonly passing: PassReason } | undefined> {
  if (x.turns++ >= MAX_TURNS) return { kind: 'pass', passing: { fwd: 'bypass', reason: 'purged-in-flight' } };
  const identity = await known(x, Promise.resolve(identify(x)));
  if (identity === undefined) return { kind: 'gone' };
  if (identity.kind !== 'scope') return { kind: 'pass', passing: { fwd: 'bypass', reason: identity.reason } };
  x.enter(identity.scope);
  return undefined;
}

/** RFC 9110 §11.6.1. */
function challenge(status: number): Fields {
  return status === 401 ? ['www-authenticate', 'Bearer'] : [];
}

/** Why a safe request is not looked up at all. */
export function passReason(x: Exchange, identity: Identity): PassReason | undefined {
  const { method, fields, body } = x.request;
  if (method !== 'GET' && method !== 'HEAD') return { fwd: 'method', reason: 'method' };
  if (body !== undefined) return { fwd: 'bypass', reason: 'request-body' };
  if (identity.kind !== 'scope') return { fwd: 'bypass', reason: identity.reason };
  if (x.route.policy.pass) return { fwd: 'bypass', reason: 'route-pass' };
  if (hasField(fields, 'cache-control') && parseCacheControl(fieldLines(fields, 'cache-control')).has('no-store')) {
    return { fwd: 'request', reason: 'request-no-store' };
  }
  return undefined;
}

/** It says itself that it is too large; one that only grows too large is broken off on its way (request-body.ts). */
function refuseBody(x: Exchange): void {
  x.parts.observer.limitReached('max_request_body');
  respondError(x, 413, 'body-too-large', { hit: false });
}

/** RFC 9110 §7.6.2: OPTIONS and TRACE that may go no further are answered by whoever has them. */
function goesNoFurther({ method, fields }: Request): boolean {
  return (method === 'OPTIONS' || method === 'TRACE') && fieldValue(fields, 'max-forwards') === '0';
}

function answerAtLastHop(x: Exchange): void {
  respondOwn(x, { status: x.request.method === 'TRACE' ? 405 : 204, fields: ['allow', METHODS_SERVED], body: '' }, 'pass');
}

function stored(found: Found): StoredResponse {
  if (found.stored === undefined) throw new Error('reuse decided on a response that is not there');
  return found.stored;
}

function hitStatus(decision: Exclude<Reuse, { kind: 'forward' | 'refuse' }>) {
  const ttlSeconds = Math.floor(decision.ttlMs / 1000);
  if (decision.kind === 'hit' && decision.reason === 'fresh') return { hit: true, ttlSeconds };
  return { hit: true, ttlSeconds, detail: decision.kind === 'hit' ? decision.reason : decision.kind };
}
