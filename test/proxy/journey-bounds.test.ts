// Journeys at the limits of what is remembered: bodies on their way, keys, axes, and who leads a herd. DESIGN P5, SECURITY §4.4, §11.
import { describe, expect, it } from 'vitest';
import { type Fields, fieldValue } from '../../src/http/fields.ts';
import { type Answer, RawClient } from '../support/client.ts';
import { Barrier, type Reply } from '../support/origin.ts';
import { fresh, Stage, type Step, STORED } from './journey.ts';

const KIB = 1024;
const HIT = 'hit; ttl=60';

const bodies = (answers: readonly Answer[]): readonly string[] => [...new Set(answers.map(({ body }) => body))];

const MOST_TRIES = 50;

/** Asked for afresh, and again, until the second is as `wanted`. */
async function until(stage: Stage, wanted: 'stored' | 'not stored', url: (nth: number) => string): Promise<boolean> {
  for (let nth = 0; nth < MOST_TRIES; nth++) {
    await stage.ask(`GET ${url(nth)}`);
    const again = await stage.ask(`GET ${url(nth)}`, { fields: ['cache-control', 'only-if-cached'] });
    if ((again.status === 200) === (wanted === 'stored')) return true;
  }
  return false;
}

const LARGE = Buffer.alloc(32 * KIB * KIB, 97);

interface SlowCase {
  readonly name: string;
  readonly config: string;
  /** What the slow clients ask: of a large body each. */
  readonly asks: readonly string[];
  /** Of the large body. */
  readonly control: string;
  readonly largeBytes?: number;
  /** Of the others, that are stored if they fit. */
  readonly othersBytes: number;
}

// All together may hold a quarter of the store, or one body of the largest size. The buffers of a connection take up to 10 MiB of a large body before the rest has to wait here: of 24 MiB at least 14 do, and 18 more are over the limit.
const slowCases: readonly SlowCase[] = [
  {
    name: 'kept',
    config: 'store: { memory: 64MiB, max_object: 24MiB }',
    asks: ['GET /large/1'],
    largeBytes: 24 * KIB * KIB,
    control: 'max-age=60',
    othersBytes: 18 * KIB * KIB,
  },
  { name: 'not stored', config: 'store: { memory: 1MiB, max_object: 64KiB }', asks: ['GET /large/1'], control: 'no-store', othersBytes: 10 },
  {
    name: 'passed',
    config: 'store: { memory: 1MiB, max_object: 64KiB }\nroutes: [{ path: "/large/*", pass: true }]',
    asks: ['GET /large/1'],
    control: 'max-age=60',
    othersBytes: 10,
  },
  {
    name: 'the answer to a write',
    config: 'store: { memory: 1MiB, max_object: 64KiB }',
    asks: ['POST /large/1'],
    control: 'no-store',
    othersBytes: 10,
  },
];

const SMALL = 'store: { memory: 1MiB }\nroutes: [{ path: /pass, pass: true }, { path: /a, store_post: true }, { path: /b, max_object: 1KiB }]';

/** One of these that did not give back what it held would be enough: the store is small. */
const gone: readonly { readonly name: string; readonly line: string; readonly fields?: Fields; readonly reply: Reply }[] = [
  { name: 'stored', line: 'GET /a', reply: fresh('') },
  { name: 'not stored', line: 'GET /a', reply: {} },
  { name: 'one that the client has already', line: 'GET /a', fields: ['if-none-match', '"1"'], reply: { fields: ['etag', '"1"'] } },
  { name: 'the same, stored', line: 'GET /a', fields: ['if-none-match', '"1"'], reply: fresh('', ['etag', '"1"']) },
  { name: 'passed', line: 'GET /pass', reply: fresh('') },
  { name: 'the answer to a write', line: 'PUT /a', reply: {} },
  { name: 'the answer to a write, stored', line: 'POST /a', reply: fresh('', ['content-location', '/a']) },
  { name: 'an error', line: 'GET /a', reply: { status: 503 } },
  { name: 'cut', line: 'GET /a', reply: { ...fresh(''), fault: 'truncate' } },
  { name: 'cut in a pass', line: 'GET /pass', reply: { ...fresh(''), fault: 'reset' } },
  { name: 'without a length', line: 'GET /a', reply: { ...fresh(''), framing: 'close' } },
  { name: 'too large', line: 'GET /b', reply: { ...fresh(''), framing: 'chunked' } },
];

describe('bodies on their way', () => {
  it.each(slowCases)('$name, that slow clients do not take: past the limit nothing new is kept, until they have gone', async (row) => {
    await using stage = await Stage.start({ config: row.config });
    const large: Reply = { fields: ['cache-control', row.control], body: LARGE.subarray(0, row.largeBytes) };
    const other: Reply = { ...fresh(''), body: LARGE.subarray(0, row.othersBytes) };
    stage.origin.on('*', ({ path }) => (path.startsWith('/large') ? large : other));
    const clients = await Promise.all(row.asks.map(() => RawClient.connect(stage.freshet.address)));
    for (const [i, { socket }] of clients.entries()) {
      socket.pause().write(`${row.asks[i]} HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n`);
    }
    expect(await until(stage, 'not stored', (nth) => `/during/${nth}`)).toBe(true);
    for (const client of clients) await client[Symbol.asyncDispose]();
    expect(await until(stage, 'stored', (nth) => `/after/${nth}`)).toBe(true);
    await stage.play([{ ask: 'GET /metrics', to: 'admin', expect: { body: /freshet_fills_refused_total\{reason="fills-over-limit"\} [1-9]/ } }]);
  });

  it.each(gone)('hold nothing when they are through: $name', async ({ line, fields = [], reply }) => {
    await using stage = await Stage.start({ config: SMALL });
    stage.origin.on('*', { ...reply, body: LARGE.subarray(0, 100 * KIB) });
    for (let i = 0; i < 5; i++) {
      await stage.ask(line, { fields, ...(line.startsWith('P') && { body: 'x' }) });
      await stage.play([{ ask: 'POST /v1/purge', to: 'admin', body: '{"all":true}', expect: {} }]);
    }
    await stage.play([
      { ask: 'GET /kept', answers: fresh('x'), expect: { cacheStatus: STORED } },
      { ask: 'GET /kept', expect: { cacheStatus: HIT } },
    ]);
  });

  it.each(['GET /a', 'GET /pass', 'PUT /a', 'POST /a'])('hold nothing when their client left before the head: %s', async (line) => {
    await using stage = await Stage.start({ config: SMALL });
    for (let nth = 0; nth < 3; nth++) {
      const barrier = new Barrier();
      stage.origin.on('*', { ...fresh('', ['content-location', '/a']), body: LARGE.subarray(0, 100 * KIB), barriers: { 'before-head': barrier } });
      await using client = await RawClient.connect(stage.freshet.address);
      client.send(`${line} HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n`);
      await barrier.reached;
      await client[Symbol.asyncDispose]();
      await stage.roundTrips();
      barrier.open();
    }
    stage.origin.on('*', fresh('x'));
    expect(await until(stage, 'stored', (nth) => `/kept/${nth}`)).toBe(true);
  });
});

const long = (i: number): string => `/${i}?${'q'.repeat(7_900)}`;

describe('keys', () => {
  /** Of keys this long, far fewer than so many are remembered. */
  const MANY = 700;
  const LANES = 8;

  async function askForMany(stage: Stage): Promise<void> {
    let next = 1;
    const lane = async (): Promise<void> => {
      while (next <= MANY) await stage.ask(`GET ${long(next++)}`);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  }

  it('that proved uncacheable are remembered in a bounded memory', async () => {
    await using stage = await Stage.start({ config: 'defaults: { hit_for_miss: 60s }' });
    stage.origin.on('*', { body: 'x' });
    /** Hit-for-miss lets the client's own condition through. */
    const isRemembered = async (): Promise<boolean> => {
      await stage.ask(`GET ${long(0)}`, { fields: ['if-none-match', '"mine"'] });
      return fieldValue(stage.origin.requests.at(-1)?.fields ?? [], 'if-none-match') === '"mine"';
    };
    await stage.ask(`GET ${long(0)}`);
    expect(await isRemembered()).toBe(true);
    await askForMany(stage);
    expect(await isRemembered()).toBe(false);
  });

  it('that vary are remembered in a bounded memory', async () => {
    await using stage = await Stage.start();
    const varying = fresh('x', ['vary', 'x-one']);
    stage.origin.on('*', varying);
    await stage.ask(`GET ${long(0)}`);
    expect(await fetchesFor(stage, long(0), 'x-one')).toBe(2);
    await stage.ask(`GET ${long(0)}`);
    stage.origin.on('*', varying);
    await askForMany(stage);
    expect(await fetchesFor(stage, long(0), 'x-one')).toBe(1);
  });
});

/** Purged, and swept: an entry keeps its axes as long as it is there. */
const EMPTIED: readonly Step[] = [
  { ask: 'POST /v1/purge', to: 'admin', body: '{"all":true}', expect: {} },
  { ask: 'GET /v1/entries', to: 'admin', eventually: true, expect: { body: /"entries":\[\]/ } },
];

/** With nothing stored: of two requests that differ in `axis`, how many go to the origin before it answers? One where nobody knows that the URL varies. */
async function fetchesFor(stage: Stage, path: string, axis: string): Promise<number> {
  await stage.play(EMPTIED);
  const before = stage.origin.count(path);
  const barrier = new Barrier();
  stage.origin.on(path, { ...fresh('x', ['vary', axis]), barriers: { 'before-head': barrier } });
  const answers = ['1', '2'].map((value) => stage.ask(`GET ${path}`, { fields: [axis, value] }));
  await barrier.reached;
  await stage.roundTrips();
  const fetches = stage.origin.count(path) - before;
  barrier.open();
  await Promise.all(answers);
  return fetches;
}

const names = (of: string): string => Array.from({ length: 8 }, (_, i) => `${of}-${i}`).join();

const varying = (of: string): Step => ({
  ask: 'GET /v',
  answers: { fields: ['cache-control', 'max-age=0, stale-if-error=60', 'etag', `"${of}"`, 'vary', names(of)], body: of },
  expect: { body: of, asked: 1 },
});

describe('axes', () => {
  it('of all variants of a URL together are as many as one response may have', async () => {
    await using stage = await Stage.start();
    const listed = async (): Promise<readonly string[]> => {
      const { body } = await stage.ask(`GET /v1/entries?url=/v`, {}, stage.freshet.adminAddress);
      const { entries } = JSON.parse(body) as { entries: { varies: Record<string, string> }[] };
      return [...new Set(entries.flatMap(({ varies }) => Object.keys(varies)))].toSorted();
    };
    await stage.play([varying('a')]);
    expect(await listed()).toEqual(names('a').split(','));
    await stage.play([varying('b'), varying('c'), varying('d')]);
    expect((await listed()).length).toBeLessThanOrEqual(8);
  });

  it('that were seen long ago are forgotten for those of today', async () => {
    await using stage = await Stage.start({ config: 'defaults: { hit_for_miss: 0s }' });
    await stage.play([varying('a')]);
    expect(await fetchesFor(stage, '/v', 'a-0')).toBe(2);
    await stage.play([...EMPTIED, varying('b')]);
    expect(await fetchesFor(stage, '/v', 'a-0')).toBe(1);
  });
});

describe('a herd', () => {
  it.each([
    { name: 'a cookie', fields: ['cookie', 'sid=1'] },
    { name: 'an Authorization', fields: ['authorization', 'Bearer one'] },
  ])('behind a leader with $name collapses all the same', async ({ fields }) => {
    await using stage = await Stage.start();
    const [led, shared] = [new Barrier(), new Barrier()];
    stage.origin.on('/hot', (_request, nth) => ({ ...fresh(`answer ${nth}`), barriers: { 'before-head': nth === 1 ? led : shared } }));
    const leader = stage.ask('GET /hot', { fields });
    await led.reached;
    const followers = stage.askAtOnce(50, 'GET /hot');
    await shared.reached;
    await stage.roundTrips();
    led.open();
    expect((await leader).body).toBe('answer 1');
    await stage.roundTrips();
    shared.open();
    expect(bodies(await Promise.all(followers))).toEqual(['answer 2']);
    await stage.play([{ ask: 'GET /hot', expect: { body: 'answer 2', cacheStatus: HIT } }]);
    expect(stage.origin.count('/hot')).toBe(2);
  });

  it('collapses although the URL proved uncacheable for who has a cookie', async () => {
    await using stage = await Stage.start({ config: 'defaults: { hit_for_miss: 60s }' });
    await stage.play([{ ask: 'GET /hot', fields: ['cookie', 'sid=1'], answers: fresh('x'), expect: { cacheStatus: /detail=request-cookie$/ } }]);
    const barrier = new Barrier();
    stage.origin.on('/hot', { ...fresh('x'), barriers: { 'before-head': barrier } });
    const answers = stage.askAtOnce(20, 'GET /hot');
    await barrier.reached;
    await stage.roundTrips();
    barrier.open();
    await Promise.all(answers);
    expect(stage.origin.count('/hot')).toBe(2);
  });

  it('a follower that waited too long stores nothing, not even by a 304', async () => {
    await using stage = await Stage.start({ config: 'defaults: { follower_timeout: 30ms }' });
    await stage.play([{ ask: 'GET /a', answers: fresh('a', ['etag', '"1"']), expect: { cacheStatus: STORED } }]);
    stage.clock.advance(61_000);
    const barrier = new Barrier();
    const unchanged = { status: 304, fields: ['cache-control', 'max-age=60', 'etag', '"1"'] };
    stage.origin.on('/a', (_request, nth) => ({ ...unchanged, ...(nth === 2 && { barriers: { 'before-head': barrier } }) }));
    const leader = stage.ask('GET /a');
    await barrier.reached;
    const late: Step = { ask: 'GET /a', expect: { body: 'a', cacheStatus: 'fwd=stale; fwd-status=304; detail=validated', asked: 1 } };
    await stage.play([late, late]);
    barrier.open();
    expect((await leader).field('cache-status')).toBe('freshet; fwd=stale; fwd-status=304; stored; detail=validated');
    await stage.play([{ ask: 'GET /a', expect: { cacheStatus: HIT } }]);
  });
});
