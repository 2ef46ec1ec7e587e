// The page of /metrics, in Prometheus' text format.
import { type Metric, Registry } from 'prom-client';
import { METRICS, type MetricRow } from './metric-table.ts';
import type { Snapshot } from './snapshot.ts';
import type { Sample } from './tally.ts';

export function pageOf(snapshot: Snapshot): Promise<string> {
  const registry = new Registry();
  for (const row of METRICS) registry.registerMetric(metricOf(row, snapshot.get(row.name) ?? []));
  return registry.metrics();
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
