// After a hit, sometimes, the same request goes to the origin, and what comes is compared with what was served. One for each thread that serves.
//
// The idea: a hit costs one countdown. A sampled one makes an audit: it reads the origin when the client has its answer, within a budget, and where the two
// differ watches the entry for the window (verdict.ts) and reads once more. Its answers are compared, and then nobody's: not stored, not shared, not sent.
// The races: the entry is looked at in the step that judges, after each reading. Hits of an entry that is being audited count with it and ask nothing.
// What must stay true: an audit never goes ahead of a client (it leaves half of the connections free, and waits for none), asks as the client asked, and
// holds of the client nothing but that request. Whatever goes wrong ends the audit alone.
import type { Clock } from '../clock.ts';
import type { AuditConfig } from '../config/config.ts';
import type { Observer } from '../observe/observer.ts';
import { withoutQueryValues } from '../observe/scrub.ts';
import type { OriginRequest, Origins } from '../origin/exchange.ts';
import { pathAndQuery } from '../http/target.ts';
import type { Exchange } from '../proxy/exchange.ts';
import { fetchRequest } from '../proxy/outbound.ts';
import type { HitAudit } from '../proxy/parts.ts';
import type { Marks } from '../purge/authority.ts';
import { escaped } from '../purge/purge-log.ts';
import { TokenBucket } from '../purge/rate.ts';
import { ageMs } from '../rules/freshness.ts';
import type { StoredResponse } from '../rules/stored-response.ts';
import type { Store } from '../store/store.ts';
import { shownPaths } from './changed-paths.ts';
import { compared } from './compare.ts';
import type { Content, Differences } from './content.ts';
import { drawn } from './countdown.ts';
import { orderOf } from './order-of.ts';
import { contentOf, type Reading, readOrigin } from './reading.ts';
import type { AuditRecord, Difference } from './record.ts';
import { type EntryState, judgeFirst, judgeSecond, judgeWatched, type Order, type Verdict } from './verdict.ts';

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

/** From the hit to the verdict. */
interface Audit {
  readonly origin: string;
  readonly request: OriginRequest;
  readonly route: string;
  readonly key: string;
  readonly stored: StoredResponse;
  readonly content: Content;
  readonly hitAt: number;
  readonly about: Pick<Difference, 'url' | 'scope' | 'ageMs'>;
  hits: number;
  /** Where it differed at first, until it is read again. */
  watch: Watch | undefined;
}

interface Watch {
  readonly first: Found;
  readonly dueAt: number;
}

interface Found {
  readonly content: Content;
  readonly differences: Differences;
  readonly order: Order;
}

/** Entries under audit at once; each may hold its body and one of the origin's. */
const MOST_AUDITS = 64;

/** How often those that differ are looked at: how exactly it is known when a purge came. */
const LOOK_EVERY_MS = 25;

const TELL_SKIPPED_AFTER_MS = 1_000;

/** Paths and tags in a report. */
const MOST_SHOWN = 20;
/** As in the log of purges. */
const TAG_LENGTH = 100;

export class Auditor implements HitAudit {
  readonly #parts: AuditorParts;
  readonly #budget: TokenBucket;
  readonly #audits = new Map<StoredResponse, Audit>();
  readonly #skipped = new Map<string, number>();
  readonly #closing = new AbortController();
  /** Hits to pass over, and the next one. */
  #left: number;
  #reading = 0;
  #looking: NodeJS.Timeout | undefined;
  #telling: NodeJS.Timeout | undefined;

  constructor(parts: AuditorParts) {
    const { ratePerSecond } = parts.settings;
    this.#parts = parts;
    this.#budget = new TokenBucket({ ratePerSecond, burst: Math.max(1, ratePerSecond) });
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
    for (const { route, hits } of this.#audits.values()) this.#skip(route, hits);
    this.#audits.clear();
    this.#tellSkipped();
  }

  #draw(): number {
    return drawn(this.#parts.settings.sample, this.#parts.random());
  }

  /** Stale on purpose, partial, or not to be audited: then it is as if it had not been drawn. */
  #sample(x: Exchange, stored: StoredResponse, reason: 'fresh' | 'max-stale'): void {
    if (reason !== 'fresh' || x.request.method !== 'GET' || stored.part !== undefined || !x.route.audited) return;
    const underWay = this.#audits.get(stored);
    if (underWay !== undefined) {
      underWay.hits++;
      return;
    }
    const { maxBodyBytes } = this.#parts.settings;
    const { body } = stored;
    if (this.#audits.size >= MOST_AUDITS || body.length > maxBodyBytes || !this.#mayRead(x.route.origin)) return this.#skip(x.route.name, 1);
    const audit = auditOf(x, stored, body);
    this.#audits.set(stored, audit);
    this.#reading++;
    // The client has its answer first.
    setImmediate(() => this.#run(audit, this.#first(audit)));
  }

  /** One more request may go to the origin now; it is counted against the budget. */
  #mayRead(origin: string): boolean {
    const { settings, hasRoom, clock } = this.#parts;
    return this.#reading < settings.concurrency && hasRoom(origin) && this.#budget.take(clock.now()).kind === 'admitted';
  }

  #run(audit: Audit, course: Promise<void>): void {
    course.catch((error: unknown) => {
      this.#parts.observer.error('an audit ended in an impossible state', { route: audit.route, error });
      this.#conclude(audit, 'failed');
    });
  }

  async #first(audit: Audit): Promise<void> {
    if (this.#entryOf(audit) !== 'answers') {
      this.#reading--;
      return this.#conclude(audit, 'skipped');
    }
    const found = await this.#read(audit);
    if (typeof found === 'string') return this.#conclude(audit, found);
    const verdict = judgeFirst({ ...found, entry: this.#entryOf(audit) });
    if (verdict !== 'watch') return this.#conclude(audit, verdict, found, found.differences);
    audit.watch = { first: found, dueAt: this.#parts.clock.now() + this.#parts.settings.windowMs };
    this.#looking ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  #look(): void {
    const now = this.#parts.clock.now();
    let watched = 0;
    for (const audit of this.#audits.values()) {
      if (audit.watch === undefined) continue;
      watched++;
      const verdict = judgeWatched({ entry: this.#entryOf(audit), isDue: now >= audit.watch.dueAt });
      if (verdict === 'read-again') this.#readAgain(audit, audit.watch, now);
      else if (verdict !== 'watch') this.#conclude(audit, verdict);
    }
    if (watched > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  /** It waits for its turn as long as it was watched. */
  #readAgain(audit: Audit, { first, dueAt }: Watch, now: number): void {
    if (this.#mayRead(audit.origin)) {
      audit.watch = undefined;
      this.#reading++;
      this.#run(audit, this.#second(audit, first));
    } else if (now >= dueAt + this.#parts.settings.windowMs) this.#conclude(audit, 'skipped');
  }

  async #second(audit: Audit, first: Found): Promise<void> {
    const found = await this.#read(audit);
    if (typeof found === 'string') return this.#conclude(audit, found);
    const between = await compared(first.content, found.content, this.#parts.settings);
    if (between === undefined) return this.#conclude(audit, 'skipped');
    const orders = [first.order, found.order] as const;
    const entry = this.#entryOf(audit);
    const { verdict, differences } = judgeSecond({ first: first.differences, second: found.differences, between, orders, entry });
    this.#conclude(audit, verdict, found, differences);
  }

  /** The caller has counted it. */
  async #read(audit: Audit): Promise<Found | Extract<Verdict, 'failed' | 'skipped'>> {
    const { settings, origins } = this.#parts;
    let reading: Reading;
    try {
      const from = { parts: { origins }, route: { origin: audit.origin } };
      reading = await readOrigin({ from, request: audit.request, maxBodyBytes: settings.maxBodyBytes }, this.#closing.signal);
    } finally {
      this.#reading--;
    }
    if (reading.kind === 'too-large') return 'skipped';
    if (reading.kind === 'failed' || saysNothing(reading.content.status, audit)) return 'failed';
    const differences = await compared(audit.content, reading.content, settings);
    if (differences === undefined) return 'skipped';
    return { content: reading.content, differences, order: orderOf(reading.fields, audit.stored.fields) };
  }

  /** Asked in the step that judges by it. */
  #entryOf({ key, stored }: Audit): EntryState {
    const { marks, store, clock } = this.#parts;
    switch (marks.gateEntry(stored).kind) {
      case 'ok':
        return clock.now() < stored.freshUntil && store.holds(key, stored) ? 'answers' : 'gone';
      case 'purged':
      case 'softened':
        return 'purged';
      case 'held':
      case 'uncoordinated':
        return 'unknown';
    }
  }

  /** Once an audit, and not after `close`. */
  #conclude(audit: Audit, verdict: Verdict, found?: Found, differences: Differences = []): void {
    if (!this.#audits.delete(audit.stored)) return;
    const { route, hits, hitAt } = audit;
    const isReported = found !== undefined && (verdict === 'missed' || verdict === 'unstable');
    this.#parts.told([
      {
        route,
        verdict,
        hits,
        ...(verdict === 'caught' ? { afterMs: this.#parts.clock.now() - hitAt } : {}),
        ...(isReported ? { difference: this.#differenceOf(audit, found, differences) } : {}),
      },
    ]);
  }

  #differenceOf({ stored, hitAt, about }: Audit, found: Found, differences: Differences): Difference {
    const { order, receivedAt, tags } = stored;
    return {
      ...about,
      entry: `${this.#parts.worker ?? 0}.${order}.${receivedAt}`,
      hitAt,
      fetchedAt: receivedAt,
      tags: tags.slice(0, MOST_SHOWN).map((tag) => escaped(tag, TAG_LENGTH)),
      changed: shownPaths(differences).slice(0, MOST_SHOWN),
      statuses: [stored.status, found.content.status],
    };
  }

  #skip(route: string, hits: number): void {
    this.#skipped.set(route, (this.#skipped.get(route) ?? 0) + hits);
    this.#telling ??= setTimeout(() => this.#tellSkipped(), TELL_SKIPPED_AFTER_MS).unref();
  }

  /** Together: there may be as many as hits. */
  #tellSkipped(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    if (this.#skipped.size > 0) this.#parts.told(Array.from(this.#skipped, ([route, hits]) => ({ route, verdict: 'skipped', hits })));
    this.#skipped.clear();
  }
}

/** What it needs of the exchange: that is not kept. */
function auditOf(x: Exchange, stored: StoredResponse, body: Buffer): Audit {
  const { target, now } = x;
  return {
    origin: x.route.origin,
    request: fetchRequest(x, { kind: 'own' }),
    route: x.route.name,
    key: x.key,
    stored,
    content: contentOf(stored, body),
    hitAt: now,
    about: { url: target.authority + withoutQueryValues(pathAndQuery(target)), scope: x.scope.kind, ageMs: Math.round(ageMs(stored, now)) },
    hits: 1,
    watch: undefined,
  };
}

/**
 * The origin is in trouble, or has had enough of questions, or refuses a credential that does not count for what is everybody's: that says nothing of the
 * entry. Where the entry is of a credential or of claims, a refusal does: who could read it may no longer.
 */
function saysNothing(status: number, { stored, about }: Audit): boolean {
  if (status === stored.status) return false;
  return status >= 500 || NO_ANSWERS.has(status) || (about.scope === 'public' && REFUSALS.has(status));
}

const NO_ANSWERS: ReadonlySet<number> = new Set([304, 408, 429]);
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 407]);
