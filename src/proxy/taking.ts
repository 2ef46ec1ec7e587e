// A landing is here: may this request have it? PURGE-PROTOCOL §3.2 rules 4 and 5; collapse.ts has the idea.
import type { Policy } from '../rules/policy.ts';
import type { Reason } from '../rules/reasons.ts';
import { isOriginError } from '../rules/reuse.ts';
import { type Boarding, selectsTheSame } from './collapse.ts';
import type { Exchange } from './exchange.ts';
import type { Flight, Landing } from './flight.ts';
import { isOfScope } from './scope-check.ts';

/** After this many fetches in vain a request goes by itself (retry) or is refused (strict). */
export const MAX_TURNS = 3;

export type Taking =
  | { readonly kind: 'take' }
  /** Start over: look up again and fetch anew, collapsed with whoever else has to. */
  | { readonly kind: 'again' }
  /** Fetch by itself, after the delay. */
  | { readonly kind: 'alone' }
  /** The route is strict and purges do not end. */
  | { readonly kind: 'refuse'; readonly reason: Reason };

/** What `x` may do with a landing. Must be called in the same synchronous step as what it permits. */
export function takingOf(x: Exchange, boarding: Boarding, landing: Landing): Taking {
  const { flight, role } = boarding;
  const { policy } = x.route;
  if (landing.kind === 'base-gone') return startOver(x, policy);
  if (landing.kind === 'failed') return role === 'leader' || x.turns > 0 ? { kind: 'take' } : { kind: 'again' };

  const verdict = x.parts.marks.gate({ tagIds: flight.tagIds, asOf: flight.asOf, sentAt: flight.sentAt });
  const startedAfter = flight.isStartedAfter(x);
  if (verdict.kind === 'uncoordinated' && !startedAfter) return startOver(x, policy);
  const askedBefore = startedAfter || x.arrivalEpoch <= flight.asOf;
  if (verdict.kind === 'purged' && !(askedBefore && policy.inflight === 'retry' && x.turns > 0)) return startOver(x, policy);
  const behind = landing.kind === 'response' && landing.judgement.refusal === 'version-behind';
  if ((verdict.kind === 'held' || behind) && !askedBefore) return startOver(x, policy);
  if (role === 'leader') return { kind: 'take' };
  return isOfScope(x, flight.scopeId, 'sharing') ? followerTaking(x, flight, landing) : { kind: 'alone' };
}

function followerTaking(x: Exchange, flight: Flight, landing: Landing & { kind: 'response' | 'freshened' }): Taking {
  if (landing.kind === 'freshened') {
    if (!landing.shareable) return { kind: 'alone' };
    return selectsTheSame(x, flight, landing.stored.axes) ? { kind: 'take' } : startOver(x, x.route.policy);
  }
  if (isOriginError(landing.judgement.head.status)) return x.turns > 0 ? { kind: 'take' } : { kind: 'again' };
  if (!landing.judgement.shareable || !landing.fill.isWhole) return { kind: 'alone' };
  return selectsTheSame(x, flight, landing.judgement.vary) ? { kind: 'take' } : startOver(x, x.route.policy);
}

function startOver(x: Exchange, policy: Policy): Taking {
  if (x.turns < MAX_TURNS) return { kind: 'again' };
  return policy.inflight === 'strict' ? { kind: 'refuse', reason: 'purged-repeatedly' } : { kind: 'alone' };
}
