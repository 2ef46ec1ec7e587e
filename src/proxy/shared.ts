// After a miss of its own: has another node stored what this request asks for? PURGE-PROTOCOL §4.4 "L2 entries".
import { axisValues } from '../rules/variant.ts';
import type { Exchange } from './exchange.ts';
import { isOfScope } from './scope-check.ts';

/** Puts it into the store, where the next lookup finds and judges it as any other. */
export async function askOtherNodes(x: Exchange): Promise<void> {
  const { bodies, marks, store, clock } = x.parts;
  const entry = await bodies?.find(x.key, (axes) => axisValues(axes, x.request.fields, x.route.policy));
  x.now = clock.now();
  // From here on in one step: it is judged by what is known now, and kept by that.
  if (entry === undefined || !isOfScope(x, entry.scopeId, 'sharing')) return;
  if (marks.gateEntry(entry).kind === 'ok') store.put(x.key, entry, { maxVariants: x.route.policy.maxVariants });
}
