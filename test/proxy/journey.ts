// A journey is data: what a client asks, what the origin would answer, how far the clock moves, what is expected. This plays it over real sockets.
import { expect } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import { fieldValue } from '../../src/http/fields.ts';
import { get } from '../support/client.ts';
import type { Answer, Asking } from '../support/client.ts';
import { SettableClock } from '../support/clock.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { ScriptedOrigin } from '../support/origin.ts';
import type { Reply, Script } from '../support/origin.ts';

export interface Journey extends Setting {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Everything the origin was asked, in order, looked at when the last step is over. */
  readonly asked?: readonly string[];
}

export interface Setting {
  /** YAML beside the origin: routes, defaults and so on. */
  readonly config?: string;
  /** Settings of the one origin, inside braces: `headers_timeout: 300ms`. */
  readonly origin?: string;
}

export interface Step {
  /** How far the clock moves first. */
  readonly afterMs?: number;
  /** What the origin answers at this path from now on. */
  readonly answers?: Script;
  /** The path as the origin sees it, where a query rule changes it. */
  readonly forwardedAs?: string;
  /** Method and path: `GET /a`. */
  readonly ask: string;
  readonly fields?: Fields;
  readonly body?: string;
  /** Asked of the admin listener. */
  readonly to?: 'admin';
  /** Asked again until it is so: for what happens in the background. */
  readonly eventually?: true;
  readonly expect: Expected;
}

export interface Expected {
  /** 200 where it is left out. */
  readonly status?: number;
  /** Our member of Cache-Status, without the name. */
  readonly cacheStatus?: string | RegExp;
  readonly body?: string | RegExp;
  /** Exactly; undefined: there is no such field. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
  /** True where it is left out: a cut must be expected. */
  readonly complete?: boolean;
  /** How many requests the origin got; left out, none for a hit and one for what went forward. */
  readonly asked?: number | 'unsaid';
  /** Fields of the last of them. */
  readonly sent?: Readonly<Record<string, string | undefined>>;
}

export const PURGE_TOKEN = 'purge-token';
export const PURGES: Fields = ['authorization', `Bearer ${PURGE_TOKEN}`];

/** A response that is fresh for a minute. */
export function fresh(body: string, fields: Fields = []): Reply {
  return { fields: ['cache-control', 'max-age=60', ...fields], body };
}

/** The sweep may have taken what was purged before a request finds it. */
export const AFTER_PURGE = /^fwd=(uri-miss|miss); fwd-status=200; stored(; detail=purged)?$/;

/** What the first fresh response of a URL is told. */
export const STORED = 'fwd=uri-miss; fwd-status=200; stored';

export async function play(journey: Journey): Promise<void> {
  await using stage = await Stage.start(journey);
  await stage.play(journey.steps);
  if (journey.asked !== undefined) expect(stage.asked).toEqual(journey.asked);
}

/** Freshet, its origin and its clock; for journeys whose steps overlap. */
export class Stage implements AsyncDisposable {
  readonly origin: ScriptedOrigin;
  readonly freshet: RunningFreshet;
  readonly clock: SettableClock;

  static async start(setting: Setting = {}): Promise<Stage> {
    const origin = await ScriptedOrigin.start();
    const clock = new SettableClock();
    return new Stage(origin, await RunningFreshet.start(yamlOf(setting, origin.url), { clock }), clock);
  }

  private constructor(origin: ScriptedOrigin, freshet: RunningFreshet, clock: SettableClock) {
    this.origin = origin;
    this.freshet = freshet;
    this.clock = clock;
  }

  /** Start lines of all that the origin was asked. */
  get asked(): readonly string[] {
    return this.origin.requests.map(({ method, path }) => `${method} ${path}`);
  }

  ask(line: string, asking: Omit<Asking, 'method'> = {}, address = this.freshet.address): Promise<Answer> {
    const [method = '', path = ''] = line.split(' ');
    return get(address, path, { ...asking, method });
  }

  /** `count` of the same at once. */
  askAtOnce(count: number, line: string, asking: Omit<Asking, 'method'> = {}): Promise<Answer>[] {
    return Array.from({ length: count }, () => this.ask(line, asking));
  }

  /** Resolves when what was sent before has been read: a few round trips that ask the origin nothing. */
  async roundTrips(): Promise<void> {
    for (let i = 0; i < 5; i++) await this.ask('GET /nothing-there', { fields: ['cache-control', 'only-if-cached'] });
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const [index, step] of steps.entries()) await this.#step(step, `step ${index + 1}: ${step.ask}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.freshet.close(), this.origin[Symbol.asyncDispose]()]);
  }

  async #step(step: Step, title: string): Promise<void> {
    this.clock.advance(step.afterMs ?? 0);
    if (step.answers !== undefined) this.origin.on(step.forwardedAs ?? step.ask.split(' ')[1] ?? '', step.answers);
    for (let tries = step.eventually ? MOST_TRIES : 1; ; tries--) {
      const before = this.origin.requests.length;
      const asking = { fields: step.fields ?? [], ...(step.body === undefined ? {} : { body: step.body }) };
      const answer = await this.ask(step.ask, asking, step.to === 'admin' ? this.freshet.adminAddress : this.freshet.address);
      const sides = bothSides(step.expect, answer, this.origin.requests.slice(before));
      if (tries > 1 && JSON.stringify(sides.actual) !== JSON.stringify(sides.expected)) continue;
      expect(sides.actual, title).toEqual(sides.expected);
      return;
    }
  }
}

const MOST_TRIES = 500;

type Seen = ScriptedOrigin['requests'];

/** Both sides of the comparison, with the same members in the same order. */
export function bothSides(expected: Expected, answer: Answer, seen: Seen): { actual: object; expected: object } {
  const { status = 200, complete = true, cacheStatus, body, fields = {}, sent = {} } = expected;
  const asked = expected.asked ?? askedBy(cacheStatus);
  const lastSent = seen.at(-1)?.fields ?? [];
  return {
    actual: {
      status: answer.status,
      complete: answer.complete,
      ...(cacheStatus === undefined ? {} : { cacheStatus: met(cacheStatus, ourMember(answer)) }),
      ...(body === undefined ? {} : { body: met(body, answer.body) }),
      fields: picked(fields, answer.fields),
      ...(asked === 'unsaid' ? {} : { asked: seen.length }),
      sent: picked(sent, lastSent),
    },
    expected: {
      status,
      complete,
      ...(cacheStatus === undefined ? {} : { cacheStatus: String(cacheStatus) }),
      ...(body === undefined ? {} : { body: String(body) }),
      fields,
      ...(asked === 'unsaid' ? {} : { asked }),
      sent,
    },
  };
}

function ourMember(answer: Answer): string | undefined {
  const value = answer.field('cache-status');
  return value?.startsWith('freshet; ') ? value.slice('freshet; '.length) : `not ours: ${value}`;
}

/** What came; where an expression describes it, the expression. */
function met(expected: string | RegExp, came: string | undefined): string | undefined {
  return typeof expected !== 'string' && came !== undefined && expected.test(came) ? String(expected) : came;
}

function askedBy(cacheStatus: string | RegExp | undefined): number | 'unsaid' {
  if (cacheStatus instanceof RegExp) return 1;
  if (cacheStatus === undefined || cacheStatus.includes('stale-while-revalidate')) return 'unsaid';
  if (cacheStatus.startsWith('hit')) return 0;
  return cacheStatus.startsWith('fwd=') ? 1 : 'unsaid';
}

function picked(names: Readonly<Record<string, unknown>>, fields: Fields): Record<string, string | undefined> {
  return Object.fromEntries(Object.keys(names).map((name) => [name, fieldValue(fields, name)]));
}

export function yamlOf({ config = '', origin = '' }: Setting, originUrl: string): string {
  const unless = (key: string, line: string): string => (new RegExp(`^${key}:`, 'm').test(config) ? '' : line);
  return [
    `origins: { shop: { url: "${originUrl}"${origin === '' ? '' : `, ${origin}`} } }`,
    unless('purge', `purge: { token: ${PURGE_TOKEN} }`),
    unless('log', 'log: { level: silent, access: "off" }'),
    config,
  ].join('\n');
}
