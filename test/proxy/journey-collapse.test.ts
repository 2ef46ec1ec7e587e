// Journeys of many requests at once: one fetch where one will do, and every follower's way out (PURGE-PROTOCOL §3.2 rules 4, 5; SECURITY §11).
import { describe, expect, it } from 'vitest';
import { fieldValue } from '../../src/http/fields.ts';
import type { Answer } from '../support/client.ts';
import { RawClient } from '../support/client.ts';
import { Barrier } from '../support/origin.ts';
import type { Place, Reply, Script } from '../support/origin.ts';
import { fresh, PURGES, Stage, STORED } from './journey.ts';

/** The first request waits at `place`, the others do not. */
function held(barrier: Barrier, reply: (nth: number) => Reply, place: Place = 'before-read'): Script {
  return (_request, nth) => ({ ...reply(nth), ...(nth === 1 && { barriers: { [place]: barrier } }) });
}

/** `count` requests of which all have been read before the first is answered. */
async function atOnce(stage: Stage, count: number, reply: (nth: number) => Reply): Promise<readonly Answer[]> {
  const barrier = new Barrier();
  stage.origin.on('/a', held(barrier, reply));
  const answers = stage.askAtOnce(count, 'GET /a');
  await barrier.reached;
  await stage.roundTrips();
  barrier.open();
  return Promise.all(answers);
}

const LARGE_BYTES = 256 * 1024;

/** The beginning of the body comes with the head, before anyone could decide; its end does not. */
function large(fields: string): Reply {
  return {
    raw: `HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\n${fields}content-length: ${LARGE_BYTES}\r\n\r\n${'x'.repeat(LARGE_BYTES)}`,
    keepOpen: true,
  };
}

const bodies = (answers: readonly Answer[]): readonly string[] => [...new Set(answers.map(({ body }) => body))];
const statuses = (answers: readonly Answer[]): readonly number[] => [...new Set(answers.map(({ status }) => status))];
const cacheStatuses = (answers: readonly Answer[]): readonly string[] =>
  [...new Set(answers.map((answer) => answer.field('cache-status') ?? ''))].toSorted();

describe('one fetch for many', () => {
  it('200 requests at once are one origin request', async () => {
    await using stage = await Stage.start();
    const answers = await atOnce(stage, 200, () => fresh('one'));
    expect(stage.origin.count('/a')).toBe(1);
    expect(bodies(answers)).toEqual(['one']);
    expect(cacheStatuses(answers)).toEqual([`freshet; ${STORED}`, `freshet; ${STORED}; collapsed`]);
    await stage.play([{ ask: 'GET /metrics', to: 'admin', expect: { body: /^freshet_collapsed_followers_total 199$/m, asked: 0 } }]);
  });

  it('one validation for many', async () => {
    await using stage = await Stage.start();
    await stage.play([{ ask: 'GET /b', answers: fresh('one', ['etag', '"v1"']), expect: { cacheStatus: STORED } }]);
    stage.clock.advance(61_000);
    const barrier = new Barrier();
    stage.origin.on('/b', { status: 304, fields: ['etag', '"v1"', 'cache-control', 'max-age=60'], barriers: { 'before-head': barrier } });
    const answers = stage.askAtOnce(30, 'GET /b');
    await barrier.reached;
    await stage.roundTrips();
    barrier.open();
    expect(bodies(await Promise.all(answers))).toEqual(['one']);
    expect(stage.origin.count('/b')).toBe(2);
  });

  it('one validation for one, where it says that the answer is private: the others ask for themselves', async () => {
    await using stage = await Stage.start();
    await stage.play([{ ask: 'GET /b', answers: fresh('one', ['etag', '"v1"']), expect: { cacheStatus: STORED } }]);
    stage.clock.advance(61_000);
    const barrier = new Barrier();
    stage.origin.on('/b', (_request, nth) =>
      nth === 2
        ? { status: 304, fields: ['etag', '"v1"', 'cache-control', 'private, max-age=60'], barriers: { 'before-head': barrier } }
        : { fields: ['cache-control', 'private'], body: `own ${nth}` },
    );
    const answers = stage.askAtOnce(3, 'GET /b');
    await barrier.reached;
    await stage.roundTrips();
    barrier.open();
    expect(bodies(await Promise.all(answers)).toSorted()).toEqual(['one', 'own 3', 'own 4']);
  });

  it('who comes in the middle of the body gets it from its first byte', async () => {
    await using stage = await Stage.start();
    const barrier = new Barrier();
    stage.origin.on(
      '/a',
      held(barrier, () => fresh('0123456789'), 'mid-body'),
    );
    const first = stage.ask('GET /a');
    await barrier.reached;
    await stage.roundTrips();
    const second = stage.ask('GET /a');
    await stage.roundTrips();
    barrier.open();
    expect((await first).body).toBe('0123456789');
    expect(await second).toMatchObject({ body: '0123456789', complete: true });
    expect(stage.origin.count('/a')).toBe(1);
  });

  it.each([
    { name: 'a length over max_object', reply: large('') },
    { name: 'a tag that is held', reply: large('surrogate-key: h\r\n'), config: '' },
  ])('$name is shared by those who waited though nobody keeps it', async ({ reply, config }) => {
    await using stage = await Stage.start({ config: config ?? 'store: { max_object: 1KiB }' });
    await stage.play([{ ask: 'PURGE /', fields: [...PURGES, 'surrogate-key', 'h', 'purge-settle', '60s'], expect: {} }]);
    const answers = await atOnce(stage, 20, () => reply);
    expect(stage.origin.count('/a')).toBe(1);
    expect(answers.every(({ complete, bytes }) => complete && bytes.length === LARGE_BYTES)).toBe(true);
    await stage.play([{ ask: 'GET /a', expect: { asked: 1 } }]);
  });

  it.each([
    { name: 'collapse: false', config: 'defaults: { collapse: false }', asking: {} },
    { name: 'a Range', config: '', asking: { fields: ['range', 'bytes=0-1'] } },
    { name: 'no-store', config: '', asking: { fields: ['cache-control', 'no-store'] } },
  ])('not with $name', async ({ config, asking }) => {
    await using stage = await Stage.start({ config });
    const barrier = new Barrier();
    stage.origin.on('/a', { ...fresh('one'), barriers: { 'before-head': barrier } });
    const answers = stage.askAtOnce(3, 'GET /a', asking);
    await stage.origin.seen(3);
    barrier.open();
    expect(bodies(await Promise.all(answers))).toEqual(['one']);
  });
});

describe('an answer that is not for the followers', () => {
  it.each([
    { name: 'private', fields: ['cache-control', 'private, max-age=60'] },
    { name: 'no-store', fields: ['cache-control', 'no-store'] },
    { name: 'one that sets a cookie', fields: ['cache-control', 'max-age=60', 'set-cookie', 'session=1'] },
    { name: 'Vary: *', fields: ['cache-control', 'max-age=60', 'vary', '*'] },
    { name: 'one that is stale at once', fields: ['cache-control', 'max-age=0', 'etag', '"v"'] },
  ])('$name: each goes by itself', async ({ fields }) => {
    await using stage = await Stage.start();
    const answers = await atOnce(stage, 30, (nth) => ({ fields, body: `for ${nth}` }));
    expect(bodies(answers)).toHaveLength(30);
    expect(stage.origin.count('/a')).toBe(30);
  });

  it('of another variant: those who want the same share one more fetch', async () => {
    await using stage = await Stage.start();
    const barrier = new Barrier();
    stage.origin.on('/a', (request, nth) => ({
      ...fresh(fieldValue(request.fields, 'accept-language') ?? 'none', ['vary', 'accept-language']),
      ...(nth === 1 && { barriers: { 'before-head': barrier } }),
    }));
    const languages = Array.from({ length: 30 }, (_, i) => ['de', 'en', 'fr'][i % 3] ?? '');
    const answers = languages.map((language) => stage.ask('GET /a', { fields: ['accept-language', language] }));
    await barrier.reached;
    await stage.roundTrips();
    barrier.open();
    expect((await Promise.all(answers)).map(({ body }) => body)).toEqual(languages);
    expect(stage.origin.count('/a')).toBe(3);
  });

  it('of another variant, once it is known what the URL varies on: nobody waits for it, though nothing is stored', async () => {
    await using stage = await Stage.start();
    const barrier = new Barrier();
    stage.origin.on('/a', (request, nth) => ({
      ...fresh(fieldValue(request.fields, 'accept-language') ?? 'none', ['vary', 'accept-language']),
      ...(nth === 1 ? { framing: 'close' } : { barriers: { 'before-head': barrier } }),
    }));
    const ask = (language: string) => stage.ask('GET /a', { fields: ['accept-language', language] });
    await ask('de');
    const german = ask('de');
    await stage.origin.seen(2);
    const english = ask('en');
    await stage.origin.seen(3);
    barrier.open();
    expect(cacheStatuses(await Promise.all([german, english]))).toEqual([`freshet; ${STORED}`]);
  });

  it.each([
    ['that it is validated each time', ['cache-control', 'no-cache'], true],
    ['that it is stale at once', ['cache-control', 'max-age=0'], true],
    ['that it is fresh for less time than it took', ['cache-control', 'max-age=1'], false],
  ])('hit-for-miss: an answer that comes late says of the next one %s', async (_, control, isUncacheable) => {
    await using stage = await Stage.start();
    const barrier = new Barrier();
    stage.origin.on(
      '/a',
      held(barrier, (nth) => ({ fields: ['etag', `"${nth}"`, ...control] }), 'before-head'),
    );
    const late = stage.ask('GET /a');
    await barrier.reached;
    stage.clock.advance(1500);
    barrier.open();
    await late;
    await stage.ask('PURGE /a', { fields: PURGES });
    const asked = await stage.ask('GET /a', { fields: ['if-none-match', '"mine"'] });
    expect(asked.field('cache-status')?.includes('hit-for-miss')).toBe(isUncacheable);
    // The condition of a client goes to the origin only where nobody else waits for the answer.
    expect(fieldValue(stage.origin.requests.at(-1)?.fields ?? [], 'if-none-match')).toBe(isUncacheable ? '"mine"' : undefined);
  });

  it('hit-for-miss: what proved uncacheable a moment ago is not waited for, and goes with its own conditions', async () => {
    await using stage = await Stage.start({ config: 'defaults: { hit_for_miss: 10s }' });
    await stage.play([{ ask: 'GET /a', answers: { body: 'x' }, expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=no-freshness' } }]);
    const barrier = new Barrier();
    stage.origin.on('/a', { body: 'x', barriers: { 'before-head': barrier } });
    const answers = stage.askAtOnce(5, 'GET /a', { fields: ['if-none-match', '"mine"'] });
    await stage.origin.seen(6);
    expect(fieldValue(stage.origin.requests.at(-1)?.fields ?? [], 'if-none-match')).toBe('"mine"');
    barrier.open();
    await Promise.all(answers);
    stage.clock.advance(10_000);
    const before = stage.origin.count('/a');
    const after = new Barrier();
    stage.origin.on('/a', (_request, nth) => ({ ...fresh('kept'), ...(nth === before + 1 && { barriers: { 'before-head': after } }) }));
    const later = stage.askAtOnce(5, 'GET /a');
    await after.reached;
    await stage.roundTrips();
    after.open();
    expect(bodies(await Promise.all(later))).toEqual(['kept']);
    expect(stage.origin.count('/a')).toBe(before + 1);
  });

  it('hit-for-miss ends with the first answer that is for everyone', async () => {
    await using stage = await Stage.start({ config: 'defaults: { hit_for_miss: 10s }' });
    await stage.play([
      { ask: 'GET /a', answers: { body: 'x' }, expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; detail=no-freshness' } },
      { ask: 'GET /a', answers: fresh('x'), expect: { cacheStatus: 'fwd=uri-miss; fwd-status=200; stored; detail=hit-for-miss' } },
      { ask: 'PURGE /a', fields: PURGES, expect: {} },
    ]);
    const before = stage.origin.count('/a');
    const barrier = new Barrier();
    stage.origin.on('/a', { ...fresh('x'), barriers: { 'before-head': barrier } });
    const answers = stage.askAtOnce(5, 'GET /a');
    await barrier.reached;
    await stage.roundTrips();
    barrier.open();
    await Promise.all(answers);
    expect(stage.origin.count('/a')).toBe(before + 1);
  });

  it('a cookie that is no part of the scope divides nobody', async () => {
    await using stage = await Stage.start({ config: 'defaults: { scope: credential }' });
    const barrier = new Barrier();
    stage.origin.on('/a', { ...fresh('one'), barriers: { 'before-head': barrier } });
    const answers = [[], ['cookie', 'theme=dark']].map((cookie) => stage.ask('GET /a', { fields: ['authorization', 'Bearer one', ...cookie] }));
    await barrier.reached;
    await stage.roundTrips();
    barrier.open();
    expect(bodies(await Promise.all(answers))).toEqual(['one']);
    expect(stage.origin.count('/a')).toBe(1);
  });

  it('two credentials never share a fetch', async () => {
    await using stage = await Stage.start({ config: 'defaults: { scope: credential }' });
    const barrier = new Barrier();
    stage.origin.on('/a', (request) => ({ ...fresh(fieldValue(request.fields, 'authorization') ?? 'nobody'), barriers: { 'before-head': barrier } }));
    const users = Array.from({ length: 20 }, (_, i) => ['Bearer one', 'Bearer two'][i % 2] ?? '');
    const answers = users.map((user) => stage.ask('GET /a', { fields: ['authorization', user] }));
    await stage.origin.seen(2);
    await stage.roundTrips();
    barrier.open();
    expect((await Promise.all(answers)).map(({ body }) => body)).toEqual(users);
    expect(stage.origin.count('/a')).toBe(2);
  });
});

describe('a fetch that fails', () => {
  it.each([
    { name: '503', reply: { status: 503, body: 'down' }, status: 503 },
    { name: 'a reset', reply: { fault: 'reset-before-head' } as const, status: 502 },
    { name: 'garbage', reply: { raw: 'garbage\r\n\r\n' }, status: 502 },
  ])('with $name: the followers share one more, then the failure', async ({ reply, status }) => {
    await using stage = await Stage.start();
    const answers = await atOnce(stage, 100, () => reply);
    expect(stage.origin.count('/a')).toBe(2);
    expect(statuses(answers)).toEqual([status]);
  });

  it('and then succeeds: only the leader is told of the failure', async () => {
    await using stage = await Stage.start();
    const answers = await atOnce(stage, 50, (nth) => (nth === 1 ? { status: 500, body: 'broken' } : fresh('fine')));
    expect(stage.origin.count('/a')).toBe(2);
    expect(answers.filter(({ status }) => status === 500)).toHaveLength(1);
    expect(answers.filter(({ body }) => body === 'fine')).toHaveLength(49);
  });

  it.each(['truncate', 'reset', 'lie'] as const)('in its body (%s): everyone sees the cut, nothing is stored', async (fault) => {
    await using stage = await Stage.start();
    const answers = await atOnce(stage, 20, () => ({ ...fresh('0123456789'), fault }));
    expect(answers.every(({ complete, status }) => !complete && status === 200)).toBe(true);
    expect(stage.origin.count('/a')).toBe(1);
    await stage.play([{ ask: 'GET /a', answers: fresh('whole'), expect: { cacheStatus: STORED, body: 'whole' } }]);
  });
});

describe('leaving and waiting', () => {
  it("the leader's client leaves before the head: the followers get the answer", async () => {
    await using stage = await Stage.start();
    const barrier = new Barrier();
    stage.origin.on(
      '/a',
      held(barrier, () => fresh('one')),
    );
    await using leader = await RawClient.connect(stage.freshet.address);
    leader.send(`GET /a HTTP/1.1\r\nHost: 127.0.0.1:${stage.freshet.address.port}\r\n\r\n`);
    await barrier.reached;
    const followers = stage.askAtOnce(5, 'GET /a');
    await stage.roundTrips();
    await leader[Symbol.asyncDispose]();
    await stage.roundTrips();
    barrier.open();
    expect(bodies(await Promise.all(followers))).toEqual(['one']);
    expect(stage.origin.count('/a')).toBe(1);
    await stage.play([{ ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60', body: 'one' } }]);
  });

  it("the leader's client leaves in the body: the followers get it whole, and it is stored", async () => {
    await using stage = await Stage.start();
    const barrier = new Barrier();
    stage.origin.on(
      '/a',
      held(barrier, () => fresh('0123456789'), 'mid-body'),
    );
    await using leader = await RawClient.connect(stage.freshet.address);
    leader.send(`GET /a HTTP/1.1\r\nHost: 127.0.0.1:${stage.freshet.address.port}\r\n\r\n`);
    await leader.head();
    const follower = stage.ask('GET /a');
    await stage.roundTrips();
    await leader[Symbol.asyncDispose]();
    await stage.roundTrips();
    barrier.open();
    expect(await follower).toMatchObject({ body: '0123456789', complete: true });
    await stage.play([{ ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60' } }]);
  });

  it('everyone leaves: the fetch is given up', async () => {
    await using stage = await Stage.start({ origin: 'connections: 1' });
    const barrier = new Barrier();
    stage.origin.on(
      '/a',
      held(barrier, () => fresh('one')),
    );
    await using client = await RawClient.connect(stage.freshet.address);
    client.send('GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n');
    await barrier.reached;
    await client[Symbol.asyncDispose]();
    // Its only connection is free again though the origin never answered.
    await stage.play([{ ask: 'GET /b', answers: fresh('b'), expect: { cacheStatus: STORED } }]);
    barrier.open();
  });

  it('leader_timeout: who comes later starts a fetch of its own', async () => {
    await using stage = await Stage.start({ config: 'defaults: { leader_timeout: 3s }' });
    const barrier = new Barrier();
    stage.origin.on(
      '/a',
      held(barrier, (nth) => fresh(`answer ${nth}`)),
    );
    const first = stage.ask('GET /a');
    await barrier.reached;
    stage.clock.advance(3000);
    expect((await stage.ask('GET /a')).body).toBe('answer 2');
    barrier.open();
    expect((await first).body).toBe('answer 1');
    await stage.play([{ ask: 'GET /a', expect: { cacheStatus: /^hit; ttl=60/, body: 'answer 2', asked: 0 } }]);
  });

  it('follower_timeout: who waited too long goes by itself, and its answer is not stored', async () => {
    await using stage = await Stage.start({ config: 'defaults: { follower_timeout: 30ms }' });
    const barrier = new Barrier();
    stage.origin.on(
      '/a',
      held(barrier, (nth) => fresh(`answer ${nth}`)),
    );
    const first = stage.ask('GET /a');
    await barrier.reached;
    const follower = await stage.ask('GET /a');
    expect(follower).toMatchObject({ body: 'answer 2' });
    expect(follower.field('cache-status')).toBe('freshet; fwd=uri-miss; fwd-status=200; detail=follower-timeout');
    barrier.open();
    expect((await first).body).toBe('answer 1');
    await stage.play([{ ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60', body: 'answer 1' } }]);
  });
});
