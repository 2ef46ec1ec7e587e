// What one thread has counted, as data; and what several have, together.
import { METRICS, type MetricName, type MetricRow } from './metric-table.ts';
import type { Sample } from './tally.ts';

/** A metric that this thread does not know of is absent. */
export type Snapshot = ReadonlyMap<MetricName, readonly Sample[]>;

/** Sums, but for metrics of which the highest counts (`across`). */
export function together(snapshots: readonly Snapshot[]): Snapshot {
  return new Map(METRICS.map((row) => [row.name, joined(row, snapshots)]));
}

/** Without what is only true while its thread runs: of what has ended, counts are kept, so that sums never fall. */
export function countsOf(snapshot: Snapshot): Snapshot {
  return new Map(METRICS.filter(({ type }) => type !== 'gauge').map(({ name }) => [name, snapshot.get(name) ?? []]));
}

function joined(row: MetricRow & { readonly name: MetricName }, snapshots: readonly Snapshot[]): readonly Sample[] {
  const join = row.across === 'max' ? Math.max : (a: number, b: number) => a + b;
  const samples = new Map<string, Sample>();
  for (const snapshot of snapshots) {
    for (const sample of snapshot.get(row.name) ?? []) {
      const key = JSON.stringify([sample.values, sample.suffix, sample.le]);
      const before = samples.get(key);
      samples.set(key, before === undefined ? sample : { ...before, value: join(before.value, sample.value) });
    }
  }
  return [...samples.values()];
}
