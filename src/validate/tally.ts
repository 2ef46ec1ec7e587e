// What a run has seen so far: how often, and of each kind of fault the first few.
import type { Answer, Called } from './caller.ts';
import type { Verdict } from './judge.ts';
import type { Read, Resource } from './plan.ts';
import type { Written } from './writing.ts';

export type FaultKind = 'stale-read' | 'missed-invalidation' | 'cross-scope-read' | 'unjudged-read';

/** One read that was wrong. */
export interface Example {
  readonly url: string;
  readonly user: string;
  /** Since the traffic began. */
  readonly atMs: number;
  readonly got: unknown;
  /** The least that it should have been; for another's value, whose that is. */
  readonly expected: unknown;
  readonly owner?: string;
  readonly lateMs?: number;
  readonly status: number;
  readonly isHit: boolean;
  readonly cacheStatus: string | undefined;
  readonly age: string | undefined;
  readonly tags: string | undefined;
}

const KEPT_EXAMPLES = 3;

export class ReadTally {
  readonly resource: Resource;
  readonly read: Read;
  reads = 0;
  judged = 0;
  hits = 0;
  stale = 0;
  staleHits = 0;
  missed = 0;
  /** Hits that were right and showed more than the first write of the run. */
  renewed = 0;
  foreign = 0;
  foreignHits = 0;
  worstLateMs = 0;
  /** Why the last one could not be judged. */
  unjudged: Called | undefined;
  readonly examples = new Map<FaultKind, Example[]>();

  constructor(resource: Resource, read: Read) {
    this.resource = resource;
    this.read = read;
  }

  unanswered(called: Called): void {
    this.reads++;
    this.unjudged = called;
  }

  seen(answer: Answer, verdict: Verdict, example: () => Example): void {
    this.reads++;
    const isHit = isHitIn(answer);
    if (isHit) this.hits++;
    if (verdict.kind === 'nothing') this.unjudged = { kind: 'answer', answer };
    else this.judged++;
    if (verdict.kind === 'right' && verdict.version > 0 && isHit) this.renewed++;
    if (verdict.kind === 'foreign') {
      this.foreign++;
      if (isHit) this.foreignHits++;
      this.#keep('cross-scope-read', example);
    }
    if (verdict.kind !== 'stale') return;
    this.stale++;
    if (isHit) this.staleHits++;
    this.worstLateMs = Math.max(this.worstLateMs, verdict.lateMs);
    // What the API itself answers no purge can end.
    const isMissed = verdict.isMissed && isHit;
    if (isMissed) this.missed++;
    this.#keep(isMissed ? 'missed-invalidation' : 'stale-read', example);
  }

  #keep(kind: FaultKind, example: () => Example): void {
    const kept = this.examples.get(kind) ?? [];
    if (kept.length < KEPT_EXAMPLES) kept.push(example());
    this.examples.set(kind, kept);
  }
}

export function isHitIn({ fields }: Answer): boolean {
  return /;\s*hit\b/.test(fields['cache-status'] ?? '');
}

export class Tally {
  readonly reads: readonly ReadTally[];
  readonly written: Record<Written['kind'], number> = { confirmed: 0, refused: 0, uncertain: 0, lost: 0, exhausted: 0 };
  /** What the last write was answered that was not confirmed. */
  unconfirmed: Called | undefined;
  /** Values that were put back at the end, and that could not be. */
  restored = 0;
  unrestored = 0;
  /** Where a write that was given up on may land after all this. */
  mayStillLand: readonly string[] = [];

  constructor(resources: readonly Resource[]) {
    this.reads = resources.flatMap((resource) => resource.reads.map((read) => new ReadTally(resource, read)));
  }

  wrote({ kind, called }: Written): void {
    this.written[kind]++;
    if (kind !== 'confirmed' && called !== undefined) this.unconfirmed = called;
  }

  sum(count: (read: ReadTally) => number): number {
    return this.reads.reduce((total, read) => total + count(read), 0);
  }
}
