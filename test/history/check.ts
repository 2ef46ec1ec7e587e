// Is a history one that the purge protocol permits? PURGE-PROTOCOL §6, invariants 1 to 7, 9 and 10, and the figures for 8. Pure; O(n log n).
import { Floors } from './floors.ts';
import type { Ack, History, Read, Span } from './record.ts';

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
  const { reads, acks, spans } = history;
  const answers = reads.filter((read) => read.stated !== undefined);
  const confirmed = acks.filter(({ boundMs }) => boundMs === undefined);
  const byTick = new Floors(confirmed.map((ack) => ({ ...ack, at: ack.ackedAt })));
  const byBound = new Floors(acks.flatMap((ack) => (ack.boundMs === undefined ? [] : [{ ...ack, at: ack.ackedAt + ack.boundMs }])));
  const byEpoch = new Floors(acks.flatMap((ack) => (ack.epoch === undefined ? [] : [{ ...ack, at: ack.epoch }])));
  const violations = [
    ...answers.flatMap((read) =>
      olderThan(read, (register) => byTick.before(register, read.sentAt)).map((text) => `${read.isLast ? 'I3' : 'I1'} ${text}`),
    ),
    ...answers.flatMap((read) => olderThan(read, (register) => byBound.before(register, read.sentAt)).map((text) => `I9 ${text}`)),
    ...reads.filter((read) => read.isLast && read.stated === undefined).map((read) => `I3 ${describe(read)}: ${read.status}`),
    ...answers.flatMap(scopeFault),
    ...answers.flatMap(integrityFault),
    ...monotonicFaults(answers),
    ...inventions(history, answers),
    ...(spans === undefined ? [] : acks.flatMap((ack) => claimFault(ack, spans))),
  ];
  const i2 = answers.filter((read) => olderThan(read, (register) => byEpoch.before(register, read.committedAtEpoch + 1)).length > 0).length;
  const hits = answers.filter((read) => read.hit).length;
  return { reads: reads.length, answers: answers.length, hitRatio: hits / Math.max(1, answers.length), purges: confirmed.length, violations, i2 };
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

/** Reads of one key and variant from one worker, one after the other, never go back. What went to the origin alone and cannot be stored (HEAD, ranges, all while a node lacks a lease) tells the cache nothing. */
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
    const key = `${read.path} ${read.scope} ${read.variant} ${read.node ?? ''} ${read.worker ?? ''}`;
    const highest = seen.get(key) ?? new Map<string, number>();
    if (at === read.sentAt) {
      floors.set(read, new Map(highest));
      continue;
    }
    faults.push(...olderThan(read, (register) => floors.get(read)?.get(register) ?? 0).map((text) => `I6 ${text} to an earlier read`));
    if (!read.hit && (read.node !== undefined || read.kind === 'head' || read.kind === 'range')) continue;
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

/** A receipt names nodes, and no more of them have confirmed than ran at some moment of it. */
function claimFault({ register, sentAt, ackedAt, boundMs, nodes }: Ack, spans: readonly Span[]): string[] {
  if (boundMs !== undefined || nodes === undefined) return [];
  const ran = new Set(spans.filter(({ from, until }) => from <= ackedAt && until >= sentAt).map(({ life }) => life));
  return nodes.confirmed <= ran.size ? [] : [`I10 a purge of ${register}, sent at ${sentAt}: ${nodes.confirmed} confirmed it, and ${ran.size} ran`];
}

function describe({ kind, path, scope, variant, node, sentAt, hit }: Read): string {
  const at = node === undefined ? '' : ` at ${node}`;
  return `${kind} ${path} as ${scope} in ${variant}${at}, sent at ${sentAt}${hit ? ', a hit' : ''}`;
}
