// How long is it from the sending of a COMMIT (or XADD) to the confirmed purge, on one machine where nothing fails? One node, whose list of purges says when.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { startFreshet } from '../support/child-process.ts';
import { type SourceName, startSide } from './endure.ts';

export interface Latency {
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

const PURGES = z.object({ purges: z.array(z.object({ at: z.iso.datetime(), waitedMs: z.number(), what: z.string() })) });
const GAP_MS = 10;
const LOOK_EVERY_MS = 50;

/** At most 1000 events: the list is no longer. */
export async function measure(source: SourceName, events: number): Promise<Latency> {
  await using side = await startSide(source);
  const folder = mkdtempSync(join(tmpdir(), 'freshet-latency-'));
  const config = join(folder, 'freshet.yaml');
  writeFileSync(
    config,
    `log: { level: warn, access: off }\norigins: { o: { url: "http://127.0.0.1:9" } }\nevents:\n  rules: [{ on: item.changed, purge: ["event:{n}"] }]\n  ${side.yaml}\n`,
  );
  try {
    await using freshet = await startFreshet({ args: ['--config', config] });
    side.reaches?.(freshet.adminUrl);
    const writtenAt: number[] = [];
    for (let event = 0; event < events; event++) {
      await side.write({ event, subject: event % 40, item: 0, isRolledBack: false, openMs: 0 }, () => {
        writtenAt[event] = performance.timeOrigin + performance.now();
        return Promise.resolve();
      });
      await delay(GAP_MS);
    }
    while (!(await side.isDrained())) await delay(LOOK_EVERY_MS);
    const answer = await fetch(`${freshet.adminUrl}/v1/purges`);
    const { purges } = PURGES.parse(await answer.json());
    const tookMs = purges.map(({ at, waitedMs, what }) =>
      Math.max(0, Date.parse(at) + waitedMs - (writtenAt[Number(/event:(\d+)/.exec(what)?.[1])] ?? NaN)),
    );
    if (tookMs.length !== events) throw new Error(`${tookMs.length} purges of ${events} events are listed`);
    return summaryOf(tookMs.toSorted((a, b) => a - b));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function summaryOf(sorted: readonly number[]): Latency {
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { medianMs: at(0.5), p99Ms: at(0.99), longestMs: at(1) };
}
