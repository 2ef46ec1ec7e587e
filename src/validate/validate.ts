// One run against a system: prepared, driven, settled, put back, and what it found.
import { Caller } from './caller.ts';
import { castOf, type Part } from './casting.ts';
import { Pace } from './pace.ts';
import type { Plan } from './plan.ts';
import { leftBehind, type Report, reportOf } from './report.ts';
import { Tally } from './tally.ts';
import { Traffic } from './traffic.ts';

export interface Watching {
  /** What it is about to do, and every second how far it is. */
  readonly say: (text: string) => void;
  /** Ends the traffic before its time; what was written is put back all the same. */
  readonly ended: AbortSignal;
}

const PROGRESS_MS = 1000;

function now(): number {
  return performance.now();
}

/** Rejects with RunError where the system cannot be validated at all. */
export async function validate(plan: Plan, { say, ended }: Watching): Promise<Report> {
  const cast = castOf(plan, Math.random);
  const tally = new Tally(plan.resources);
  await using caller = new Caller({ connections: plan.readers + plan.writers, timeoutMs: plan.timeoutMs });
  const traffic = new Traffic({ plan, cast, caller, tally, pace: new Pace(plan.ratePerSecond, now), now, chance: Math.random, ended });
  say(warningOf(plan, cast));
  try {
    await traffic.prepare();
    const beganAt = now();
    const progress = setInterval(() => say(progressOf(tally, (now() - beganAt) / 1000)), PROGRESS_MS);
    await traffic.run().finally(() => clearInterval(progress));
    const seconds = (now() - beganAt) / 1000;
    const isWhole = await traffic.settle();
    await traffic.restore();
    return reportOf(plan, tally, { seconds, isWhole });
  } catch (error) {
    await traffic.restore();
    for (const note of leftBehind(tally)) say(note);
    throw error;
  }
}

function warningOf({ freshet, origin, resources, durationMs, ratePerSecond }: Plan, cast: readonly Part[]): string {
  const writes = cast.map(
    ({ resource: { write }, registers }) => `${write.method} ${write.via === 'origin' ? origin : freshet}${write.url} (${registers.length} values)`,
  );
  const seconds = durationMs / 1000;
  return `this writes to a real system for ${seconds} s, at most ${ratePerSecond} requests a second: ${writes.join(', ')}; ${resources.length === 1 ? 'it' : 'they'} will be put back where a PUT or PATCH can`;
}

function progressOf(tally: Tally, seconds: number): string {
  const counts = [
    `${tally.sum(({ reads }) => reads)} reads`,
    `${tally.written.confirmed} writes`,
    `${tally.sum(({ stale }) => stale)} stale`,
    `${tally.sum(({ missed }) => missed)} missed`,
    `${tally.sum(({ foreign }) => foreign)} of another's`,
  ];
  return `${Math.round(seconds)} s: ${counts.join(', ')}`;
}
