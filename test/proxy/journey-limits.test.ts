// Every limit that is counted, met once: what its client sees, and that this limit is counted and no other. SECURITY §8, S6.
import { describe, expect, it } from 'vitest';
import { COOLDOWN_MS, MAX_UNKNOWN } from '../../src/identity/remote-keys.ts';
import { type Limit, LIMITS } from '../../src/observe/limits.ts';
import { encode } from '../identity/issuer.ts';
import { RawClient } from '../support/client.ts';
import { Barrier } from '../support/origin.ts';
import { Taker } from '../support/taker.ts';
import { fresh, type Setting, Stage, yamlOf } from './journey.ts';

const HEAD = 'Host: shop.test\r\n';

/** How a limit is met; `meet` is over when it was. */
interface Meeting extends Setting {
  readonly meet: (stage: Stage) => Promise<void>;
  /** What cannot but be met on the way, and how often. */
  readonly also?: Readonly<Partial<Record<Limit, number>>>;
}

/** Sends it on a connection of its own and expects this answer, and the end of the connection. */
function refused(bytes: string, expected: { readonly status: number; readonly reason: string }): Meeting['meet'] {
  return async (stage) => {
    await using client = await RawClient.connect(stage.freshet.address);
    client.send(bytes);
    const answer = await client.answer();
    expect(answer?.status).toBe(expected.status);
    expect(answer?.field('cache-status')).toBe(`freshet; detail=${expected.reason}`);
    expect(await client.closed()).toMatch(ENDED);
  };
}

const ENDED = /end|ECONNRESET|EPIPE/;

/** Sends a byte, and another, until the connection ends. */
async function trickle(stage: Stage, client: RawClient): Promise<void> {
  while (!client.socket.closed && client.socket.readyState === 'open') {
    client.send('a');
    await stage.ask('GET /v1/health', {}, stage.freshet.adminAddress);
  }
}

const unstored = (body: string, fields: string[] = []): Meeting['meet'] => {
  return (stage) => stage.play([{ ask: 'GET /a', answers: { ...fresh(body, fields), framing: 'chunked' }, expect: { body, asked: 1 } }]);
};

const BUSY = 'fwd=uri-miss; detail=origin-busy';

/** While the one connection to the origin is taken. `meet` may free it earlier. */
async function whileBusy(stage: Stage, meet: (free: () => void) => Promise<void>): Promise<void> {
  const barrier = new Barrier();
  stage.origin.on('/slow', { barriers: { 'before-head': barrier } });
  const first = stage.ask('GET /slow');
  await barrier.reached;
  await meet(() => barrier.open());
  barrier.open();
  expect((await first).status).toBe(200);
}

/** Requests for /a on one connection, each with a field of its own. */
async function crowd(stage: Stage, { size, field }: { readonly size: number; readonly field: (i: number) => string }): Promise<RawClient> {
  const client = await RawClient.connect(stage.freshet.address);
  client.send(Array.from({ length: size }, (_, i) => `GET /a HTTP/1.1\r\n${HEAD}${field(i)}\r\n\r\n`).join(''));
  return client;
}

/** Until this limit has been met, once. */
function metOnce(stage: Stage, limit: Limit): Promise<void> {
  const body = new RegExp(`^freshet_limit_reached_total\\{limit="${limit}"\\} 1$`, 'm');
  return stage.play([{ ask: 'GET /metrics', to: 'admin', eventually: true, expect: { body } }]);
}

const MAX_AGE_MS = 3_600_000;
const byToken = (i: number): string => `authorization: Bearer ${encode(`{"alg":"ES256","kid":"${i}"}`)}.${encode('{"iss":"login"}')}.${encode('xx')}`;
const KEY_UNKNOWN = 'freshet; fwd=bypass; fwd-status=404; detail=token-key-unknown';

/** Keys are fetched, of which none is a token's, and time passes; the next fetch stands at a barrier. */
async function beforeNextFetch(stage: Stage, { limits, afterMs }: { readonly limits: string; readonly afterMs: number }): Promise<Barrier> {
  const jwt = `{ issuer: login, audience: shop, algorithms: [ES256], jwks_url: "${stage.origin.url}/keys", jwks_max_age: 1h }`;
  await stage.freshet.reload(
    yamlOf({ config: `auth: { jwt: ${jwt} }\ndefaults: { scope: [sub] }\nlimits: { ${limits}, drain_timeout: 1ms }` }, stage.origin.url),
  );
  stage.origin.on('/keys', { body: '{"keys":[]}' });
  await using first = await crowd(stage, { size: 1, field: byToken });
  expect((await first.answer())?.field('cache-status')).toBe(KEY_UNKNOWN);
  stage.clock.advance(afterMs);
  const barrier = new Barrier();
  stage.origin.on('/keys', { body: '{"keys":[]}', barriers: { 'before-head': barrier } });
  return barrier;
}

/** `most` tokens wait for keys, and there is one more. */
function tooManyTokens(limit: Limit, { most, afterMs }: { readonly most: number; readonly afterMs: number }): Meeting['meet'] {
  return async (stage) => {
    await beforeNextFetch(stage, { limits: 'verifications_per_address: 1024, pipelined: 2000', afterMs });
    await using _ = await crowd(stage, { size: most + 1, field: byToken });
    await metOnce(stage, limit);
  };
}

const MEETINGS: Readonly<Record<Limit, Meeting>> = {
  'limits.header_bytes': { meet: refused(`GET /a HTTP/1.1\r\n${HEAD}a: ${'a'.repeat(20_000)}\r\n\r\n`, { status: 431, reason: 'head-too-large' }) },
  'limits.header_count': { meet: refused(`GET /a HTTP/1.1\r\n${HEAD}${'a: b\r\n'.repeat(100)}\r\n`, { status: 431, reason: 'head-too-large' }) },
  'limits.url_bytes': { meet: refused(`GET /${'a'.repeat(9_000)} HTTP/1.1\r\n${HEAD}\r\n`, { status: 414, reason: 'url-too-long' }) },
  'limits.headers_timeout': {
    config: 'limits: { headers_timeout: 100ms }',
    meet: async (stage) => {
      await using client = await RawClient.connect(stage.freshet.address);
      const answer = client.answer();
      client.send(`GET /a HTTP/1.1\r\n${HEAD}A: `);
      await trickle(stage, client);
      expect((await answer)?.field('cache-status')).toBe('freshet; detail=request-timeout');
    },
  },
  'limits.idle_timeout': {
    config: 'limits: { idle_timeout: 1ms }',
    meet: async (stage) => {
      await using client = await RawClient.connect(stage.freshet.address);
      client.send(`GET /a HTTP/1.1\r\n${HEAD}\r\n`);
      expect((await client.answer())?.status).toBe(404);
      expect(await client.closed()).toBe('end');
    },
  },
  'limits.stall_timeout': {
    config: 'limits: { stall_timeout: 100ms, min_rate: 0B/s }',
    meet: async (stage) => {
      await using client = await RawClient.connect(stage.freshet.address);
      client.send(`POST /a HTTP/1.1\r\n${HEAD}Content-Length: 5\r\n\r\nhe`);
      expect(await client.closed()).toMatch(ENDED);
    },
  },
  'limits.min_rate': {
    config: 'limits: { stall_timeout: 200ms, min_rate: 1GiB/s }',
    meet: async (stage) => {
      await using client = await RawClient.connect(stage.freshet.address);
      client.send(`POST /a HTTP/1.1\r\n${HEAD}Content-Length: 1000000\r\n\r\n`);
      await trickle(stage, client);
    },
  },
  'limits.connections': {
    config: 'limits: { connections: 1 }',
    meet: async (stage) => {
      await using first = await RawClient.connect(stage.freshet.address);
      await using second = await RawClient.connect(stage.freshet.address);
      expect(await second.closed()).toMatch(ENDED);
      first.send(`GET /a HTTP/1.1\r\n${HEAD}\r\n`);
      expect((await first.answer())?.status).toBe(404);
    },
  },
  'limits.connections_per_address': {
    config: 'limits: { connections_per_address: 1 }',
    meet: async (stage) => {
      await using first = await RawClient.connect(stage.freshet.address);
      await using second = await RawClient.connect(stage.freshet.address);
      expect(await second.closed()).toMatch(ENDED);
      first.send(`GET /a HTTP/1.1\r\n${HEAD}\r\n`);
      expect((await first.answer())?.status).toBe(404);
    },
  },
  'limits.pipelined': {
    config: 'limits: { pipelined: 2 }',
    meet: async (stage) => {
      const barrier = new Barrier();
      stage.origin.on('/a', { ...fresh('a'), barriers: { 'before-head': barrier } });
      await using client = await RawClient.connect(stage.freshet.address);
      client.send(`GET /a HTTP/1.1\r\n${HEAD}\r\n`.repeat(4));
      await barrier.reached;
      barrier.open();
      const answers = [await client.answer(), await client.answer(), await client.answer(), await client.answer()];
      expect(answers.map((answer) => answer?.status)).toEqual([200, 200, 429, undefined]);
      expect(answers[2]?.field('cache-status')).toBe('freshet; detail=too-many-pipelined');
    },
  },
  'limits.lookups_per_address': {
    config: 'limits: { lookups_per_address: 1 }\nroutes: [{ path: /scoped, scope: { lookup: /_scope } }]',
    meet: async (stage) => {
      const barrier = new Barrier();
      stage.origin.on('/_scope', { fields: ['auth-scope', 'x', 'cache-control', 'max-age=60'], barriers: { 'before-head': barrier } });
      const first = stage.ask('GET /scoped', { fields: ['cookie', 's=1'] });
      await barrier.reached;
      const second = { ask: 'GET /scoped', fields: ['cookie', 's=2'], answers: fresh('x') };
      await stage.play([{ ...second, expect: { cacheStatus: 'fwd=bypass; fwd-status=200; detail=lookup-busy-client' } }]);
      barrier.open();
      expect((await first).field('cache-status')).toBe('freshet; fwd=uri-miss; fwd-status=200; stored');
      await stage.play([{ ...second, expect: { cacheStatus: 'hit; ttl=60', asked: 1 } }]);
    },
  },
  'limits.verifications_per_address': {
    meet: async (stage) => {
      const barrier = await beforeNextFetch(stage, { limits: 'verifications_per_address: 1', afterMs: COOLDOWN_MS });
      await using client = await crowd(stage, { size: 2, field: byToken });
      await metOnce(stage, 'limits.verifications_per_address');
      barrier.open();
      expect((await client.answer())?.field('cache-status')).toBe(KEY_UNKNOWN);
      const second = (await client.answer())?.field('cache-status');
      expect(second).toBe('freshet; fwd=bypass; fwd-status=404; detail=verification-busy-client');
    },
  },
  lookups: {
    config: 'limits: { lookups_per_address: 1024, pipelined: 2000, drain_timeout: 1ms }\nroutes: [{ path: /a, scope: { lookup: /_scope } }]',
    origin: 'connections: 1, queue: 2000',
    meet: async (stage) => {
      const barrier = new Barrier();
      stage.origin.on('/_scope', { barriers: { 'before-head': barrier } });
      await using _ = await crowd(stage, { size: 1025, field: (i) => `cookie: s=${i}` });
      await metOnce(stage, 'lookups');
    },
    also: { 'origins.connections': 1024 },
  },
  verifications: { meet: tooManyTokens('verifications', { most: 1024, afterMs: MAX_AGE_MS }) },
  unknown_keys: { meet: tooManyTokens('unknown_keys', { most: MAX_UNKNOWN, afterMs: COOLDOWN_MS }) },
  max_request_body: {
    config: 'defaults: { max_request_body: 1B }',
    meet: refused(`POST /a HTTP/1.1\r\n${HEAD}Content-Length: 2\r\n\r\n`, { status: 413, reason: 'body-too-large' }),
  },
  'store.max_object': { config: 'store: { max_object: 1KiB }', meet: unstored('x'.repeat(2_000)) },
  'store.fills': {
    config: 'store: { max_object: 256KiB, fills: 256KiB }\nlimits: { drain_timeout: 1ms }',
    meet: async (stage) => {
      const barriers = [new Barrier(), new Barrier()];
      for (const [i, barrier] of barriers.entries()) {
        stage.origin.on(`/${i}`, { ...fresh('x'.repeat(250_000)), barriers: { 'mid-body': barrier } });
        void stage.ask(`GET /${i}`);
        await barrier.reached;
      }
      await stage.play([{ ask: 'GET /metrics', to: 'admin', eventually: true, expect: { body: /^freshet_fills_held_bytes 250000$/m } }]);
      await unstored('x'.repeat(20_000))(stage);
    },
  },
  'tags.max_bytes': { config: 'tags: { max_bytes: 9B }', meet: unstored('x', ['surrogate-key', 'long enough']) },
  'tags.max_count': { config: 'tags: { max_count: 1 }', meet: unstored('x', ['surrogate-key', 'a b']) },
  'purge.rate': {
    config: 'purge: { rate: 1/s }',
    meet: (stage) =>
      stage.play([
        { ask: 'POST /v1/purge', to: 'admin', body: '{"tags":["a"]}', expect: {} },
        { ask: 'POST /v1/purge', to: 'admin', body: '{"tags":["a"]}', expect: { status: 429 } },
      ]),
  },
  'origins.connections': {
    origin: 'connections: 1',
    meet: (stage) =>
      whileBusy(stage, async (free) => {
        const waiting = stage.ask('GET /a');
        await stage.play([
          { ask: 'GET /metrics', to: 'admin', eventually: true, expect: { body: /^freshet_origin_requests_waiting\{origin="shop"\} 1$/m } },
        ]);
        free();
        expect((await waiting).status).toBe(404);
      }),
  },
  'origins.queue': {
    origin: 'connections: 1, queue: 0',
    meet: (stage) => whileBusy(stage, () => stage.play([{ ask: 'GET /a', expect: { status: 503, cacheStatus: BUSY, asked: 0 } }])),
  },
  'origins.queue_timeout': {
    origin: 'connections: 1, queue_timeout: 1ms',
    meet: (stage) => whileBusy(stage, () => stage.play([{ ask: 'GET /a', expect: { status: 503, cacheStatus: BUSY, asked: 0 } }])),
    also: { 'origins.connections': 1 },
  },
};

/** Those that were met, and how often. */
async function counted(stage: Stage): Promise<Readonly<Record<string, number>>> {
  const { body } = await stage.ask('GET /metrics', {}, stage.freshet.adminAddress);
  const counts = [...body.matchAll(/^freshet_limit_reached_total\{limit="([^"]+)"\} (\d+)$/gm)].map(
    ([, limit = '', count]) => [limit, Number(count)] as const,
  );
  expect(counts.map(([limit]) => limit)).toEqual(Object.keys(LIMITS));
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

describe('a client that asks nothing', () => {
  it('and two hundred more are all ended, while others are served', async () => {
    await using stage = await Stage.start({ config: 'limits: { headers_timeout: 1s }' });
    const idle = await Promise.all(Array.from({ length: 201 }, () => RawClient.connect(stage.freshet.address)));
    await stage.play([{ ask: 'GET /a', answers: fresh('a'), expect: { body: 'a' } }]);
    for (const client of idle) {
      expect((await client.answer())?.status).toBe(408);
      expect(await client.closed()).toMatch(ENDED);
    }
    await stage.play([{ ask: 'GET /metrics', to: 'admin', eventually: true, expect: { body: /^freshet_client_connections 0$/m } }]);
    expect(await counted(stage)).toEqual({ 'limits.headers_timeout': 201 });
  });

  it.each([
    { name: 'is answered 408 when a head would have had to come', config: 'headers_timeout: 100ms', limit: 'limits.headers_timeout', told: 408 },
    { name: 'is cut when that is later than the stall timeout', config: 'stall_timeout: 100ms', limit: 'limits.stall_timeout', told: undefined },
  ])('$name', async ({ config, limit, told }) => {
    await using stage = await Stage.start({ config: `limits: { ${config} }` });
    await using client = await RawClient.connect(stage.freshet.address);
    expect((await client.answer())?.status).toBe(told);
    expect(await client.closed()).toMatch(ENDED);
    expect(await counted(stage)).toEqual({ [limit]: 1 });
  });
});

/** Far more than the buffers on the way hold. */
const LARGE = Buffer.alloc(32 * 1024 * 1024);

describe('of the readers of one fetch, larger than what is stored,', () => {
  it('only the one that takes nothing is cut', async () => {
    await using stage = await Stage.start({ config: 'store: { max_object: 64KiB }\nlimits: { stall_timeout: 300ms, min_rate: 0B/s }' });
    const barrier = new Barrier();
    stage.origin.on('/a', { ...fresh(''), body: LARGE, framing: 'chunked', barriers: { 'before-head': barrier } });
    await using _ = await Taker.connect(stage.freshet.address, `GET /a HTTP/1.1\r\nHost: shop.test\r\n\r\n`);
    await barrier.reached;
    const other = stage.ask('GET /a', { fields: ['host', 'shop.test'] });
    await stage.roundTrips();
    barrier.open();
    const { complete, bytes } = await other;
    expect([complete, bytes.length, stage.origin.count('/a')]).toEqual([true, LARGE.length, 1]);
    expect(await counted(stage)).toEqual({ 'limits.stall_timeout': 1, 'store.max_object': 1 });
  });
});

describe('a reload', () => {
  it('gives new connections and requests the new limits', async () => {
    await using stage = await Stage.start({ config: 'limits: { stall_timeout: 100ms }' });
    await using before = await RawClient.connect(stage.freshet.address);
    before.send(`GET /a HTTP/1.1\r\n${HEAD}\r\n`);
    expect((await before.answer())?.status).toBe(404);
    const settings =
      'store: { max_object: 1KiB, fills: 1KiB }\nlimits: { connections_per_address: 2, url_bytes: 256B, stall_timeout: 30s, min_rate: 0B/s }';
    await stage.freshet.reload(yamlOf({ config: settings }, stage.origin.url));
    await refused(`GET /${'a'.repeat(300)} HTTP/1.1\r\n${HEAD}\r\n`, { status: 414, reason: 'url-too-long' })(stage);
    await using second = await RawClient.connect(stage.freshet.address);
    await using third = await RawClient.connect(stage.freshet.address);
    expect(await third.closed()).toMatch(ENDED);
    for (const client of [before, second]) {
      client.send(`GET /a HTTP/1.1\r\n${HEAD}\r\n`);
      expect((await client.answer())?.status).toBe(404);
    }
    await stage.play([{ ask: 'GET /metrics', to: 'admin', expect: { body: /^freshet_fills_max_bytes 1024$/m } }]);
    expect(await counted(stage)).toEqual({ 'limits.url_bytes': 1, 'limits.connections_per_address': 1 });
  });
});

describe('met once', () => {
  it.each(Object.entries(MEETINGS))('%s', async (limit, { meet, also = {}, ...setting }) => {
    await using stage = await Stage.start(setting);
    await meet(stage);
    expect(await counted(stage)).toEqual({ [limit]: 1, ...also });
  });
});
