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
  const { purger, observer, effects, clock } = x.parts;
  const answeredAt = clock.now();
  const invalidated = invalidatedTags(x);
  const requested = purgeRequestedBy(head?.fields ?? [], x.settings.config.tags);
  const order = {
    kind: 'write' as const,
    tags: [...invalidated.tags, ...requested.tags],
    groups: requested.groups.map((group) => ({ origin: x.target.authority, group })),
    urls: invalidatedTargets(x.request.target, head),
    prefixes: [],
    scopes: [],
    all: false,
    mode: 'hard' as const,
    versions: new Map<string, number>(),
    actor: `${x.request.method} ${x.route.name}`,
  };
  try {
    const outcome = await purger.purge(order);
    if (outcome.kind === 'confirmed') {
      effects.writePurged(clock.now() - answeredAt);
      return invalidated.whole ? { kind: 'confirmed', epoch: outcome.epoch } : { kind: 'unconfirmed' };
    }
    // It is tried again until it holds, and until then nothing here answers from the cache.
    if (outcome.kind !== 'out-of-holds') return { kind: 'unconfirmed' };
    // No room for the hold that `settle` asks for: what was written is still purged, only not held.
    const bare = await purger.purge({ ...order, settleMs: 0 });
    if (bare.kind === 'confirmed') {
      effects.writePurged(clock.now() - answeredAt);
      observer.warn('write purged without its settle window: out of holds', { route: x.route.name });
    }
    return { kind: 'unconfirmed' };
  } catch (error) {
    observer.error('purge after a write failed', { route: x.route.name, error: String(error) });
    return { kind: 'unconfirmed' };
  }
}

/** Each template by itself: one without a value must not keep the others from being purged. */
function invalidatedTags(x: Exchange): { readonly tags: readonly string[]; readonly whole: boolean } {
  const tags: string[] = [];
  let whole = true;
  for (const template of x.route.invalidates) {
    const expanded = expandTemplates([template], x.templateValues, x.request.target);
    if (expanded.kind === 'tags') {
      tags.push(...expanded.tags);
      continue;
    }
    whole = false;
    const { route } = x;
    x.parts.observer.warn('invalidates: a template had no value, so its tag was not purged', { route: route.name, template, missing: expanded.name });
  }
  return { tags, whole };
}
