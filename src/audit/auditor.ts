// After a hit, sometimes, the same request goes to the origin, and what comes is compared with what was served. One for each thread that serves.
//
// The idea: a hit costs one countdown. A sampled one makes an audit: it reads the origin when the client has its answer, within a budget, and where the two
// differ watches the entry for the window, and reads now and then (verdict.ts). Its answers are compared, and then nobody's: not stored, not shared, not sent.
// The races: the entry is looked at in the step that judges, after each reading. Hits of an entry that is being audited count with it and ask nothing.
// What must stay true: an audit never goes ahead of a client (it leaves half of the connections free, and waits for none), asks as the client asked, and
// holds of the client nothing but that request. Whatever goes wrong ends the audit alone.
import type { Clock } from '../clock.ts';
import type { AuditConfig } from '../config/config.ts';
import type { Observer } from '../observe/observer.ts';
import type { Origins } from '../origin/exchange.ts';
import type { Exchange } from '../proxy/exchange.ts';
import type { HitAudit } from '../proxy/parts.ts';
import type { Marks } from '../purge/authority.ts';
import { generationOf } from '../purge/marks.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import type { Store } from '../store/store.ts';
import { type Audit, auditOf, differenceOf, type Unread, type Watch } from './audit.ts';
import { Budget } from './budget.ts';
import { Comparison } from './compare.ts';
import { type Content, isIdentical } from './content.ts';
import { drawn } from './countdown.ts';
import { Flips } from './flips.ts';
import { orderOf } from './order-of.ts';
import { readOrigin } from './reading.ts';
import type { AuditRecord } from './record.ts';
import { saysNothing } from './says-nothing.ts';
import { Skipped } from './skipped.ts';
import { type EntryState, entryStateOf, evidenceOf, judgeFirst, judgeWatched, READINGS, type Seen, type Verdict, weighed } from './verdict.ts';

export interface AuditorParts {
  readonly settings: AuditConfig;
  /** Which of several threads this is. */
  readonly worker?: number;
  readonly clock: Clock;
  readonly store: Pick<Store, 'holds'>;
  readonly marks: Marks;
  readonly origins: Origins;
  /** Whether an origin can take what nobody waits for. */
  readonly hasRoom: (origin: string) => boolean;
  readonly told: (records: readonly AuditRecord[]) => void;
  readonly observer: Pick<Observer, 'error'>;
  /** From [0, 1). */
  readonly random: () => number;
}

/** How often those that differ are looked at: how exactly it is known when a purge came. */
const LOOK_EVERY_MS = 25;

export class Auditor implements HitAudit {
  readonly #parts: AuditorParts;
  readonly #budget: Budget;
  readonly #comparison: Comparison;
  readonly #flips = new Flips();
  readonly #audits = new Map<StoredResponse, Audit>();
  readonly #skipped: Skipped;
  readonly #closing = new AbortController();
  /** Hits to pass over, and the next one. */
  #left: number;
  #looking: NodeJS.Timeout | undefined;

  constructor(parts: AuditorParts) {
    this.#parts = parts;
    this.#budget = new Budget(parts.settings);
    this.#comparison = new Comparison(parts.settings);
    this.#skipped = new Skipped(parts.told);
    this.#left = this.#draw();
  }

  hit(x: Exchange, stored: StoredResponse, reason: 'fresh' | 'max-stale'): void {
    if (--this.#left > 0) return;
    this.#left = this.#draw();
    this.#sample(x, stored, reason);
  }

  /** What is under way ends without a verdict. */
  close(): void {
    this.#closing.abort();
    clearInterval(this.#looking);
    this.#comparison.close();
    for (const { route, hits } of this.#audits.values()) this.#skipped.add(route, hits);
    this.#audits.clear();
    this.#skipped.tell();
  }

  #draw(): number {
    return drawn(this.#parts.settings.sample, this.#parts.random());
  }

  /** Stale on purpose, partial, or not to be audited: then it is as if it had not been drawn. */
  #sample(x: Exchange, stored: StoredResponse, reason: 'fresh' | 'max-stale'): void {
    if (reason !== 'fresh' || x.request.method !== 'GET' || stored.part !== undefined || !x.route.audited) return;
    if (stored.body.length > this.#parts.settings.maxBodyBytes || !this.#mayAudit(x.route.origin)) return this.#skipped.add(x.route.name, 1);
    const underWay = this.#audits.get(stored);
    if (underWay !== undefined) {
      underWay.hits++;
      return;
    }
    const audit = auditOf(x, stored);
    this.#audits.set(stored, audit);
    this.#budget.begun();
    // The client has its answer first.
    setImmediate(() => this.#run(audit, this.#first(audit)));
  }

  #mayAudit(origin: string): boolean {
    return this.#budget.mayAudit({ audits: this.#audits.size, hasRoom: this.#parts.hasRoom(origin), now: this.#parts.clock.now() });
  }

  #run(audit: Audit, course: Promise<void>): void {
    course.catch((error: unknown) => {
      this.#parts.observer.error('an audit ended in an impossible state', { route: audit.route, error });
      this.#conclude(audit, 'failed');
    });
  }

  async #first(audit: Audit): Promise<void> {
    if (this.#entryOf(audit) !== 'answers') {
      this.#budget.ended();
      return this.#conclude(audit, 'skipped');
    }
    const read = await this.#read(audit);
    if (typeof read === 'string') return this.#conclude(audit, read);
    const now = this.#parts.clock.now();
    const evidence = evidenceOf(read.seen, { at: now, flipping: this.#flips.of(audit.key, now) });
    const verdict = judgeFirst({ evidence, entry: this.#entryOf(audit) });
    const watch: Watch = { first: read.content, evidence, isReading: false, isLate: false, unread: undefined, notBefore: now };
    if (verdict !== 'watch') return this.#conclude(audit, verdict, watch);
    audit.watch = watch;
    this.#looking ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  #look(): void {
    this.#budget.looking();
    let watched = 0;
    for (const audit of this.#audits.values()) {
      if (audit.watch === undefined) continue;
      watched++;
      this.#judge(audit, audit.watch);
    }
    if (watched > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #judge(audit: Audit, watch: Watch): void {
    const { clock, settings } = this.#parts;
    const now = clock.now();
    const entry = this.#entryOf(audit);
    // While it is read, all that can be said is that it has ended.
    if (watch.isReading && entry !== 'purged' && entry !== 'gone') {
      watch.isLate ||= now >= watch.evidence.firstAt + settings.windowMs && entry === 'answers';
      return;
    }
    const verdict = judgeWatched({ evidence: watch.evidence, entry, isLate: watch.isLate, now, windowMs: settings.windowMs });
    if (verdict === 'watch') return;
    if (verdict === 'read-again') return this.#readAgain(audit, watch, now);
    this.#flips.saw(audit.key, watch.evidence.returned, now);
    this.#conclude(audit, verdict, watch);
  }

  /** It waits for its turn, and for an origin that cannot answer, for as long as there is patience. */
  #readAgain(audit: Audit, watch: Watch, now: number): void {
    watch.isLate ||= now >= watch.evidence.firstAt + this.#parts.settings.windowMs;
    const isOver = now >= watch.evidence.firstAt + this.#budget.patienceMs;
    if (isOver && watch.unread !== undefined) return this.#conclude(audit, watch.unread);
    if (now < watch.notBefore) return;
    if (this.#budget.mayReadAgain({ hasRoom: this.#parts.hasRoom(audit.origin), now })) {
      this.#budget.begun();
      watch.isReading = true;
      this.#run(audit, this.#again(audit, watch));
    } else if (isOver) this.#conclude(audit, 'skipped');
  }

  async #again(audit: Audit, watch: Watch): Promise<void> {
    const read = await this.#read(audit, watch.first);
    watch.isReading = false;
    if (typeof read === 'string') {
      // One that failed is made again after a while, so that a miss is as likely to be judged as what is equal.
      watch.unread = read;
      watch.notBefore = this.#parts.clock.now() + this.#parts.settings.windowMs / READINGS;
    } else {
      watch.unread = undefined;
      watch.evidence = weighed(watch.evidence, read.seen);
    }
    // Ended meanwhile, it is nobody's.
    if (this.#audits.has(audit.stored)) this.#judge(audit, watch);
  }

  /** The caller has counted it. */
  async #read(audit: Audit, first?: Content): Promise<{ readonly content: Content; readonly seen: Seen } | Unread> {
    const { settings, origins } = this.#parts;
    const from = { parts: { origins }, route: { origin: audit.origin } };
    const asked = { from, request: audit.request, maxBodyBytes: settings.maxBodyBytes };
    const reading = await readOrigin(asked, this.#closing.signal).finally(() => this.#budget.ended());
    if (reading.kind === 'too-large') return 'skipped';
    const { stored, about } = audit;
    if (reading.kind === 'failed' || saysNothing({ status: reading.content.status, stored: stored.status, scope: about.scope })) return 'failed';
    const { content } = reading;
    const differences = await this.#comparison.of(audit.content, content);
    const between = first === undefined || isIdentical(first, content) ? [] : await this.#comparison.of(first, content);
    if (differences === undefined || between === undefined) return 'skipped';
    return { content, seen: { differences, between, order: orderOf(reading.fields, stored.fields) } };
  }

  /** Asked in the step that judges by it. */
  #entryOf({ key, stored }: Audit): EntryState {
    const { marks, store, clock } = this.#parts;
    return entryStateOf(marks.gateEntry(stored).kind, {
      isKept: clock.now() < stored.freshUntil && store.holds(key, stored),
      isOfThisCache: generationOf(stored.asOf) === generationOf(marks.epoch),
    });
  }

  /** Once an audit, and not after `close`. */
  #conclude(audit: Audit, verdict: Verdict, watch?: Watch): void {
    if (!this.#audits.delete(audit.stored)) return;
    const { route, hits, hitAt } = audit;
    const isReported = watch !== undefined && (verdict === 'missed' || verdict === 'unstable');
    const caught = verdict === 'caught' ? { afterMs: this.#parts.clock.now() - hitAt } : {};
    const reported = isReported ? { difference: differenceOf(audit, watch, this.#parts.worker ?? 0) } : {};
    this.#parts.told([{ route, verdict, hits, ...caught, ...reported }]);
  }
}
