// What a page of metrics says.

/** The sum of its lines that begin so. */
export function metricIn(page: string, start: string): number {
  const lines = page.split('\n').filter((line) => line.startsWith(start));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
