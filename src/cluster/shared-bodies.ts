// Stored responses that nodes give each other through Redis (`redis.bodies`): asked after a miss of their own. DESIGN section 5, PURGE-PROTOCOL §4.2, §4.4.
//
// The idea: what is found is a stored response like any other, judged by the marks of the node that found it. It says how much of the log was applied
// when it was asked for; a node uses it only where it knows every purge since then, and so not from before it came (log-epochs.ts).
// The races: a purge may land while a value is on its way there or back; it is judged in the step that puts it into the store, and at each use.
// What must stay true: a question ends within DEADLINE_MS, whatever Redis does; a value of another place, incarnation, secret or version is as good as none;
// nothing is written that is not fresh, or whose purges since its fetch this node could not name.
import { createHmac } from 'node:crypto';
import type { StoredResponse } from '../rules/stored-response.ts';
import { epochOf, type LogEpochs, seqOf } from './log-epochs.ts';
import type { Reply } from './logged-purge.ts';
import { decodeAxes, decodeBody, encodeAxes, encodeBody, type Place, type SharedBody } from './shared-body.ts';

/** What became of a question, or of an offer. */
export type Shared = 'found' | 'absent' | 'unusable' | 'failed' | 'written' | 'unwritten';

/** Redis, as far as it is needed here. */
export interface BodyRedis {
  command(name: string, ...args: readonly (string | number | Buffer)[]): Promise<Reply>;
  close(): void;
}

export interface SharedBodiesParts {
  readonly redis: BodyRedis;
  readonly cluster: string;
  readonly key: Buffer;
  /** Undefined while this node has no place in the log. */
  readonly epochs: () => LogEpochs | undefined;
  readonly clock: { now(): number };
  /** As other machines show it, give or take. */
  readonly wall: () => number;
  readonly told: (what: Shared) => void;
}

interface Value {
  readonly value: Buffer;
  readonly place: Place;
  /** Until Redis forgets it, ms. */
  readonly leftMs: number;
}

/** Gives the values of a request on the fields that responses vary on. */
export type AxisValues = (axes: readonly string[]) => readonly string[];

/** For a question, with all that it takes. */
const DEADLINE_MS = 50;

/** After so many failures in a row Redis is not asked for a while. */
const FAILURES = 5;
const OPEN_MS = 5_000;

/** Larger ones cost more than they spare. */
const LARGEST_BYTES = 1024 * 1024;
/** Of a value with its fields: nothing that a node wrote is longer, so no more is read. */
const LONGEST_VALUE_BYTES = LARGEST_BYTES + 512 * 1024;
/** On their way to Redis. */
const MOST_PENDING_BYTES = 8 * 1024 * 1024;

/** A rest of freshness that is not worth a question. */
const LEAST_FRESH_MS = 1_000;

export class SharedBodies {
  readonly #parts: SharedBodiesParts;
  readonly #finding = new Map<string, Promise<StoredResponse | undefined>>();
  #failures = 0;
  #askAgainAt = 0;
  #pendingBytes = 0;

  constructor(parts: SharedBodiesParts) {
    this.#parts = parts;
  }

  /** What another node has stored under `key` for a request with these values. Not judged: the marks must be asked before it is used. Never rejects. */
  find(key: string, valuesOf: AxisValues): Promise<StoredResponse | undefined> {
    const epochs = this.#parts.epochs();
    if (epochs === undefined || this.#isOpen) return Promise.resolve(undefined);
    const name = this.#nameOf(epochs, key);
    // Those who ask meanwhile have other values at most where responses vary, and then this is not theirs: the store will tell.
    const present = this.#finding.get(name);
    if (present !== undefined) return present;
    const finding = this.#find(name, epochs, valuesOf).finally(() => this.#finding.delete(name));
    this.#finding.set(name, finding);
    return finding;
  }

  /** What has just been stored under `key`, for other nodes. Nobody waits for it. */
  offer(key: string, response: StoredResponse): void {
    const { clock, wall, told, key: secret } = this.#parts;
    const epochs = this.#parts.epochs();
    const seq = epochs && seqOf(epochs, response.asOf);
    const now = clock.now();
    if (epochs === undefined || seq === undefined || this.#isOpen || !isWorthIt(response, now)) return;
    if (this.#pendingBytes + response.body.length > MOST_PENDING_BYTES) return told('unwritten');
    const name = this.#nameOf(epochs, key);
    const keepMs = Math.floor(response.freshUntil - now);
    const place = { name: response.axes.length === 0 ? name : variantName(name, response.axisValues, secret), key: secret };
    void this.#write([
      ...(response.axes.length === 0
        ? []
        : [{ name: axesName(name), value: encodeAxes(response.axes, { name: axesName(name), key: secret }), keepMs }]),
      { name: place.name, value: encodeBody(response, place, { seq, now, wall: wall() }), keepMs },
    ]);
  }

  close(): void {
    this.#parts.redis.close();
  }

  get #isOpen(): boolean {
    return this.#parts.clock.now() < this.#askAgainAt;
  }

  async #find(name: string, epochs: LogEpochs, valuesOf: AxisValues): Promise<StoredResponse | undefined> {
    const value = await this.#answer(name, valuesOf);
    const usable = typeof value === 'string' ? undefined : this.#received(value, epochs);
    if (typeof value === 'string') this.#parts.told(value);
    else this.#parts.told(usable === undefined ? 'unusable' : 'found');
    return usable;
  }

  /** In time, or `failed`. */
  async #answer(name: string, valuesOf: AxisValues): Promise<Value | 'absent' | 'failed'> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error('no answer in time')), DEADLINE_MS);
    try {
      const value = await Promise.race([this.#read(name, valuesOf), late.promise]);
      this.#failures = 0;
      return value ?? 'absent';
    } catch {
      this.#failed();
      return 'failed';
    } finally {
      clearTimeout(timer);
    }
  }

  /** The value under `name`, or where responses vary, under that and the values of the request. */
  async #read(name: string, valuesOf: AxisValues): Promise<Value | undefined> {
    const { redis, key } = this.#parts;
    const [plain, left, varying] = await Promise.all([this.#get(name), redis.command('PTTL', name), this.#get(axesName(name))]);
    const axes = varying ? decodeAxes(varying, { name: axesName(name), key }) : undefined;
    if (axes === undefined) return plain ? { value: plain, place: { name, key }, leftMs: Number(left) } : undefined;
    const variant = variantName(name, valuesOf(axes), key);
    const [value, leftMs] = await Promise.all([this.#get(variant), redis.command('PTTL', variant)]);
    return value ? { value, place: { name: variant, key }, leftMs: Number(leftMs) } : undefined;
  }

  async #get(name: string): Promise<Buffer | undefined> {
    const value = await this.#parts.redis.command('GETRANGE', name, 0, LONGEST_VALUE_BYTES);
    return Buffer.isBuffer(value) && value.length > 0 ? value : undefined;
  }

  /** As it is here and now: as old as it was, and what time has passed since, by the clock of Redis or by the two machines', whichever says more. */
  #received(
    { value, place, leftMs }: { readonly value: Buffer; readonly place: Place; readonly leftMs: number },
    epochs: LogEpochs,
  ): StoredResponse | undefined {
    const { clock, wall } = this.#parts;
    const shared: SharedBody | undefined = decodeBody(value, place);
    const asOf = shared && epochOf(epochs, shared.seq);
    if (shared === undefined || asOf === undefined) return undefined;
    const sinceMs = Math.max(shared.freshMs - leftMs, wall() - shared.wroteAt, 0);
    const now = clock.now();
    if (leftMs <= 0 || shared.freshMs - sinceMs <= 0) return undefined;
    return {
      ...shared.response,
      initialAgeMs: shared.response.initialAgeMs + sinceMs,
      receivedAt: now,
      freshUntil: now + shared.freshMs - sinceMs,
      asOf,
      order: OLDEST,
      checkedAt: NEVER_CHECKED,
    };
  }

  async #write(values: readonly { readonly name: string; readonly value: Buffer; readonly keepMs: number }[]): Promise<void> {
    const { redis, told } = this.#parts;
    const bytes = values.reduce((sum, { value }) => sum + value.length, 0);
    this.#pendingBytes += bytes;
    try {
      await Promise.all(values.map(({ name, value, keepMs }) => redis.command('SET', name, value, 'PX', keepMs)));
      told('written');
    } catch {
      this.#failed();
      told('unwritten');
    } finally {
      this.#pendingBytes -= bytes;
    }
  }

  #failed(): void {
    if (++this.#failures < FAILURES) return;
    this.#failures = 0;
    this.#askAgainAt = this.#parts.clock.now() + OPEN_MS;
  }

  /** In the slot of the log, and no name tells what it is of. */
  #nameOf({ incarnation }: LogEpochs, key: string): string {
    return `{freshet:${this.#parts.cluster}}:b:${incarnation}:${hashed(this.#parts.key, key)}`;
  }
}

/** Any fetch of its own comes later. */
const OLDEST = 0;
/** Older than every epoch: the next use asks the marks. */
const NEVER_CHECKED = -1;

function isWorthIt({ body, part, alwaysValidate, freshUntil }: StoredResponse, now: number): boolean {
  return part === undefined && !alwaysValidate && freshUntil - now >= LEAST_FRESH_MS && body.length <= LARGEST_BYTES;
}

function axesName(name: string): string {
  return `${name}:axes`;
}

function variantName(name: string, values: readonly string[], key: Buffer): string {
  return `${name}:${hashed(key, values.map((value) => `${value.length}:${value}`).join(''))}`;
}

function hashed(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}
