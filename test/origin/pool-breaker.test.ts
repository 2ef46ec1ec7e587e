// The breaker in front of a real origin: what opens it, what waits then, who is the probe, and how it comes back (SECURITY §10).
import { describe, expect, it } from 'vitest';
import type { OriginSettings } from '../../src/origin/settings.ts';
import { SettableClock } from '../support/clock.ts';
import { FullListener } from '../support/full-listener.ts';
import { Barrier, ScriptedOrigin } from '../support/origin.ts';
import type { Reply } from '../support/origin.ts';
import { originMap, type Seen, Setup } from './fetching.ts';

const BREAKER = { failureRate: 0.5, windowMs: 10_000, minimumRequests: 2, openMs: 5_000, maxOpenMs: 20_000, gatewayErrors: false };
const SETTINGS: Partial<OriginSettings> = { connections: 1, breaker: BREAKER };
const DOWN: Reply = { fault: 'reset-before-head' };

/** An origin, whoever asks it, and a clock that stands still. */
class Stage implements AsyncDisposable {
  readonly origin: ScriptedOrigin;
  readonly clock = new SettableClock();
  readonly setup: Setup;

  static async start(settings: Partial<OriginSettings> = {}): Promise<Stage> {
    return new Stage(await ScriptedOrigin.start(), settings);
  }

  private constructor(origin: ScriptedOrigin, settings: Partial<OriginSettings>) {
    this.origin = origin.on('/down', DOWN).on('/', { body: 'ok' });
    this.setup = new Setup(origin.url, { ...SETTINGS, ...settings }, this.clock);
  }

  /** Fails as often as opens it. */
  async fail(): Promise<void> {
    for (let i = 0; i < BREAKER.minimumRequests; i++) await this.setup.fetch({ path: '/down' });
  }

  get states(): readonly string[] {
    return this.setup.changes.map(({ state }) => state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.setup[Symbol.asyncDispose]();
    await this.origin[Symbol.asyncDispose]();
  }
}

/** So many connections that have served. */
async function warm({ origin, setup }: Stage, connections: number): Promise<void> {
  const barrier = new Barrier();
  origin.on('/warm', { barriers: { 'before-head': barrier } });
  const answers = Array.from({ length: connections }, () => setup.fetch({ path: '/warm' }));
  await origin.seen(connections);
  barrier.open();
  await Promise.all(answers);
}

const HELD_BACK = { reason: 'origin-breaker-open', requestSent: false };

function reasons(seen: readonly Seen[]): readonly (string | undefined)[] {
  return seen.map(({ error, body }) => error?.reason ?? body);
}

describe('an origin that fails too often', () => {
  it('is not asked until its time is up; one request finds it back', async () => {
    await using stage = await Stage.start();
    await stage.fail();
    expect((await stage.setup.fetch()).error).toMatchObject({ ...HELD_BACK, retryAfterMs: 5_000 });
    stage.clock.advance(4_000);
    expect((await stage.setup.fetch()).error).toMatchObject({ ...HELD_BACK, retryAfterMs: 1_000 });
    expect(stage.origin.requests).toHaveLength(BREAKER.minimumRequests);
    expect(stage.setup.pools.loads).toEqual([{ origin: 'shop', inFlight: 0, waiting: 0, isOpen: true }]);

    stage.clock.advance(1_000);
    expect(await stage.setup.fetch()).toMatchObject({ body: 'ok' });
    expect(await stage.setup.fetch()).toMatchObject({ body: 'ok' });
    expect(stage.setup.pools.loads).toMatchObject([{ isOpen: false }]);
    expect(stage.setup.changes).toEqual([
      { origin: 'shop', state: 'open', forMs: 5_000, ended: 2, failed: 2, last: expect.objectContaining({ failure: 'origin-reset' }) },
      { origin: 'shop', state: 'half-open' },
      { origin: 'shop', state: 'closed' },
    ]);
  });

  it('is left alone for twice as long when the probe fails', async () => {
    await using stage = await Stage.start();
    await stage.fail();
    stage.clock.advance(5_000);
    await stage.setup.fetch({ path: '/down' });
    expect((await stage.setup.fetch()).error).toMatchObject({ ...HELD_BACK, retryAfterMs: 10_000 });
    expect(stage.states).toEqual(['open', 'half-open', 'open']);
  });

  it('what waits when it opens is told at once', async () => {
    await using stage = await Stage.start();
    await stage.setup.fetch({ path: '/down' });
    const barrier = new Barrier();
    stage.origin.on('/held', { ...DOWN, barriers: { 'before-head': barrier } });
    const held = stage.setup.fetch({ path: '/held' });
    await barrier.reached;
    const waiting = [stage.setup.fetch(), stage.setup.fetch({ method: 'POST' })];
    expect(stage.setup.pools.loads).toEqual([{ origin: 'shop', inFlight: 1, waiting: 2, isOpen: false }]);
    barrier.open();
    expect(reasons(await Promise.all([held, ...waiting]))).toEqual(['origin-reset', 'origin-breaker-open', 'origin-breaker-open']);
    expect(stage.origin.count('/')).toBe(0);
  });

  it('is not asked again by a retry', async () => {
    await using stage = await Stage.start({ connections: 2 });
    await warm(stage, 2);
    const held = new Barrier();
    stage.origin.on('/held', (_, nth) => (nth === 1 ? { ...DOWN, barriers: { 'before-head': held } } : { body: 'again' }));
    stage.origin.on('/down', { raw: 'no HTTP\r\n\r\n' });
    const retriable = stage.setup.fetch({ path: '/held' });
    await held.reached;
    await stage.setup.fetch({ path: '/down' });
    await stage.setup.fetch({ path: '/down' });
    expect(stage.states).toEqual(['open']);
    held.open();
    expect((await retriable).error?.reason).toBe('origin-reset');
    expect(stage.origin.count('/held')).toBe(1);
  });

  it('without a breaker is asked every time', async () => {
    await using origin = await ScriptedOrigin.start();
    origin.on('/', DOWN);
    await using setup = new Setup(origin.url);
    for (let i = 0; i < 40; i++) expect((await setup.fetch()).error?.reason).toBe('origin-reset');
  });
});

describe('what opens nothing', () => {
  it('clients that leave, and requests that cannot be forwarded', async () => {
    await using stage = await Stage.start();
    for (let i = 0; i < 5; i++) {
      await stage.setup.fetch({ path: '/a b' });
      const barrier = new Barrier();
      stage.origin.on('/left', { barriers: { 'before-head': barrier } });
      const { call } = stage.setup.start({ path: '/left' });
      await barrier.reached;
      call.abort();
      barrier.open();
    }
    expect(await stage.setup.fetch()).toMatchObject({ body: 'ok' });
    expect(stage.states).toEqual([]);
  });

  it('our own shedding', async () => {
    await using stage = await Stage.start({ queue: 0 });
    const barrier = new Barrier();
    stage.origin.on('/held', { body: 'held', barriers: { 'before-head': barrier } });
    const held = stage.setup.fetch({ path: '/held' });
    await barrier.reached;
    for (let i = 0; i < 5; i++) expect((await stage.setup.fetch()).error?.reason).toBe('origin-busy');
    barrier.open();
    await held;
    expect(stage.states).toEqual([]);
  });

  it.each([
    { gatewayErrors: false, status: 503, opens: [] },
    { gatewayErrors: true, status: 503, opens: ['open'] },
    { gatewayErrors: true, status: 500, opens: [] },
  ])('answers $status, gateway_errors $gatewayErrors: $opens', async ({ gatewayErrors, status, opens }) => {
    await using stage = await Stage.start({ breaker: { ...BREAKER, gatewayErrors } });
    stage.origin.on('/', { status });
    for (let i = 0; i < 5; i++) await stage.setup.fetch();
    expect(stage.states).toEqual(opens);
    expect(stage.origin.count('/')).toBe(opens.length === 0 ? 5 : BREAKER.minimumRequests);
  });
});

/** The time is up, nobody has asked yet. */
async function ready(settings: Partial<OriginSettings> = {}): Promise<Stage> {
  const stage = await Stage.start(settings);
  await stage.fail();
  stage.clock.advance(BREAKER.openMs);
  return stage;
}

describe('half-open', () => {
  it('sends one request, and holds the others back meanwhile', async () => {
    await using stage = await ready({ connections: 8 });
    const barrier = new Barrier();
    stage.origin.on('/probe', { body: 'back', barriers: { 'before-head': barrier } });
    const probe = stage.setup.fetch({ path: '/probe' });
    await barrier.reached;
    const others = await Promise.all(Array.from({ length: 20 }, () => stage.setup.fetch()));
    expect(new Set(reasons(others))).toEqual(new Set(['origin-breaker-open']));
    expect(stage.origin.count('/')).toBe(0);
    barrier.open();
    expect(await probe).toMatchObject({ body: 'back' });
    expect(await stage.setup.fetch()).toMatchObject({ body: 'ok' });
  });

  it('closes at the head of the answer: the body may take hours', async () => {
    await using stage = await ready({ connections: 2 });
    const barrier = new Barrier();
    stage.origin.on('/probe', { body: 'long', barriers: { 'mid-body': barrier } });
    const { recorder } = stage.setup.start({ path: '/probe' });
    await recorder.headed;
    expect(await stage.setup.fetch()).toMatchObject({ body: 'ok' });
    barrier.open();
    expect(await recorder.done).toMatchObject({ body: 'long' });
    expect(stage.states).toEqual(['open', 'half-open', 'closed']);
  });

  it('a probe whose client leaves gives its place to the next', async () => {
    await using stage = await ready({ connections: 8 });
    for (let i = 0; i < 3; i++) {
      const barrier = new Barrier();
      stage.origin.on('/probe', { barriers: { 'before-head': barrier } });
      const { call } = stage.setup.start({ path: '/probe' });
      await barrier.reached;
      expect((await stage.setup.fetch()).error?.reason).toBe('origin-breaker-open');
      call.abort();
      barrier.open();
    }
    expect(await stage.setup.fetch()).toMatchObject({ body: 'ok' });
    expect(stage.states).toEqual(['open', 'half-open', 'closed']);
  });

  it.each([
    { name: 'has no place in the queue', settings: { queue: 0 } },
    { name: 'waits too long for a connection', settings: { queueTimeoutMs: 1 } },
  ])('a probe that $name gives its place to the next', async ({ settings }) => {
    await using full = await FullListener.start();
    const clock = new SettableClock();
    const breaker = { ...BREAKER, minimumRequests: 1 };
    await using setup = new Setup(full.url, { ...SETTINGS, breaker, connectTimeoutMs: 1_000, ...settings }, clock);
    expect((await setup.fetch()).error?.reason).toBe('origin-connect-timeout');
    clock.advance(BREAKER.openMs);
    // It has the one connection until that is given up, although its client has left.
    setup.start({}).call.abort();
    for (let i = 0; i < 3; i++) expect((await setup.fetch()).error?.reason).toBe('origin-busy');
  });

  it('a write is a probe only when nothing else came for as long again', async () => {
    await using stage = await ready();
    expect((await stage.setup.fetch({ method: 'POST' })).error).toMatchObject({ ...HELD_BACK, retryAfterMs: 5_000 });
    stage.clock.advance(5_000);
    expect(await stage.setup.fetch({ method: 'POST' })).toMatchObject({ body: 'ok' });
    expect(stage.origin.count('/')).toBe(1);
    expect(stage.states).toEqual(['open', 'half-open', 'closed']);
  });
});

describe('reconfigure', () => {
  it('keeps the breaker of an origin that did not change, and makes a new one where it did', async () => {
    await using stage = await Stage.start();
    await stage.fail();
    stage.setup.pools.reconfigure(originMap(stage.origin.url, SETTINGS));
    expect((await stage.setup.fetch()).error?.reason).toBe('origin-breaker-open');
    stage.setup.pools.reconfigure(originMap(stage.origin.url, { ...SETTINGS, queue: 9 }));
    expect(await stage.setup.fetch()).toMatchObject({ body: 'ok' });
  });
});
