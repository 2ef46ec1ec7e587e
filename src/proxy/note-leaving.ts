// What leaves the store for room or for another may have been purged, and nobody has found it.
import type { Clock } from '../clock.ts';
import type { PurgeEffects } from '../observe/purge-effects.ts';
import type { GaveWay } from '../store/memory.ts';

export function noteLeaving(effects: PurgeEffects, clock: Clock): GaveWay {
  return (key, response, reason) => effects.left(key, response, { by: reason === 'evicted' ? 'eviction' : 'replacement', now: clock.now() });
}
