// Journeys of herds whose answer is not for all: who goes by itself and when, what is remembered of it, and what each is told (SECURITY §11).
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../src/http/fields.ts';
import type { Answer } from '../support/client.ts';
import { Barrier, type Reply } from '../support/origin.ts';
import { fresh, Stage, STORED } from './journey.ts';

const HIT = 'hit; ttl=60';
const REMEMBERING = 'defaults: { hit_for_miss: 60s }';

interface Herd {
  readonly count: number;
  readonly fields?: Fields;
  /** By the number of the request among those of the herd. */
  readonly reply: (nth: number) => Reply;
}

/** All of them have been read before the first is answered. */
async function herd(stage: Stage, path: string, { count, fields = [], reply }: Herd): Promise<readonly Answer[]> {
  const before = stage.origin.count(path);
  const barrier = new Barrier();
  stage.origin.on(path, (_request, nth) => ({ ...reply(nth - before), ...(nth === before + 1 && { barriers: { 'before-head': barrier } }) }));
  const answers = stage.askAtOnce(count, `GET ${path}`, { fields });
  await barrier.reached;
  await stage.roundTrips();
  barrier.open();
  return Promise.all(answers);
}

function said(answers: readonly Answer[]): readonly string[] {
  return [...new Set(answers.map((answer) => answer.field('cache-status')?.replace('freshet; ', '') ?? ''))].toSorted();
}

describe('followers of a private answer', () => {
  it('are told why they went by themselves, where the answer to each could have been shared', async () => {
    await using stage = await Stage.start();
    const answers = await herd(stage, '/a', { count: 3, reply: (nth) => (nth === 1 ? { fields: ['cache-control', 'private'] } : fresh('x')) });
    expect(said(answers)).toEqual(['fwd=uri-miss; fwd-status=200; detail=private', 'fwd=uri-miss; fwd-status=200; stored; detail=not-shareable']);
  });
});

describe('what an answer says of the next', () => {
  it.each([
    { name: 'a cookie', fields: ['cookie', 'sid=1'], detail: 'request-cookie' },
    { name: 'an Authorization', fields: ['authorization', 'Bearer one'], detail: 'authorization' },
  ])('refused to who leads with $name: those without are no hit-for-miss, those with one are', async ({ fields, detail }) => {
    await using stage = await Stage.start({ config: REMEMBERING });
    const refused = { cacheStatus: `fwd=uri-miss; fwd-status=200; detail=${detail}` };
    await stage.play([{ ask: 'GET /a', fields, answers: fresh('x'), expect: refused }]);
    const answers = await herd(stage, '/a', { count: 10, reply: () => fresh('x') });
    expect([said(answers), stage.origin.count('/a')]).toEqual([[STORED, `${STORED}; collapsed`], 2]);

    await stage.play([{ ask: 'GET /b', fields, answers: fresh('x'), expect: refused }]);
    const before = stage.origin.requests.length;
    const barrier = new Barrier();
    stage.origin.on('/b', { ...fresh('x'), barriers: { 'before-head': barrier } });
    const alone = stage.askAtOnce(3, 'GET /b', { fields });
    await stage.origin.seen(before + 3);
    barrier.open();
    await Promise.all(alone);
  });

  it.each([
    { name: 'by its length', framing: 'length' },
    { name: 'as it turned out', framing: 'chunked' },
  ] as const)('too large $name: no hit-for-miss, the next one may be smaller', async ({ framing }) => {
    await using stage = await Stage.start({ config: `store: { max_object: 1KiB }\n${REMEMBERING}` });
    await stage.play([{ ask: 'GET /a', answers: { ...fresh('x'.repeat(2048)), framing }, expect: {} }]);
    const answers = await herd(stage, '/a', { count: 10, reply: () => fresh('small') });
    expect([said(answers), stage.origin.count('/a')]).toEqual([[STORED, `${STORED}; collapsed`], 2]);
  });

  it('no-store: hit-for-miss, and said so where the next could be stored', async () => {
    await using stage = await Stage.start({ config: REMEMBERING });
    await stage.play([
      { ask: 'GET /a', answers: { fields: ['cache-control', 'no-store'] }, expect: { cacheStatus: /detail=response-no-store$/ } },
      { ask: 'GET /a', answers: fresh('x'), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; stored; detail=hit-for-miss' } },
      { ask: 'GET /a', expect: { cacheStatus: HIT } },
    ]);
  });
});

it.each([
  ['no-cache', 'request-no-cache'],
  ['max-age=0', 'request-max-age'],
])('requests that want what is newest are each forwarded: %s', async (control, detail) => {
  await using stage = await Stage.start();
  await stage.play([{ ask: 'GET /a', answers: fresh('x'), expect: { cacheStatus: STORED } }]);
  const barrier = new Barrier();
  stage.origin.on('/a', { ...fresh('y'), barriers: { 'before-head': barrier } });
  const answers = stage.askAtOnce(3, 'GET /a', { fields: ['cache-control', control] });
  await stage.origin.seen(4);
  barrier.open();
  const all = await Promise.all(answers);
  expect(all.map(({ body }) => body)).toEqual(['y', 'y', 'y']);
  // None waited for another's answer first.
  expect(said(all)).toEqual([`fwd=request; fwd-status=200; stored; detail=${detail}`]);
});

describe('a failure that is shared', () => {
  it.each([500, 502, 503, 504])('%i: the followers are told whose it is', async (status) => {
    await using stage = await Stage.start();
    const answers = await herd(stage, '/a', { count: 4, reply: () => ({ status, body: 'down' }) });
    const led = `fwd=uri-miss; fwd-status=${status}; detail=no-freshness`;
    expect(stage.origin.count('/a')).toBe(2);
    expect(said(answers)).toEqual([`fwd=uri-miss; fwd-status=${status}; collapsed; detail=origin-error`, led]);
  });

  it('of a body: cut, not stored, and counted', async () => {
    await using stage = await Stage.start();
    const answers = await herd(stage, '/a', { count: 4, reply: () => ({ ...fresh('0123456789'), fault: 'truncate' }) });
    expect(answers.map(({ complete }) => complete)).toEqual([false, false, false, false]);
    await stage.play([
      { ask: 'GET /metrics', to: 'admin', expect: { body: /^freshet_fills_refused_total\{reason="truncated"\} 1$/m } },
      { ask: 'GET /a', answers: fresh('whole'), expect: { cacheStatus: STORED } },
    ]);
  });
});
