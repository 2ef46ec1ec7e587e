// How often, and how long? Plain fields that cost a request some nanoseconds; metrics.ts reads them when it is scraped.

/** One printed line. `values` are those of the metric's labels, in order; a surplus is dropped. */
export interface Sample {
  readonly values: readonly string[];
  readonly value: number;
  /** Of histograms: what follows the metric's name, and the bucket's bound. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
  readonly le?: number | '+Inf';
}

/** Of a metric without labels. */
export function single(value: number): readonly Sample[] {
  return [{ values: [], value }];
}

/** A number for each pair of label values; use '' for a label that the metric does not have. */
export class Tally {
  readonly #counts = new Map<string, Map<string, { value: number }>>();

  /** `known`: counted from 0 on, so that a rate of the first one can be told. */
  constructor(known: readonly (readonly [first: string, second: string])[] = []) {
    for (const [first, second] of known) this.add(first, second, 0);
  }

  add(first: string, second: string, amount = 1): void {
    const inner = this.#counts.get(first);
    const count = inner?.get(second);
    if (count !== undefined) count.value += amount;
    else if (inner !== undefined) inner.set(second, { value: amount });
    else this.#counts.set(first, new Map([[second, { value: amount }]]));
  }

  samples(): Sample[] {
    const samples: Sample[] = [];
    for (const [first, inner] of this.#counts) for (const [second, { value }] of inner) samples.push({ values: [first, second], value });
    return samples;
  }
}

/** Upper bounds, seconds: a hit takes tens of microseconds, a slow origin ten seconds. */
const BOUNDS = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

interface Series {
  readonly values: readonly [string, string];
  /** One more than BOUNDS; not cumulative. */
  readonly counts: Float64Array;
  sumSeconds: number;
}

/** A histogram for each pair of label values. prom-client's own costs 250 ns an observation. */
export class Timings {
  readonly #series = new Map<string, Map<string, Series>>();

  add(first: string, second: string, durationMs: number): void {
    const seconds = durationMs / 1_000;
    const series = this.#find(first, second);
    let at = 0;
    while (at < BOUNDS.length && seconds > (BOUNDS[at] as number)) at++;
    series.counts[at] = (series.counts[at] as number) + 1;
    series.sumSeconds += seconds;
  }

  samples(): Sample[] {
    return [...this.#series.values()].flatMap((inner) => [...inner.values()].flatMap(seriesSamples));
  }

  #find(first: string, second: string): Series {
    let inner = this.#series.get(first);
    if (inner === undefined) this.#series.set(first, (inner = new Map()));
    let series = inner.get(second);
    if (series === undefined) inner.set(second, (series = { values: [first, second], counts: new Float64Array(BOUNDS.length + 1), sumSeconds: 0 }));
    return series;
  }
}

function seriesSamples({ values, counts, sumSeconds }: Series): Sample[] {
  let total = 0;
  const buckets = [...counts].map((count, at): Sample => {
    total += count;
    return { values, le: BOUNDS[at] ?? '+Inf', value: total, suffix: '_bucket' };
  });
  return [...buckets, { values, value: sumSeconds, suffix: '_sum' }, { values, value: total, suffix: '_count' }];
}
