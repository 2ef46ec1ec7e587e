// Is a history one that the purge protocol permits? PURGE-PROTOCOL §6, invariants 1, 2, 4, 5, 6, 7 and 8. Pure; O(n log n).
import { Floors } from './floors.ts';
import type { History, Read } from './record.ts';

export interface Verdict {
  readonly reads: number;
  readonly answers: number;
  /** Hits among the answers. */
  readonly hitRatio: number;
  readonly purges: number;
  /** Invariant and what broke it; I2 is counted apart, since only `strict` promises it. */
  readonly violations: readonly string[];
  readonly i2: number;
}

export function check(history: History): Verdict {
  const { reads, acks } = history;
  const answers = reads.filter((read) => read.stated !== undefined);
  const byTick = new Floors(acks.map((ack) => ({ ...ack, at: ack.ackedAt })));
  const byEpoch = new Floors(acks.flatMap((ack) => (ack.epoch === undefined ? [] : [{ ...ack, at: ack.epoch }])));
  const violations = [
    ...answers.flatMap((read) => olderThan(read, (register) => byTick.before(register, read.sentAt)).map((text) => `I1 ${text}`)),
    ...answers.flatMap(scopeFault),
    ...answers.flatMap(integrityFault),
    ...monotonicFaults(answers),
    ...inventions(history, answers),
  ];
  const i2 = answers.filter((read) => olderThan(read, (register) => byEpoch.before(register, read.committedAtEpoch + 1)).length > 0).length;
  const hits = answers.filter((read) => read.hit).length;
  return { reads: reads.length, answers: answers.length, hitRatio: hits / Math.max(1, answers.length), purges: acks.length, violations, i2 };
}

function olderThan(read: Read, floor: (register: string) => number): string[] {
  return [...(read.stated?.versions ?? [])].flatMap(([register, version]) => {
    const least = floor(register);
    return version >= least ? [] : [`${describe(read)}: ${register}=${version}, where ${least} was confirmed`];
  });
}

function scopeFault(read: Read): string[] {
  return read.stated?.scope === read.scope ? [] : [`I4 ${describe(read)}: it is that of ${read.stated?.scope}`];
}

function integrityFault(read: Read): string[] {
  if (!read.intact) return [`I5 ${describe(read)}: its body is not the one it states`];
  const isAsked = read.stated?.path === read.path && read.stated.variant === read.variant;
  return isAsked ? [] : [`I5 ${describe(read)}: it is ${read.stated?.path} in ${read.stated?.variant}`];
}

/** Reads of one key and variant from one worker, one after the other, never go back. What went to the origin alone and cannot be stored (HEAD, ranges) tells the cache nothing. */
function monotonicFaults(answers: readonly Read[]): string[] {
  const seen = new Map<string, Map<string, number>>();
  const floors = new Map<Read, ReadonlyMap<string, number>>();
  const faults: string[] = [];
  const events = answers
    .flatMap((read) => [
      { at: read.sentAt, read },
      { at: read.endedAt, read },
    ])
    .toSorted((a, b) => a.at - b.at);
  for (const { at, read } of events) {
    const key = `${read.path} ${read.scope} ${read.variant} ${read.worker ?? ''}`;
    const highest = seen.get(key) ?? new Map<string, number>();
    if (at === read.sentAt) {
      floors.set(read, new Map(highest));
      continue;
    }
    faults.push(...olderThan(read, (register) => floors.get(read)?.get(register) ?? 0).map((text) => `I6 ${text} to an earlier read`));
    if (!read.hit && (read.kind === 'head' || read.kind === 'range')) continue;
    for (const [register, version] of read.stated?.versions ?? []) highest.set(register, Math.max(version, highest.get(register) ?? 0));
    seen.set(key, highest);
  }
  return faults;
}

function inventions({ writes }: History, answers: readonly Read[]): string[] {
  const committedAt = new Map(writes.map(({ register, version, committedAt: at }) => [`${register}=${version}`, at]));
  return answers.flatMap((read) =>
    [...(read.stated?.versions ?? [])].flatMap(([register, version]) => {
      const at = version === 0 ? 0 : committedAt.get(`${register}=${version}`);
      return at !== undefined && at < read.endedAt ? [] : [`I7 ${describe(read)}: ${register}=${version} was never written`];
    }),
  );
}

function describe({ kind, path, scope, variant, sentAt, hit }: Read): string {
  return `${kind} ${path} as ${scope} in ${variant}, sent at ${sentAt}${hit ? ', a hit' : ''}`;
}
