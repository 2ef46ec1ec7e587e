// What the metrics read where it is kept, at the moment of a scrape: of each thread that serves, and of the process.
import type { MetricName } from './metric-table.ts';
import { type Sample, single } from './tally.ts';

/** Each is absent in a thread that knows nothing of it. */
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

/** Of a thread that serves. */
export type OfThread =
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
export type OfProcess =
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
export type Supplied<Names extends MetricName> = Readonly<Record<Names, readonly Sample[]>>;

export function ofThread(readings: ThreadReadings | undefined): Partial<Supplied<OfThread>> {
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

export function ofProcess(readings: ProcessReadings | undefined): Partial<Supplied<OfProcess>> {
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

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
