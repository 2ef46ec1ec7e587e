// What does /metrics say? Counts in plain fields, turned into the table's metrics by prom-client when somebody asks.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Metric, Registry } from 'prom-client';
import type { Reason } from '../rules/reasons.ts';
import type { PurgeKind } from './effect-ledger.ts';
import type { Later, PurgeMode } from './ended-keys.ts';
import { type Limit, LIMITS } from './limits.ts';
import { METRICS, type MetricName, type MetricRow } from './metric-table.ts';
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
import { type Snapshot, together } from './snapshot.ts';
import { type Sample, Tally, Timings } from './tally.ts';

/** What the metrics read where it is kept, at the moment of a scrape. */
export interface MetricSources {
  /** Where requests are served in this thread. */
  thread?(): ThreadReadings | undefined;
  /** In the main thread. */
  process?(): ProcessReadings;
}

export interface ThreadReadings {
  readonly store: {
    readonly entries: number;
    readonly bytes: number;
    readonly maxBytes: number;
    readonly removals: Readonly<Record<string, number>>;
  };
  readonly fills: { readonly heldBytes: number; readonly maxBytes: number };
  readonly connections: number;
  readonly origins: readonly { readonly origin: string; readonly inFlight: number; readonly waiting: number; readonly isOpen: boolean }[];
}

export interface ProcessReadings {
  readonly epoch: number;
  readonly falseShare: number;
  readonly threads: number;
  readonly crashes: number;
  /** Of the map, by kind. */
  readonly findings?: ReadonlyMap<string, number>;
  /** Where several nodes share purges: the last of them that is applied here. */
  readonly applied?: number | undefined;
  /** Of each source of events. */
  readonly deadLetters: readonly { readonly source: string; readonly count: number }[];
  readonly eventsInFlight: number;
  /** Where events are fetched. */
  readonly eventSources: readonly { readonly source: string; readonly isReading: boolean; readonly waiting?: number; readonly oldestMs?: number }[];
  /** Of audits, by route. */
  readonly audits: { readonly verdicts: readonly Sample[]; readonly caught: readonly Sample[]; readonly nines: readonly Sample[] };
}

const LOOP_RESOLUTION_MS = 20;

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

/** Of a thread that serves. */
type OfThread =
  | 'freshet_origin_requests_in_flight'
  | 'freshet_origin_requests_waiting'
  | 'freshet_origin_breaker_open'
  | 'freshet_fills_held_bytes'
  | 'freshet_fills_max_bytes'
  | 'freshet_store_entries'
  | 'freshet_store_bytes'
  | 'freshet_store_max_bytes'
  | 'freshet_store_removals_total'
  | 'freshet_client_connections';

/** Known to the main thread only. */
type OfProcess =
  | 'freshet_serving_threads'
  | 'freshet_worker_crashes_total'
  | 'freshet_map_findings'
  | 'freshet_purge_epoch'
  | 'freshet_purge_false_share_ratio'
  | 'freshet_purge_log_applied'
  | 'freshet_event_dead_letters'
  | 'freshet_events_in_flight'
  | 'freshet_event_source_reading'
  | 'freshet_event_source_waiting'
  | 'freshet_event_source_oldest_seconds'
  | 'freshet_audits_total'
  | 'freshet_audit_caught_seconds'
  | 'freshet_audit_consistency_nines'
  | 'freshet_process_resident_memory_bytes'
  | 'freshet_process_cpu_seconds_total';

/** The compiler sees to it that no row of the table is forgotten. */
type Supplied<Names extends MetricName> = Readonly<Record<Names, readonly Sample[]>>;

export class Metrics implements EffectObserver {
  readonly #sources: MetricSources;
  readonly #loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
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
  #isLeaseHeld = false;

  constructor(sources: MetricSources) {
    this.#sources = sources;
    this.#loop.enable();
  }

  /** Of this thread alone. Starts a new interval of the event-loop delay. */
  snapshot(): Snapshot {
    const snapshot = new Map<MetricName, readonly Sample[]>();
    for (const supplied of [this.#counts(), this.#ofThread(this.#sources.thread?.()), this.#ofProcess(this.#sources.process?.())])
      for (const [name, samples] of Object.entries(supplied)) snapshot.set(name as MetricName, samples);
    this.#loop.reset();
    return snapshot;
  }

  /** The whole page, in Prometheus' text format, with what other threads have counted. */
  text(others: readonly Snapshot[] = []): Promise<string> {
    const sum = together([this.snapshot(), ...others]);
    const registry = new Registry();
    for (const row of METRICS) registry.registerMetric(metricOf(row, sum.get(row.name) ?? []));
    return registry.metrics();
  }

  close(): void {
    this.#loop.disable();
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
      freshet_lease_held: single(this.#isLeaseHeld ? 1 : 0),
      freshet_lease_losses_total: single(this.#leaseLosses),
      freshet_log_renewals_total: this.#renewals.samples(),
      freshet_node_emptied_total: single(this.#emptied),
      freshet_shared_bodies_total: this.#bodies.samples(),
      freshet_events_total: this.#events.samples(),
      freshet_event_lag_seconds: this.#eventLags.samples(),
      freshet_event_retries_total: this.#eventRetries.samples(),
      freshet_event_loop_delay_seconds: this.#loopDelays(),
    };
  }

  #ofThread(readings: ThreadReadings | undefined): Partial<Supplied<OfThread>> {
    if (readings === undefined) return {};
    const { store, fills, connections, origins } = readings;
    return {
      freshet_origin_requests_in_flight: origins.map(({ origin, inFlight }) => ({ values: [origin], value: inFlight })),
      freshet_origin_requests_waiting: origins.map(({ origin, waiting }) => ({ values: [origin], value: waiting })),
      freshet_origin_breaker_open: origins.map(({ origin, isOpen }) => ({ values: [origin], value: isOpen ? 1 : 0 })),
      freshet_fills_held_bytes: single(fills.heldBytes),
      freshet_fills_max_bytes: single(fills.maxBytes),
      freshet_store_entries: single(store.entries),
      freshet_store_bytes: single(store.bytes),
      freshet_store_max_bytes: single(store.maxBytes),
      freshet_store_removals_total: Object.entries(store.removals).map(([reason, value]) => ({ values: [reason], value })),
      freshet_client_connections: single(connections),
    };
  }

  #ofProcess(readings: ProcessReadings | undefined): Partial<Supplied<OfProcess>> {
    if (readings === undefined) return {};
    return {
      freshet_map_findings: [...(readings.findings ?? [])].map(([kind, value]) => ({ values: [kind], value })),
      freshet_purge_epoch: single(readings.epoch),
      freshet_purge_false_share_ratio: single(readings.falseShare),
      freshet_purge_log_applied: readings.applied === undefined ? [] : single(readings.applied),
      freshet_event_dead_letters: readings.deadLetters.map(({ source, count }) => ({ values: [source], value: count })),
      freshet_events_in_flight: single(readings.eventsInFlight),
      freshet_event_source_reading: readings.eventSources.map(({ source, isReading }) => ({ values: [source], value: isReading ? 1 : 0 })),
      freshet_event_source_waiting: readings.eventSources.flatMap(({ source, waiting }) =>
        waiting === undefined ? [] : [{ values: [source], value: waiting }],
      ),
      freshet_event_source_oldest_seconds: readings.eventSources.flatMap(({ source, oldestMs }) =>
        oldestMs === undefined ? [] : [{ values: [source], value: oldestMs / 1_000 }],
      ),
      freshet_audits_total: readings.audits.verdicts,
      freshet_audit_caught_seconds: readings.audits.caught,
      freshet_audit_consistency_nines: readings.audits.nines,
      freshet_serving_threads: single(readings.threads),
      freshet_worker_crashes_total: single(readings.crashes),
      freshet_process_resident_memory_bytes: single(process.memoryUsage.rss()),
      freshet_process_cpu_seconds_total: single(cpuSeconds()),
    };
  }

  /** All of them from the start, so that a rate of the first one can be told. */
  #limitSamples(): Sample[] {
    // The cast: Object.keys forgets of what.
    return (Object.keys(LIMITS) as Limit[]).map((limit) => ({ values: [limit], value: this.#limits.get(limit) ?? 0 }));
  }

  #loopDelays(): Sample[] {
    return [
      { values: ['0.5'], value: lateSeconds(this.#loop.percentile(50)) },
      { values: ['0.99'], value: lateSeconds(this.#loop.percentile(99)) },
      { values: ['1'], value: lateSeconds(this.#loop.max) },
    ];
  }
}

/** The monitor measures from tick to tick, so its resolution is taken off. */
function lateSeconds(tickNanoseconds: number): number {
  return Math.max(0, tickNanoseconds / 1e9 - LOOP_RESOLUTION_MS / 1_000);
}

/** What the registry needs of a metric: it asks for `name` and `get()` only, hence the cast. */
function metricOf(row: MetricRow, samples: readonly Sample[]): Metric {
  const { name, type, help } = row;
  const get = async (): Promise<unknown> => ({ name, type, help, aggregator: 'sum', values: samples.map((sample) => valueOf(row, sample)) });
  return { name, get } as unknown as Metric;
}

function valueOf({ name, labels }: MetricRow, { values, le, suffix, value }: Sample): unknown {
  const named = labels.map((label, at) => [label, values[at] ?? ''] as const);
  return { metricName: name + (suffix ?? ''), labels: Object.fromEntries(le === undefined ? named : [...named, ['le', le]]), value };
}

function eachOf(labels: readonly string[]): readonly (readonly [string, string])[] {
  return labels.map((label) => [label, ''] as const);
}

function single(value: number): readonly Sample[] {
  return [{ values: [], value }];
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
