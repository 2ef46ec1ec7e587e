// What would happen to this request now, and why? For `freshet explain`: nothing is fetched, stored or counted as a use.
import { isServed } from '../http/authority.ts';
import { hasField } from '../http/fields.ts';
import { loops } from '../http/forwarding.ts';
import { isSafe, type Request } from '../http/message.ts';
import { scrubbedAxes } from '../observe/scrub.ts';
import { ageMs } from '../rules/freshness.ts';
import { type Reason, reasonText } from '../rules/reasons.ts';
import { decideReuse } from '../rules/reuse.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import type { Client } from './client.ts';
import { Exchange } from './exchange.ts';
import { passReason } from './handle.ts';
import { type Identity, identify } from './identify.ts';
import { peek } from './lookup.ts';
import type { Parts } from './parts.ts';
import { fieldsFault } from './request-head.ts';
import { AUTH_SCOPE } from './scope.ts';

export interface Explanation {
  readonly route: string;
  readonly scope: { readonly kind: string; readonly id: string; readonly why: string };
  readonly key: string;
  readonly stored: readonly ExplainedEntry[];
  readonly decision: string;
  readonly reason: string;
  readonly sentence: string;
}

export interface ExplainedEntry {
  readonly status: number;
  readonly ageSeconds: number;
  readonly ttlSeconds: number;
  readonly verdict: string;
  readonly tags: readonly string[];
  readonly varies: Readonly<Record<string, string>>;
  readonly bytes: number;
}

/** Never prints a credential: scopes appear by their hash. A token is verified, or the origin asked whose the request is, as for a request. */
export async function explain(request: Request, parts: Parts): Promise<Explanation> {
  const x = new Exchange(request, NOBODY, parts);
  const identity = await identify(x);
  if (identity.kind === 'scope') x.enter(identity.scope);
  const stored = parts.store.peek(x.key).map((entry) => explainEntry(x, entry));
  const about = { route: x.route.name, scope: { kind: x.scope.kind, id: x.scope.id, why: whyScope(x, identity) }, key: x.key, stored };
  const refusal = refusalOf(x, identity);
  if (refusal !== undefined) return { ...about, decision: 'refuse', reason: refusal, sentence: reasonText(refusal).sentence };
  const passing = passReason(x, identity);
  if (passing !== undefined) return { ...about, decision: 'pass', reason: passing.reason, sentence: reasonText(passing.reason).sentence };
  const decision = decideReuse({ request, policy: x.route.policy, now: x.now, ...peek(x) });
  const reason = decision.kind === 'stale-while-revalidate' ? decision.kind : decision.reason;
  return {
    ...about,
    decision: decision.kind === 'forward' ? `forward (${decision.fwd})` : decision.kind,
    reason,
    sentence: reasonText(reason).sentence,
  };
}

/** As the listener does, and then `journey` in handle.ts, in its order. */
function refusalOf({ request, settings, nominates }: Exchange, identity: Identity): Reason | undefined {
  const ambiguous = fieldsFault(request.fields, request.version);
  if (ambiguous !== undefined) return ambiguous.reason;
  if (!isServed(request.target.authority, settings.config.hosts)) return 'host-unknown';
  if (nominates) return 'connection-nominates';
  if (loops(request.fields)) return 'loop';
  if (hasField(request.fields, AUTH_SCOPE)) return 'auth-scope-presented';
  return identity.kind === 'refuse' && (identity.status === 400 || isSafe(request.method)) ? identity.reason : undefined;
}

function explainEntry(x: Exchange, entry: StoredResponse): ExplainedEntry {
  return {
    status: entry.status,
    ageSeconds: Math.floor(ageMs(entry, x.now) / 1000),
    ttlSeconds: Math.floor((entry.freshUntil - x.now) / 1000),
    verdict: x.parts.marks.gateEntry(entry).kind,
    tags: entry.tags,
    varies: scrubbedAxes(entry),
    bytes: entry.body.length,
  };
}

function whyScope(x: Exchange, identity: Identity): string {
  const { scope } = x;
  if (identity.kind !== 'scope') return reasonText(identity.reason).sentence;
  const names = [...new Set(scope.claims.map(([name]) => name))].join(' and ');
  switch (scope.kind) {
    case 'none':
    case 'public':
      return 'no identity is part of the key';
    case 'credential':
      return names === '' ? 'the route is scoped by credential and the request has none: the anonymous scope' : `a keyed hash of ${names}`;
    case 'lookup':
      return whyLookedUp(x);
    case 'claims':
      if (scope.texts === undefined) return 'the route is scoped by claims and the request has neither token nor cookie: the anonymous scope';
      return `a keyed hash of the verified token's issuer and ${names === '' ? 'that it has none of the claims' : names}`;
  }
}

/** Not the text itself: it may name somebody. */
function whyLookedUp({ route, scope, parts }: Exchange): string {
  const path = route.scope.kind === 'lookup' ? route.scope.path : '';
  const seconds = Math.floor(((scope.grounds?.until ?? 0) - parts.clock.now()) / 1000);
  const life = seconds > 0 ? `remembered for ${seconds} s more` : 'good for one request';
  return `a keyed hash of the Auth-Scope that the origin ${route.origin} gave at ${path} for this credential; ${life}`;
}

const NOBODY: Client = {
  gone: false,
  headSent: false,
  onGone: () => {},
  informational: () => {},
  head: () => {},
  write: () => true,
  onDrain: () => {},
  end: () => {},
  answer: () => {},
  answerLines: () => {},
  destroy: () => {},
};
