// How late is the event loop of this thread?
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Sample } from './tally.ts';

const RESOLUTION_MS = 20;

export class LoopDelay {
  readonly #monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#monitor.enable();
  }

  /** Since the last time; a new interval begins. */
  take(): Sample[] {
    const monitor = this.#monitor;
    const delays = [
      { values: ['0.5'], value: lateSeconds(monitor.percentile(50)) },
      { values: ['0.99'], value: lateSeconds(monitor.percentile(99)) },
      { values: ['1'], value: lateSeconds(monitor.max) },
    ];
    monitor.reset();
    return delays;
  }

  close(): void {
    this.#monitor.disable();
  }
}

/** The monitor measures from tick to tick, so its resolution is taken off. */
function lateSeconds(tickNanoseconds: number): number {
  return Math.max(0, tickNanoseconds / 1e9 - RESOLUTION_MS / 1_000);
}
