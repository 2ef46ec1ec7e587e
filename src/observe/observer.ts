// What the rest of Freshet tells the observers: plain calls with the decision's own words. log.ts and metrics.ts listen.
import type { Reason } from '../rules/reasons.ts';
import type { Limit } from './limits.ts';

/** The word for a request's end: hit, miss, pass and upgrade as in STYLE; `stale` is a hit of a stale entry; `validated` a 304 from the origin; `error` an answer of our own. */
export type Outcome = 'hit' | 'stale' | 'validated' | 'miss' | 'pass' | 'upgrade' | 'purge' | 'error';

export interface RequestEnd {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly route: string;
  readonly outcome: Outcome;
  readonly reason: Reason | undefined;
  /** The Cache-Status member as sent. */
  readonly cacheStatus: string;
  readonly status: number;
  readonly bodyBytes: number;
  readonly durationMs: number;
  readonly collapsed: boolean;
  /** The client left before its answer was whole. */
  readonly aborted: boolean;
  /** Why an answer whose head was sent was cut short by us or by the origin; undefined where the client left. */
  readonly failure?: Reason | undefined;
}

export interface OriginEnd {
  readonly origin: string;
  /** Absent where there was no head. */
  readonly status?: number;
  readonly failure?: Reason;
  /** It was sent a second time. */
  readonly retried: boolean;
  readonly durationMs: number;
}

/** An origin's breaker is in another state than before. Open, of the requests that ended lately `failed` did, the last of them as `last` says. */
export type BreakerChange = { readonly origin: string } & (
  | {
      readonly state: 'open';
      readonly forMs: number;
      readonly ended: number;
      readonly failed: number;
      readonly last: { readonly status?: number; readonly failure?: Reason };
    }
  | { readonly state: 'half-open' | 'closed' }
);

export interface PurgeEnd {
  readonly id: string;
  readonly mode: 'hard' | 'soft';
  readonly kind: 'operator' | 'event' | 'write';
  readonly durationMs: number;
  /** Nodes that were silent: it waited until their right to answer from their caches had run out. */
  readonly expired: number;
}

/** What a purge was answered with that was not confirmed. */
export type PurgeState = 'committed' | 'out-of-holds' | 'unknown' | 'rejected';

/** How the intake of an event ended: see events/intake.ts. */
export type EventResult = 'purged' | 'unmatched' | 'duplicate' | 'rejected' | 'failed' | 'malformed';

export interface EventEnd {
  /** Where it came from: webhook, redis, postgres. */
  readonly source: string;
  readonly result: EventResult;
  /** From the time that the event states to the confirmation of its purge. */
  readonly lagMs?: number;
}

/** Of a stored response that nodes share: `unusable` is not what a node wrote there, too old, or from before this node knew what was purged. */
export type BodyShared = 'found' | 'absent' | 'unusable' | 'failed' | 'written' | 'unwritten';

/** How asking for a lease, or for what the log has, ended. */
export type Renewal = 'renewed' | 'gap' | 'changed' | 'failed';

/** Whose a request is was remembered, learned together with others, or asked of the origin. */
export type Lookup = 'remembered' | 'collapsed' | 'asked';

/** Where something of another scope than the request's came up: an entry found, one about to be stored, an answer about to be shared. */
export type ScopeCheck = 'lookup' | 'commit' | 'sharing';

export interface Observer {
  requestEnded(end: RequestEnd): void;
  originEnded(end: OriginEnd): void;
  breakerChanged(change: BreakerChange): void;
  purgeEnded(end: PurgeEnd): void;
  /** A fill that was not stored, and why. */
  fillRefused(reason: Reason): void;
  fillStored(bytes: number): void;
  followerCollapsed(): void;
  backgroundRefresh(): void;
  scopeLookedUp(how: Lookup): void;
  /** A bug: the keys of two scopes have met. It was not used. */
  scopeMismatched(at: ScopeCheck, route: string): void;
  /** Something was refused, cut or left unstored because of a setting. */
  limitReached(limit: Limit): void;
  /** A line for the operator. `detail` must not hold credentials, cookies or tokens. */
  warn(message: string, detail: Readonly<Record<string, unknown>>): void;
  info(message: string, detail: Readonly<Record<string, unknown>>): void;
  error(message: string, detail: Readonly<Record<string, unknown>>): void;
}
