// config/grafana/freshet.json: a model that Grafana takes, panels beside each other, and all that is measured, by the names that it has.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { METRICS } from '../../src/observe/metric-table.ts';
import { faultsIn, metricsIn } from './promql.ts';

const GRID = z.strictObject({ h: z.number(), w: z.number(), x: z.number(), y: z.number() });
const SOURCE = z.strictObject({ type: z.literal('prometheus'), uid: z.literal('${datasource}') });
const PANEL = z.discriminatedUnion('type', [
  z.strictObject({ id: z.number(), type: z.literal('row'), title: z.string(), collapsed: z.literal(false), gridPos: GRID, panels: z.tuple([]) }),
  z.strictObject({
    id: z.number(),
    type: z.literal('timeseries'),
    title: z.string(),
    description: z.string(),
    datasource: SOURCE,
    gridPos: GRID,
    fieldConfig: z.looseObject({ defaults: z.looseObject({ unit: z.string() }) }),
    options: z.looseObject({}),
    targets: z
      .array(z.strictObject({ refId: z.string(), datasource: SOURCE, expr: z.string(), legendFormat: z.string(), range: z.literal(true) }))
      .min(1),
  }),
]);
const MODEL = z.looseObject({
  title: z.literal('Freshet'),
  uid: z.string(),
  schemaVersion: z.number().min(39),
  templating: z.object({ list: z.array(z.looseObject({ name: z.string(), type: z.string() })) }),
  panels: z.array(PANEL),
});

const model = MODEL.parse(JSON.parse(readFileSync(new URL('../../config/grafana/freshet.json', import.meta.url), 'utf8')));
const charts = model.panels.filter((panel) => panel.type === 'timeseries');
const expressions = charts.flatMap(({ title, targets }) => targets.map(({ expr, legendFormat }) => ({ title, expr, legendFormat })));

it('has the rows that an operator looks for', () => {
  const rows = model.panels.flatMap((panel) => (panel.type === 'row' ? [panel.title] : []));
  for (const title of ['Traffic', 'Hits by reason', 'Origin', 'Purges', 'Effectiveness', 'Events', 'Nodes', 'Memory', 'Process'])
    expect(rows).toContain(title);
});

it('its panels lie beside each other and have numbers of their own', () => {
  const cells = new Set<string>();
  for (const { gridPos } of model.panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(cells.has(`${x} ${y}`), `${x} ${y}`).toBe(false);
        cells.add(`${x} ${y}`);
      }
    }
  }
  expect(new Set(model.panels.map(({ id }) => id)).size).toBe(model.panels.length);
});

describe('its expressions', () => {
  it.each(expressions)('$title: $legendFormat', ({ expr, legendFormat }) => {
    expect(faultsIn(expr)).toEqual([]);
    expect(expr).toContain('instance=~"$instance"');
    const said = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? '');
    const groupings = [...expr.matchAll(/\bby \(([^)]*)\)/g)].map((match) => (match[1] ?? '').split(',').map((label) => label.trim()));
    for (const label of said) for (const grouped of groupings) expect(grouped).toContain(label);
  });

  it('show every metric there is', () => {
    const shown = new Set(expressions.flatMap(({ expr }) => metricsIn(expr)));
    expect(METRICS.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([]);
  });
});

it('asks for the instances that there are', () => {
  expect(model.templating.list.map(({ name, type }) => [name, type])).toEqual([
    ['datasource', 'datasource'],
    ['instance', 'query'],
  ]);
});
