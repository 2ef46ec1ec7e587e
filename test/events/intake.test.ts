import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/events/event.ts';
import { type EventObserver, Intake, type IntakeParts, type Taken } from '../../src/events/intake.ts';
import { planOf } from '../../src/events/rules.ts';
import type { PurgeOrder, PurgeOutcome, Receipt } from '../../src/purge/order.ts';
import { event, rulesOf } from './event.ts';

const RECEIPT: Receipt = { id: 'a.1', authority: 'process', mode: 'hard', tags: 1, urls: 0, waitedMs: 1 };
const CONFIRMED: PurgeOutcome = { kind: 'confirmed', receipt: RECEIPT, epoch: 1 };

/** An intake over a door that opens when the test says so. */
class Bench {
  readonly asked: { readonly order: PurgeOrder; readonly answer: (outcome: PurgeOutcome | Error) => void }[] = [];
  readonly ends: Parameters<EventObserver['eventTaken']>[0][] = [];
  readonly lines: string[] = [];
  readonly pauses: { readonly durationMs: number; readonly end: () => void }[] = [];
  retries = 0;
  now = 1_000_000;
  random = 1;
  readonly intake: Intake;

  constructor(rules = '[{ on: "order.*", purge: ["order:{id}"] }]', plan?: IntakeParts['plan']) {
    const planned = rulesOf(rules);
    this.intake = new Intake({
      plan: plan ?? ((one) => planOf(one, { rules: planned, scopeNames: [] })),
      purge: (order) => {
        const { promise, resolve, reject } = Promise.withResolvers<PurgeOutcome>();
        this.asked.push({ order, answer: (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)) });
        return promise;
      },
      observer: {
        eventTaken: (end) => this.ends.push(end),
        eventRetried: () => this.retries++,
        warn: (message) => this.lines.push(message),
        error: (message) => this.lines.push(message),
      },
      clock: { now: () => this.now },
      pause: (durationMs, signal) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        signal.addEventListener('abort', () => resolve());
        this.pauses.push({ durationMs, end: resolve });
        return promise;
      },
      random: () => this.random,
    });
  }

  take(id: string, given: Partial<Event> = {}): Promise<Taken> {
    return this.intake.take(event({ id, data: { id }, ...given }), 'webhook');
  }

  get tags(): readonly string[] {
    return this.asked.map(({ order }) => order.tags.join());
  }
}

/** Everything that can go on without the test has. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('one event', () => {
  it('is done when its purge is confirmed', async () => {
    const bench = new Bench();
    const taken = bench.take('1', { time: 990_000 });
    await settled();
    expect(bench.asked[0]?.order).toMatchObject({
      kind: 'event',
      tags: ['order:1'],
      actor: 'webhook event 1 of /shop',
      reason: 'order.updated: events.rules[0] (order.*)',
    });
    expect(bench.intake.inFlight).toBe(1);
    expect(bench.ends).toEqual([]);
    bench.asked[0]?.answer(CONFIRMED);
    expect(await taken).toEqual({ kind: 'purged', receipt: RECEIPT, by: ['events.rules[0] (order.*)'] });
    expect(bench.intake.inFlight).toBe(0);
    expect(bench.ends).toEqual([{ source: 'webhook', result: 'purged', lagMs: 10_000 }]);
  });

  it('that carries its purge is the reason itself', async () => {
    const bench = new Bench();
    const taken = bench.take('1', { type: 'freshet.purge', data: { tags: ['a'] } });
    await settled();
    expect(bench.asked[0]?.order).toMatchObject({ tags: ['a'], reason: 'freshet.purge' });
    bench.asked[0]?.answer(CONFIRMED);
    await taken;
  });

  it('is purged without its fences at once, where there is no room for them', async () => {
    const bench = new Bench('[{ on: "order.*", purge: ["order:{id}"], version: "{id}", settle: 2s }]');
    const ends = ['1', '2'].map((id) => bench.take(id));
    for (const at of [0, 1]) {
      await settled();
      for (const { answer } of bench.asked.slice(2 * at)) answer(at === 0 ? { kind: 'out-of-holds' } : CONFIRMED);
    }
    expect(await Promise.all(ends)).toMatchObject([{ kind: 'purged' }, { kind: 'purged' }]);
    expect(bench.asked.slice(2).map(({ order }) => order)).toMatchObject([
      { tags: ['order:1'], settleMs: 0, versions: new Map() },
      { tags: ['order:2'], settleMs: 0, versions: new Map() },
    ]);
    expect(bench.lines).toEqual(['events are purged without their settle windows and versions: out of holds']);
    expect(bench.pauses).toEqual([]);
  });

  it('of the future has no lag', async () => {
    const bench = new Bench();
    const taken = bench.take('1', { time: 2_000_000 });
    await settled();
    bench.asked[0]?.answer(CONFIRMED);
    await taken;
    expect(bench.ends).toEqual([{ source: 'webhook', result: 'purged', lagMs: 0 }]);
  });

  it('that no rule is for is done, and purges nothing', async () => {
    const bench = new Bench();
    expect(await bench.take('1', { type: 'stock.low' })).toEqual({ kind: 'unmatched' });
    expect(bench.asked).toEqual([]);
    expect(bench.ends).toEqual([{ source: 'webhook', result: 'unmatched' }]);
  });

  it('that a rule cannot take is rejected, and purges nothing', async () => {
    const bench = new Bench();
    expect(await bench.take('1', { data: {} })).toEqual({
      kind: 'rejected',
      faults: [{ rule: 'events.rules[0] (order.*)', field: 'id', detail: 'events.rules[0] (order.*): id is missing, in order:{id}' }],
    });
    expect(bench.asked).toEqual([]);
    expect(bench.ends).toEqual([{ source: 'webhook', result: 'rejected' }]);
    expect(bench.lines).toEqual(['an event was rejected']);
  });

  it('over which the rules fall is rejected: whoever brought it does not', async () => {
    const bench = new Bench('[]', () => {
      throw new RangeError('too deep');
    });
    expect((await bench.take('1')).kind).toBe('rejected');
    expect(bench.lines).toContain('the rules could not be applied to an event');
    expect(bench.intake.inFlight).toBe(0);
  });

  it('that is none is counted', () => {
    const bench = new Bench();
    bench.intake.malformed('redis', 'no JSON');
    expect(bench.ends).toEqual([{ source: 'redis', result: 'malformed' }]);
  });
});

describe('the same event again', () => {
  it('is a duplicate once it was purged', async () => {
    const bench = new Bench();
    const first = bench.take('1');
    await settled();
    bench.asked[0]?.answer(CONFIRMED);
    await first;
    expect(await bench.take('1', { data: { id: 'other' } })).toEqual({ kind: 'duplicate' });
    expect(bench.asked).toHaveLength(1);
  });

  it('that comes another way is another one: who may send some keeps none of the others away', async () => {
    const bench = new Bench();
    const sent = bench.take('1', { data: { id: 'forged' } });
    await settled();
    bench.asked[0]?.answer(CONFIRMED);
    await sent;
    const read = bench.intake.take(event({ id: '1', data: { id: '1' } }), 'redis');
    await settled();
    bench.asked[1]?.answer(CONFIRMED);
    expect((await read).kind).toBe('purged');
    expect(bench.tags).toEqual(['order:forged', 'order:1']);
  });

  it('while it is under way waits for the first, and is a duplicate then', async () => {
    const bench = new Bench();
    const ended: string[] = [];
    const all = [1, 2, 3].map(() => bench.take('1').then(({ kind }) => ended.push(kind)));
    await settled();
    expect(bench.asked).toHaveLength(1);
    expect(ended).toEqual([]);
    bench.asked[0]?.answer(CONFIRMED);
    await Promise.all(all);
    expect(ended).toEqual(['purged', 'duplicate', 'duplicate']);
  });

  it('fails with the first', async () => {
    const bench = new Bench();
    const all = [bench.take('1'), bench.take('1')];
    await settled();
    bench.now += 10_000;
    bench.asked[0]?.answer({ kind: 'unknown' });
    expect(await Promise.all(all)).toEqual([
      { kind: 'failed', why: 'unknown' },
      { kind: 'failed', why: 'unknown' },
    ]);
  });

  it('is tried anew where it failed, was rejected, or matched nothing', async () => {
    const bench = new Bench();
    const failed = bench.take('1');
    await settled();
    bench.now += 10_000;
    bench.asked[0]?.answer({ kind: 'rejected' });
    await failed;
    void bench.take('1');
    await settled();
    expect(bench.asked).toHaveLength(2);
    await bench.take('2', { data: {} });
    expect((await bench.take('2', { data: {} })).kind).toBe('rejected');
    await bench.take('3', { type: 'x' });
    expect((await bench.take('3', { type: 'x' })).kind).toBe('unmatched');
  });

  it('is another one from another source, or with what looks like both', async () => {
    const bench = new Bench();
    for (const [source, id] of [
      ['/a', 'b'],
      ['/a/b', ''],
      ['/a","b', 'c'],
      ['/a', 'b","c'],
      ['/c', 'b'],
    ] as const)
      void bench.take(id, { source, data: { id: 1 } });
    await settled();
    expect(bench.asked).toHaveLength(5);
  });
});

describe('order', () => {
  it('events of one subject go one after the other, of others at once', async () => {
    const bench = new Bench();
    for (const [id, subject] of [
      ['1', 'a'],
      ['2', 'a'],
      ['3', 'b'],
      ['4', undefined],
      ['5', undefined],
      ['6', 'a'],
    ] as const)
      void bench.take(id, subject === undefined ? {} : { subject });
    await settled();
    expect(bench.tags).toEqual(['order:1', 'order:3', 'order:4', 'order:5']);
    bench.asked[0]?.answer(CONFIRMED);
    await settled();
    expect(bench.tags.slice(4)).toEqual(['order:2']);
    bench.asked[4]?.answer(CONFIRMED);
    await settled();
    expect(bench.tags.slice(5)).toEqual(['order:6']);
  });

  it('a subject is one of its source', async () => {
    const bench = new Bench();
    void bench.take('1', { subject: 'a', source: '/x' });
    void bench.take('2', { subject: 'a', source: '/y' });
    await settled();
    expect(bench.tags).toEqual(['order:1', 'order:2']);
  });

  it('so many purges are under way at once, and the next begins when one has ended', async () => {
    const bench = new Bench();
    for (let i = 0; i < 40; i++) void bench.take(`${i}`);
    await settled();
    expect(bench.tags).toHaveLength(32);
    expect(bench.intake.inFlight).toBe(40);
    bench.asked[5]?.answer(CONFIRMED);
    await settled();
    expect(bench.tags.slice(32)).toEqual(['order:32']);
    expect(bench.intake.inFlight).toBe(39);
  });

  it('what waits for its subject takes no room', async () => {
    const bench = new Bench();
    for (let i = 0; i < 40; i++) void bench.take(`a${i}`, { subject: 'a' });
    void bench.take('b');
    await settled();
    expect(bench.tags).toEqual(['order:a0', 'order:b']);
  });

  it('too many are told to come again', async () => {
    const bench = new Bench();
    for (let i = 0; i < 10_000; i++) void bench.take(`${i}`);
    expect(await bench.take('one more')).toEqual({ kind: 'failed', why: 'busy' });
    expect(bench.intake.inFlight).toBe(10_000);
  });
});

describe('a purge that is not confirmed', () => {
  it.each<PurgeOutcome | Error>([
    { kind: 'unknown' },
    { kind: 'rejected' },
    { kind: 'out-of-holds' },
    { kind: 'committed', receipt: RECEIPT, boundMs: 1 },
    new Error('closed'),
  ])('%o is asked for again', async (outcome) => {
    const bench = new Bench();
    const taken = bench.take('1');
    await settled();
    bench.asked[0]?.answer(outcome);
    await settled();
    expect(bench.asked).toHaveLength(1);
    bench.pauses[0]?.end();
    await settled();
    expect(bench.retries).toBe(1);
    bench.asked[1]?.answer(CONFIRMED);
    expect((await taken).kind).toBe('purged');
    expect(bench.ends).toEqual([{ source: 'webhook', result: 'purged' }]);
  });

  it('after pauses that grow up to a bound and are drawn', async () => {
    const bench = new Bench();
    void bench.take('1');
    for (let i = 0; i < 8; i++) {
      await settled();
      bench.random = i === 7 ? 0.25 : 1;
      bench.asked[i]?.answer({ kind: 'unknown' });
      await settled();
      bench.pauses[i]?.end();
    }
    expect(bench.pauses.map(({ durationMs }) => durationMs)).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 500]);
  });

  it('fails when its time is over, and leaves the turn to the next of its subject', async () => {
    const bench = new Bench();
    const taken = bench.take('1', { subject: 'a' });
    const next = bench.take('2', { subject: 'a' });
    await settled();
    bench.now += 9_999;
    bench.asked[0]?.answer({ kind: 'unknown' });
    await settled();
    bench.pauses[0]?.end();
    await settled();
    bench.now += 1;
    bench.asked[1]?.answer({ kind: 'unknown' });
    expect(await taken).toEqual({ kind: 'failed', why: 'unknown' });
    await settled();
    bench.asked[2]?.answer(CONFIRMED);
    expect((await next).kind).toBe('purged');
    expect(bench.ends.map(({ result }) => result)).toEqual(['failed', 'purged']);
  });
});

describe('close', () => {
  it('lets a purge that was asked for end, and takes no more', async () => {
    const bench = new Bench();
    const taken = bench.take('1');
    await settled();
    let isClosed = false;
    const closed = bench.intake.close().then(() => (isClosed = true));
    expect(await bench.take('2')).toEqual({ kind: 'failed', why: 'closing' });
    await settled();
    expect(isClosed).toBe(false);
    bench.asked[0]?.answer(CONFIRMED);
    await closed;
    expect((await taken).kind).toBe('purged');
  });

  it('begins nothing that waits for its turn', async () => {
    const bench = new Bench();
    const [first, second] = [bench.take('1', { subject: 'a' }), bench.take('2', { subject: 'a' })];
    await settled();
    const closed = bench.intake.close();
    bench.asked[0]?.answer(CONFIRMED);
    expect((await first).kind).toBe('purged');
    expect(await second).toEqual({ kind: 'failed', why: 'closing' });
    await closed;
    expect(bench.tags).toEqual(['order:1']);
  });

  it('ends a pause: what is not confirmed fails', async () => {
    const bench = new Bench();
    const taken = bench.take('1');
    await settled();
    bench.asked[0]?.answer({ kind: 'unknown' });
    await settled();
    await bench.intake.close();
    expect(await taken).toEqual({ kind: 'failed', why: 'unknown' });
    expect(bench.asked).toHaveLength(1);
  });
});
