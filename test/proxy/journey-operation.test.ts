// Journeys of operation: a reload under way, a drain, and tunnels where a route permits them (DESIGN section 2 "Running it").
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { RawClient } from '../support/client.ts';
import { Barrier } from '../support/origin.ts';
import { fresh, play, Stage, STORED, yamlOf } from './journey.ts';

const HIT = 'hit; ttl=60';

describe('a reload', () => {
  it('applies to new requests and keeps the cache, the marks and the connections', async () => {
    await using stage = await Stage.start();
    await using client = await RawClient.connect(stage.freshet.address);
    stage.origin.on('/a', fresh('a'));
    const ask = async (path: string): Promise<string | undefined> => {
      client.send(`GET ${path} HTTP/1.1\r\nHost: shop.test\r\n\r\n`);
      return (await client.answer())?.field('cache-status');
    };
    expect(await ask('/a')).toBe(`freshet; ${STORED}`);
    await stage.freshet.reload(yamlOf({ config: 'routes: [{ path: /live, pass: true }, { path: /quiet, ttl: 5s }]' }, stage.origin.url));
    expect(await ask('/a')).toBe(`freshet; ${HIT}`);
    stage.origin.on('/live', fresh('x')).on('/quiet', { body: 'x' });
    expect(await ask('/live')).toBe('freshet; fwd=bypass; fwd-status=200; detail=route-pass');
    expect(await ask('/quiet')).toBe(`freshet; ${STORED}`);
  });

  it('leaves a request in flight the settings that it came with', async () => {
    await using stage = await Stage.start({ config: 'routes: [{ path: /a, ttl: 60s }]' });
    const barrier = new Barrier();
    stage.origin.on('/a', { body: 'a', barriers: { 'before-head': barrier } });
    const answer = stage.ask('GET /a');
    await barrier.reached;
    await stage.freshet.reload(yamlOf({ config: 'routes: [{ path: /a, pass: true }]' }, stage.origin.url));
    barrier.open();
    expect((await answer).field('cache-status')).toBe(`freshet; ${STORED}`);
    await stage.play([{ ask: 'GET /a', answers: fresh('a'), expect: { cacheStatus: 'fwd=bypass; fwd-status=200; detail=route-pass' } }]);
  });

  it('moves an origin: what is in flight ends at the old one', async () => {
    await using stage = await Stage.start();
    await using next = await Stage.start();
    const barrier = new Barrier();
    stage.origin.on('/a', { ...fresh('old'), barriers: { 'before-head': barrier } });
    next.origin.on('/b', fresh('new'));
    const answer = stage.ask('GET /a');
    await barrier.reached;
    await stage.freshet.reload(yamlOf({}, next.origin.url));
    expect((await stage.ask('GET /b')).body).toBe('new');
    barrier.open();
    expect((await answer).body).toBe('old');
  });

  it('a purge of before counts after', async () => {
    await using stage = await Stage.start();
    const barrier = new Barrier();
    stage.origin.on('/a', (_request, nth) => ({
      ...fresh(`answer ${nth}`, ['surrogate-key', 't']),
      ...(nth === 1 && { barriers: { 'before-head': barrier } }),
    }));
    const answer = stage.ask('GET /a');
    await barrier.reached;
    await stage.ask('PURGE /', { fields: ['authorization', 'Bearer purge-token', 'surrogate-key', 't'] });
    await stage.freshet.reload(yamlOf({}, stage.origin.url));
    barrier.open();
    expect((await answer).body).toBe('answer 2');
    await stage.play([{ ask: 'GET /a', expect: { cacheStatus: HIT, body: 'answer 2' } }]);
  });
});

describe('a drain', () => {
  it('finishes what is in flight, tells its client that it is the last, and takes nothing new', async () => {
    await using stage = await Stage.start();
    const barrier = new Barrier();
    stage.origin.on('/a', { ...fresh('last'), barriers: { 'before-head': barrier } });
    const answer = stage.ask('GET /a');
    await barrier.reached;
    const { port, host } = stage.freshet.address;
    const closed = stage.freshet.close();
    await new Promise<void>((resolve) => connect(port, host).once('error', () => resolve()));
    barrier.open();
    expect(await answer).toMatchObject({ body: 'last', complete: true });
    expect((await answer).field('connection')).toBe('close');
    await closed;
  });

  it('closes idle connections at once, and cuts what does not end in time', async () => {
    await using stage = await Stage.start({ config: 'limits: { drain_timeout: 50ms }' });
    const barrier = new Barrier();
    stage.origin.on('/a', { ...fresh('0123456789'), barriers: { 'mid-body': barrier } });
    await using idle = await RawClient.connect(stage.freshet.address);
    const answer = stage.ask('GET /a');
    await barrier.reached;
    await stage.roundTrips();
    const closed = stage.freshet.close();
    expect(await idle.closed()).toBe('end');
    expect(await answer).toMatchObject({ status: 200, complete: false });
    await closed;
    barrier.open();
  });

  it('a write in flight runs to its end', async () => {
    await using stage = await Stage.start();
    const barrier = new Barrier();
    stage.origin.on('/a', { status: 201, body: 'made', barriers: { 'before-head': barrier } });
    const answer = stage.ask('POST /a', { body: 'x' });
    await barrier.reached;
    const closed = stage.freshet.close();
    barrier.open();
    expect(await answer).toMatchObject({ status: 201, body: 'made' });
    await closed;
  });
});

describe('a client that leaves before its answer', () => {
  it.each(['GET /missed', 'GET /passed', 'POST /written', 'POST /lost'])('%s is counted once', async (line) => {
    await using stage = await Stage.start({ config: 'routes: [{ path: /passed, pass: true }]' });
    const barrier = new Barrier();
    const reply = line.endsWith('lost') ? ({ fault: 'reset-before-head' } as const) : fresh('late');
    stage.origin.on('*', { ...reply, barriers: { 'before-head': barrier } });
    await using client = await RawClient.connect(stage.freshet.address);
    client.send(`${line} HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 0\r\n\r\n`);
    await barrier.reached;
    await client[Symbol.asyncDispose]();
    await stage.roundTrips();
    barrier.open();
    await stage.play([
      {
        ask: 'GET /metrics',
        to: 'admin',
        eventually: true,
        expect: { body: /freshet_requests_aborted_total 1\n/ },
      },
    ]);
  });
});

describe('a WebSocket handshake', () => {
  const HANDSHAKE =
    'Host: shop.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n\r\n';

  it('is a tunnel on a route that permits it', async () => {
    await using stage = await Stage.start({ config: 'routes: [{ path: /live, upgrade: true, pass: true }]' });
    stage.origin.on('/live', { raw: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nframes' });
    await using client = await RawClient.connect(stage.freshet.address);
    client.send(`GET /live HTTP/1.1\r\n${HANDSHAKE}`);
    expect(await client.head()).toMatchObject({ status: 101 });
    expect(await client.closed()).toBe('end');
  });

  it('is a plain request everywhere else', async () => {
    await play({
      name: 'plain',
      steps: [
        {
          ask: 'GET /a',
          fields: ['connection', 'upgrade', 'upgrade', 'websocket', 'sec-websocket-version', '13'],
          answers: fresh('plain'),
          expect: { cacheStatus: STORED, body: 'plain', sent: { upgrade: undefined } },
        },
        { ask: 'GET /a', expect: { cacheStatus: HIT } },
      ],
    });
  });
});

it('an error of our own counts as sent where its body is, and not where HEAD keeps that back', async () => {
  await using stage = await Stage.start();
  const cached = { fields: ['cache-control', 'only-if-cached'] };
  const { body } = await stage.ask('GET /a', cached);
  expect((await stage.ask('HEAD /a', cached)).field('content-length')).toBe(String(body.length));
  await stage.play([
    {
      ask: 'GET /metrics',
      to: 'admin',
      expect: { body: new RegExp(`^freshet_response_body_bytes_total\\{outcome="error"\\} ${body.length}$`, 'm') },
    },
  ]);
});
