// config/prometheus: promtool takes the alerts and finds that each fires when it should, and what they name is what Freshet measures.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { faultsIn, groupedBy, metricsIn } from './promql.ts';
import { METRICS } from '../../src/observe/metric-table.ts';
import { hasPromtool, promtool } from './promtool.ts';

const folder = new URL('../../config/prometheus/', import.meta.url);
const pathOf = (name: string): string => fileURLToPath(new URL(name, folder));
const read = (name: string): unknown => parse(readFileSync(pathOf(name), 'utf8'));

const RULES = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Freshet[A-Z]\w+$/),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.strictObject({ severity: z.enum(['warning', 'critical']) }),
          annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook: z.string() }),
        }),
      ),
    }),
  ),
});
const alerts = RULES.parse(read('alerts.yaml')).groups.flatMap(({ rules }) => rules);

const TESTS = z.object({
  tests: z.array(
    z.looseObject({ name: z.string(), alert_rule_test: z.array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })) }),
  ),
});
const tests = TESTS.parse(read('alerts.test.yaml')).tests;

describe.skipIf(!hasPromtool)('promtool', () => {
  it('takes the alerts', () => {
    const { status, said } = promtool('check', 'rules', pathOf('alerts.yaml'));
    expect([status, said]).toEqual([0, expect.stringContaining(`${alerts.length} rules found`)]);
  });

  it('finds that each fires and says what it should, and keeps quiet when all is well', { timeout: 60_000 }, () => {
    const { status, said } = promtool('test', 'rules', pathOf('alerts.test.yaml'));
    expect([status, said]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });
});

describe.each(alerts)('$alert', ({ alert, expr, annotations }) => {
  it('names only what is measured, with its labels', () => {
    expect(faultsIn(expr)).toEqual([]);
  });

  it('says only what it knows', () => {
    const said = [
      ...Object.values(annotations)
        .join(' ')
        .matchAll(/\$labels\.(\w+)/g),
    ].map((match) => match[1] ?? '');
    const grouped = groupedBy(expr.split(' on (')[0] ?? '');
    const known = grouped.length > 0 ? grouped : ['instance', ...labelsOf(expr)];
    expect(said.filter((label) => !known.includes(label))).toEqual([]);
  });

  it('is tested by one that fires and one that does not', () => {
    const ends = tests.flatMap(({ alert_rule_test: rows }) =>
      rows.filter(({ alertname }) => alertname === alert).map((row) => row.exp_alerts.length),
    );
    const [quiet, ...firing] = ends.toSorted((a, b) => a - b);
    expect([quiet, firing.length > 0, new Set(firing)]).toEqual([0, true, new Set([1])]);
  });
});

function labelsOf(expr: string): readonly string[] {
  const named = new Set(metricsIn(expr));
  return METRICS.filter(({ name }) => named.has(name)).flatMap(({ labels }) => [...labels]);
}

describe('an expression', () => {
  it.each([
    ['a metric that is not there', 'rate(freshet_hits_total[5m]) > 0', ['there is no metric freshet_hits_total']],
    ['a label that it has not', 'rate(freshet_purges_total{origin="a"}[5m]) > 0', ['freshet_purges_total has no label origin']],
    ['a grouping by what it has not', 'sum by (route) (rate(freshet_purges_total[5m]))', ['nothing here has the label route']],
    ['a histogram without its suffix', 'rate(freshet_purge_duration_seconds[5m])', ['there is no metric freshet_purge_duration_seconds']],
    ['a counter without its rate', 'freshet_purges_total > 10', ['freshet_purges_total only ever grows: take its rate']],
    ['what is there', 'histogram_quantile(0.9, sum by (le, mode) (rate(freshet_purge_duration_seconds_bucket{kind="write"}[5m])))', []],
  ])('%s', (_name, expr, faults) => {
    expect(faultsIn(expr)).toEqual(faults);
  });
});
