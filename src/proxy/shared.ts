// After a miss of its own: has another node stored what this request asks for? PURGE-PROTOCOL §4.4 "L2 entries".
import { PackedResponse } from '../rules/packed-response.ts';
import { axisValues } from '../rules/variant.ts';
import type { Exchange } from './exchange.ts';
import { isOfScope } from './scope-check.ts';

/** Puts it into the store, where the next lookup finds and judges it as any other. */
export async function askOtherNodes(x: Exchange): Promise<void> {
  const { bodies, marks, store, clock, effects } = x.parts;
  const entry = await bodies?.find(sharedKey(x), (axes) => axisValues(axes, x.request.fields, x.route.policy));
  x.now = clock.now();
  // From here on in one step: it is judged by what is known now, and kept by that.
  if (entry === undefined || !isOfScope(x, entry.scopeId, 'sharing')) return;
  if (marks.gateEntry(entry).kind === 'ok') {
    store.put(x.key, new PackedResponse(entry, x.view), { maxVariants: x.route.policy.maxVariants });
    effects.stored(x.key, x.now);
  }
}

/** For other nodes, and for this one after a reload: a response that was keyed, tagged or permitted by other rules would escape the purges of those in force. */
export function sharedKey({ key, settings }: Pick<Exchange, 'key' | 'settings'>): string {
  return `${key} ${settings.keying}`;
}
