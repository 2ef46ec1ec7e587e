// Journeys of stale entries: served while one refresh runs, served when the origin fails, and when neither may be (RFC 5861; PURGE-PROTOCOL §3.2 rules 6, 8).
import { describe, expect, it } from 'vitest';
import { Barrier } from '../support/origin.ts';
import type { Reply } from '../support/origin.ts';
import { fresh, type Journey, play, PURGES, Stage, STORED, type Step } from './journey.ts';

/** With a validator: an entry that has none is swept as soon as it can answer nothing more. */
const control = (value: string, body = 'one'): Reply => ({ fields: ['cache-control', value, 'surrogate-key', 'a', 'etag', '"v1"'], body });
const SWR = control('max-age=60, stale-while-revalidate=30');
const SIE = control('max-age=60, stale-if-error=30');

const refreshing: readonly Journey[] = [
  {
    name: 'within the window the stale answer is served and the refresh replaces it',
    steps: [
      { ask: 'GET /a', answers: SWR, expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        afterMs: 61_000,
        answers: fresh('two'),
        expect: { cacheStatus: 'hit; ttl=-1; detail=stale-while-revalidate', body: 'one', fields: { age: '61' } },
      },
      { ask: 'GET /a', eventually: true, expect: { cacheStatus: 'hit; ttl=60', body: 'two', asked: 'unsaid' } },
    ],
    asked: ['GET /a', 'GET /a'],
  },
  {
    name: 'at the end of the window it is fetched',
    steps: [
      { ask: 'GET /a', answers: SWR, expect: { cacheStatus: STORED } },
      { ask: 'GET /a', afterMs: 90_000, answers: fresh('two'), expect: { cacheStatus: 'fwd=stale; fwd-status=200; stored', body: 'two' } },
    ],
  },
  {
    name: 'the refresh is a validation where the entry can be validated',
    steps: [
      { ask: 'GET /a', answers: SWR, expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        afterMs: 61_000,
        answers: { status: 304, fields: ['cache-control', 'max-age=60', 'etag', '"v1"'] },
        expect: { cacheStatus: 'hit; ttl=-1; detail=stale-while-revalidate', body: 'one' },
      },
      { ask: 'GET /a', eventually: true, expect: { cacheStatus: 'hit; ttl=60', body: 'one', asked: 'unsaid' } },
    ],
    asked: ['GET /a', 'GET /a'],
  },
  {
    name: 'HEAD is answered stale and leaves the refresh to the next GET',
    steps: [
      { ask: 'GET /a', answers: SWR, expect: { cacheStatus: STORED } },
      { ask: 'HEAD /a', afterMs: 61_000, expect: { cacheStatus: 'hit; ttl=-1; detail=stale-while-revalidate', asked: 0 } },
      { ask: 'GET /a', answers: fresh('two'), expect: { cacheStatus: 'hit; ttl=-1; detail=stale-while-revalidate' } },
      { ask: 'GET /a', eventually: true, expect: { cacheStatus: 'hit; ttl=60', body: 'two', asked: 'unsaid' } },
    ],
    asked: ['GET /a', 'GET /a'],
  },
  {
    name: 'must-revalidate beats the window; s-maxage does not, unless the setting says so',
    config: 'routes: [{ path: /strict, s_maxage_allows_swr: false }]',
    steps: [
      { ask: 'GET /must', answers: control('max-age=60, must-revalidate, stale-while-revalidate=30'), expect: { cacheStatus: STORED } },
      { ask: 'GET /shared', answers: control('s-maxage=60, stale-while-revalidate=30'), expect: { cacheStatus: STORED } },
      { ask: 'GET /strict', answers: control('s-maxage=60, stale-while-revalidate=30'), expect: { cacheStatus: STORED } },
      { ask: 'GET /must', afterMs: 61_000, expect: { cacheStatus: 'fwd=stale; fwd-status=200; stored; detail=must-revalidate' } },
      { ask: 'GET /shared', expect: { cacheStatus: 'hit; ttl=-1; detail=stale-while-revalidate' } },
      { ask: 'GET /strict', expect: { cacheStatus: 'fwd=stale; fwd-status=200; stored; detail=must-revalidate', asked: 'unsaid' } },
    ],
  },
  {
    name: "a route's window applies where the origin names none",
    config: 'defaults: { stale_while_revalidate: 5s }',
    steps: [
      { ask: 'GET /a', answers: fresh('one'), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', afterMs: 61_000, expect: { cacheStatus: 'hit; ttl=-1; detail=stale-while-revalidate' } },
    ],
  },
];

const failures: readonly { readonly name: string; readonly reply: Reply; readonly cacheStatus: string }[] = [
  ...[500, 502, 503, 504].map((status) => ({
    name: `${status}`,
    reply: { status, body: 'broken' },
    cacheStatus: `fwd=stale; fwd-status=${status}; ttl=-1; detail=stale-if-error`,
  })),
  { name: 'a reset', reply: { fault: 'reset-before-head' }, cacheStatus: 'fwd=stale; ttl=-1; detail=stale-if-error' },
  { name: 'silence until the timeout', reply: { fault: 'silence' }, cacheStatus: 'fwd=stale; ttl=-1; detail=stale-if-error' },
  { name: 'an answer that is no HTTP', reply: { raw: 'HELLO\r\n\r\n' }, cacheStatus: 'fwd=stale; ttl=-1; detail=stale-if-error' },
];

const stored = (reply: Reply): Step => ({ ask: 'GET /a', answers: reply, expect: { cacheStatus: STORED } });
const broken: Reply = { status: 503, body: 'broken', fields: ['retry-after', '7'] };

const failing: readonly Journey[] = [
  ...failures.map(({ name, reply, cacheStatus }) => ({
    name: `stale-if-error on ${name}`,
    origin: 'headers_timeout: 50ms',
    steps: [
      stored(SIE),
      { ask: 'GET /a', afterMs: 61_000, answers: reply, expect: { cacheStatus, body: 'one', fields: { age: '61' }, asked: 'unsaid' as const } },
    ],
  })),
  {
    name: 'other errors are the answer',
    steps: [stored(SIE), { ask: 'GET /a', afterMs: 61_000, answers: { status: 404, body: 'gone' }, expect: { status: 404, body: 'gone' } }],
  },
  {
    name: 'after the window the failure is the answer, as the origin gave it',
    steps: [
      stored(SIE),
      {
        ask: 'GET /a',
        afterMs: 90_000,
        answers: broken,
        expect: { status: 503, body: 'broken', cacheStatus: 'fwd=stale; fwd-status=503; detail=no-freshness', fields: { 'retry-after': '7' } },
      },
    ],
  },
  ...['must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache'].map((directive) => ({
    name: `${directive} forbids it`,
    steps: [
      stored({ fields: ['cache-control', `max-age=60, stale-if-error=30, ${directive}`, 'etag', '"v1"'], body: 'one' }),
      { ask: 'GET /a', afterMs: 61_000, answers: broken, expect: { status: 503, body: 'broken' } },
    ],
  })),
  {
    name: 'a hard purge beats availability; a soft one does not',
    steps: [
      stored(SIE),
      { ask: 'PURGE /', fields: [...PURGES, 'surrogate-key', 'a', 'soft-purge', '1'], expect: {} },
      {
        ask: 'GET /a',
        afterMs: 1000,
        answers: broken,
        expect: { body: 'one', cacheStatus: 'fwd=stale; fwd-status=503; ttl=-1; detail=stale-if-error' },
      },
      { ask: 'PURGE /', fields: [...PURGES, 'surrogate-key', 'a'], expect: {} },
      { ask: 'GET /a', expect: { status: 503, body: 'broken', cacheStatus: /^fwd=(uri-)?miss; fwd-status=503; detail=no-freshness$/ } },
    ],
  },
  {
    name: 'a fresh entry stands in for a request that asked for validation only where it did not insist',
    steps: [
      stored(SIE),
      { ask: 'GET /a', fields: ['cache-control', 'no-cache'], answers: broken, expect: { status: 503, body: 'broken' } },
      {
        ask: 'GET /a',
        fields: ['cache-control', 'max-age=0'],
        expect: { body: 'one', cacheStatus: 'fwd=request; fwd-status=503; ttl=60; detail=stale-if-error' },
      },
    ],
  },
];

const softPurges: readonly Journey[] = [
  {
    name: 'makes stale: served under stale-while-revalidate and refreshed',
    steps: [
      { ask: 'GET /a', answers: SWR, expect: { cacheStatus: STORED } },
      {
        ask: 'PURGE /',
        fields: [...PURGES, 'surrogate-key', 'a', 'soft-purge', '1'],
        expect: { fields: { 'content-type': 'application/json' } },
      },
      { ask: 'GET /a', afterMs: 2000, answers: fresh('two'), expect: { cacheStatus: 'hit; ttl=-2; detail=stale-while-revalidate', body: 'one' } },
      { ask: 'GET /a', eventually: true, expect: { cacheStatus: 'hit; ttl=60', body: 'two', asked: 'unsaid' } },
    ],
  },
  {
    name: 'without a window the entry is validated, and a 304 makes it fresh again',
    steps: [
      { ask: 'GET /a', answers: fresh('one', ['surrogate-key', 'a', 'etag', '"v1"']), expect: { cacheStatus: STORED } },
      { ask: 'PURGE /', fields: [...PURGES, 'surrogate-key', 'a', 'fastly-soft-purge', '1'], expect: {} },
      {
        ask: 'GET /a',
        answers: { status: 304, fields: ['etag', '"v1"'] },
        expect: { cacheStatus: 'fwd=stale; fwd-status=304; stored; detail=validated', body: 'one', sent: { 'if-none-match': '"v1"' } },
      },
      { ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60', body: 'one' } },
    ],
  },
];

describe('stale-while-revalidate', () => {
  it.each(refreshing)('$name', play);

  it('one refresh serves many requests', async () => {
    await using stage = await Stage.start();
    await stage.play([{ ask: 'GET /a', answers: SWR, expect: { cacheStatus: STORED } }]);
    const barrier = new Barrier();
    stage.origin.on('/a', { ...fresh('two'), barriers: { 'before-head': barrier } });
    stage.clock.advance(61_000);
    const answers = await Promise.all(stage.askAtOnce(50, 'GET /a'));
    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['one']));
    await barrier.reached;
    expect(await stage.ask('GET /a')).toMatchObject({ body: 'one' });
    expect(stage.origin.count('/a')).toBe(2);
    barrier.open();
    await stage.play([{ ask: 'GET /a', eventually: true, expect: { cacheStatus: 'hit; ttl=60', body: 'two', asked: 'unsaid' } }]);
    expect(stage.origin.count('/a')).toBe(2);
  });

  it('a refresh that fails leaves the entry, and the next request tries again', async () => {
    await using stage = await Stage.start();
    await stage.play([
      { ask: 'GET /a', answers: SWR, expect: { cacheStatus: STORED } },
      { ask: 'GET /a', afterMs: 61_000, answers: { fault: 'reset-before-head' }, expect: { body: 'one' } },
    ]);
    await stage.origin.seen(2);
    stage.origin.on('/a', fresh('two'));
    await stage.play([{ ask: 'GET /a', eventually: true, expect: { cacheStatus: 'hit; ttl=60', body: 'two', asked: 'unsaid' } }]);
  });

  it('a refresh whose body grows past max_object gives its connection back', async () => {
    await using stage = await Stage.start({ origin: 'connections: 1', config: 'store: { max_object: 1KiB }' });
    const afterHead = new Barrier();
    await stage.play([
      { ask: 'GET /a', answers: SWR, expect: { cacheStatus: STORED } },
      {
        ask: 'GET /a',
        afterMs: 61_000,
        answers: { ...fresh('x'.repeat(4 * 1024 * 1024)), framing: 'chunked', barriers: { 'after-head': afterHead } },
        expect: { body: 'one' },
      },
    ]);
    await afterHead.reached;
    await stage.roundTrips();
    afterHead.open();
    await stage.play([{ ask: 'GET /b', answers: fresh('b'), expect: { cacheStatus: STORED, body: 'b' } }]);
  });
});

describe('stale-if-error', () => {
  it.each(failing)('$name', play);

  it('on a refused connection', async () => {
    await using stage = await Stage.start();
    await stage.play([stored(SIE)]);
    await stage.origin[Symbol.asyncDispose]();
    await stage.play([
      { ask: 'GET /a', afterMs: 61_000, expect: { cacheStatus: 'fwd=stale; ttl=-1; detail=stale-if-error', body: 'one', asked: 0 } },
    ]);
  });

  it('for every request that waited on the failing fetch', async () => {
    await using stage = await Stage.start();
    await stage.play([stored(SIE)]);
    const barrier = new Barrier();
    stage.origin.on('/a', { ...broken, barriers: { 'before-head': barrier } });
    stage.clock.advance(61_000);
    const answers = stage.askAtOnce(20, 'GET /a');
    await barrier.reached;
    await stage.roundTrips();
    barrier.open();
    for (const { body } of await Promise.all(answers)) expect(body).toBe('one');
    expect(stage.origin.count('/a')).toBe(2);
  });
});

describe('soft purges', () => it.each(softPurges)('$name', play));
