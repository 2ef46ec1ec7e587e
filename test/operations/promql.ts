// What a PromQL expression names: metrics and the labels that it takes of them. No parser: enough for the expressions in config/.
import { METRICS, type MetricRow } from '../../src/observe/metric-table.ts';

const ROWS: ReadonlyMap<string, MetricRow> = new Map(METRICS.map((row) => [row.name, row]));

/** What Prometheus adds by itself. */
const OF_TARGETS: readonly string[] = ['instance', 'job'];

/** What is wrong with the names in it; empty where they are all in the table of metrics. */
export function faultsIn(expr: string): string[] {
  const faults: string[] = [];
  const known = new Set(OF_TARGETS);
  for (const [, name = '', selectors = ''] of expr.matchAll(/\b(freshet_\w+)(?:\{([^}]*)\})?/g)) {
    const { row, labels } = metricOf(name);
    if (row === undefined) faults.push(`there is no metric ${name}`);
    for (const label of labels) known.add(label);
    const taken = [...selectors.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map((match) => match[1] ?? '');
    for (const label of taken) if (![...OF_TARGETS, ...labels].includes(label)) faults.push(`${name} has no label ${label}`);
    if (row?.type === 'counter' && !isRateOf(expr, name)) faults.push(`${name} only ever grows: take its rate`);
  }
  for (const label of groupedBy(expr)) if (!known.has(label)) faults.push(`nothing here has the label ${label}`);
  return faults;
}

/** Labels in `by (…)` and `on (…)`. */
export function groupedBy(expr: string): string[] {
  return [...expr.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap((match) => (match[1] ?? '').split(',').map((label) => label.trim()));
}

export function metricsIn(expr: string): string[] {
  return [...expr.matchAll(/\bfreshet_\w+/g)].map(([name]) => metricOf(name).row?.name ?? name);
}

function metricOf(name: string): { readonly row: MetricRow | undefined; readonly labels: readonly string[] } {
  const base = name.replace(/_(?:bucket|sum|count)$/, '');
  const histogram = ROWS.get(base);
  if (base !== name && histogram?.type === 'histogram') {
    return { row: histogram, labels: name.endsWith('_bucket') ? [...histogram.labels, 'le'] : histogram.labels };
  }
  const row = ROWS.get(name);
  return row?.type === 'histogram' ? { row: undefined, labels: [] } : { row, labels: row?.labels ?? [] };
}

/** `freshet_lease_losses_total > 0` asks whether there ever was one; `offset` says since when it grew. */
function isRateOf(expr: string, name: string): boolean {
  return new RegExp(`(?:rate|increase)\\(${name}\\b|${name} > 0|${name}[^)]* offset `).test(expr);
}
