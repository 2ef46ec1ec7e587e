// What audits of all threads have come to: counts by route, and the differences that were found last. There is one a process.
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { formatDuration, formatPercent } from '../config/units.ts';
import type { Observer } from '../observe/observer.ts';
import { type Sample, Timings } from '../observe/tally.ts';
import { mayStore } from '../map/declared.ts';
import type { PurgeRecord } from '../purge/purge-log.ts';
import { consistencyOf, isJudged } from './consistency.ts';
import { type Hints, hintsOf, rulesOf } from './hints.ts';
import type { AuditRecord, Difference } from './record.ts';
import { type Verdict, VERDICTS } from './verdict.ts';

export interface LedgerParts {
  /** In force. */
  readonly config: () => Config;
  /** Newest first. */
  readonly purges: () => readonly PurgeRecord[];
  readonly clock: Clock;
  readonly observer: Pick<Observer, 'warn'>;
}

interface Finding extends Difference {
  readonly route: string;
  /** Of the last audit of the entry. */
  readonly lastHitAt: number;
  readonly hits: number;
  readonly hints?: Hints;
}

interface Counts {
  /** Sampled hits, by verdict. */
  readonly hits: Record<Verdict, number>;
  /** That came to a judgement: one an entry, with the hits that joined it. */
  audits: number;
}

const MOST_FINDINGS = 100;
/** Tags in a report; the hints know all of them. */
const MOST_TAGS = 20;
const WARN_EVERY_MS = 60_000;

export class Ledger {
  readonly #parts: LedgerParts;
  readonly #counts = new Map<string, Counts>();
  readonly #caught = new Timings();
  /** By entry; the newest last. */
  readonly #missed = new Map<string, Finding>();
  readonly #unstable = new Map<string, Finding>();
  readonly #warned = new Map<string, number>();

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  add(records: readonly AuditRecord[]): void {
    for (const record of records) this.#add(record);
  }

  /** For the metrics. */
  get samples(): { readonly verdicts: readonly Sample[]; readonly caught: readonly Sample[]; readonly nines: readonly Sample[] } {
    const nines = [...this.#counts].flatMap(([route, counts]) => {
      const consistency = consistencyOf(counts);
      return consistency === undefined ? [] : [{ values: [route], value: consistency.nines }];
    });
    return { verdicts: this.#verdictSamples(), caught: this.#caught.samples(), nines };
  }

  /** For `GET /v1/audit`, newest first. Instants as in the log. */
  get page(): unknown {
    const { audit } = this.#parts.config();
    return {
      sample: audit === undefined ? 'off' : formatPercent(audit.sample),
      ...(audit === undefined ? {} : { window: formatDuration(audit.windowMs) }),
      routes: Array.from(this.#counts, ([route, counts]) => ({ route, ...counts.hits, audits: counts.audits, ...rounded(consistencyOf(counts)) })),
      misses: [...this.#missed.values()].toReversed().map(shown),
      unstable: [...this.#unstable.values()].toReversed().map(shown),
    };
  }

  /** From 0 on, for every route that may have audits: the first miss is an increase. */
  #verdictSamples(): readonly Sample[] {
    const routes = new Set([...auditedRoutes(this.#parts.config()), ...this.#counts.keys()]);
    return [...routes].flatMap((route) =>
      VERDICTS.map((verdict) => ({ values: [route, verdict], value: this.#counts.get(route)?.hits[verdict] ?? 0 })),
    );
  }

  #add({ route, verdict, hits, afterMs, difference }: AuditRecord): void {
    const counts = this.#countsOf(route);
    counts.hits[verdict] += hits;
    if (isJudged(verdict)) counts.audits++;
    if (afterMs !== undefined) this.#caught.add(route, '', afterMs);
    if (difference === undefined) return;
    const about = { ...difference, tags: difference.tags.slice(0, MOST_TAGS) };
    if (verdict === 'unstable') keep(this.#unstable, { ...about, route, hits, lastHitAt: difference.hitAt });
    else this.#missedOne(route, hits, difference);
  }

  #countsOf(route: string): Counts {
    const known = this.#counts.get(route);
    if (known !== undefined) return known;
    // The cast: Object.fromEntries forgets of what.
    const counts: Counts = { hits: Object.fromEntries(VERDICTS.map((name) => [name, 0])) as Record<Verdict, number>, audits: 0 };
    this.#counts.set(route, counts);
    return counts;
  }

  #missedOne(route: string, hits: number, difference: Difference): void {
    const config = this.#parts.config();
    const hints = hintsOf(difference, { purges: this.#parts.purges(), rules: rulesOf(config), windowMs: config.audit?.windowMs ?? 0 });
    const finding = { ...difference, tags: difference.tags.slice(0, MOST_TAGS), route, hits, lastHitAt: difference.hitAt, hints };
    keep(this.#missed, finding);
    const now = this.#parts.clock.now();
    if (now - (this.#warned.get(route) ?? -Infinity) < WARN_EVERY_MS) return;
    this.#warned.set(route, now);
    const { url, tags, changed, ageMs } = finding;
    this.#parts.observer.warn('a stored response differs from the origin, and no purge has ended it', { route, url, tags, changed, ageMs });
  }
}

function auditedRoutes({ audit, routes, defaultRoute }: Config): readonly string[] {
  if (audit === undefined) return [];
  return [...routes, defaultRoute].filter((route) => route.audited && mayStore(route)).map(({ name }) => name);
}

/** Another audit of one entry adds to what was found. */
function keep(findings: Map<string, Finding>, finding: Finding): void {
  const key = `${finding.route} ${finding.entry}`;
  const before = findings.get(key);
  findings.delete(key);
  findings.set(key, before === undefined ? finding : { ...finding, hits: before.hits + finding.hits, hitAt: before.hitAt });
  const [oldest] = findings.keys();
  if (findings.size > MOST_FINDINGS && oldest !== undefined) findings.delete(oldest);
}

function shown({ route, url, scope, tags, changed, statuses, ageMs, hits, hitAt, lastHitAt, hints }: Finding) {
  const [stored, origin] = statuses;
  return {
    at: new Date(hitAt).toISOString(),
    ...(lastHitAt === hitAt ? {} : { lastAt: new Date(lastHitAt).toISOString() }),
    route,
    url,
    scope,
    tags,
    changed,
    ...(stored === origin ? {} : { status: stored, originStatus: origin }),
    ageSeconds: Math.floor(ageMs / 1_000),
    hits,
    ...hints,
  };
}

function rounded(consistency: ReturnType<typeof consistencyOf>) {
  if (consistency === undefined) return {};
  const { share, nines } = consistency;
  return { consistency: Number(share.toFixed(6)), nines: Number(nines.toFixed(2)) };
}
