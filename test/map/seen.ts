// A configuration and what was seen under it, as exchanges: what was stored, what was purged, and the map that comes of them.
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { type InvalidationMap, invalidationMap } from '../../src/map/map.ts';
import { EventSightings } from '../../src/map/event-sightings.ts';
import { PurgeSightings } from '../../src/map/purge-sightings.ts';
import { seenTogether, StoredSightings } from '../../src/map/stored-sightings.ts';
import { TagSketch } from '../../src/map/tag-sketch.ts';
import type { EntryStored } from '../../src/observe/fill-listener.ts';
import { NOTHING, type PurgeOrder } from '../../src/purge/order.ts';
import { TagHash } from '../../src/purge/tag-hash.ts';
import type { Reason } from '../../src/rules/reasons.ts';

export const START = Date.UTC(2026, 0, 2);
export const MINUTE = 60_000;

export function configOf(text: string): Config {
  return loadConfig({ text, env: {}, overrides: { origin: 'http://127.0.0.1:5000' } });
}

/** Of several threads, each of which stores what is said to be its own. */
export class Seen {
  readonly config: Config;
  now = START;
  readonly #hash = new TagHash(Buffer.alloc(32));
  readonly #sketch = new TagSketch();
  readonly #threads: readonly StoredSightings[];
  readonly #purges: PurgeSightings;
  readonly #events = new EventSightings();

  constructor(text: string, threads = 1) {
    this.config = configOf(text);
    this.#threads = Array.from({ length: threads }, () => new StoredSightings({ config: this.config, sketch: this.#sketch }));
    this.#purges = new PurgeSightings({ config: this.config, wasStored: (tag) => this.#sketch.has(this.#hash.tagIds([tag])) });
  }

  stored(route: string, tags: readonly string[], given: Partial<EntryStored> & { readonly thread?: number } = {}): void {
    const { thread = 0, ...rest } = given;
    const entry = { route, path: '/path', tags, tagIds: this.#hash.tagIds(tags), lifetimeMs: 60 * MINUTE, canValidate: true, ...rest };
    this.#threads[thread]?.entryStored(entry);
  }

  refused(route: string, reason: Reason, credentials: readonly string[] = []): void {
    this.#threads[0]?.entryRefused({ route, path: '/path', reason, credentials });
  }

  purged(tags: readonly string[], given: Partial<PurgeOrder> = {}): void {
    this.#purges.purged({ ...NOTHING, kind: 'operator', actor: '127.0.0.1', tags, ...given }, this.now);
  }

  /** As another thread or node has stored them. */
  inSketch(tags: readonly string[]): void {
    this.#sketch.add(this.#hash.tagIds(tags));
  }

  unmatched(type: string, id = '1'): void {
    this.#events.unmatched({ type, id, source: '/shop' }, this.now);
  }

  map(): InvalidationMap {
    const routes = seenTogether(
      this.#threads.map(({ seen }) => structuredClone(seen)),
      this.config,
    );
    return invalidationMap(this.config, {
      since: START,
      now: this.now,
      threads: this.#threads.length,
      routes,
      purges: this.#purges.seen,
      events: this.#events.seen,
    });
  }

  /** `kind: what` of each. */
  get findings(): readonly string[] {
    return this.map().findings.map(({ kind, what }) => `${kind}: ${what}`);
  }
}
