// What is stored for a request, and what do the marks say of it now?
import type { StoredResponse, Verdict } from '../rules/stored-response.ts';
import { matchesRequest } from '../rules/variant.ts';
import type { Exchange } from './exchange.ts';

export interface Found {
  readonly stored: StoredResponse | undefined;
  /** Whether anything else is stored under the key. */
  readonly otherVariants: boolean;
  readonly verdict: Verdict;
}

const OK: Verdict = { kind: 'ok' };

/** The newest stored response that the request selects. What turns out purged is dropped on the way. */
export function lookup(x: Exchange): Found {
  const { store, marks } = x.parts;
  const variants = store.lookup(x.key);
  if (variants.length === 0) return { stored: undefined, otherVariants: false, verdict: OK };
  const axes = store.axes(x.key);
  let passedOver: Found | undefined;
  let purged: StoredResponse[] | undefined;
  for (const candidate of variants) {
    if (candidate.scopeId !== x.scope.id) throw new Error('an entry of another scope was found under this key');
    if (!matchesRequest(candidate, axes, x.request.fields, x.route.policy)) continue;
    const verdict = marks.gateEntry(candidate);
    if (verdict.kind === 'ok' || verdict.kind === 'softened') {
      passedOver = { stored: candidate, otherVariants: true, verdict };
      break;
    }
    if (verdict.kind === 'purged') (purged ??= []).push(candidate);
    passedOver ??= { stored: candidate, otherVariants: true, verdict };
  }
  for (const entry of purged ?? []) store.remove(x.key, entry, 'purged');
  return passedOver ?? { stored: undefined, otherVariants: true, verdict: OK };
}
