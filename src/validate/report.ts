// What a run found: the members of `--json`, and the same as a page that says what is wrong and where to look.
import { align } from '../config/align.ts';
import { describeCalled } from './caller.ts';
import type { Plan } from './plan.ts';
import type { Example, FaultKind, ReadTally, Tally } from './tally.ts';

export interface Fault {
  readonly kind: FaultKind;
  readonly resource: string;
  readonly read: string;
  readonly count: number;
  /** How many of them Freshet answered from its cache. */
  readonly hits: number;
  /** The longest time after a write was acknowledged at which its old value was still answered. */
  readonly worstLateMs: number;
  /** Not one hit showed what was written after the first write. */
  readonly isAlways: boolean;
  /** Where nothing could be judged: what came instead. */
  readonly instead?: string;
  readonly examples: readonly Example[];
}

export interface Report {
  readonly freshet: string;
  readonly seconds: number;
  readonly reads: readonly {
    readonly resource: string;
    readonly read: string;
    readonly reads: number;
    readonly judged: number;
    readonly hits: number;
    readonly stale: number;
    readonly missed: number;
    readonly crossScope: number;
  }[];
  readonly writes: Tally['written'];
  readonly restored: number;
  readonly unrestored: number;
  /** The values that a write was given up on, which may happen after they were put back. */
  readonly mayStillLand: readonly string[];
  readonly faults: readonly Fault[];
  /** What a reader should know who is about to believe it. */
  readonly notes: readonly string[];
}

export function reportOf(plan: Plan, tally: Tally, run: { readonly seconds: number; readonly isWhole: boolean }): Report {
  return {
    freshet: plan.freshet,
    seconds: Math.round(run.seconds * 10) / 10,
    reads: tally.reads.map((one) => ({
      resource: one.resource.name,
      read: one.read.url,
      reads: one.reads,
      judged: one.judged,
      hits: one.hits,
      stale: one.stale,
      missed: one.missed,
      crossScope: one.foreign,
    })),
    writes: tally.written,
    restored: tally.restored,
    unrestored: tally.unrestored,
    mayStillLand: tally.mayStillLand,
    faults: tally.reads.flatMap(faultsOf),
    notes: notesOf(tally, run.isWhole),
  };
}

const MOST_NAMES = 5;

/** What was missed is stale too, and said once. */
function faultsOf(tally: ReadTally): readonly Fault[] {
  const { resource, read, examples, judged, unjudged } = tally;
  const counts: readonly (readonly [kind: FaultKind, count: number, hits: number])[] = [
    ['cross-scope-read', tally.foreign, tally.foreignHits],
    ['missed-invalidation', tally.missed > 0 ? tally.stale : 0, tally.staleHits],
    ['stale-read', tally.missed > 0 ? 0 : tally.stale, tally.staleHits],
    ['unjudged-read', judged === 0 ? Math.max(1, tally.reads) : 0, 0],
  ];
  return counts.flatMap(([kind, count, hits]): Fault[] => {
    if (count === 0) return [];
    const worstLateMs = kind === 'cross-scope-read' ? 0 : Math.round(tally.worstLateMs);
    const instead = kind === 'unjudged-read' ? (unjudged === undefined ? 'it was never read' : describeCalled(unjudged)) : undefined;
    return [
      {
        kind,
        resource: resource.name,
        read: read.url,
        count,
        hits,
        worstLateMs,
        isAlways: tally.renewed === 0,
        ...(instead !== undefined && { instead }),
        examples: examples.get(kind) ?? [],
      },
    ];
  });
}

function notesOf(tally: Tally, isWhole: boolean): readonly string[] {
  const { written } = tally;
  const uncached = tally.reads.filter(({ reads, hits }) => reads > 0 && hits === 0);
  const doubtful = written.refused + written.uncertain + written.lost;
  return [
    ...uncached.map(({ resource, read }) => `${resource.name}, GET ${read.url}: not one answer came from the cache, so nothing is proven of it`),
    ...(doubtful === 0
      ? []
      : [
          `${doubtful} writes were not confirmed (${written.refused} refused, ${written.uncertain} uncertain, ${written.lost} lost), and reads are held to none of them; the last: ${tally.unconfirmed === undefined ? '' : describeCalled(tally.unconfirmed)}`,
        ]),
    ...(written.exhausted === 0 ? [] : ['numbers were used up, and what has none left was written no more: give `value` a wider range']),
    ...(isWhole ? [] : ['not everything was read at the end: there is too much of it']),
    ...leftBehind(tally),
  ];
}

/** What is not as it was before the run, or may not stay so. */
export function leftBehind({ restored, unrestored, mayStillLand }: Tally): readonly string[] {
  const more = mayStillLand.length - MOST_NAMES;
  const names = [...mayStillLand.slice(0, MOST_NAMES), ...(more > 0 ? [`${more} more`] : [])].join(', ');
  return [
    ...(unrestored === 0 ? [] : [`${unrestored} values stay as they were written last; ${restored} are what they were before`]),
    ...(names === '' ? [] : [`a write was given up on, and may still land after what was put back: ${names}`]),
  ];
}

const SENTENCES: Readonly<Record<FaultKind, string>> = {
  'missed-invalidation': 'missed invalidation',
  'stale-read': 'stale reads',
  'cross-scope-read': "another's value",
  'unjudged-read': 'never judged',
};

export function describeReport(report: Report): string {
  const { reads, writes, faults, notes } = report;
  const total = (count: (one: Report['reads'][number]) => number): number => reads.reduce((sum, one) => sum + count(one), 0);
  const head = `${report.freshet}, ${report.seconds} s of traffic: ${total((one) => one.reads)} reads (${share(
    total((one) => one.hits),
    total((one) => one.reads),
  )} from the cache), ${writes.confirmed} confirmed writes`;
  const rows = reads.map((one) => [
    one.resource,
    `GET ${one.read}`,
    String(one.reads),
    share(one.hits, one.reads),
    ...[one.stale, one.missed, one.crossScope].map(String),
  ]);
  const table = align([['resource', 'read', 'reads', 'hits', 'stale', 'missed', "another's"], ...rows]);
  const verdict = faults.length === 0 ? "No read was stale, and none showed what is another's." : faults.map(describeFault).join('\n\n');
  return [head, '', table, '', verdict, ...(notes.length === 0 ? [] : ['', ...notes.map((note) => `Note: ${note}.`)])].join('\n');
}

function describeFault(fault: Fault): string {
  const { kind, resource, read, count, worstLateMs, instead, examples } = fault;
  const late = worstLateMs === 0 ? '' : `, up to ${worstLateMs} ms after the write was acknowledged`;
  const head = `FAULT ${SENTENCES[kind]}: ${resource}, GET ${read}: ${count} reads${late}`;
  return [head, ...(instead === undefined ? [causeOf(fault)] : [instead]), ...examples.map(describeExample)].join('\n  ');
}

function causeOf({ kind, count, hits, isAlways }: Fault): string {
  if (kind === 'cross-scope-read')
    return hits > 0
      ? 'The cache answered it: the scope of the route does not tell these users apart.'
      : 'The API itself answered it to the wrong user, or they shared one fetch: look at the scope of the route, then at the API.';
  if (hits === 0)
    return 'The API itself answered what is older: it answers writes before they are committed, or reads where they are not yet (a replica).';
  const from = hits === count ? 'All' : `${hits} of them`;
  if (kind === 'stale-read') return `${from} from the cache, and it ended: the purge came before the commit, or after the write was answered.`;
  return isAlways
    ? `${from} from the cache, and no hit ever showed a later write: no purge reaches this answer (the write purges too little, or the answer lacks the tag that it purges), or each comes before its commit.`
    : `${from} from the cache, which was right at other times: a purge came before its commit, so that what was fetched in between stayed, or was not sent every time.`;
}

function describeExample(example: Example): string {
  const { url, user, atMs, got, expected, owner, lateMs = 0, cacheStatus, age, tags } = example;
  const wrong = owner === undefined ? `${Math.round(lateMs)} ms after ${JSON.stringify(expected)} was acknowledged` : `which is that of ${owner}`;
  const seen = [
    ...(cacheStatus === undefined ? [] : [`Cache-Status: ${cacheStatus}`]),
    ...(age === undefined ? [] : [`Age: ${age}`]),
    ...(tags === undefined ? [] : [`tags: ${tags}`]),
  ];
  return `at ${(atMs / 1000).toFixed(1)} s ${url} as ${user} showed ${JSON.stringify(got)}, ${wrong}; ${seen.join('; ') || 'no Cache-Status: is that Freshet?'}`;
}

function share(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Math.floor((part / whole) * 100)} %`;
}
