// Measured values as a person compares them: tables with units.
import type { Load } from './load.ts';

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes?: readonly string[];
}

export const LOAD_HEAD = ['', 'requests/s', 'p50 ms', 'p97.5 ms', 'p99 ms', 'max ms', 'server CPU µs/request', 'failed'];

export function loadRow(name: string, load: Load): string[] {
  const { p50, p975, p99, max } = load.latencyMs;
  const cpu = load.cpuMicros === undefined ? 'n/a' : load.cpuMicros.toFixed(1);
  return [name, Math.round(load.perSecond).toString(), ...[p50, p975, p99, max].map(milliseconds), cpu, load.failures.toString()];
}

export function milliseconds(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}

export function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

/** A Markdown table, aligned so that it also reads well in a terminal. */
export function formatTable(table: Table, heading = '###'): string {
  const widths = table.head.map((_, column) => Math.max(...[table.head, ...table.rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string => `| ${row.map((cell, column) => pad(cell, column, widths)).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [`\n${heading} ${table.title}`, '', line(table.head), rule, ...table.rows.map(line), ...(table.notes ?? []).map((note) => `\n${note}`)].join(
    '\n',
  );
}

function pad(cell: string, column: number, widths: readonly number[]): string {
  const width = widths[column] ?? 0;
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
