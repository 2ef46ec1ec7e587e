// Journeys of origins that cannot be reached, are slow, or answer with an error: nothing of it is another origin's, nor kept longer than the origin said (SECURITY §10).
import { once } from 'node:events';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CertificateAuthority } from '../support/certificate.ts';
import { type Answer, get } from '../support/client.ts';
import { SettableClock } from '../support/clock.ts';
import { RunningFreshet } from '../support/freshet.ts';
import { Barrier, type Reply, ScriptedOrigin } from '../support/origin.ts';
import { fresh, type Journey, play, PURGES, Stage, STORED } from './journey.ts';

const KEPT = fresh('kept', ['cache-control', 'stale-if-error=600']);

const yaml = (url: string): string => `origins: { a: { url: "${url}" } }\nlog: { level: silent, access: "off" }`;

/** Stored from an origin that was there; then it is `url` that is asked, a minute later. */
async function lost(url: string): Promise<readonly Answer[]> {
  const clock = new SettableClock();
  await using origin = await ScriptedOrigin.start();
  origin.on('/a', KEPT);
  await using freshet = await RunningFreshet.start(yaml(origin.url), { clock });
  await get(freshet.address, '/a');
  await freshet.reload(yaml(url));
  clock.advance(61_000);
  return [await get(freshet.address, '/a'), await get(freshet.address, '/b')];
}

describe('where the origin cannot be reached at all', () => {
  const expected = [
    { status: 200, body: 'kept' },
    { status: 502, body: expect.stringContaining('origin-unreachable') },
  ];

  it('its name does not exist', async () => {
    expect(await lost('http://no-such-host.invalid')).toMatchObject(expected);
  });

  it('its certificate is not to be trusted', async () => {
    const server = createServer(new CertificateAuthority().issue('localhost'), (_, response) => response.end('not to be heard'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    expect(await lost(`https://localhost:${(server.address() as AddressInfo).port}`)).toMatchObject(expected);
    server.closeAllConnections();
    server.close();
  });

  it('it does not answer the TLS handshake', async () => {
    // Whatever it is sent: random bytes of a handshake may read like the end of a head.
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => sockets.push(socket.on('error', () => undefined)));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const body: unknown = expect.stringContaining('origin-connect-timeout');
    expect(await lost(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)).toMatchObject([{ body: 'kept' }, { status: 504, body }]);
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});

/** `settings` of the first. */
async function two(settings: string) {
  const [first, second] = [await ScriptedOrigin.start(), await ScriptedOrigin.start()];
  const freshet = await RunningFreshet.start(`
log: { level: silent, access: "off" }
origins: { first: { url: "${first.url}", ${settings} }, second: { url: "${second.url}" } }
routes: [{ path: /second/**, origin: second }]`);
  return {
    first,
    second: second.on('*', { body: 'second' }),
    freshet,
    [Symbol.asyncDispose]: async () => {
      await freshet.close();
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
    },
  };
}

describe('two origins', () => {
  it('one that is slow, with all its connections and its queue taken, does not slow the other', async () => {
    await using both = await two('connections: 2, queue: 2');
    const barrier = new Barrier();
    both.first.on('*', { body: 'first', barriers: { 'before-head': barrier } });
    const slow = ['/1', '/2', '/3', '/4'].map((path) => get(both.freshet.address, path));
    await both.first.seen(2);
    for (let nth = 0; nth < 10; nth++) {
      expect((await get(both.freshet.address, `/second/${nth}`)).body).toBe('second');
      expect((await get(both.freshet.address, `/${nth}`, { method: 'POST' })).status).toBe(503);
    }
    barrier.open();
    expect((await Promise.all(slow)).map(({ body }) => body)).toEqual(['first', 'first', 'first', 'first']);
  });

  it('one that is held back does not hold back the other, which never stands in for it', async () => {
    await using both = await two('breaker: { minimum_requests: 2 }');
    both.first.on('*', { raw: 'HTTP/1.1 OUT OF ORDER\r\n\r\n' });
    for (let nth = 0; nth < 10; nth++) {
      expect((await get(both.freshet.address, `/${nth}`)).status).toBe(nth < 2 ? 502 : 503);
      expect((await get(both.freshet.address, `/second/${nth}`)).body).toBe('second');
    }
    expect(both.second.requests.every(({ path }) => path.startsWith('/second/'))).toBe(true);
  });

  it('the route says which is asked, whatever the request says', async () => {
    await using both = await two('queue: 9');
    both.first.on('*', { body: 'first' });
    const { host } = new URL(both.second.url);
    const named = [
      { path: '/a', fields: ['host', host] },
      { path: `http://${host}/a`, fields: ['host', host] },
      { path: '/a', fields: ['x-forwarded-host', host, 'forwarded', `host=${host}`, 'x-original-url', both.second.url, 'x-real-ip', '127.0.0.1'] },
      { path: '/a', fields: ['origin', both.second.url, 'referer', both.second.url, 'x-host', host, 'x-forwarded-server', host] },
    ];
    for (const { path, fields } of named) expect((await get(both.freshet.address, path, { fields })).body).toBe('first');
    expect(both.second.requests).toHaveLength(0);
  });
});

const negative = (status: number, fields: readonly string[] = []): Reply => ({ status, fields, body: 'no' });

const answers: readonly Journey[] = [
  ...[404, 405, 410, 414, 500, 501, 502, 503, 504].map(
    (status): Journey => ({
      name: `${status} without freshness of its own is not stored, whatever the route's ttl`,
      config: 'defaults: { ttl: 1h, override: true, heuristic_freshness: 1 }',
      steps: [
        { ask: 'GET /a', answers: negative(status), expect: { status, asked: 1 } },
        { ask: 'GET /a', answers: fresh('here'), expect: { body: 'here', asked: 1 } },
      ],
    }),
  ),
  ...[404, 410, 500, 503].map(
    (status): Journey => ({
      name: `${status} with freshness of its own is stored for that long, and purged as any other`,
      steps: [
        { ask: 'GET /a', answers: negative(status, ['cache-control', 'max-age=5', 'surrogate-key', 'k']), expect: { status, asked: 1 } },
        { ask: 'GET /a', expect: { status, cacheStatus: 'hit; ttl=5' } },
        { ask: 'PURGE /', fields: [...PURGES, 'surrogate-key', 'k'], expect: {} },
        { ask: 'GET /a', answers: fresh('here'), expect: { body: 'here', asked: 1 } },
      ],
    }),
  ),
  {
    name: 'an error of one scope is not the answer of another',
    config: 'defaults: { scope: credential, store_private: true }',
    steps: [
      { ask: 'GET /a', fields: ['authorization', 'a'], answers: negative(404, ['cache-control', 'private, max-age=5']), expect: { status: 404 } },
      { ask: 'GET /a', fields: ['authorization', 'a'], expect: { status: 404, cacheStatus: 'hit; ttl=5' } },
      { ask: 'GET /a', fields: ['authorization', 'b'], answers: fresh('here'), expect: { body: 'here', asked: 1 } },
    ],
  },
  {
    name: '200 with the text of an error is what it says it is',
    steps: [
      { ask: 'GET /a', answers: fresh('{"error":"out of order"}'), expect: { cacheStatus: STORED } },
      { ask: 'GET /a', expect: { cacheStatus: 'hit; ttl=60', body: '{"error":"out of order"}' } },
    ],
  },
  ...[429, 503].map(
    (status): Journey => ({
      name: `Retry-After of a ${status} goes on to the client`,
      steps: [{ ask: 'GET /a', answers: negative(status, ['retry-after', '120']), expect: { status, fields: { 'retry-after': '120' } } }],
    }),
  ),
];

describe('what an origin answers that is no success', () => {
  it.each(answers)('$name', play);

  it('Retry-After reaches all who shared the fetch', async () => {
    await using stage = await Stage.start();
    const barrier = new Barrier();
    stage.origin.on('/a', { ...negative(503, ['retry-after', '120']), barriers: { 'before-head': barrier } });
    const asked = stage.askAtOnce(10, 'GET /a');
    await barrier.reached;
    await stage.roundTrips();
    barrier.open();
    const told = await Promise.all(asked);
    expect(new Set(told.map((answer) => [answer.status, answer.field('retry-after')].join()))).toEqual(new Set(['503,120']));
    expect(stage.origin.count('/a')).toBe(2);
  });
});

describe('waiting for a connection', () => {
  it('ends with queue_timeout: 503 and Retry-After', async () => {
    await using stage = await Stage.start({ origin: 'connections: 1, queue_timeout: 20ms' });
    const barrier = new Barrier();
    stage.origin.on('/a', { ...fresh('a'), barriers: { 'before-head': barrier } });
    const first = stage.ask('GET /a');
    await barrier.reached;
    await stage.play([
      { ask: 'GET /b', expect: { status: 503, asked: 0, cacheStatus: 'fwd=uri-miss; detail=origin-busy', fields: { 'retry-after': '1' } } },
      { ask: 'GET /metrics', to: 'admin', expect: { body: /^freshet_origin_requests_total\{origin="shop",result="origin-busy"\} 1$/m } },
    ]);
    barrier.open();
    expect((await first).body).toBe('a');
  });

  it('is no slowness of the origin: followers of a fetch that waits do not go by themselves', async () => {
    await using stage = await Stage.start({ origin: 'connections: 1', config: 'defaults: { follower_timeout: 30ms }' });
    const barrier = new Barrier();
    stage.origin.on('/a', { ...fresh('a'), barriers: { 'before-head': barrier } }).on('/b', fresh('b'));
    const first = stage.ask('GET /a');
    await barrier.reached;
    const shared = stage.askAtOnce(6, 'GET /b');
    await stage.roundTrips();
    // The follower of what was sent has its time over after those of what waits were there as long.
    const alone = stage.ask('GET /a');
    const waiting = /^freshet_origin_requests_waiting\{origin="shop"\} 2$/m;
    await stage.play([{ ask: 'GET /metrics', to: 'admin', eventually: true, expect: { body: waiting } }]);
    barrier.open();
    await Promise.all([first, alone]);
    const told = (await Promise.all(shared)).map((answer) => answer.field('cache-status'));
    expect(new Set(told)).toEqual(new Set([`freshet; ${STORED}`, `freshet; ${STORED}; collapsed`]));
    expect([stage.origin.count('/a'), stage.origin.count('/b')]).toEqual([2, 1]);
  });
});

describe('two origins of one URL, by method', () => {
  it('neither answers for the other, and a purge of the URL ends what either gave', async () => {
    await using first = await ScriptedOrigin.start();
    await using second = await ScriptedOrigin.start();
    first.on('/a', fresh('first', ['x-from', 'first']));
    second.on('/a', fresh('second', ['x-from', 'second']));
    await using freshet = await RunningFreshet.start(`
log: { level: silent, access: "off" }
origins: { first: { url: "${first.url}" }, second: { url: "${second.url}" } }
routes: [{ path: /a, methods: [HEAD], origin: first }, { path: /a, methods: [GET], origin: second }]`);
    const ask = async (method: string): Promise<readonly (string | undefined)[]> => {
      const got = await get(freshet.address, '/a', { method });
      return [got.field('x-from'), got.field('cache-status')];
    };
    expect(await ask('GET')).toEqual(['second', `freshet; ${STORED}`]);
    expect(await ask('HEAD')).toEqual(['first', 'freshet; fwd=uri-miss; fwd-status=200; detail=method']);
    expect(await ask('GET')).toEqual(['second', expect.stringContaining('freshet; hit')]);
    await get(freshet.adminAddress, '/v1/purge', { method: 'POST', body: JSON.stringify({ urls: ['/a'] }) });
    expect(await ask('GET')).toEqual(['second', expect.not.stringContaining('hit')]);
  });
});
