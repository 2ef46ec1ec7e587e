// Everything a request's journey consults, put together once by app.ts. `settings` is replaced as a whole when the configuration is reloaded.
import type { Clock } from '../clock.ts';
import type { SharedBodies } from '../cluster/shared-bodies.ts';
import type { Config } from '../config/config.ts';
import type { TokenVerifier } from '../identity/verifier.ts';
import type { FillListener } from '../observe/fill-listener.ts';
import type { Observer } from '../observe/observer.ts';
import type { PurgeEffects } from '../observe/purge-effects.ts';
import type { Origins } from '../origin/exchange.ts';
import type { Marks } from '../purge/authority.ts';
import type { PurgeNames } from '../purge/endpoint.ts';
import type { PurgeGate } from '../purge/gate.ts';
import type { Purges } from '../purge/order.ts';
import type { TagHash } from '../purge/tag-hash.ts';
import type { View } from '../rules/packed-response.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import type { Store } from '../store/store.ts';
import type { Flights } from './collapse.ts';
import type { Exchange } from './exchange.ts';
import type { FillBudget } from './fill.ts';
import type { ScopeLookups } from './scope-lookup.ts';

export interface Parts {
  /** Which of several threads this is, counted from 1. */
  readonly worker?: number;
  readonly clock: Clock;
  readonly store: Store;
  readonly marks: Marks;
  /** In barrier mode: whether every purge confirmed before this is in the marks. Asked for each request; without it they are complete by themselves. */
  readonly barrier?: () => Promise<boolean>;
  readonly purger: Purges;
  readonly purgeGate: PurgeGate;
  readonly tagHash: TagHash;
  readonly origins: Origins;
  readonly observer: Observer;
  readonly effects: PurgeEffects;
  /** Who keeps the map of what is stored and purged. */
  readonly sightings?: FillListener;
  readonly flights: Flights;
  readonly fillBudget: FillBudget;
  readonly lookups: ScopeLookups;
  /** Keys the hashes of credentials; never leaves the process. */
  readonly secret: Buffer;
  /** What other nodes have stored, where they share that. */
  readonly bodies?: SharedBodies;
  /** Where some hits are compared with the origin; replaced at a reload. */
  auditor?: HitAudit | undefined;
  settings: Settings;
}

/** Told of every hit, when its answer was sent. Neither throws nor waits. */
export interface HitAudit {
  hit(x: Exchange, stored: StoredResponse, reason: 'fresh' | 'max-stale'): void;
}

/** What a request takes from the configuration that was valid when it arrived. */
export interface Settings {
  readonly config: Config;
  /** A digest of what entries are keyed, tagged and permitted by (config/keying.ts). */
  readonly keying: string;
  readonly trusted: (address: string) => boolean;
  readonly tagHeaders: ReadonlySet<string>;
  /** What clients do not get of a stored response as it is: `controlled` where the route says what they get for its Cache-Control. */
  readonly views: { readonly plain: View; readonly controlled: View };
  readonly purgeNames: PurgeNames;
  /** Where the configuration names an issuer of tokens. */
  readonly tokens?: TokenVerifier;
}
