// What is stored for a request, and what do the marks say of it now?
import type { StoredResponse, Verdict } from '../rules/stored-response.ts';
import { variantSelector } from '../rules/variant.ts';
import type { Exchange } from './exchange.ts';
import { isOfScope } from './scope-check.ts';

export interface Found {
  readonly stored: StoredResponse | undefined;
  /** Whether anything else is stored under the key. */
  readonly otherVariants: boolean;
  readonly verdict: Verdict;
}

const OK: Verdict = { kind: 'ok' };

/** The newest stored response that the request selects. What turns out purged is dropped on the way. */
export function lookup(x: Exchange): Found {
  const { store, effects } = x.parts;
  const variants = store.lookup(x.key);
  const found = select(x, variants, (purged) => {
    effects.ended(x.key, purged, { by: 'request', now: x.now });
    store.remove(x.key, purged, 'purged');
  });
  if (variants.length > 1 && found.stored !== undefined) store.used(x.key, found.stored);
  x.endedBy = found.stored !== undefined && found.verdict.kind === 'ok' ? undefined : endedBy(x, found);
  return found;
}

/** How the purge was that is to blame for there being nothing fresh, if one is. */
function endedBy(x: Exchange, { stored, verdict }: Found): 'hard' | 'soft' | undefined {
  const { effects } = x.parts;
  if (verdict.kind === 'uncoordinated') return undefined;
  if (verdict.kind === 'softened' && stored !== undefined) {
    // What was stale by itself before, no purge is to blame for.
    if (verdict.since >= stored.freshUntil) return undefined;
    effects.softened(x.key, stored, { by: 'request', now: x.now });
  }
  return effects.asked(x.key);
}

/** The same without counting as a use or dropping anything. */
export function peek(x: Exchange): Found {
  return select(x, x.parts.store.peek(x.key), () => {});
}

function select(x: Exchange, variants: readonly StoredResponse[], drop: (purged: StoredResponse) => void): Found {
  const { store, marks } = x.parts;
  if (x.scope.kind === 'none') throw new Error('a request whose identity is not settled was looked up');
  if (variants.length === 0) return { stored: undefined, otherVariants: false, verdict: OK };
  const selected = variantSelector(store.axes(x.key), x.request.fields, x.route.policy);
  let passedOver: Found | undefined;
  let purged: StoredResponse[] | undefined;
  for (const candidate of variants) {
    if (!isOfScope(x, candidate.scopeId, 'lookup') || !selected(candidate)) continue;
    const verdict = marks.gateEntry(candidate);
    if (verdict.kind === 'ok' || verdict.kind === 'softened') {
      passedOver = { stored: candidate, otherVariants: true, verdict };
      break;
    }
    if (verdict.kind === 'purged') (purged ??= []).push(candidate);
    passedOver ??= { stored: candidate, otherVariants: true, verdict };
  }
  for (const entry of purged ?? []) drop(entry);
  return passedOver ?? { stored: undefined, otherVariants: true, verdict: OK };
}
