// Journeys of an origin that fails and goes on failing: what is held back and what is not, what is served meanwhile, and how it comes back (SECURITY §10).
import { describe, expect, it } from 'vitest';
import { Barrier, type Reply } from '../support/origin.ts';
import { fresh, type Journey, play, PURGES, Stage, STORED, type Step } from './journey.ts';

/** A failure that is never worth a second try. */
const DOWN: Reply = { raw: 'HTTP/1.1 OUT OF ORDER\r\n\r\n' };
const BREAKER = 'breaker: { minimum_requests: 2, failure_rate: 0.6 }';
const KEPT = fresh('kept', ['surrogate-key', 'k', 'cache-control', 'stale-if-error=600']);

/** Two failures, which open the breaker; the clock stands still. */
const OPENING: readonly Step[] = ['/down/1', '/down/2'].map((path) => ({
  ask: `GET ${path}`,
  answers: DOWN,
  expect: { status: 502, asked: 1, cacheStatus: 'fwd=uri-miss; detail=origin-malformed' },
}));

function heldBack(fwd: string, retryAfter: string): Step['expect'] {
  return { status: 503, asked: 0, cacheStatus: `${fwd}; detail=origin-breaker-open`, fields: { 'retry-after': retryAfter } };
}

const held: readonly Journey[] = [
  {
    name: 'a miss and a write are refused at once, with the seconds until it is worth asking again; nothing reaches the origin',
    origin: BREAKER,
    steps: [
      ...OPENING,
      { ask: 'GET /a', answers: fresh('a'), expect: heldBack('fwd=uri-miss', '5') },
      { ask: 'GET /a', afterMs: 3_100, expect: heldBack('fwd=uri-miss', '2') },
      { ask: 'POST /a', body: 'x', expect: heldBack('fwd=method', '7') },
    ],
  },
  {
    name: 'a hit is a hit, and a write that is refused purges nothing',
    origin: BREAKER,
    config: 'routes: [{ path: /a, invalidates: [k] }]',
    steps: [
      { ask: 'GET /a', answers: KEPT, expect: { cacheStatus: STORED } },
      ...OPENING,
      { ask: 'DELETE /a', expect: heldBack('fwd=method', '10') },
      { ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60', body: 'kept' } },
    ],
  },
  {
    name: 'stale-if-error answers within its window and not after it',
    origin: BREAKER,
    steps: [
      { ask: 'GET /a', answers: KEPT, expect: { cacheStatus: STORED } },
      { ask: 'GET /b', answers: KEPT, expect: { cacheStatus: STORED } },
      { ...(OPENING[0] as Step), afterMs: 659_000 },
      ...OPENING.slice(1),
      { ask: 'GET /a', expect: { cacheStatus: 'fwd=stale; ttl=-599; detail=stale-if-error', body: 'kept', asked: 0 } },
      { ask: 'GET /b', afterMs: 1_000, expect: heldBack('fwd=stale', '4') },
    ],
  },
  {
    name: 'stale-while-revalidate goes on, its refreshes reach nobody',
    origin: BREAKER,
    steps: [
      { ask: 'GET /a', answers: fresh('kept', ['cache-control', 'stale-while-revalidate=600']), expect: { cacheStatus: STORED } },
      { ...(OPENING[0] as Step), afterMs: 61_000 },
      ...OPENING.slice(1),
      { ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=-1; detail=stale-while-revalidate', body: 'kept', asked: 0 } },
    ],
  },
  ...['must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache'].map(
    (directive): Journey => ({
      name: `${directive} is not served stale`,
      origin: BREAKER,
      steps: [
        { ask: 'GET /a', answers: fresh('kept', ['cache-control', `stale-if-error=600, ${directive}`, 'etag', '"1"']), expect: {} },
        { ...(OPENING[0] as Step), afterMs: 61_000 },
        ...OPENING.slice(1),
        { ask: 'GET /a', expect: { status: 503, asked: 0, cacheStatus: /detail=origin-breaker-open$/ } },
      ],
    }),
  ),
  {
    name: 'what was purged hard is not served; softly, it is',
    origin: BREAKER,
    steps: [
      { ask: 'GET /a', answers: KEPT, expect: { cacheStatus: STORED } },
      ...OPENING,
      { ask: 'PURGE /', fields: [...PURGES, 'surrogate-key', 'k', 'soft-purge', '1'], expect: {} },
      { ask: 'GET /a', afterMs: 1_000, expect: { cacheStatus: 'fwd=stale; ttl=-1; detail=stale-if-error', body: 'kept', asked: 0 } },
      { ask: 'PURGE /', fields: [...PURGES, 'surrogate-key', 'k'], expect: {} },
      { ask: 'GET /a', expect: { status: 503, asked: 0, cacheStatus: /^fwd=(uri-)?miss; detail=origin-breaker-open$/ } },
    ],
  },
  {
    name: 'one request finds that it is back',
    origin: BREAKER,
    steps: [
      ...OPENING,
      { ask: 'GET /down/3', afterMs: 5_000, answers: DOWN, expect: { status: 502, asked: 1 } },
      { ask: 'GET /a', answers: fresh('a'), expect: heldBack('fwd=uri-miss', '10') },
      { ask: 'GET /a', afterMs: 10_000, expect: { cacheStatus: STORED, body: 'a' } },
      { ask: 'GET /b', answers: fresh('b'), expect: { cacheStatus: STORED, body: 'b' } },
      {
        ask: 'GET /metrics',
        to: 'admin',
        expect: { body: /^freshet_origin_breaker_open\{origin="shop"\} 0\n[^]*^freshet_origin_breaker_openings_total\{origin="shop"\} 2$/m },
      },
    ],
  },
  {
    name: 'breaker: false: it is asked every time',
    origin: 'breaker: false',
    steps: Array.from({ length: 40 }, (_, nth) => ({ ask: `GET /${nth}`, answers: DOWN, expect: { status: 502, asked: 1 } })),
  },
  {
    name: 'by default, twenty failures open it and nineteen do not',
    steps: [
      ...Array.from({ length: 20 }, (_, nth): Step => ({ ask: `GET /${nth}`, answers: DOWN, expect: { status: 502, asked: 1 } })),
      { ask: 'GET /a', answers: fresh('a'), expect: heldBack('fwd=uri-miss', '5') },
    ],
  },
];

describe('an origin whose breaker is open', () => {
  it.each(held)('$name', play);

  it('half-open, two requests at once: one is the probe, the other is told a second', async () => {
    await using stage = await Stage.start({ origin: BREAKER });
    await stage.play(OPENING);
    stage.clock.advance(5_000);
    const barrier = new Barrier();
    stage.origin.on('/a', { ...fresh('a'), barriers: { 'before-head': barrier } });
    const probe = stage.ask('GET /a');
    await barrier.reached;
    await stage.play([{ ask: 'GET /b', answers: fresh('b'), expect: heldBack('fwd=uri-miss', '1') }]);
    barrier.open();
    expect((await probe).body).toBe('a');
    await stage.play([{ ask: 'GET /b', expect: { cacheStatus: STORED } }]);
  });

  it('a probe whose client leaves does not hold it half-open', async () => {
    await using stage = await Stage.start({ origin: BREAKER });
    await stage.play(OPENING);
    stage.clock.advance(5_000);
    const barrier = new Barrier();
    stage.origin.on('/left', { barriers: { 'before-head': barrier } });
    const leaving = new AbortController();
    const left = fetch(`http://127.0.0.1:${stage.freshet.address.port}/left`, { signal: leaving.signal });
    await barrier.reached;
    leaving.abort();
    await expect(left).rejects.toThrow('aborted');
    await stage.play([{ ask: 'GET /a', answers: fresh('a'), eventually: true, expect: { cacheStatus: STORED, asked: 'unsaid' } }]);
    barrier.open();
  });
});

/** `count` different URLs asked one after the other; what each was told. */
async function ask(stage: Stage, prefix: string, count: number): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let nth = 0; nth < count; nth++) statuses.push((await stage.ask(`GET ${prefix}/${nth}`)).status);
  return statuses;
}

function times(count: number, status: number): readonly number[] {
  return Array.from({ length: count }, () => status);
}

describe('storms', () => {
  it.each([500, 501, 502, 503, 504, 599])('of %i: each is passed on, none is stored, and nothing is held back', async (status) => {
    await using stage = await Stage.start({ origin: BREAKER });
    stage.origin.on('*', { status, body: 'no' });
    expect(await ask(stage, '/e', 30)).toEqual(times(30, status));
    expect(await ask(stage, '/e', 30)).toEqual(times(30, status));
    expect(stage.origin.requests).toHaveLength(60);
  });

  it('of 503, gateway_errors: it is left alone', async () => {
    await using stage = await Stage.start({ origin: 'breaker: { minimum_requests: 2, gateway_errors: true }' });
    stage.origin.on('*', { status: 503, body: 'no' });
    expect(await ask(stage, '/e', 30)).toEqual(times(30, 503));
    expect(stage.origin.requests).toHaveLength(2);
  });

  it('of silence: those that were sent wait for the timeout, the rest does not', async () => {
    await using stage = await Stage.start({ origin: 'headers_timeout: 50ms, breaker: { minimum_requests: 8 }' });
    stage.origin.on('*', { fault: 'silence' });
    const sent = await Promise.all(Array.from({ length: 8 }, (_, nth) => stage.ask(`GET /first/${nth}`)));
    expect(sent.map(({ status }) => status)).toEqual(times(8, 504));
    expect(await ask(stage, '/second', 30)).toEqual(times(30, 503));
    expect(stage.origin.requests).toHaveLength(8);
  });

  it('of an origin that is up and down by turns: each time down costs it few requests, each time up all are answered', async () => {
    await using stage = await Stage.start({ origin: 'breaker: { minimum_requests: 4 }' });
    for (let turn = 0; turn < 5; turn++) {
      stage.origin.on('*', DOWN);
      const before = stage.origin.requests.length;
      expect(await ask(stage, `/down/${turn}`, 20)).toEqual([...times(4, 502), ...times(16, 503)]);
      stage.clock.advance(5_000);
      expect(await ask(stage, `/probe/${turn}`, 20)).toEqual([502, ...times(19, 503)]);
      expect(stage.origin.requests.length - before).toBe(5);
      stage.clock.advance(10_000);
      stage.origin.on('*', { body: 'up' });
      expect(await ask(stage, `/up/${turn}`, 20)).toEqual(times(20, 200));
      // What was answered before must not stand for what comes.
      stage.clock.advance(10_000);
    }
  });
});
