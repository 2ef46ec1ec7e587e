// Writers and readers side by side against a real system. Each value has one writer at a time; half of the reads go to what is being written, since
// that is where a purge that comes too early, too late or not at all can be seen.
import { setTimeout as delay } from 'node:timers/promises';
import { RunError } from '../errors.ts';
import { type Called, type Caller, describeCalled } from './caller.ts';
import { namesOf, type Part } from './casting.ts';
import { judge, type Verdict } from './judge.ts';
import { select } from './json-path.ts';
import type { Pace } from './pace.ts';
import type { Plan, Read, User } from './plan.ts';
import type { Register } from './register.ts';
import { type Example, isHitIn, type Tally } from './tally.ts';
import { fill } from './template.ts';
import { mayPutBack, type Written, Writing } from './writing.ts';

export interface TrafficParts {
  readonly plan: Plan;
  readonly cast: readonly Part[];
  readonly caller: Caller;
  readonly tally: Tally;
  readonly pace: Pace;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  readonly chance: () => number;
  /** Ends the traffic before its time. */
  readonly ended: AbortSignal;
}

interface Place {
  readonly part: Part;
  readonly register: Register;
}

interface Asking extends Place {
  readonly read: Read;
  readonly user: User;
}

/** More are left out at the end. */
const MOST_LAST_READS = 2000;

export class Traffic {
  readonly #parts: TrafficParts;
  readonly #writing: Writing;
  readonly #places: readonly Place[];
  readonly #originals = new Map<Register, unknown>();
  readonly #exhausted = new Set<Register>();
  /** Where anything was written, or may have been. */
  readonly #touched = new Set<Place>();
  #recent: Place | undefined;
  #sent = 0;
  #beganAt = 0;
  #until = 0;

  constructor(parts: TrafficParts) {
    this.#parts = parts;
    this.#writing = new Writing(parts.plan, parts.caller, parts.now);
    this.#places = parts.cast.flatMap((part) => part.registers.map((register) => ({ part, register })));
  }

  /** Notes what stands there, writes every value once and reads it everywhere. Rejects with RunError where that cannot be done. */
  async prepare(): Promise<void> {
    for (const place of this.#places) if (mayPutBack(place.part.resource.write)) await this.#remember(place);
    for (const place of this.#places) {
      await this.#turnToPrepare();
      const { kind, called } = await this.#write(place);
      if (kind !== 'confirmed') throw new RunError(`the first write of ${nameOf(place)} was not confirmed: ${called && describeCalled(called)}`);
    }
    for (const asking of this.#everyRead()) await this.#firstRead(asking);
  }

  async run(): Promise<void> {
    const { plan, now } = this.#parts;
    this.#beganAt = now();
    this.#until = this.#beganAt + plan.durationMs;
    const readers = Array.from({ length: plan.readers }, () => this.#reader());
    const writers = Array.from({ length: plan.writers }, () => this.#writer());
    await Promise.all([...readers, ...writers]);
  }

  /** When every purge has had its time, all is read once more. False where there was too much of it. */
  async settle(): Promise<boolean> {
    const { plan } = this.#parts;
    await delay(plan.graceMs + Math.max(...plan.resources.flatMap(({ reads }) => reads.map(({ mayLagMs }) => mayLagMs))));
    const left = this.#everyRead();
    for (const asking of left.slice(0, MOST_LAST_READS)) await this.#ask(asking);
    return left.length <= MOST_LAST_READS;
  }

  /** Puts back what stood there, as far as a write can. */
  async restore(): Promise<void> {
    const { pace, tally } = this.#parts;
    for (const { part, register } of this.#touched) {
      const original = this.#originals.get(register);
      if (original === undefined) continue;
      await pace.turn();
      const { kind } = await this.#writing.back(part, register, original);
      if (kind === 'confirmed') tally.restored++;
    }
    tally.unrestored = this.#touched.size - tally.restored;
    tally.mayStillLand = [...this.#touched].filter(({ register }) => register.isLost).map(nameOf);
  }

  async #turnToPrepare(): Promise<void> {
    await this.#parts.pace.turn();
    if (this.#parts.ended.aborted) throw new RunError('it was ended before its traffic began');
  }

  async #write(place: Place): Promise<Written> {
    const written = await this.#writing.next(place.part, place.register);
    if (written.kind !== 'refused' && written.kind !== 'exhausted') this.#touched.add(place);
    return written;
  }

  async #reader(): Promise<void> {
    while (this.#isGoing()) await this.#ask(this.#pick());
  }

  async #writer(): Promise<void> {
    const { plan, tally, pace, now } = this.#parts;
    while (this.#isGoing()) {
      const place = this.#pickWritable();
      if (place !== undefined) {
        this.#sent++;
        place.register.isBusy = true;
        await pace.turn();
        this.#recent = place;
        const written = await this.#write(place);
        tally.wrote(written);
        if (written.kind === 'exhausted') this.#exhausted.add(place.register);
        place.register.isBusy = false;
      }
      await delay(Math.max(1, Math.min(plan.pauseMs, this.#until - now())));
    }
  }

  /** One of those that were written least. */
  #pickWritable(): Place | undefined {
    const free = this.#places.filter((place) => !place.register.isBusy && !this.#isOver(place));
    const least = Math.min(...free.map(({ register }) => register.issued));
    const next = free.filter(({ register }) => register.issued === least);
    return next[Math.floor(this.#parts.chance() * next.length)];
  }

  /** Until its time is over, or there is nothing more to be written. */
  #isGoing(): boolean {
    const { plan, ended, now } = this.#parts;
    if (ended.aborted || now() >= this.#until || this.#sent >= plan.mostWrites) return false;
    return !this.#places.every((place) => this.#isOver(place));
  }

  #isOver({ register }: Place): boolean {
    return register.isLost || this.#exhausted.has(register);
  }

  #pick(): Asking {
    const { chance } = this.#parts;
    const any = this.#places[Math.floor(chance() * this.#places.length)];
    const place = chance() < 0.5 ? (this.#recent ?? any) : any;
    if (place === undefined) throw new RunError('there is nothing to read');
    const { users } = place.register;
    const { reads } = place.part.resource;
    const user = users[Math.floor(chance() * users.length)] ?? users[0];
    const read = reads[Math.floor(chance() * reads.length)];
    if (read === undefined) throw new RunError('there is nothing to read');
    return { ...place, read, user };
  }

  #everyRead(): readonly Asking[] {
    return this.#places.flatMap((place) =>
      place.part.resource.reads.flatMap((read) => place.register.users.map((user) => ({ ...place, read, user }))),
    );
  }

  async #ask(asking: Asking): Promise<void> {
    const { plan, tally, pace, now } = this.#parts;
    const { part, register, read, user } = asking;
    await pace.turn();
    const sentAt = now();
    const called = await this.#call(asking, plan.freshet);
    const endedAt = now();
    const counted = tally.reads.find((one) => one.read === read);
    if (called.kind === 'none' || called.answer.status > 299) return counted?.unanswered(called);
    const { answer } = called;
    const values = select(answer.body, read.value, namesOf(register, user));
    const verdict = judge({ register, sentAt, endedAt, values, mayLagMs: read.mayLagMs }, part.coin, plan.graceMs);
    counted?.seen(answer, verdict, () => this.#example(asking, { called, verdict, sentAt }));
  }

  #call({ read, register, user }: Asking, base: string, more: Readonly<Record<string, string>> = {}): Promise<Called> {
    const { caller, plan } = this.#parts;
    const url = `${base}${fill(read.url, namesOf(register, user), encodeURIComponent)}`;
    const debug = { ...(plan.debugToken !== undefined && plan.debugToken !== '' && { 'freshet-debug': plan.debugToken }) };
    return caller.call({ url, method: 'GET', headers: { ...user.headers, ...debug, ...more } });
  }

  async #firstRead(asking: Asking): Promise<void> {
    const { plan } = this.#parts;
    await this.#turnToPrepare();
    const called = await this.#call(asking, plan.freshet);
    const names = namesOf(asking.register, asking.user);
    const isAnswered = called.kind === 'answer' && called.answer.status < 300;
    if (isAnswered && select(called.answer.body, asking.read.value, names).length > 0) return;
    const what = isAnswered ? `${fill(asking.read.value.text, names)} finds nothing in it` : 'that is no answer to judge by';
    throw new RunError(`GET ${fill(asking.read.url, names)} as ${asking.user.name}: ${what}: ${describeCalled(called)}`);
  }

  async #remember({ part, register }: Place): Promise<void> {
    const { plan } = this.#parts;
    const [read] = part.resource.reads;
    if (read === undefined) return;
    await this.#turnToPrepare();
    const called = await this.#call({ part, register, read, user: register.users[0] }, plan.origin ?? plan.freshet, { 'cache-control': 'no-cache' });
    if (called.kind === 'none') throw new RunError(`${plan.origin ?? plan.freshet}: ${describeCalled(called)}`);
    const found = called.answer.status < 300 ? select(called.answer.body, read.value, namesOf(register, register.users[0])) : [];
    if (found.length === 1) this.#originals.set(register, found[0]);
  }

  #example(
    { part, register, read, user }: Asking,
    { called, verdict, sentAt }: { readonly called: Called & { readonly kind: 'answer' }; readonly verdict: Verdict; readonly sentAt: number },
  ): Example {
    const { fields, status } = called.answer;
    return {
      url: fill(read.url, namesOf(register, user), encodeURIComponent),
      user: user.name,
      atMs: sentAt - this.#beganAt,
      got: 'value' in verdict ? verdict.value : undefined,
      expected: part.coin.strike(register, verdict.kind === 'stale' ? verdict.floor : register.issued),
      ...(verdict.kind === 'foreign' && { owner: verdict.owner }),
      ...(verdict.kind === 'stale' && { lateMs: verdict.lateMs }),
      status,
      isHit: isHitIn(called.answer),
      cacheStatus: fields['cache-status'],
      age: fields['age'],
      tags: fields['freshet-tags'] ?? fields['surrogate-key'],
    };
  }
}

function nameOf({ part, register }: Place): string {
  return `${part.resource.name} ${register.key}${register.owner === '' ? '' : ` of ${register.owner}`}`;
}
