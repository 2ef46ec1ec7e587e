// What a successful write ends: its URL and those its answer names (RFC 9111 §4.4), the route's `invalidates`, and what the origin lists in
// Surrogate-Key-Purge and Cache-Group-Invalidation (RFC 9875). All of it goes through the one door.
import type { ResponseHead } from '../http/message.ts';
import { purgeRequestedBy } from '../purge/surrogate-keys.ts';
import { invalidatedTargets } from '../rules/invalidation.ts';
import { expandTemplates } from '../rules/routes.ts';
import type { Exchange } from './exchange.ts';

export type Written = { readonly kind: 'confirmed'; readonly epoch: number } | { readonly kind: 'unconfirmed' };

/** Purges what the write `x` changed; `head` is undefined where its answer was lost. Never rejects. */
export async function purgeWritten(x: Exchange, head: ResponseHead | undefined): Promise<Written> {
  const { purger, observer } = x.parts;
  const requested = purgeRequestedBy(head?.fields ?? [], x.settings.config.tags);
  const order = {
    kind: 'write' as const,
    tags: [...invalidatedTags(x), ...requested.tags],
    groups: requested.groups.map((group) => ({ origin: x.target.authority, group })),
    urls: invalidatedTargets(x.target, head),
    prefixes: [],
    scopes: [],
    all: false,
    mode: 'hard' as const,
    versions: new Map<string, number>(),
    actor: `${x.request.method} ${x.route.name}`,
  };
  try {
    const outcome = await purger.purge(order);
    if (outcome.kind === 'confirmed') return { kind: 'confirmed', epoch: outcome.receipt.epoch };
    // No room for the hold that `settle` asks for: what was written is still purged, only not held.
    const bare = await purger.purge({ ...order, settleMs: 0 });
    if (bare.kind === 'confirmed') observer.warn('write purged without its settle window: out of holds', { route: x.route.name });
    return { kind: 'unconfirmed' };
  } catch (error) {
    observer.error('purge after a write failed', { route: x.route.name, error: String(error) });
    return { kind: 'unconfirmed' };
  }
}

function invalidatedTags(x: Exchange): readonly string[] {
  const expanded = expandTemplates(x.route.invalidates, x.match, x.target);
  if (expanded.kind === 'tags') return expanded.tags;
  x.parts.observer.warn('invalidates: a template had no value, so its tag was not purged', {
    route: x.route.name,
    template: expanded.template,
    missing: expanded.name,
  });
  return [];
}
