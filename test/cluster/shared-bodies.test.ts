// What nodes give each other through Redis: used where every purge since its fetch is known, and never waited for.
import { describe, expect, it } from 'vitest';
import { type LogEpochs, logEpochs } from '../../src/cluster/log-epochs.ts';
import type { Reply } from '../../src/cluster/logged-purge.ts';
import { type BodyRedis, SharedBodies, type SharedBodiesParts } from '../../src/cluster/shared-bodies.ts';
import type { StoredResponse } from '../../src/rules/stored-response.ts';
import { entry } from '../rules/builders.ts';

const NOW = 1_000_000;
const EPOCHS = logEpochs('inc', { epoch: 2, applied: 12 });

/** Values that go by themselves when their time is over. */
class FakeRedis implements BodyRedis {
  now = NOW;
  readonly values = new Map<string, { readonly value: Buffer; readonly until: number }>();
  readonly asked: string[] = [];
  answer: 'at once' | 'never' | 'error' = 'at once';

  command(name: string, ...args: readonly (string | number | Buffer)[]): Promise<Reply> {
    this.asked.push(name);
    if (this.answer === 'never') return new Promise(() => {});
    if (this.answer === 'error') return Promise.reject(new Error('no connection'));
    return Promise.resolve(this.#carryOut(name, args));
  }

  close(): void {}

  #carryOut(name: string, [key, value, last, keepMs]: readonly (string | number | Buffer)[]): Reply {
    if (name === 'SET') this.values.set(String(key), { value: value as Buffer, until: this.now + Number(keepMs) });
    const present = this.values.get(String(key));
    const isThere = present !== undefined && present.until > this.now;
    if (name === 'PTTL') return isThere ? present.until - this.now : -2;
    return name === 'GETRANGE' && isThere ? present.value.subarray(Number(value), Number(last) + 1) : Buffer.alloc(0);
  }
}

class Clock {
  at = NOW;
  now(): number {
    return this.at;
  }
}

function setUp(given: Partial<SharedBodiesParts> & { readonly redis?: FakeRedis } = {}) {
  const redis = given.redis ?? new FakeRedis();
  const clock = new Clock();
  const told: string[] = [];
  const bodies = new SharedBodies({
    cluster: 'shop',
    key: Buffer.alloc(32, 1),
    epochs: () => EPOCHS,
    clock,
    wall: () => redis.now,
    told: (what) => told.push(what),
    ...given,
    redis,
  });
  return { redis, clock, told, bodies };
}

/** Fresh for a minute, half a second after it came. */
function response(given: Partial<StoredResponse> = {}): StoredResponse {
  const known = { fields: ['etag', '"1"'], body: Buffer.from('one'), scopeId: 'public', tags: ['a'], tagIds: Int32Array.of(1, 2) };
  const when = { initialAgeMs: 1_000, receivedAt: NOW - 500, freshUntil: NOW + 60_000, asOf: 3, order: 9, checkedAt: 3 };
  return entry({ ...known, ...when, ...given });
}

const NONE = (): readonly string[] => [];

/** Offered by one node, asked for by another. */
async function passedOn(offered: StoredResponse, other: LogEpochs | undefined, valuesOf = NONE): Promise<StoredResponse | undefined> {
  const { redis, bodies } = setUp();
  bodies.offer('key', offered);
  return setUp({ redis, epochs: () => other }).bodies.find('key', valuesOf);
}

describe('what one has stored another finds', () => {
  it('as old as it is, as of the same purge by its own count, to be judged by its marks', async () => {
    const { redis, bodies } = setUp();
    bodies.offer('key', response());
    redis.now += 10_000;
    const other = setUp({ redis, epochs: () => logEpochs('inc', { epoch: 0, applied: 5 }) });
    const found = await other.bodies.find('key', NONE);
    expect(found).toEqual({ ...response(), initialAgeMs: 11_500, receivedAt: NOW, freshUntil: NOW + 50_000, asOf: 8, order: 0, checkedAt: -1 });
    expect(other.told).toEqual(['found']);
  });

  it.each([
    ['one that came just before it was asked for', logEpochs('inc', { epoch: 0, applied: 13 }), 0],
    ['one that came after that: purges between are unknown to it', logEpochs('inc', { epoch: 0, applied: 14 }), undefined],
    ['one of another incarnation', logEpochs('other', { epoch: 0, applied: 5 }), undefined],
    ['one without a place in the log', undefined, undefined],
  ])('%s', async (_name, epochs, asOf) => {
    expect((await passedOn(response(), epochs))?.asOf).toBe(asOf);
  });

  it('not under another key, secret or cluster', async () => {
    const { redis, bodies } = setUp();
    bodies.offer('key', response());
    expect(await bodies.find('other', NONE)).toBeUndefined();
    expect(await setUp({ redis, key: Buffer.alloc(32, 2) }).bodies.find('key', NONE)).toBeUndefined();
    expect(await setUp({ redis, cluster: 'other' }).bodies.find('key', NONE)).toBeUndefined();
    expect(await bodies.find('key', NONE)).toBeDefined();
  });

  it('by the values of the fields that it varies on', async () => {
    const varying = response({ axes: ['accept'], axisValues: ['text/html'] });
    expect(await passedOn(varying, EPOCHS, () => ['text/html'])).toMatchObject({ axes: ['accept'], axisValues: ['text/html'] });
    expect(await passedOn(varying, EPOCHS, () => ['text/plain'])).toBeUndefined();
  });

  it('not once its freshness is over, by the clock of Redis or of the machine', async () => {
    const { redis, clock, bodies, told } = setUp();
    bodies.offer('key', response());
    redis.now += 60_000;
    expect(await bodies.find('key', NONE)).toBeUndefined();
    const [name] = redis.values.keys();
    redis.values.set(String(name), { value: redis.values.get(String(name))?.value as Buffer, until: redis.now + 60_000 });
    expect(await bodies.find('key', NONE)).toBeUndefined();
    expect([told, clock.at]).toEqual([['written', 'absent', 'unusable'], NOW]);
  });

  it.each([
    ['garbage', (value: Buffer) => Buffer.alloc(value.length, 255)],
    ['more than a node writes', (value: Buffer) => Buffer.concat([value, Buffer.alloc(64 * 1024 * 1024)])],
    ['a part of it', (value: Buffer) => value.subarray(0, 40)],
  ])('%s in its place is as good as none', async (_name, spoil) => {
    const { redis, bodies, told } = setUp();
    bodies.offer('key', response());
    for (const [name, { value, until }] of redis.values) redis.values.set(name, { value: spoil(value), until });
    expect(await bodies.find('key', NONE)).toBeUndefined();
    expect(told).toEqual(['written', 'unusable']);
  });
});

describe('what is not offered', () => {
  it.each<[string, Partial<StoredResponse>]>([
    ['a part', { part: { first: 0, last: 2, completeBytes: 10 } }],
    ['what is to be validated at each use', { alwaysValidate: true }],
    ['what is stale in a moment', { freshUntil: NOW + 999 }],
    ['more than 1 MiB', { body: Buffer.alloc(1024 * 1024 + 1) }],
    ['what was asked for before the node had its place in the log', { asOf: 1 }],
  ])('%s', async (_name, lacking) => {
    const { redis, bodies } = setUp();
    bodies.offer('key', response(lacking));
    expect(redis.asked).toEqual([]);
  });

  it('more than 8 MiB at once', () => {
    const { redis, bodies, told } = setUp();
    redis.answer = 'never';
    for (let i = 0; i < 9; i++) bodies.offer(`key ${i}`, response({ body: Buffer.alloc(1024 * 1024) }));
    expect([redis.asked.length, told]).toEqual([7, ['unwritten', 'unwritten']]);
  });
});

describe('a Redis that does not answer', () => {
  it('keeps nobody waiting, and after five times is not asked for five seconds', async () => {
    const { redis, clock, bodies, told } = setUp();
    redis.answer = 'never';
    for (let i = 0; i < 5; i++) expect(await bodies.find('key', NONE)).toBeUndefined();
    const before = redis.asked.length;
    redis.answer = 'at once';
    expect(await bodies.find('key', NONE)).toBeUndefined();
    bodies.offer('key', response());
    expect([told, redis.asked.length]).toEqual([Array.from({ length: 5 }, () => 'failed'), before]);
    clock.at += 5_000;
    bodies.offer('key', response());
    expect(await bodies.find('key', NONE)).toBeDefined();
  });

  it('refuses: the same', async () => {
    const { redis, bodies, told } = setUp();
    redis.answer = 'error';
    expect(await bodies.find('key', NONE)).toBeUndefined();
    bodies.offer('key', response());
    await Promise.resolve();
    await Promise.resolve();
    expect(told).toContain('failed');
  });
});

it('those who ask at once share a question', async () => {
  const { redis, bodies } = setUp();
  const asked = [bodies.find('key', NONE), bodies.find('key', NONE)];
  await Promise.all(asked);
  expect(redis.asked).toEqual(['GETRANGE', 'PTTL', 'GETRANGE']);
});
