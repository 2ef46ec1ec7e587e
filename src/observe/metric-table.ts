// Which metrics are there? One table: what /metrics prints, what metrics.ts must supply, and what the README lists.

export interface MetricRow {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Of several threads the highest value counts, not the sum. */
  readonly across?: 'max';
}

export const METRICS = [
  {
    name: 'freshet_requests_total',
    type: 'counter',
    labels: ['outcome', 'reason'],
    help: 'Requests ended, by outcome and the reason that Cache-Status gave (empty: none).',
  },
  {
    name: 'freshet_request_duration_seconds',
    type: 'histogram',
    labels: ['outcome'],
    help: 'From the arrival of a request to the end of its answer.',
  },
  { name: 'freshet_response_body_bytes_total', type: 'counter', labels: ['outcome'], help: 'Body bytes sent to clients.' },
  { name: 'freshet_requests_aborted_total', type: 'counter', labels: [], help: 'Requests whose client left before its answer was whole.' },
  {
    name: 'freshet_answers_cut_total',
    type: 'counter',
    labels: ['reason'],
    help: 'Answers that ended before they were whole although the client was there, by reason.',
  },
  {
    name: 'freshet_limit_reached_total',
    type: 'counter',
    labels: ['limit'],
    help: 'What was refused, cut or left unstored by a limit, by the name of the setting, or of the bound where it has none.',
  },
  {
    name: 'freshet_origin_requests_total',
    type: 'counter',
    labels: ['origin', 'result'],
    help: 'Exchanges with origins, by status class (2xx) or the reason of the failure.',
  },
  {
    name: 'freshet_origin_duration_seconds',
    type: 'histogram',
    labels: ['origin', 'result'],
    help: 'From handing over an origin request to the end of its answer.',
  },
  {
    name: 'freshet_origin_retries_total',
    type: 'counter',
    labels: ['origin'],
    help: 'Exchanges that were sent a second time, on a fresh connection.',
  },
  { name: 'freshet_origin_requests_in_flight', type: 'gauge', labels: ['origin'], help: 'Requests that have a connection to the origin.' },
  { name: 'freshet_origin_requests_waiting', type: 'gauge', labels: ['origin'], help: 'Requests that wait for one.' },
  { name: 'freshet_origin_breaker_open', type: 'gauge', across: 'max', labels: ['origin'], help: '1 while the breaker holds requests back, else 0.' },
  { name: 'freshet_origin_breaker_openings_total', type: 'counter', labels: ['origin'], help: 'How often it opened, after failed probes too.' },
  { name: 'freshet_collapsed_followers_total', type: 'counter', labels: [], help: 'Requests that joined a fetch in flight.' },
  {
    name: 'freshet_scope_lookups_total',
    type: 'counter',
    labels: ['how'],
    help: 'Requests under a scope that is looked up: the answer was remembered, came with that to another request (collapsed), or was asked for.',
  },
  {
    name: 'freshet_scope_mismatches_total',
    type: 'counter',
    labels: ['at'],
    help: 'Entries and answers of another scope that came up under the key of a request (at lookup, sharing or commit) and were not used: a bug, to be reported.',
  },
  { name: 'freshet_background_refreshes_total', type: 'counter', labels: [], help: 'Fetches begun by stale-while-revalidate.' },
  { name: 'freshet_fills_stored_total', type: 'counter', labels: [], help: 'Origin bodies that became stored responses.' },
  { name: 'freshet_fill_bytes_total', type: 'counter', labels: [], help: 'Body bytes of those.' },
  { name: 'freshet_fills_refused_total', type: 'counter', labels: ['reason'], help: 'Origin responses that were not stored, by reason.' },
  {
    name: 'freshet_fills_refused_by_purge_total',
    type: 'counter',
    labels: [],
    help: 'Those that a purge, its settle window or its versions kept out of the store.',
  },
  {
    name: 'freshet_write_to_purge_seconds',
    type: 'histogram',
    labels: [],
    help: 'From the answer of the origin to a write through Freshet to the confirmation of the purge that it makes.',
  },
  {
    name: 'freshet_purge_to_fresh_seconds',
    type: 'histogram',
    labels: ['mode'],
    help: 'From a purge, hard or soft, to the first response stored under a key of which it had ended an entry.',
  },
  {
    name: 'freshet_purges_met_nothing_total',
    type: 'counter',
    labels: ['kind'],
    help: 'Purges confirmed here, by an operator or a write, of which the sweep of this whole store has found no entry.',
  },
  {
    name: 'freshet_purged_entries_total',
    type: 'counter',
    labels: ['mode', 'by'],
    help: 'Entries found purged, hard or soft, each once: by the sweep, by a request, or by the replacement that took their place.',
  },
  {
    name: 'freshet_purged_entries_later_total',
    type: 'counter',
    labels: ['later'],
    help: 'What became of them: asked (a request came for them), unasked (none within ten minutes), forgotten (too many to remember).',
  },
  {
    name: 'freshet_origin_requests_after_purge_total',
    type: 'counter',
    labels: ['mode'],
    help: 'Fetches from origins, refreshes in the background among them, that were made because a purge had ended or softened what was stored.',
  },
  { name: 'freshet_fills_held_bytes', type: 'gauge', labels: [], help: 'Bytes of bodies on their way, held for the store or for slow clients.' },
  { name: 'freshet_fills_max_bytes', type: 'gauge', labels: [], help: 'The setting store.fills.' },
  { name: 'freshet_store_entries', type: 'gauge', labels: [], help: 'Stored responses.' },
  { name: 'freshet_store_bytes', type: 'gauge', labels: [], help: 'Bytes charged for stored responses: keys, fields, bodies, tags and overhead.' },
  { name: 'freshet_store_max_bytes', type: 'gauge', labels: [], help: 'The setting store.memory.' },
  {
    name: 'freshet_store_removals_total',
    type: 'counter',
    labels: ['reason'],
    help: 'Stored responses that left: evicted, expired, purged, replaced, cleared.',
  },
  {
    name: 'freshet_purges_total',
    type: 'counter',
    labels: ['kind', 'mode'],
    help: 'Purges, by who asked (operator, event, or a write through Freshet) and hard or soft.',
  },
  { name: 'freshet_purge_duration_seconds', type: 'histogram', labels: ['kind', 'mode'], help: 'From a purge to its confirmation.' },
  {
    name: 'freshet_purges_unconfirmed_total',
    type: 'counter',
    labels: ['state'],
    help: 'Purges answered with something else than their confirmation: committed (nobody waited), unknown, rejected, out-of-holds.',
  },
  {
    name: 'freshet_purges_waited_out_total',
    type: 'counter',
    labels: [],
    help: 'Purges confirmed only when silent nodes could not answer from their caches any more.',
  },
  {
    name: 'freshet_lease_held',
    type: 'gauge',
    across: 'max',
    labels: [],
    help: 'With redis in lease mode: 1 while this node may answer from its cache, else 0.',
  },
  { name: 'freshet_lease_losses_total', type: 'counter', labels: [], help: 'How often it lost that right.' },
  {
    name: 'freshet_log_renewals_total',
    type: 'counter',
    labels: ['result'],
    help: 'Questions to Redis for what was purged: renewed, failed (no answer in time), gap and changed (the log is not the one that this node followed).',
  },
  {
    name: 'freshet_node_emptied_total',
    type: 'counter',
    labels: [],
    help: 'How often this node took a place in the log and began empty: once at its start, then after each new incarnation.',
  },
  {
    name: 'freshet_shared_bodies_total',
    type: 'counter',
    labels: ['what'],
    help: 'With redis.bodies: questions to other nodes after a miss (found, absent, unusable, failed) and offers to them (written, unwritten).',
  },
  {
    name: 'freshet_events_total',
    type: 'counter',
    labels: ['source', 'result'],
    help: 'Events, by where they came from and how they ended: purged, unmatched (no rule is for them), duplicate, rejected (a rule could not take them), malformed, failed (not confirmed: the source brings them again).',
  },
  {
    name: 'freshet_event_lag_seconds',
    type: 'histogram',
    labels: ['source'],
    help: 'From the time that an event states to the confirmation of its purge.',
  },
  { name: 'freshet_event_retries_total', type: 'counter', labels: ['source'], help: 'Purges of events that were asked for once more.' },
  { name: 'freshet_event_dead_letters', type: 'gauge', labels: ['source'], help: 'Events that could not be handed on and can be replayed.' },
  {
    name: 'freshet_event_source_reading',
    type: 'gauge',
    labels: ['source'],
    help: '1 while this node fetches events from there, else 0: another node does it, or nobody can.',
  },
  {
    name: 'freshet_event_source_waiting',
    type: 'gauge',
    labels: ['source'],
    help: 'Events there that are not acknowledged, as the node that fetches them last measured (of rows at most 100,000).',
  },
  {
    name: 'freshet_event_source_oldest_seconds',
    type: 'gauge',
    labels: ['source'],
    help: 'Age of the oldest of them; while nobody can measure it grows.',
  },
  { name: 'freshet_events_in_flight', type: 'gauge', labels: [], help: 'Events whose purge is under way or waits for its turn.' },
  { name: 'freshet_purge_log_applied', type: 'gauge', labels: [], help: 'The last purge of the shared log that this node has applied.' },
  {
    name: 'freshet_map_findings',
    type: 'gauge',
    labels: ['kind'],
    help: 'Findings of the invalidation map (freshet map, GET /v1/map), by kind: docs/map.md.',
  },
  { name: 'freshet_purge_epoch', type: 'gauge', labels: [], help: 'The last published purge.' },
  {
    name: 'freshet_purge_false_share_ratio',
    type: 'gauge',
    labels: [],
    help: 'Estimated share of unpurged tags that the table of marks reports as purged.',
  },
  { name: 'freshet_serving_threads', type: 'gauge', labels: [], help: 'Threads that serve now.' },
  { name: 'freshet_worker_crashes_total', type: 'counter', labels: [], help: 'Workers that ended unasked; another takes the place of each.' },
  { name: 'freshet_client_connections', type: 'gauge', labels: [], help: 'Open client connections.' },
  {
    name: 'freshet_event_loop_delay_seconds',
    type: 'gauge',
    across: 'max',
    labels: ['quantile'],
    help: 'How late the event loop was since the last scrape: quantiles 0.5 and 0.99, and 1 for the longest.',
  },
  { name: 'freshet_process_resident_memory_bytes', type: 'gauge', labels: [], help: 'Resident memory of the process.' },
  { name: 'freshet_process_cpu_seconds_total', type: 'counter', labels: [], help: 'CPU time of the process, user and system.' },
] as const satisfies readonly MetricRow[];

export type MetricName = (typeof METRICS)[number]['name'];
