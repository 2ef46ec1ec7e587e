// A cache that obeys PURGE-PROTOCOL §3.2, §3.6 and §4.6, small enough to be run a million times: rules 1 to 8 over the real marks, without sockets.
// The proxy itself is held to the same rules by test/history over real sockets.
import type { SharedMarks } from '../../src/purge/marks.ts';
import type { Verdict } from '../../src/rules/stored-response.ts';
import { freshUntil } from '../../src/rules/reuse.ts';
import type { Head, Page, Stated } from './origin.ts';

export interface Request {
  readonly id: number;
  readonly page: Page;
  readonly scope: string;
}

export interface Answer {
  /** Undefined for a failure. */
  readonly stated: Stated | undefined;
  readonly from: 'hit' | 'stale' | 'stale-if-error' | 'collapsed' | 'origin';
  /** False where the body was cut. */
  readonly whole: boolean;
  /** When the origin was asked for it, by the node. */
  readonly fetchedAt: number;
  /** When its head came, or that of the 304 that confirmed it. */
  readonly receivedAt: number;
}

/** What the cache wants done. */
export interface Outlet {
  /** Ask the origin; `held` is what its answer may confirm. */
  fetch(fetch: number, request: Request, held: Stated | undefined): void;
  respond(request: Request, answer: Answer): void;
}

interface Entry {
  readonly stated: Stated;
  readonly whole: boolean;
  readonly tagIds: Int32Array;
  readonly asOf: number;
  readonly order: number;
  readonly fetchedAt: number;
  readonly receivedAt: number;
  readonly freshUntil: number;
  checkedAt: number;
}

/** An entry that is not purged: fresh, or stale since its time or a soft purge, whichever was first. */
interface Usable {
  readonly entry: Entry;
  readonly freshUntil: number;
  readonly staleUntil: number;
}

interface Waiter {
  readonly request: Request;
  /** Whether the node might serve from its cache when the request arrived, or its barrier had passed. */
  readonly trusted: boolean;
  readonly arrivalEpoch: number;
  /** Fetches with a higher order started after it. */
  readonly arrivalOrder: number;
}

interface Flight {
  readonly key: string;
  readonly request: Request;
  readonly asOf: number;
  readonly order: number;
  readonly sentAt: number;
  readonly base: Entry | undefined;
  readonly joinable: boolean;
  waiters: Waiter[];
  head: { readonly stated: Stated; readonly tagIds: Int32Array; readonly receivedAt: number } | undefined;
}

/** The time by the node, and whether it may serve from its cache now. */
export interface Now {
  readonly ms: number;
  readonly mayServe: boolean;
}

export class Cache {
  readonly #marks: SharedMarks;
  readonly #outlet: Outlet;
  readonly #entries = new Map<string, Entry>();
  /** At most one a key that a request may join (rule 4). */
  readonly #joinable = new Map<string, Flight>();
  /** Without a lease: one running and one queued a key (§4.6). */
  readonly #bypassing = new Map<string, { queued: Waiter[] }>();
  readonly #flights = new Map<number, Flight>();
  #order = 0;

  constructor(marks: SharedMarks, outlet: Outlet) {
    this.#marks = marks;
    this.#outlet = outlet;
  }

  /** Whether there is anything that a request could be given or join. */
  hasUseFor(request: Request): boolean {
    const key = keyOf(request);
    return this.#entries.has(key) || this.#joinable.has(key);
  }

  /** Nobody is asked first: there is nothing to be used. */
  lead(request: Request, now: Now): void {
    this.#start(request, { waiters: [this.#waiterOf(request, false)], base: undefined, joinable: true }, now);
  }

  /** `trusted`: whatever was purged before the request was sent has been applied. */
  decide(request: Request, trusted: boolean, now: Now): void {
    const waiter = this.#waiterOf(request, trusted);
    if (!trusted) return this.#bypass(waiter, now);
    const usable = this.#usable(keyOf(request));
    if (usable === undefined || now.ms >= usable.staleUntil) return this.#board(waiter, usable?.entry, now);
    this.#serve(request, usable.entry, now.ms < usable.freshUntil ? 'hit' : 'stale');
    if (now.ms >= usable.freshUntil) this.#refresh(request, usable.entry, now);
  }

  headCame(fetch: number, head: Head, now: Now): void {
    const flight = this.#flights.get(fetch);
    if (flight === undefined) return;
    if (head.kind === 'error') return this.#failed(flight, now);
    if (head.kind === 'not-modified') return this.#validated(flight, now);
    flight.head = { stated: head.stated, tagIds: tagIdsOf(head.stated.page), receivedAt: now.ms };
    this.#land(flight, flight.head, now);
  }

  bodyCame(fetch: number, whole: boolean, now: Now): void {
    const flight = this.#flights.get(fetch);
    if (flight === undefined) return;
    if (flight.head !== undefined && whole) this.#store(flight, { ...flight.head, whole });
    this.#end(flight, now);
  }

  #waiterOf(request: Request, trusted: boolean): Waiter {
    return { request, trusted, arrivalEpoch: this.#marks.epoch, arrivalOrder: this.#order };
  }

  /** Rules 3, 7 and 8: what was purged is neither served nor a validator; softly, it is stale. */
  #usable(key: string): Usable | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const verdict = this.#marks.gateEntry(entry);
    if (verdict.kind === 'purged') {
      this.#entries.delete(key);
      return undefined;
    }
    const until = freshUntil(entry, verdict);
    return { entry, freshUntil: until, staleUntil: until + entry.stated.page.staleMs };
  }

  #serve(request: Request, { stated, whole, fetchedAt, receivedAt }: Entry, from: Answer['from']): void {
    this.#outlet.respond(request, { stated, from, whole, fetchedAt, receivedAt });
  }

  #board(waiter: Waiter, base: Entry | undefined, now: Now): void {
    const present = this.#joinable.get(keyOf(waiter.request));
    if (present === undefined || !this.#mayJoin(present)) return this.#start(waiter.request, { waiters: [waiter], base, joinable: true }, now);
    if (present.head === undefined) present.waiters.push(waiter);
    else this.#give(waiter, present, present.head);
  }

  /** Rule 4. Before its head nothing is known of its tags. What is older than the entry leads nowhere: one that was fetched without a lease may be newer. */
  #mayJoin(flight: Flight): boolean {
    if (flight.order < (this.#entries.get(flight.key)?.order ?? 0)) return false;
    const tagIds = flight.head?.tagIds ?? NO_TAGS;
    return this.#marks.gate({ tagIds, asOf: flight.asOf, sentAt: flight.sentAt }).kind === 'ok';
  }

  /** Rule 6: a refresh that a purge has overtaken is none. */
  #refresh(request: Request, base: Entry, now: Now): void {
    const present = this.#joinable.get(keyOf(request));
    if (present === undefined || !this.#mayJoin(present)) this.#start(request, { waiters: [], base, joinable: true }, now);
  }

  #bypass(waiter: Waiter, now: Now): void {
    const key = keyOf(waiter.request);
    const running = this.#bypassing.get(key);
    if (running !== undefined) {
      running.queued.push(waiter);
      return;
    }
    this.#bypassing.set(key, { queued: [] });
    this.#start(waiter.request, { waiters: [waiter], base: undefined, joinable: false }, now);
  }

  #start(request: Request, how: Pick<Flight, 'waiters' | 'base' | 'joinable'>, now: Now): void {
    const flight: Flight = { key: keyOf(request), request, asOf: this.#marks.epoch, order: ++this.#order, sentAt: now.ms, head: undefined, ...how };
    this.#flights.set(flight.order, flight);
    if (flight.joinable) this.#joinable.set(flight.key, flight);
    this.#outlet.fetch(flight.order, request, flight.base?.stated);
  }

  /** Rule 5: who may not have it shares one new fetch. */
  #land(flight: Flight, head: NonNullable<Flight['head']>, now: Now): void {
    const verdict = this.#judge(flight, head);
    if (verdict !== 'ok') this.#unjoin(flight);
    for (const waiter of flight.waiters.splice(0)) {
      if (this.#mayTake(waiter, flight, verdict === 'ok' || verdict === 'softened', now)) this.#give(waiter, flight, head);
      else this.#board(waiter, undefined, now);
    }
  }

  /** What may be done with what a fetch brought. `behind`: it states an older version than a purge demanded. */
  #judge({ asOf, sentAt }: Flight, { tagIds, stated }: NonNullable<Flight['head']>): Verdict['kind'] | 'behind' {
    const { kind } = this.#marks.gate({ tagIds, asOf, sentAt });
    return (kind === 'ok' || kind === 'softened') && !this.#marks.versionsAccepted(versionsOf(stated)) ? 'behind' : kind;
  }

  #mayTake(waiter: Waiter, flight: Flight, isClean: boolean, now: Now): boolean {
    if (flight.order > waiter.arrivalOrder) return true;
    if (waiter.trusted && waiter.arrivalEpoch <= flight.asOf) return true;
    return isClean && (waiter.trusted || now.mayServe);
  }

  #give(waiter: Waiter, flight: Flight, { stated, receivedAt }: NonNullable<Flight['head']>): void {
    const from = flight.request === waiter.request ? 'origin' : 'collapsed';
    this.#outlet.respond(waiter.request, { stated, from, whole: true, fetchedAt: flight.sentAt, receivedAt });
  }

  /** Rule 7. What is held or behind is confirmed for those who wait, and not kept. */
  #validated(flight: Flight, now: Now): void {
    const { base, asOf, sentAt } = flight;
    if (base === undefined) return this.#failed(flight, now);
    const verdict = this.#marks.gate({ tagIds: base.tagIds, asOf, sentAt });
    if (verdict.kind === 'purged' || this.#entries.get(flight.key) !== base) return this.#refetch(flight, now);
    this.#entries.delete(flight.key);
    const head = { stated: base.stated, tagIds: base.tagIds, receivedAt: now.ms };
    this.#store(flight, { ...head, whole: base.whole });
    this.#land(flight, head, now);
    this.#end(flight, now);
  }

  /** Without conditions: its validator confirmed what may not be used. */
  #refetch(flight: Flight, now: Now): void {
    const { waiters, request } = flight;
    this.#entries.delete(flight.key);
    flight.waiters = [];
    this.#end(flight, now);
    if (waiters.length > 0) this.#start(request, { waiters, base: undefined, joinable: true }, now);
  }

  /** Rule 6: stale-if-error, unless it was purged. */
  #failed(flight: Flight, now: Now): void {
    for (const waiter of flight.waiters.splice(0)) {
      const usable = waiter.trusted || now.mayServe ? this.#usable(flight.key) : undefined;
      if (usable === undefined) this.#outlet.respond(waiter.request, { ...NOTHING, fetchedAt: flight.sentAt, receivedAt: now.ms });
      else this.#serve(waiter.request, usable.entry, 'stale-if-error');
    }
    this.#end(flight, now);
  }

  /** Rule 2: the second gate, and nothing older takes the place of what is newer. */
  #store(flight: Flight, head: NonNullable<Flight['head']> & { readonly whole: boolean }): void {
    const { asOf, order, sentAt, key } = flight;
    const epoch = this.#marks.epoch;
    const verdict = this.#judge(flight, head);
    if (verdict !== 'ok' && verdict !== 'softened') return;
    const present = this.#entries.get(key);
    if (present !== undefined && (present.asOf > asOf || (present.asOf === asOf && present.order > order))) return;
    const until = head.receivedAt + head.stated.page.freshMs;
    const checkedAt = verdict === 'ok' ? epoch : NEVER_CHECKED;
    this.#entries.set(key, { ...head, asOf, order, fetchedAt: sentAt, freshUntil: until, checkedAt });
  }

  #unjoin(flight: Flight): void {
    if (this.#joinable.get(flight.key) === flight) this.#joinable.delete(flight.key);
  }

  #end(flight: Flight, now: Now): void {
    this.#flights.delete(flight.order);
    this.#unjoin(flight);
    if (flight.joinable) return;
    const queued = this.#bypassing.get(flight.key)?.queued ?? [];
    this.#bypassing.delete(flight.key);
    const [first] = queued;
    if (first === undefined) return;
    this.#bypassing.set(flight.key, { queued: [] });
    this.#start(first.request, { waiters: queued, base: undefined, joinable: false }, now);
  }
}

const NO_TAGS = new Int32Array(0);

const NOTHING = { stated: undefined, from: 'origin', whole: false } as const;

/** A soft mark is seen again at each use. */
const NEVER_CHECKED = -1;

const TAG_IDS = new WeakMap<Page, Int32Array>();

/** Pairs of bucket and fingerprint: a page's tags are its registers. */
function tagIdsOf(page: Page): Int32Array {
  const known = TAG_IDS.get(page);
  if (known !== undefined) return known;
  const tagIds = tagIdsOfRegisters(page.registers);
  TAG_IDS.set(page, tagIds);
  return tagIds;
}

export function tagIdsOfRegisters(registers: readonly number[]): Int32Array {
  return Int32Array.from(registers.flatMap((register) => [register, register + 1]));
}

function versionsOf({ page, versions }: Stated): { readonly tagIds: Int32Array; readonly version: number }[] {
  return page.registers.map((register, i) => ({ tagIds: tagIdsOfRegisters([register]), version: versions[i] ?? 0 }));
}

function keyOf({ page, scope }: Request): string {
  return page.scoped ? `${page.name} ${scope}` : page.name;
}
