// A herd after everything was purged: the origin is asked for each key at most twice and never by more than its connections at once, what is over the queue
// is told to come back, every client gets an answer, and then everything is stored again (SECURITY §6, §10).
import { describe, expect, it } from 'vitest';
import { fieldValue } from '../../src/http/fields.ts';
import { type Got, KeepAlive } from '../support/keep-alive.ts';
import { Barrier, type Gate, type Reply, type SeenRequest } from '../support/origin.ts';
import { fresh, PURGES, Stage, type Step } from './journey.ts';

interface Key {
  readonly path: string;
  /** Of `/me`: the scope. */
  readonly user?: string;
}

const USERS = ['ann', 'bob'];
const KEYS: readonly Key[] = [
  ...Array.from({ length: 200 }, (_, nth) => ({ path: `/p/${nth}` })),
  ...USERS.flatMap((user) => Array.from({ length: 50 }, (_, nth) => ({ path: `/me/${nth}`, user }))),
];

/** What the origin saw: how many requests at once at most, and how many of each key. */
class Watch {
  most = 0;
  readonly fetches = new Map<string, number>();
  #now = 0;
  readonly #opening: Gate;

  /** Nothing is answered before `opening`. */
  constructor(opening: Gate) {
    this.#opening = opening;
  }

  reply(request: SeenRequest): Reply {
    this.#now++;
    this.most = Math.max(this.most, this.#now);
    const key = nameOf({ path: request.path, user: fieldValue(request.fields, 'authorization') ?? '' });
    this.fetches.set(key, (this.fetches.get(key) ?? 0) + 1);
    const leave: Gate = {
      pass: async () => {
        this.#now--;
      },
    };
    return { ...fresh(key, ['cache-control', 'public']), barriers: { 'before-head': this.#opening, 'before-end': leave } };
  }
}

function nameOf({ path, user = '' }: Key): string {
  return `${path} ${user}`;
}

class Herd implements AsyncDisposable {
  readonly stage: Stage;

  /** Everything is stored. Nobody goes away because the machine is slow. */
  static async start(origin: string): Promise<Herd> {
    const config = 'defaults: { follower_timeout: 1m, leader_timeout: 1m }\nroutes: [{ path: /me/**, scope: credential }]';
    const herd = new Herd(await Stage.start({ origin: `${origin}, queue_timeout: 1m`, config }));
    herd.watch(OPEN);
    await herd.askAll();
    expect((await herd.askAll()).every(isHit)).toBe(true);
    return herd;
  }

  private constructor(stage: Stage) {
    this.stage = stage;
  }

  watch(opening: Gate): Watch {
    const watch = new Watch(opening);
    this.stage.origin.on('*', (request) => watch.reply(request));
    return watch;
  }

  /** One after the other. */
  async askAll(): Promise<readonly (Got | undefined)[]> {
    const client = await KeepAlive.connect(this.stage.freshet.address);
    const answers: (Got | undefined)[] = [];
    for (const key of KEYS) answers.push(await client.ask('GET', bytesOf(key)));
    client.destroy();
    return answers;
  }

  /** Purges everything; then each key is asked for eight times, and the origin answers nothing before `until`. */
  async afterPurge(until: () => Promise<unknown>) {
    const barrier = new Barrier();
    const watch = this.watch(barrier);
    const purged = await this.stage.ask('POST /v1/purge', { body: '{"all":true}', fields: PURGES }, this.stage.freshet.adminAddress);
    expect(purged).toMatchObject({ status: 200, body: expect.stringContaining('"confirmed"') });
    const clients = await Promise.all(Array.from({ length: 8 * CLIENTS }, () => KeepAlive.connect(this.stage.freshet.address)));
    const asked = clients.flatMap((client, nth) =>
      KEYS.filter((_, at) => at % CLIENTS === nth % CLIENTS).map(async (key) => ({ key, answer: await client.ask('GET', bytesOf(key)) })),
    );
    await until();
    await this.stage.roundTrips();
    barrier.open();
    const answers = await Promise.all(asked);
    for (const client of clients) client.destroy();
    return { answers, watch };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stage[Symbol.asyncDispose]();
  }
}

const OPEN: Gate = { pass: () => Promise.resolve() };

/** Who share the keys out among them, eight times over; each asks for all of its own before it hears of the first. */
const CLIENTS = 30;

function bytesOf({ path, user }: Key): string {
  return `GET ${path} HTTP/1.1\r\nhost: shop.test\r\n${user === undefined ? '' : `authorization: ${user}\r\n`}\r\n`;
}

function isHit(got: Got | undefined): boolean {
  return saidOf(got).startsWith('freshet; hit');
}

function saidOf(got: Got | undefined): string {
  return fieldValue(got?.fields ?? [], 'cache-status') ?? '';
}

const UNTIL_SENT_AWAY: Step = {
  ask: 'GET /metrics',
  to: 'admin',
  eventually: true,
  expect: { body: /^freshet_limit_reached_total\{limit="origins.queue"\} [1-9]/m, asked: 'unsaid' },
};

describe('a herd of 2400 after everything was purged', () => {
  it('within the queue: all are answered with their own, and the origin is asked once or twice for each', { timeout: 30_000 }, async () => {
    await using herd = await Herd.start('connections: 12');
    const { origin } = herd.stage;
    const stored = origin.requests.length;
    const { answers, watch } = await herd.afterPurge(() => origin.seen(stored + 12));
    expect(answers.filter(({ key, answer }) => !isOwn(key, answer))).toEqual([]);
    expect(watch.most).toBe(12);
    expect(watch.fetches.size).toBe(KEYS.length);
    expect(Math.max(...watch.fetches.values())).toBeLessThanOrEqual(2);

    const before = origin.requests.length;
    expect((await herd.askAll()).every(isHit)).toBe(true);
    expect(origin.requests).toHaveLength(before);
  });

  it('over the queue: the rest is told to come back, and finds everything when it does', { timeout: 30_000 }, async () => {
    await using herd = await Herd.start('connections: 3, queue: 60');
    const { origin } = herd.stage;
    const { answers, watch } = await herd.afterPurge(() => herd.stage.play([UNTIL_SENT_AWAY]));
    expect(answers.filter(({ key, answer }) => !isOwn(key, answer) && !isSentAway(answer))).toEqual([]);
    expect(answers.some(({ answer }) => isSentAway(answer))).toBe(true);
    expect(watch.most).toBe(3);
    expect(Math.max(...watch.fetches.values())).toBeLessThanOrEqual(2);

    expect((await herd.askAll()).map((got) => got?.status)).toEqual(KEYS.map(() => 200));
    const before = origin.requests.length;
    expect((await herd.askAll()).every(isHit)).toBe(true);
    expect(origin.requests).toHaveLength(before);
  });
});

function isOwn(key: Key, got: Got | undefined): boolean {
  return got?.status === 200 && got.whole && got.body.toString() === nameOf(key);
}

function isSentAway(got: Got | undefined): boolean {
  const retryAfter = fieldValue(got?.fields ?? [], 'retry-after');
  return got?.status === 503 && retryAfter === '1' && /^freshet; fwd=(uri-)?miss; detail=origin-busy$/.test(saidOf(got));
}
