// What does one thread count? In plain fields, read when somebody asks for /metrics.
import type { Reason } from '../rules/reasons.ts';
import type { PurgeKind } from './effect-ledger.ts';
import type { Later, PurgeMode } from './ended-keys.ts';
import { type Limit, LIMITS } from './limits.ts';
import { LoopDelay } from './loop-delay.ts';
import type { MetricName } from './metric-table.ts';
import { pageOf } from './metrics-page.ts';
import type {
  BodyShared,
  BreakerChange,
  EventEnd,
  EventResult,
  Lookup,
  OriginEnd,
  PurgeEnd,
  PurgeState,
  Renewal,
  RequestEnd,
  ScopeCheck,
} from './observer.ts';
import type { EffectObserver, FoundBy } from './purge-effects.ts';
import { type MetricSources, ofProcess, type OfProcess, ofThread, type OfThread, type Supplied } from './readings.ts';
import { type Snapshot, together } from './snapshot.ts';
import { type Sample, single, Tally, Timings } from './tally.ts';

const BY_PURGE: ReadonlySet<Reason> = new Set<Reason>(['purged-in-flight', 'purged-repeatedly', 'held', 'base-gone', 'version-behind']);

/** What fills say of their end where a limit was the cause. */
const BY_LIMIT: ReadonlyMap<Reason, Limit> = new Map<Reason, Limit>([
  ['too-large', 'store.max_object'],
  ['fills-over-limit', 'store.fills'],
]);

/** What an operator waits for, by each source of events. */
const EVENTS_AT_FAULT = ['webhook', 'redis', 'postgres'].flatMap((source) =>
  (['rejected', 'malformed', 'failed'] satisfies EventResult[]).map((result) => [source, result] as const),
);

export class Metrics implements EffectObserver {
  readonly #sources: MetricSources;
  readonly #loop = new LoopDelay();
  readonly #requests = new Tally();
  readonly #requestTimes = new Timings();
  readonly #bodyBytes = new Tally();
  readonly #originRequests = new Tally();
  readonly #originTimes = new Timings();
  readonly #originRetries = new Tally();
  readonly #breakerOpenings = new Tally();
  readonly #fillsRefused = new Tally();
  readonly #purges = new Tally();
  readonly #purgeTimes = new Timings();
  readonly #unconfirmed = new Tally(eachOf(['committed', 'out-of-holds', 'unknown', 'rejected'] satisfies PurgeState[]));
  readonly #renewals = new Tally(eachOf(['renewed', 'gap', 'changed', 'failed'] satisfies Renewal[]));
  readonly #bodies = new Tally();
  readonly #cut = new Tally();
  readonly #lookups = new Tally();
  readonly #mismatches = new Tally(eachOf(['lookup', 'commit', 'sharing'] satisfies ScopeCheck[]));
  readonly #events = new Tally(EVENTS_AT_FAULT);
  readonly #eventLags = new Timings();
  readonly #eventRetries = new Tally();
  readonly #writeTimes = new Timings();
  readonly #freshTimes = new Timings();
  readonly #metNothing = new Tally(eachOf(['operator', 'event', 'write'] satisfies PurgeKind[]));
  readonly #purgedEntries = new Tally();
  readonly #purgedLater = new Tally();
  readonly #askedAfterPurge = new Tally(eachOf(['hard', 'soft'] satisfies PurgeMode[]));
  readonly #limits = new Map<Limit, number>();
  #aborted = 0;
  #followers = 0;
  #refreshes = 0;
  #fillsStored = 0;
  #fillBytes = 0;
  #fillsRefusedByPurge = 0;
  #waitedOut = 0;
  #emptied = 0;
  #leaseLosses = 0;
  /** Undefined where none is needed. */
  #isLeaseHeld: boolean | undefined;

  constructor(sources: MetricSources) {
    this.#sources = sources;
  }

  /** Of this thread alone. Starts a new interval of the event-loop delay. */
  snapshot(): Snapshot {
    const snapshot = new Map<MetricName, readonly Sample[]>();
    for (const supplied of [this.#counts(), ofThread(this.#sources.thread?.()), ofProcess(this.#sources.process?.())])
      for (const [name, samples] of Object.entries(supplied)) snapshot.set(name as MetricName, samples);
    return snapshot;
  }

  /** The whole page, in Prometheus' text format, with what other threads have counted. */
  text(others: readonly Snapshot[] = []): Promise<string> {
    return pageOf(together([this.snapshot(), ...others]));
  }

  close(): void {
    this.#loop.close();
  }

  requestEnded(end: RequestEnd): void {
    this.#requests.add(end.outcome, end.reason ?? '');
    this.#requestTimes.add(end.outcome, '', end.durationMs);
    this.#bodyBytes.add(end.outcome, '', end.bodyBytes);
    if (end.failure !== undefined) this.#cut.add(end.failure, '');
    else if (end.aborted) this.#aborted++;
  }

  originEnded(end: OriginEnd): void {
    const result = end.failure ?? (end.status === undefined ? 'internal' : `${Math.floor(end.status / 100)}xx`);
    this.#originRequests.add(end.origin, result);
    this.#originTimes.add(end.origin, result, end.durationMs);
    if (end.retried) this.#originRetries.add(end.origin, '');
  }

  breakerChanged({ origin, state }: BreakerChange): void {
    if (state === 'open') this.#breakerOpenings.add(origin, '');
  }

  purgeEnded(end: PurgeEnd): void {
    this.#purges.add(end.kind, end.mode);
    this.#purgeTimes.add(end.kind, end.mode, end.durationMs);
    if (end.expired > 0) this.#waitedOut++;
  }

  purgeUnconfirmed(state: PurgeState): void {
    this.#unconfirmed.add(state, '');
  }

  writePurged(durationMs: number): void {
    this.#writeTimes.add('', '', durationMs);
  }

  freshAfterPurge(mode: PurgeMode, durationMs: number): void {
    this.#freshTimes.add(mode, '', durationMs);
  }

  purgeMetNothing(kind: PurgeKind): void {
    this.#metNothing.add(kind, '');
  }

  purgedEntryFound(mode: PurgeMode, by: FoundBy): void {
    this.#purgedEntries.add(mode, by);
  }

  purgedEntriesLater(later: Later, entries: number): void {
    this.#purgedLater.add(later, '', entries);
  }

  originAskedAfterPurge(mode: PurgeMode): void {
    this.#askedAfterPurge.add(mode, '');
  }

  /** From the start on, so that a node which never gets one is told from one that needs none. */
  leaseWanted(): void {
    this.#isLeaseHeld ??= false;
  }

  leaseChanged(isHeld: boolean): void {
    this.#isLeaseHeld = isHeld;
    if (!isHeld) this.#leaseLosses++;
  }

  renewalEnded(result: Renewal): void {
    this.#renewals.add(result, '');
  }

  nodeEmptied(): void {
    this.#emptied++;
  }

  fillRefused(reason: Reason): void {
    this.#fillsRefused.add(reason, '');
    if (BY_PURGE.has(reason)) this.#fillsRefusedByPurge++;
    const limit = BY_LIMIT.get(reason);
    if (limit !== undefined) this.limitReached(limit);
  }

  fillStored(bytes: number): void {
    this.#fillsStored++;
    this.#fillBytes += bytes;
  }

  followerCollapsed(): void {
    this.#followers++;
  }

  backgroundRefresh(): void {
    this.#refreshes++;
  }

  scopeLookedUp(how: Lookup): void {
    this.#lookups.add(how, '');
  }

  scopeMismatched(at: ScopeCheck): void {
    this.#mismatches.add(at, '');
  }

  bodyShared(what: BodyShared): void {
    this.#bodies.add(what, '');
  }

  eventTaken({ source, result, lagMs }: EventEnd): void {
    this.#events.add(source, result);
    if (lagMs !== undefined) this.#eventLags.add(source, '', lagMs);
  }

  eventRetried(source: string): void {
    this.#eventRetries.add(source, '');
  }

  limitReached(limit: Limit): void {
    this.#limits.set(limit, (this.#limits.get(limit) ?? 0) + 1);
  }

  #counts(): Supplied<Exclude<MetricName, OfThread | OfProcess>> {
    return {
      freshet_requests_total: this.#requests.samples(),
      freshet_request_duration_seconds: this.#requestTimes.samples(),
      freshet_response_body_bytes_total: this.#bodyBytes.samples(),
      freshet_requests_aborted_total: single(this.#aborted),
      freshet_answers_cut_total: this.#cut.samples(),
      freshet_limit_reached_total: this.#limitSamples(),
      freshet_origin_requests_total: this.#originRequests.samples(),
      freshet_origin_duration_seconds: this.#originTimes.samples(),
      freshet_origin_retries_total: this.#originRetries.samples(),
      freshet_origin_breaker_openings_total: this.#breakerOpenings.samples(),
      freshet_collapsed_followers_total: single(this.#followers),
      freshet_scope_mismatches_total: this.#mismatches.samples(),
      freshet_background_refreshes_total: single(this.#refreshes),
      freshet_scope_lookups_total: this.#lookups.samples(),
      freshet_fills_stored_total: single(this.#fillsStored),
      freshet_fill_bytes_total: single(this.#fillBytes),
      freshet_fills_refused_total: this.#fillsRefused.samples(),
      freshet_fills_refused_by_purge_total: single(this.#fillsRefusedByPurge),
      freshet_write_to_purge_seconds: this.#writeTimes.samples(),
      freshet_purge_to_fresh_seconds: this.#freshTimes.samples(),
      freshet_purges_met_nothing_total: this.#metNothing.samples(),
      freshet_purged_entries_total: this.#purgedEntries.samples(),
      freshet_purged_entries_later_total: this.#purgedLater.samples(),
      freshet_origin_requests_after_purge_total: this.#askedAfterPurge.samples(),
      freshet_purges_total: this.#purges.samples(),
      freshet_purge_duration_seconds: this.#purgeTimes.samples(),
      freshet_purges_unconfirmed_total: this.#unconfirmed.samples(),
      freshet_purges_waited_out_total: single(this.#waitedOut),
      freshet_lease_held: this.#isLeaseHeld === undefined ? [] : single(this.#isLeaseHeld ? 1 : 0),
      freshet_lease_losses_total: single(this.#leaseLosses),
      freshet_log_renewals_total: this.#renewals.samples(),
      freshet_node_emptied_total: single(this.#emptied),
      freshet_shared_bodies_total: this.#bodies.samples(),
      freshet_events_total: this.#events.samples(),
      freshet_event_lag_seconds: this.#eventLags.samples(),
      freshet_event_retries_total: this.#eventRetries.samples(),
      freshet_event_loop_delay_seconds: this.#loop.take(),
    };
  }

  /** All of them from the start, so that a rate of the first one can be told. */
  #limitSamples(): Sample[] {
    // The cast: Object.keys forgets of what.
    return (Object.keys(LIMITS) as Limit[]).map((limit) => ({ values: [limit], value: this.#limits.get(limit) ?? 0 }));
  }
}

function eachOf(labels: readonly string[]): readonly (readonly [string, string])[] {
  return labels.map((label) => [label, ''] as const);
}
