// PURGE-PROTOCOL §3.6, §3.1: what holds and versions remember, for how long, and how much of it.
import { describe, expect, it } from 'vitest';
import type { Publication } from '../../src/purge/authority.ts';
import { Holds, MAX_HOLDS, VERSION_KEPT_MS } from '../../src/purge/holds.ts';
import { TagHash } from '../../src/purge/tag-hash.ts';

const NOW = 1_000_000;
const DAY_MS = 86_400_000;
const tagHash = new TagHash(Buffer.from('secret'));
const ids = (tag: string) => tagHash.tagIds([tag]);

/** A purge at `at` that demands `lowest` of each of `tags`. */
function demand(tags: readonly string[], lowest: number, at: number): Publication {
  return { selectors: { tagIds: new Int32Array(0), all: false }, mode: 'hard', at, versions: tags.map((tag) => ({ tagIds: ids(tag), lowest })) };
}

/** A purge at `at` after which `tags` are held. */
const held = (tags: readonly string[], at: number, heldUntil: number): Publication => ({
  selectors: { tagIds: tagHash.tagIds(tags), all: false },
  mode: 'hard',
  at,
  heldUntil,
});

const many = (count: number, prefix = 't') => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** With as many versions as fit, demanded `at`. */
function full(at = NOW): Holds {
  const holds = new Holds(0);
  publish(holds, demand(many(MAX_HOLDS), 2, at));
  return holds;
}

/** As an authority does. */
function publish(holds: Holds, publication: Publication): boolean {
  const fits = holds.hasRoom(publication);
  if (fits) holds.record(publication);
  return fits;
}

const accepts = (holds: Holds, tag: string, version: number) => holds.accepts([{ tagIds: ids(tag), version }]);

describe('a demanded version', () => {
  it('is remembered however long ago, while there is room', () => {
    const holds = new Holds(0);
    publish(holds, demand(['a'], 18, NOW));
    publish(holds, demand(['b'], 1, NOW + 30 * DAY_MS));
    expect([accepts(holds, 'a', 17), accepts(holds, 'a', 18)]).toEqual([false, true]);
  });

  it('gives way to another after an hour', () => {
    const holds = full();
    expect(publish(holds, demand(['new'], 1, NOW + VERSION_KEPT_MS))).toBe(false);
    expect(accepts(holds, 't0', 1)).toBe(false);
    expect(publish(holds, demand(['new'], 5, NOW + VERSION_KEPT_MS + 1))).toBe(true);
    expect([accepts(holds, 't0', 1), accepts(holds, 'new', 4)]).toEqual([true, false]);
  });

  it('counts the hour from when it was demanded last', () => {
    const holds = full();
    publish(holds, demand(['t0'], 1, NOW + VERSION_KEPT_MS));
    expect(publish(holds, demand(['new'], 1, NOW + VERSION_KEPT_MS + 1))).toBe(true);
    expect([accepts(holds, 't0', 1), accepts(holds, 't1', 1)]).toEqual([false, true]);
  });

  it('never falls', () => {
    const holds = new Holds(0);
    for (const lowest of [7, 18, 3]) publish(holds, demand(['a'], lowest, NOW));
    expect([accepts(holds, 'a', 17), accepts(holds, 'a', 18)]).toEqual([false, true]);
  });

  it('takes no more room than there is, hour after hour', () => {
    const holds = new Holds(0);
    for (let hour = 0; hour < 5; hour++) {
      const at = NOW + hour * (VERSION_KEPT_MS + 1);
      expect(publish(holds, demand(many(MAX_HOLDS, `hour ${hour} `), 2, at))).toBe(true);
      expect(publish(holds, demand(['one more'], 2, at))).toBe(false);
    }
  });
});

describe('a hold', () => {
  it('makes room when it is over, and versions do not take its room', () => {
    const holds = full();
    expect(publish(holds, held(many(MAX_HOLDS), NOW, NOW + 1000))).toBe(true);
    expect(publish(holds, held(['new'], NOW + 1000, NOW + 2000))).toBe(false);
    expect(publish(holds, held(['new'], NOW + 1001, NOW + 2000))).toBe(true);
    expect([holds.holding(ids('new'), NOW + 1999), holds.holding(ids('new'), NOW + 2000)]).toEqual([true, false]);
    expect(accepts(holds, 't0', 1)).toBe(false);
  });
});
